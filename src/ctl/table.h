/*
 * A table for people from an array of JSON objects: a column for each member, the
 * members of objects within them as columns of their own. droverctl.
 */
#ifndef DROVER_CTL_TABLE_H
#define DROVER_CTL_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "ctl/style.h"

/* Whether the array has elements, all objects, none of which has objects in arrays of its own. */
bool table_is_possible(json_t *array);

/*
 * Prints it, each line behind `indent` spaces. On a terminal (style->width) what
 * does not fit into its width is left out: first columns without values, then the
 * last ones, of which a line below tells.
 */
void table_print(FILE *to, json_t *array, size_t indent, const struct style *style);

#endif

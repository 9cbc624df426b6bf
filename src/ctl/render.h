/*
 * Any result of any method as text for people: names with values, tables, and
 * what is nested one step to the right. droverctl.
 */
#ifndef DROVER_CTL_RENDER_H
#define DROVER_CTL_RENDER_H

#include <jansson.h>
#include <stdio.h>

#include "ctl/style.h"

void render(FILE *to, json_t *result, const struct style *style);

/*
 * The same as JSON, in one line; control characters that JSON allows are escaped as well, and what is not
 * ASCII on a terminal that takes no UTF-8.
 */
void render_json(FILE *to, json_t *result);

#endif

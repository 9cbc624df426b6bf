/*
 * What methods there are, for people and for the completion of a shell, out of what
 * drover itself tells. droverctl.
 */
#ifndef DROVER_CTL_HELP_H
#define DROVER_CTL_HELP_H

#include <jansson.h>
#include <stdio.h>

#include "ctl/ask.h"
#include "ctl/style.h"

/* All methods, a line each. */
void help_all(FILE *to, json_t *methods, const struct style *style);

/* One method with its parameters and an example. */
void help_one(FILE *to, json_t *method, const struct style *style);

/*
 * For completion: a line for each method, its name and then every argument that can follow,
 * separated by tabs; "pool=" comes with the names of the pools that there are.
 */
void help_words(FILE *to, const struct options *o, struct client *c, json_t *methods);

#endif

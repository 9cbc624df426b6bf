/*
 * `droverctl watch`: events as they happen, a line each, across restarts of
 * drover. droverctl.
 */
#ifndef DROVER_CTL_FOLLOW_H
#define DROVER_CTL_FOLLOW_H

#include <jansson.h>

#include "ctl/ask.h"
#include "ctl/style.h"

/*
 * Runs until ^C, or until nobody reads the output: the status to end with. `c` is a
 * connection for the first turn (closed here), `params` those of watch (borrowed).
 */
int follow(const struct options *o, struct client *c, json_t *params, const struct style *style);

/* A notification as a line for people, without its newline. Owned by the caller. */
char *follow_line(json_t *notification, const struct style *style);

#endif

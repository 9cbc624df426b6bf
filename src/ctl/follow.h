/*
 * `droverctl watch` and `droverctl logs`: what drover notifies of as it happens, a line each, across
 * restarts of drover. droverctl.
 */
#ifndef DROVER_CTL_FOLLOW_H
#define DROVER_CTL_FOLLOW_H

#include <jansson.h>

#include "ctl/ask.h"
#include "ctl/style.h"

/* A method after whose reply drover goes on with notifications, which have numbers. */
struct followed {
	const char *method;
	/* A notification as a line for people, without its newline. Owned by the caller. */
	char *(*line)(json_t *notification, const struct style *style);
	/* What the reply tells already: an array of notifications, owned by the caller. NULL: nothing. */
	json_t *(*first)(json_t *result);
	/* Changes the parameters so that they ask for all behind `since`. NULL: they do. */
	void (*again)(json_t *params);
};

extern const struct followed follow_watch;

/*
 * Runs until ^C, or until nobody reads the output: the status to end with. `c` is a
 * connection for the first turn (closed here), `params` those of the method (borrowed).
 */
int follow(const struct options *o, struct client *c, const struct followed *what, json_t *params,
    const struct style *style);

/* An event as a line for people, without its newline. Owned by the caller. */
char *follow_line(json_t *notification, const struct style *style);

#endif

/*
 * What is refused for want of permission, in the error log: so many lines a
 * minute, and at its end how many more there were, so that nobody can fill the log. Master.
 */
#ifndef DROVER_CONTROL_REFUSALS_H
#define DROVER_CONTROL_REFUSALS_H

#include "control/peer.h"
#include "net/loop.h"

enum { REFUSALS_A_MINUTE = 10 };

struct refusals {
	struct timer minute; /* from the first one on */
	unsigned seen; /* in that minute */
};

void refusals_open(struct refusals *refusals, struct loop *loop);

/* Says what was only counted. */
void refusals_close(struct refusals *refusals);

/* Writes it down, or counts it. `what` is a sentence without its stop. */
void refusals_add(struct refusals *refusals, const struct peer *peer, const char *what);

#endif

/*
 * What is refused for want of permission, in the error log: so many lines a
 * minute, and then how many more there were, so that nobody can fill the log. Master.
 */
#ifndef DROVER_CONTROL_REFUSALS_H
#define DROVER_CONTROL_REFUSALS_H

#include <stdint.h>

#include "control/peer.h"

enum { REFUSALS_A_MINUTE = 10 };

struct refusals {
	uint64_t since; /* monotonic microseconds: when the minute began; 0: never */
	unsigned seen; /* in that minute */
};

/* Writes it down, or counts it. `what` is a sentence without its stop. */
void refusals_add(struct refusals *refusals, uint64_t now, const struct peer *peer, const char *what);

#endif

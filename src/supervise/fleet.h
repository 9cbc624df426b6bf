/*
 * The instances of an app: which is to be started or drained next, so that there are as
 * many as are wanted, and new ones come before old ones go. Pure: no processes, no clock. Master.
 *
 * An instance has a number, which users know it by, and a seat, which is where its process is kept.
 * One that is not wanted any more stays while fewer are ready without it than are wanted.
 * While a process is replaced its number has two seats: that of the old one, which is stale, and
 * that of the new one.
 */
#ifndef DROVER_SUPERVISE_FLEET_H
#define DROVER_SUPERVISE_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "supervise/child.h"

enum { FLEET_NUMBERS = 1000 }; /* instances of one app at most */

struct fleet_seat {
	unsigned number;
	enum child_state state; /* CHILD_EMPTY: nobody */
	bool stale; /* to be replaced */
	uint64_t since; /* when it became that, on any clock: who has waited longest is the next */
};

struct fleet_wish {
	unsigned instances; /* numbers 0 .. instances - 1 */
	unsigned surge; /* so many more than wanted, while some are replaced */
	unsigned max_unavailable; /* so many less than wanted may be ready meanwhile; not 0 when surge is */
};

enum fleet_action {
	FLEET_NOTHING, /* until something else happens */
	FLEET_START, /* a process for `number`, in a seat that is free */
	FLEET_DRAIN /* that of `seat` */
};

struct fleet_step {
	enum fleet_action action;
	unsigned number;
	size_t seat;
};

/* The next step; to be asked again when that is done, until there is nothing to do. */
struct fleet_step fleet_next(const struct fleet_wish *wish, const struct fleet_seat *seats, size_t count);

#endif

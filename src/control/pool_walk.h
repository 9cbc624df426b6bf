/*
 * The servers of each pool, found in one look at the scoreboard, and what each
 * pool has in sum, added up a few servers at a time: a pool may have thousands,
 * and a worker each has figures of them. Master.
 */
#ifndef DROVER_CONTROL_POOL_WALK_H
#define DROVER_CONTROL_POOL_WALK_H

#include "conf/conf.h"
#include "control/sums.h"

struct pool_walk {
	const struct scoreboard *board;
	uint32_t pool; /* the one that is looked at */
	uint32_t servers, ready, up; /* of it: how many there are, take requests, are not down */
	struct server_sum sum;
	uint16_t at; /* the place that comes next, + 1; 0: none */
	/* places of servers, + 1 each */
	uint16_t first[CONF_POOLS_MAX];
	uint16_t next[SCOREBOARD_SERVERS];
};

/* To be freed with free. NULL: no memory. */
struct pool_walk *pool_walk_new(const struct scoreboard *board);

/* Goes to the first server of a pool (an index in the configuration). */
void pool_walk_begin(struct pool_walk *walk, uint32_t pool);

/* Adds up some more servers, in a fraction of a millisecond. true: those were all. */
bool pool_walk_continue(struct pool_walk *walk);

#endif

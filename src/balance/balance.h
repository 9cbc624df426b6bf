/*
 * Balancing algorithms: pure functions on an array of candidates. No events,
 * no clock, no sockets. The master chooses a worker for each connection with
 * them, a worker a server for each request. Adding one: a file in this folder
 * and a row in balance.c.
 */
#ifndef DROVER_BALANCE_BALANCE_H
#define DROVER_BALANCE_BALANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct balance_candidate {
	uint32_t load;	 /* what it carries now: connections or requests */
	uint16_t weight; /* 1..256; a candidate of weight 2 is to carry twice what one of weight 1 does */
	bool usable;	 /* up, not draining, below its limit */
};

enum { BALANCE_NONE = -1, BALANCE_WEIGHT_MAX = 256 };

struct balance_algorithm {
	const char *name;
	const char *summary;
	bool needs_load; /* reads candidate.load: fill it in first */
	/*
	 * Index of the chosen candidate, or BALANCE_NONE when none is usable. `turn`
	 * is a number that grows by one with each choice over all processes that
	 * choose from this set (it wraps); it makes the choice fair without state.
	 */
	int (*pick)(const struct balance_candidate *candidates, size_t count, uint64_t turn);
};

extern const struct balance_algorithm balance_round_robin;
extern const struct balance_algorithm balance_least_connections;

/* All of them, NULL at the end. */
extern const struct balance_algorithm *const balance_algorithms[];
extern const unsigned balance_count;

/* Its place in balance_algorithms: how the scoreboard names it. */
unsigned balance_index(const struct balance_algorithm *algorithm);

extern const char *const balance_names[]; /* of those, in their order */

/* By name; NULL when there is none. */
const struct balance_algorithm *balance_find(const char *name);

#endif

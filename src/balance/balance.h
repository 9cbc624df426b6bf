/*
 * Balancing algorithms: pure functions on a set of members that was prepared
 * before (balance/set.h), on their loads and on a few numbers. No events, no
 * clock, no sockets: the same arrays give the same answer. The master chooses a
 * worker for each connection with them, a worker a server for each request.
 * Adding one: a file in this folder and a row in balance.c.
 */
#ifndef DROVER_BALANCE_BALANCE_H
#define DROVER_BALANCE_BALANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "balance/set.h"

enum { BALANCE_NONE = -1 };

/* The load of a member that is not to be chosen. All others are less. */
#define BALANCE_FULL ((uint32_t)INT32_MAX)

/* What the members carry now, connections or requests: asked for by the algorithms that want to know. */
struct balance_loads {
	/* Of one of them, or BALANCE_FULL. */
	uint32_t (*of)(const struct balance_loads *loads, uint32_t member);
	/* Of each, by member; behind them to a multiple of BALANCE_LANES as many as it takes of BALANCE_FULL. */
	const uint32_t *(*all)(const struct balance_loads *loads);
	/* Of all together, BALANCE_FULL left out. */
	uint64_t (*sum)(const struct balance_loads *loads);
	bool some_full; /* else nobody is BALANCE_FULL, and need not be asked */
};

struct balance_question {
	uint64_t turn; /* differs from choice to choice */
	uint64_t key;  /* of an algorithm with uses_key: what is alike goes to the same member */
	uint32_t bound; /* of it: percent of its share of all loads that a member may carry; 0: no bound */
	const struct balance_loads *loads;
};

struct balance_algorithm {
	const char *name;
	const char *summary;
	bool in_turn;  /* the turn grows by one with each choice over all processes that choose from this set (it wraps) */
	bool uses_key; /* and the ring of the set */
	/* The chosen member, or BALANCE_NONE when there is none that may be chosen. */
	int (*choose)(const struct balance_set *set, const struct balance_question *question);
};

extern const struct balance_algorithm balance_round_robin;
extern const struct balance_algorithm balance_least_connections;
extern const struct balance_algorithm balance_two_choices;
extern const struct balance_algorithm balance_consistent_hash;

/* All of them, NULL at the end. */
extern const struct balance_algorithm *const balance_algorithms[];
extern const unsigned balance_count;

/* Its place in balance_algorithms: how the scoreboard names it. */
unsigned balance_index(const struct balance_algorithm *algorithm);

extern const char *const balance_names[]; /* of those, in their order */

/* By name; NULL when there is none. */
const struct balance_algorithm *balance_find(const char *name);

#endif

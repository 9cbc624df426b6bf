/*
 * What is answered 503 because an admin wants it so: all, or what comes by a
 * listener, by a route or for a pool. Workers see it on the scoreboard. Master.
 */
#ifndef DROVER_MASTER_MAINTENANCE_H
#define DROVER_MASTER_MAINTENANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"
#include "ipc/scoreboard.h"

struct master;

/* The scoreboard's is for readers: a worker can write there. */
struct maintenance {
	bool all;
	bool listeners[CONF_LISTENERS_MAX], pools[CONF_POOLS_MAX], routes[CONF_ROUTES_MAX];
	struct address_range except[SCOREBOARD_EXCEPT];
	size_t except_count;
};

/* Writes down what the configuration begins with. */
void maintenance_init(struct master *master);

#endif

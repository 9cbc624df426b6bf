/*
 * What all workers together have of a server, a pool or a loop: sums over the
 * scoreboard. Nothing that is read there is believed. Master.
 */
#ifndef DROVER_CONTROL_SUMS_H
#define DROVER_CONTROL_SUMS_H

#include "ipc/scoreboard.h"

struct server_sum {
	uint64_t load, requests, failures;
	uint64_t latency[HISTOGRAM_BUCKETS];
};

/* Adds one server to a sum. `server` is below scoreboard_server_slots(). */
void server_sum_add(struct server_sum *sum, const struct scoreboard *board, unsigned server);

#endif

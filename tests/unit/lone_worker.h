/* A worker without a process: what it takes from a scoreboard that a test fills in the master's stead. */
#ifndef DROVER_TESTS_UNIT_LONE_WORKER_H
#define DROVER_TESTS_UNIT_LONE_WORKER_H

#include "worker/membership.h"

extern struct scoreboard *board;
extern struct worker *worker;

/* Makes both; the worker knows no servers until it is told of them. */
void lone_worker_open(const struct conf *conf);
void lone_worker_close(void);

/* Has the worker take what is on the scoreboard for the first time. */
void lone_worker_begin(void);

/* As the master does it: what stands in a place. The address is that of the place, the weight its id. */
void place_set(unsigned slot, uint32_t id, unsigned pool, enum server_state state);

#endif

/*
 * What an admin names in a parameter, and what it is called in replies: pools,
 * servers, listeners, workers. A name that does not exist is answered with the one nearest to it. Master.
 */
#ifndef DROVER_CONTROL_NAMED_H
#define DROVER_CONTROL_NAMED_H

#include "control/command.h"
#include "supervise/child.h"

/* The index of the pool of that name in the configuration. -1: there is none, and the call has failed. */
int pool_named(struct call *call, const char *name);

/* Whether there is a worker in that slot. */
bool worker_is_there(struct master *master, unsigned slot);

/* The same of the parameter `worker`; false: the call has failed. */
bool worker_named(struct call *call);

/*
 * The place on the scoreboard of the pool's server of that name, as written, or
 * address. Of those alike, one that is not leaving. -1: there is none, and the call has failed.
 */
int server_named(struct call *call, unsigned pool, const char *name);

/*
 * The index of the listener with that name in the configuration, or the address
 * that it is bound to. -1: there is none, or it is not clear which is meant, and
 * the call has failed.
 */
int listener_named(struct call *call, const char *name);

/* What a worker does now; of a slot below SCOREBOARD_WORKERS. */
enum child_state worker_state(const struct scoreboard *board, unsigned slot);

/* The same of the prober; CHILD_EMPTY: there is none, as nothing needs one. */
enum child_state prober_state(const struct scoreboard *board);

#endif

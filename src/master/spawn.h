/* Makes a child process: the fork, and what the child does before its own main function. Master and children. */
#ifndef DROVER_MASTER_SPAWN_H
#define DROVER_MASTER_SPAWN_H

#include "base/error.h"
#include "master/workers.h"

/* Forks it with a new channel. -1 with a sentence: nothing has changed. The child never returns. */
int spawn_worker(struct worker *worker, struct error *err);

/* The same for the prober, whose messages `heard` is called for. */
int spawn_prober(struct master *master, watch_fn *heard, struct error *err);

#endif

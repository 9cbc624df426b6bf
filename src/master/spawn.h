/* Makes a worker process: the fork, and what the child does before its own main function. Master and worker. */
#ifndef DROVER_MASTER_SPAWN_H
#define DROVER_MASTER_SPAWN_H

#include "base/error.h"
#include "master/workers.h"

/* Forks it with a new channel. -1 with a sentence: nothing has changed. The child never returns. */
int spawn_worker(struct worker *worker, struct error *err);

#endif

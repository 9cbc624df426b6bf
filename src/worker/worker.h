/*
 * A worker: one process, one event loop, that proxies the connections which the
 * master hands to it.
 */
#ifndef DROVER_WORKER_WORKER_H
#define DROVER_WORKER_WORKER_H

#include "ipc/worker_start.h"

/* The whole life of a worker process; see worker_main_fn. */
int worker_main(const struct worker_start *start);

#endif

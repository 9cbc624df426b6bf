/*
 * The prober: one process, one event loop, for what drover finds out about its
 * servers by itself, apart from the requests of clients. Workers have no part in
 * it, and a prober that is gone leaves them with what it found last.
 */
#ifndef DROVER_PROBER_PROBER_H
#define DROVER_PROBER_PROBER_H

#include "ipc/prober_start.h"

/* The whole life of the prober's process; see prober_main_fn. */
int prober_main(const struct prober_start *start);

#endif

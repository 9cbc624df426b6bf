/*
 * Wakes a worker, from another one or from the master: some of its requests have
 * been granted the place that they waited for, or servers have changed. An eventfd
 * for each slot, which the master makes and hands out. Master and workers.
 */
#ifndef DROVER_IPC_WAKER_H
#define DROVER_IPC_WAKER_H

#include "ipc/scoreboard.h"

/* -1 with errno. Non-blocking, close-on-exec. */
int waker_new(void);

/*
 * Wakes the worker in that slot, unless it was woken and has not looked yet. Without a
 * waker (-1) nothing happens: it looks by itself with its next heartbeat.
 */
void waker_call(struct scoreboard *board, unsigned slot, int waker);

/* The worker has woken. To be called before it looks at what there is. */
void waker_taken(struct scoreboard *board, unsigned slot);

#endif

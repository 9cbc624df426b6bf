/*
 * What wakes workers whose requests wait (ipc/waker.h): made for each slot as soon
 * as a pool has limits, and handed to all workers, so that they wake each other
 * without the master. Master.
 */
#ifndef DROVER_MASTER_WAKERS_H
#define DROVER_MASTER_WAKERS_H

#include <stdbool.h>

#include "ipc/scoreboard.h"

struct master;
struct worker;

struct wakers {
	bool wanted; /* a pool has, or had, a limit */
	unsigned count; /* the slots below have one */
	int fds[SCOREBOARD_WORKERS];
};

/* From now on each worker has one. */
void wakers_want(struct master *master);
void wakers_close(struct master *master);

/* Before its process is forked. The others are told. */
void wakers_prepare(struct worker *worker);

/* Sends the worker what it has not got yet. false: its channel takes nothing now. */
bool wakers_send(struct worker *worker);

/* Wakes all whose requests wait: something has changed that may let them go on. */
void wakers_call(struct master *master);

#endif

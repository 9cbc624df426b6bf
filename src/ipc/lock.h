/*
 * Locks in shared memory that outlive a process that is killed while it holds one.
 * What they guard must be such that it can be made again from something else.
 * Workers lock; the master never waits for one.
 */
#ifndef DROVER_IPC_LOCK_H
#define DROVER_IPC_LOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* -1: it cannot be made. */
int lock_init(pthread_mutex_t *lock);

/*
 * Takes it; no system call unless another has it. In a long wait the heartbeat (monotonic
 * microseconds) goes on, so that the one that hangs within the lock is found by the master, not
 * those who wait. true: the last holder died: make good what it guards, and then call
 * pthread_mutex_consistent.
 */
bool lock_take(pthread_mutex_t *lock, _Atomic uint64_t *heartbeat);

#endif

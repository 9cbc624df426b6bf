/*
 * Threads beside a loop, for what takes more than about a millisecond of CPU:
 * checking a password, a TLS handshake, compression. A job is run in a thread, and
 * then its end is told in the loop. Threads are started when there is
 * something for them to do; they yield to the loop where both want the same
 * core. Runs in workers.
 *
 * A job is a member of an object of its own, which lives until `done` was called or
 * offload_cancel has given it back. Who asked for it may be gone before that:
 * then it cancels the job, or leaves a note in the object that nobody waits any
 * more. `run` touches the object alone, and nobody else does while it may run.
 */
#ifndef DROVER_NET_OFFLOAD_H
#define DROVER_NET_OFFLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/error.h"
#include "net/loop.h"

struct offload;
struct offload_job;

/* In a thread, with all signals blocked. What the loop uses (log, freelists, scoreboard counters) is not for it. */
typedef void offload_run_fn(struct offload_job *job);

/*
 * In the loop, once for each job that was added and not cancelled: the object is its
 * owner's again, who may free it or add it anew. `ran` is false in offload_free
 * alone, for a job that did not come to it.
 */
typedef void offload_done_fn(struct offload_job *job, bool ran);

struct offload_job {
	TAILQ_ENTRY(offload_job) link;
	offload_run_fn *run;
	offload_done_fn *done;
	uint8_t state; /* see offload.c; no need to set it */
};

enum { OFFLOAD_THREADS_MAX = 64 };

/* Up to `threads` of them, and so many jobs that may wait for one. None is started yet. NULL with a sentence. */
struct offload *offload_new(struct loop *loop, unsigned threads, unsigned room, struct error *err);

/*
 * Waits for the jobs that run, and tells the end of all. For the end of the process:
 * it takes as long as the longest of them.
 */
void offload_free(struct offload *offload);

/* -1, and nothing was begun: as many wait as may (errno EAGAIN), or no thread can be started. */
int offload_add(struct offload *offload, struct offload_job *job, offload_run_fn *run, offload_done_fn *done);

/* Takes a job back that no thread has begun. false: it runs or has run, and its end will be told. */
bool offload_cancel(struct offload *offload, struct offload_job *job);

/* How many jobs wait for a thread: for tests, which have no other way to see it. */
unsigned offload_waiting(struct offload *offload);

#endif

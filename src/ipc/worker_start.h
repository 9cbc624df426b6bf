/*
 * What a worker process is given. It stands in for argv: the struct and all it
 * points to is inherited memory, nothing is marshalled. The master fills it in,
 * the worker reads it; neither includes the other.
 */
#ifndef DROVER_IPC_WORKER_START_H
#define DROVER_IPC_WORKER_START_H

struct conf;
struct scoreboard;

struct worker_start {
	const struct conf *conf;
	struct scoreboard *board;
	unsigned slot;
	int channel;	/* the worker's end */
	int access_log; /* descriptor, or -1: off */
	const int *wakers; /* by slot: descriptors that wake a worker whose requests may go on; see ipc/waker.h */
	unsigned waker_count; /* more come over the channel */
};

/*
 * The worker's whole life; it returns the exit status: 0 after a drain, 1 after
 * a failure, 2 when its configuration or environment is wrong and trying again
 * would not help. main.c hands it to the master.
 */
typedef int worker_main_fn(const struct worker_start *start);

#endif

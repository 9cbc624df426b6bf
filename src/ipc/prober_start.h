/*
 * What the prober is given, as a worker is given its struct worker_start: the
 * struct and all it points to is inherited memory. The master fills it in, the
 * prober reads it; neither includes the other.
 */
#ifndef DROVER_IPC_PROBER_START_H
#define DROVER_IPC_PROBER_START_H

struct conf;
struct scoreboard;

struct prober_start {
	const struct conf *conf;
	struct scoreboard *board;
	int channel; /* the prober's end */
};

/*
 * The prober's whole life; it returns the exit status: 0 when it was told to end or
 * its master is gone, 1 after a failure, 2 when its configuration or environment is
 * wrong and trying again would not help. main.c hands it to the master.
 */
typedef int prober_main_fn(const struct prober_start *start);

#endif

/*
 * The prober process: there is one while something needs it, and none otherwise.
 * What the table of supervise/child.h says is carried out here. Master.
 */
#ifndef DROVER_MASTER_PROBER_H
#define DROVER_MASTER_PROBER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ipc/channel.h"
#include "net/loop.h"
#include "supervise/child.h"

struct master;

/* Messages that it is still to be sent. */
enum { PROBER_OWED_LOGS = 1, PROBER_OWED_QUIT = 2 };

/* The master's side of it. */
struct prober_child {
	struct child child;
	pid_t pid; /* 0: no process */
	pid_t last_pid; /* of the present or the last process; 0: it could not be made */
	uint64_t started; /* monotonic microseconds, as `ready` */
	uint64_t ready; /* 0: it has not said so */
	uint64_t lived; /* of the last process, microseconds; 0: it could not be started */
	bool killed; /* by us */
	bool hung; /* that is why */
	bool asked_for; /* it was told to end */
	const char *why; /* it was killed; NULL: for nothing that the master did */
	char last_words[168]; /* how the last process ended */
	int channel; /* the master's end, -1: none */
	struct watch watch;
	struct timer timer; /* the one time limit of the state it is in */
	unsigned owed;
};

void prober_init(struct master *master);
void prober_clear(struct master *master);

/* Starts it when something needs it and it is not there. */
void prober_adjust(struct master *master);

/* Ends it: no worker is left. */
void prober_stop(struct master *master);

/* Whether it is neither there nor about to come. */
bool prober_is_gone(const struct master *master);

/*
 * Since when servers are checked, monotonic microseconds; 0: they are not, as the prober is not ready or
 * has shown no sign of life for a while.
 */
uint64_t prober_at_work_since(const struct master *master);

/* Looks whether its process is gone (SIGCHLD). */
void prober_reap(struct master *master);

/* To be called about once a second: a prober that is hung is killed. */
void prober_tick(struct master *master, uint64_t now);

/* Has it look at the scoreboard now; when it cannot be told, it looks by itself within a second. */
void prober_tell_servers(struct master *master);

/* Has it sent the log files, now or soon. */
void prober_owe_logs(struct master *master);

#endif

/*
 * The prober process: there is one while something needs it, and none otherwise.
 * supervised.h starts and ends it. Master.
 */
#ifndef DROVER_MASTER_PROBER_H
#define DROVER_MASTER_PROBER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ipc/channel.h"
#include "master/supervised.h"
#include "net/loop.h"

struct master;

/* Messages that it is still to be sent. */
enum { PROBER_OWED_LOGS = 1, PROBER_OWED_QUIT = 2 };

/* The master's side of it. */
struct prober_child {
	struct supervised process;
	int channel; /* the master's end, -1: none */
	struct watch watch;
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

/* To be called about once a second: what it could not be sent before is sent. */
void prober_tick(struct master *master);

/* Has it look at the scoreboard now; when it cannot be told, it looks by itself within a second. */
void prober_tell_servers(struct master *master);

/* Has it sent the log files, now or soon. */
void prober_owe_logs(struct master *master);

#endif

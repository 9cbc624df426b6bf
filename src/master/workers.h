/*
 * The worker processes: one slot each, as many as are wanted, and what each is told.
 * supervised.h starts and ends them. Master.
 */
#ifndef DROVER_MASTER_WORKERS_H
#define DROVER_MASTER_WORKERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ipc/channel.h"
#include "ipc/scoreboard.h"
#include "master/supervised.h"
#include "net/loop.h"

struct master;

/* Messages that a worker is still to be sent, in this order. */
enum {
	WORKER_OWED_LOGS = 1,
	WORKER_OWED_QUERIES = 2,
	WORKER_OWED_DRAIN = 4,
	WORKER_OWED_QUIT = 8,
	WORKER_OWED_WAKERS = 16,
	WORKER_OWED_USERS = 32
};

struct worker {
	uint32_t magic;
	struct master *master;
	unsigned slot;
	struct supervised process;
	bool replaced; /* at work until another has got ready in its stead; see replace.h */
	int channel; /* the master's end, -1: none */
	int far_end; /* the worker's end, kept open: what a dead worker left unread is read from it */
	struct watch watch;
	bool deaf; /* its messages wait until earlier returned connections are placed */
	struct channel_message staged; /* connections chosen for it and not sent yet */
	bool stuck; /* its channel is full */
	unsigned owed;
	unsigned wakers; /* so many it has, or had when it was forked; see wakers.h */
};

#define WORKER_MAGIC 0x776f726bu

struct workers {
	struct worker slots[SCOREBOARD_WORKERS];
	unsigned used; /* highest slot ever used + 1 */
	unsigned desired; /* how many are wanted; 0 when stopping */
	bool ever_ready;
	struct later adjust;
	struct timer tick; /* each second: looks for hung ones */
	uint64_t last_tick;
	uint64_t hung_from; /* no worker counts as hung before this time: the master itself was stopped */
};

void workers_init(struct master *master);

/* Starts what is missing and drains what is too much, by and by. Failed ones are not touched. */
void workers_adjust(struct master *master);

/* Tries failed ones again. */
void workers_reset_failed(struct master *master);

/* Ends all of them: after their work or at once. None is started any more. */
void workers_stop(struct master *master, bool graceful);

/* drover is stopping: when no worker is left, has the prober end, and then the master. */
void workers_end_when_gone(struct master *master);

/* Whether new connections may be chosen for it, its limit apart. */
bool worker_is_open(const struct worker *worker);

/* Has the worker sent what it is owed, now or when its channel has room. */
void worker_owe(struct worker *worker, unsigned owed);
/* Sends what is owed. Called when the channel may have room. */
void worker_send_owed(struct worker *worker);

/* The lowest slot without a worker, or NULL. */
struct worker *worker_lowest_empty(struct master *master);

unsigned workers_count(const struct master *master, enum child_state state);

/* Those that are kept, without those that are to be replaced. */
unsigned workers_wanted(const struct master *master);

/* Reads what the worker sent. */
void worker_read(struct worker *worker);

#endif

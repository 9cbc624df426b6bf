/*
 * Hands client connections over to workers: accepts in bursts, chooses a worker
 * for each by the configured algorithm, and sends each worker its share in one
 * message. No memory is allocated, and no connection is accepted that no
 * worker can take: the queue is the kernel's. Master.
 */
#ifndef DROVER_MASTER_DISPATCH_H
#define DROVER_MASTER_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "balance/balance.h"
#include "conf/conf.h"
#include "ipc/channel.h"
#include "ipc/scoreboard.h"
#include "net/loop.h"

struct master;
struct worker;

struct dispatch {
	/* those that may be chosen from; filled in at the start of each burst */
	struct balance_set set;
	uint32_t ends[SCOREBOARD_WORKERS]; /* of the set */
	struct worker *workers[SCOREBOARD_WORKERS]; /* whom member i stands for */
	uint32_t loads[SCOREBOARD_WORKERS]; /* by member */
	const struct balance_algorithm *balance;
	uint64_t turn;
	uint64_t accepted; /* connections, so far: the last one's number */
	uint64_t accepted_from[CONF_LISTENERS_MAX]; /* by index in conf.listeners */
	bool paused; /* nothing is accepted */
	uint64_t starved_until; /* monotonic microseconds: no descriptors or memory before that */
	uint64_t starved_told; /* when the log last said so */
	struct timer retry;
};

void dispatch_init(struct master *master);

/*
 * Accepts a burst from a listening socket (descriptor `fd`, index `listener` in
 * conf.listeners). false: there are no more, or nobody can take them.
 */
bool dispatch_accept(struct master *master, int fd, unsigned listener);

/* Looks at who can take connections. Before dispatch_connections. */
void dispatch_begin(struct master *master);

/*
 * Chooses a worker for each connection of a message, from its end; those that
 * were placed are no longer in it. true when none is left. Call dispatch_flush
 * after.
 */
bool dispatch_connections(struct master *master, struct channel_message *message);

/* Sends every worker what was chosen for it. */
void dispatch_flush(struct master *master);

/*
 * Looks again at who can take connections, sends what waits, and accepts or
 * stops accepting accordingly. Called when a worker gets ready or ends, and by a
 * timer while workers are full.
 */
void dispatch_resume(struct master *master);

/* Has dispatch_resume called soon: something waits for room. */
void dispatch_retry_soon(struct master *master);

/* Sends a worker what is staged for it. false: its channel is full. */
bool dispatch_send_staged(struct worker *worker);

#endif

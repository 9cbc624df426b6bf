/*
 * Connections without a worker: what a dead one was sent and had not taken, what
 * was staged for it, and what workers give back. They go to other workers; while
 * none can take them they stay where they are: in the sockets. Master.
 */
#ifndef DROVER_MASTER_ORPHANS_H
#define DROVER_MASTER_ORPHANS_H

#include <stdbool.h>

#include "ipc/channel.h"
#include "ipc/scoreboard.h"

struct master;
struct worker;

struct orphans {
	int ends
	    [2 *
		SCOREBOARD_WORKERS]; /* of dead workers' channels, with something to read; the oldest first */
	unsigned count;
	struct channel_message message; /* read and not all handed over yet */
};

/* Takes over what the dead worker and the master had not read. Both ends of the channel are the orphans' from then on. */
void orphans_adopt(struct worker *worker);

/* Whether connections that a worker gives back can be taken: those before are placed. */
bool orphans_have_room(const struct master *master);

/* Takes the connections that a worker gave back out of the message. There is room. */
void orphans_take(struct worker *from, struct channel_message *message);

/* Places as many as can be, between dispatch_begin and dispatch_flush. true when none is left. */
bool orphans_dispatch(struct master *master);

/* Closes all (the master ends), and says how many. */
void orphans_close(struct master *master);

/* In a forked child: its copies. */
void orphans_close_copies(struct master *master);

#endif

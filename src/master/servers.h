/*
 * The servers of all pools, on the scoreboard: what the configuration begins
 * with and what an admin adds, changes and takes out. Workers copy what they need
 * when servers_version changes and say so in servers_seen; a place is used again
 * only when no worker can still be using what was there. Master.
 */
#ifndef DROVER_MASTER_SERVERS_H
#define DROVER_MASTER_SERVERS_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/scoreboard.h"
#include "net/loop.h"

struct master;

struct servers {
	uint32_t last_id;
	unsigned leaving; /* servers that have not left yet */
	bool unpublished; /* there are changes that workers have not been told of */
	uint64_t published_at; /* monotonic microseconds */
	struct timer publish;
	struct timer timer; /* looks after those that leave */
	unsigned next; /* place to look at */
	struct {
		uint32_t version; /* of the last change of its state: what workers must have seen */
		unsigned pool; /* the scoreboard's is for readers: a worker can write there */
		bool leaving;
		uint64_t cut_at; /* monotonic microseconds */
	} places[SCOREBOARD_SERVERS];
};

/* Writes those of the configuration down. */
void servers_init(struct master *master);
void servers_close(struct master *master);

/* To be called after each change. A worker copies all servers then, so that many changes in a row are published together. */
void servers_changed(struct master *master);

/* Has the workers look at the servers of the scoreboard now; one that cannot be told looks with its next heartbeat. */
void servers_tell(struct master *master);

#endif

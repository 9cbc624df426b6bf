/*
 * The servers of all pools, on the scoreboard: what the configuration begins
 * with and what an admin adds, changes and takes out. Workers copy what they need
 * when servers_version changes and say so in servers_seen; a place is used again
 * only when no worker can still be using what was there. Master.
 */
#ifndef DROVER_MASTER_SERVERS_H
#define DROVER_MASTER_SERVERS_H

#include <stdint.h>

#include "net/loop.h"

struct master;

struct servers {
	uint32_t last_id;
};

/* Writes those of the configuration down. */
void servers_init(struct master *master);

#endif

/*
 * What the prober holds, for the files of this folder alone. Each part is owned
 * by the file that is named with it.
 */
#ifndef DROVER_PROBER_INTERNAL_H
#define DROVER_PROBER_INTERNAL_H

#include <stdint.h>

#include "conf/conf.h"
#include "ipc/channel.h"
#include "ipc/scoreboard.h"
#include "net/loop.h"
#include "prober/checks.h"
#include "prober/lookups.h"

#define PROBER_MAGIC 0x9406be41u
struct prober {
	uint32_t magic;
	const struct conf *conf;
	struct scoreboard *board;
	struct scoreboard_prober *me;
	struct loop *loop;
	int channel;
	struct watch channel_watch;
	struct channel_message message; /* the one that was read last */
	struct timer heartbeat;
	uint64_t heartbeat_every;
	struct lookups lookups; /* lookups.c */
	uint32_t servers_version; /* of the scoreboard's, that all here works by; 0: none yet */
	struct checks checks; /* checks.c */
};

#endif

/*
 * What the master holds, for the files of this folder alone. Each part is
 * owned by the file that is named with it.
 */
#ifndef DROVER_MASTER_STATE_H
#define DROVER_MASTER_STATE_H

#include "master/app_state.h"
#include "master/daemon.h"
#include "master/dispatch.h"
#include "master/events.h"
#include "master/effective.h"
#include "master/log_levels.h"
#include "master/logs.h"
#include "master/maintenance.h"
#include "master/master.h"
#include "master/names.h"
#include "master/news.h"
#include "master/notify.h"
#include "master/orphans.h"
#include "master/pidfile.h"
#include "master/ports.h"
#include "master/prober.h"
#include "master/queries.h"
#include "master/servers.h"
#include "master/signals.h"
#include "master/systemd.h"
#include "master/users.h"
#include "master/wakers.h"
#include "master/workers.h"

struct master {
	uint32_t magic;
	struct loop *loop;
	struct conf *conf;
	struct scoreboard *board;
	struct master_options options;
	master_child_fn *on_child;
	void *on_child_arg;
	bool stopping;
	bool graceful; /* and requests in progress are finished */
	int exit_status;
	uint64_t changes; /* effective.c */

	struct servers servers; /* servers.c */
	struct names names; /* names.c */
	struct workers workers; /* workers.c, spawn.c, reap.c */
	struct maintenance maintenance; /* maintenance.c */
	struct apps apps; /* apps.c */
	struct app_source *file; /* reload.c: what was read last; NULL: nothing since the start */
	struct prober_child prober; /* prober.c, spawn.c */
	struct dispatch dispatch; /* dispatch.c */
	struct orphans orphans; /* orphans.c */
	struct events events; /* events.c */
	struct news news; /* news.c */
	struct queries queries; /* queries.c */
	struct wakers wakers; /* wakers.c */
	struct ports ports; /* ports.c */
	struct signals signals; /* signals.c */
	struct logs logs; /* logs.c */
	struct users users; /* users.c */
	struct log_levels log_levels; /* log_levels.c */
	struct pidfile pidfile; /* pidfile.c */
	struct notify notify; /* notify.c */
	struct daemon daemon; /* daemon.c */
};

#define MASTER_MAGIC 0x6d617374u

#endif

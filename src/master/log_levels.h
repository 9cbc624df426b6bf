/*
 * How much each process writes to the error log, and until when. The levels of
 * workers stand on the scoreboard, where the workers look; a slot keeps its level
 * from process to process. Master.
 */
#ifndef DROVER_MASTER_LOG_LEVELS_H
#define DROVER_MASTER_LOG_LEVELS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/log.h"
#include "ipc/scoreboard.h"
#include "net/loop.h"

struct master;

struct log_levels {
	_Atomic uint32_t master; /* enum log_level */
	struct log_levels_process {
		enum log_level lasting; /* what holds when `until` has passed */
		uint64_t until; /* monotonic microseconds; 0: for good */
	} processes[SCOREBOARD_WORKERS + 2]; /* by slot; the last two are the master and the prober */
	struct timer timer; /* set to the next `until` */
};

/* All begin with the level of the configuration. */
void log_levels_init(struct master *master);
void log_levels_close(struct master *master);

#endif

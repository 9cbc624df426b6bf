/*
 * The active health checks: which servers are checked, when, and what is written on
 * the scoreboard about them. Runs in the prober.
 */
#ifndef DROVER_PROBER_CHECKS_H
#define DROVER_PROBER_CHECKS_H

#include <sys/queue.h>

#include "http/h1.h"
#include "ipc/scoreboard.h"
#include "net/loop.h"

struct check;
struct prober;

struct checks {
	struct check *all[SCOREBOARD_SERVERS]; /* by place, NULL: not checked */
	unsigned running, running_max;
	TAILQ_HEAD(, check) waiting; /* due, when too many run */
	struct later next; /* starts those that wait */
	struct h1_limits limits;
	uint64_t starved_told; /* monotonic microseconds: when it was last logged that something runs out */
};

void checks_open(struct prober *prober);
void checks_close(struct prober *prober);

/* Looks which servers the scoreboard has: begins and ends checks. false: there was no memory for all. */
bool checks_sync(struct prober *prober);

#endif

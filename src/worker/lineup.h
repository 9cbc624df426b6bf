/*
 * The servers of a pool among which requests are shared out now, prepared for the
 * pool's algorithm: worked out again when servers or their health have changed, and
 * not for each request. Runs in workers.
 *
 * They are those of the lowest rank that there is: servers that are up; without
 * one, backups that are up; without one, servers that are down after failures of
 * requests, then such backups. One that checks call down has no rank.
 */
#ifndef DROVER_WORKER_LINEUP_H
#define DROVER_WORKER_LINEUP_H

#include <stdint.h>

#include "balance/set.h"

struct pool;
struct server;
struct worker;

enum lineup_rank { RANK_UP, RANK_BACKUP, RANK_DOWN, RANK_BACKUP_DOWN, RANK_NONE };

struct lineup {
	struct server **members; /* by member of the set */
	uint16_t *places;	 /* theirs on the scoreboard */
	struct balance_set set;
	struct balance_ring *ring; /* owned: points of all servers that take requests; NULL: nothing has needed it */
	uint16_t first, span;	   /* of the places: all members are in so many from there on */
	uint32_t health_version;   /* that it was worked out from */
	uint64_t look_at; /* monotonic microseconds: time alone changes something then */
	struct server *trial; /* it was down for long enough: one request is to try it; or NULL */
	uint8_t rank; /* theirs */
};

/* Makes room for so many servers. -1: no memory. */
int lineup_reserve(struct lineup *lineup, size_t room);
void lineup_free(struct lineup *lineup);

/* The servers of the pool, their weights or its algorithm are other ones. -1: no memory, and keys go where they went. */
int lineup_change(struct pool *pool);

/* Brings it up to date. Before each choice; a few instructions when nothing has changed. */
void lineup_refresh(const struct worker *worker, struct pool *pool);

/*
 * Takes the server of lineup->trial for one request: nobody else tries it for a while.
 * false: another request does.
 */
bool lineup_take_trial(const struct worker *worker, struct pool *pool);

#endif

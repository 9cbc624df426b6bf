#include "worker/lineup.h"

#include <stdlib.h>
#include <string.h>

#include "balance/ring.h"
#include "base/clock.h"
#include "ipc/health.h"
#include "worker/internal.h"
#include "worker/sticky.h"

static const uint64_t ramp_step = 20 * CLOCK_MILLISECOND; /* at least */
enum { RAMP_STEPS = 100 };

int
lineup_reserve(struct lineup *lineup, size_t room)
{
	struct server **members = reallocarray(lineup->members, room, sizeof *members);
	uint16_t *places = reallocarray(lineup->places, room, sizeof *places);

	if (members != NULL)
		lineup->members = members;
	if (places != NULL)
		lineup->places = places;
	return members != NULL && places != NULL ? balance_set_reserve(&lineup->set, room) : -1;
}

void
lineup_free(struct lineup *lineup)
{
	free(lineup->members);
	free(lineup->places);
	balance_set_free(&lineup->set);
	ring_free(lineup->ring);
}

/* ---- the ring */

/* What its points are drawn from: the next process of an instance, wherever it listens, has those of the one before. */
static uint64_t
ring_name(const struct server *server)
{
	return server->instance != 0 ? ring_hash(0, &server->instance, sizeof server->instance)
				     : ring_hash(0, server->name, strlen(server->name));
}

static int
ring_change(struct balance_ring *ring, const struct pool *pool)
{
	struct ring_owner *wanted = calloc(RING_OWNERS, sizeof *wanted);
	uint64_t total = 0;
	size_t i;
	int done;

	if (wanted == NULL)
		return -1;
	for (i = 0; i < pool->count; i++)
		total += pool->servers[i]->weight;
	for (i = 0; i < pool->count; i++) {
		const struct server *server = pool->servers[i];

		wanted[server->index].hash = ring_name(server);
		wanted[server->index].points = ring_share(server->weight, total, pool->count);
	}
	done = ring_update(ring, wanted);
	free(wanted);
	return done;
}

int
lineup_change(struct pool *pool)
{
	struct lineup *lineup = &pool->lineup;

	lineup->look_at = 0;
	lineup->set.ring = NULL;
	if (!pool->balance->uses_key && !sticky_uses_ring(pool))
		return 0;
	if (lineup->ring == NULL)
		lineup->ring = ring_new();
	if (lineup->ring == NULL)
		return -1;
	lineup->set.ring = lineup->ring;
	return ring_change(lineup->ring, pool);
}

/* The points of those that are among the members count; of one that is warming up, some of them. */
static void
ring_prepare(const struct worker *worker, const struct pool *pool, uint64_t now)
{
	struct balance_ring *ring = pool->lineup.set.ring;
	uint32_t i;
	size_t s;

	for (s = 0; s < pool->count; s++)
		ring->owners[pool->servers[s]->index].active = 0;
	for (i = 0; i < pool->lineup.set.count; i++) {
		unsigned place = pool->lineup.places[i];
		uint32_t points = ring->has[place].points * health_warmth(&worker->board->servers[place], now) / 100;

		ring->owners[place].member = (uint16_t)i;
		ring->owners[place].active = points > 0 ? (uint16_t)points : 1;
	}
}

/* ---- who is in it */

static void
look_not_after(struct lineup *lineup, uint64_t at)
{
	if (at < lineup->look_at)
		lineup->look_at = at;
}

/* The rank of one server, and when time alone will change it. */
static enum lineup_rank
rank_of(struct lineup *lineup, struct server *server, const struct scoreboard_server *row, uint64_t now)
{
	if (health_is_refused(row, now)) {
		look_not_after(lineup, health_down_until(row));
		return RANK_NONE;
	}
	if (health_down_until(row) != 0 && !health_is_on_trial(row))
		look_not_after(lineup, now + CLOCK_SECOND); /* its checks were late: a word of them may come any time */
	if (!health_is_on_trial(row))
		return server->backup ? RANK_BACKUP : RANK_UP;
	if (health_trial_at(row) > now)
		look_not_after(lineup, health_trial_at(row));
	else
		lineup->trial = server;
	return server->backup ? RANK_BACKUP_DOWN : RANK_DOWN;
}

/* Gives each server its rank. Returns the lowest; *warming: whether one of that rank does not have all its weight. */
static enum lineup_rank
lineup_rank(const struct worker *worker, struct pool *pool, uint64_t now, bool *warming)
{
	enum lineup_rank lowest = RANK_NONE;
	struct lineup *lineup = &pool->lineup;
	size_t i;

	for (i = 0; i < pool->count; i++) {
		struct server *server = pool->servers[i];
		const struct scoreboard_server *row = &worker->board->servers[server->index];

		server->rank = (uint8_t)rank_of(lineup, server, row, now);
		if (server->rank < lowest)
			lowest = (enum lineup_rank)server->rank;
		if (server->slow_start == 0 || health_warmth(row, now) >= 100)
			continue;
		*warming = true;
		look_not_after(lineup,
		    now + (server->slow_start / RAMP_STEPS > ramp_step ? server->slow_start / RAMP_STEPS : ramp_step));
	}
	return lowest;
}

static void
lineup_fill(const struct worker *worker, struct pool *pool, enum lineup_rank rank, bool warming, uint64_t now)
{
	struct lineup *lineup = &pool->lineup;
	uint16_t last = 0;
	size_t i;

	balance_set_clear(&lineup->set);
	lineup->rank = (uint8_t)rank;
	lineup->first = UINT16_MAX;
	for (i = 0; i < pool->count; i++) {
		struct server *server = pool->servers[i];
		uint16_t place = (uint16_t)server->index;
		unsigned parts = warming ? health_warmth(&worker->board->servers[place], now) : 1;

		if (server->rank != rank || rank == RANK_NONE)
			continue;
		lineup->members[lineup->set.count] = server;
		lineup->places[lineup->set.count] = place;
		lineup->first = place < lineup->first ? place : lineup->first;
		last = place > last ? place : last;
		balance_set_add(&lineup->set, server->weight * parts);
	}
	balance_set_finish(&lineup->set);
	lineup->span = lineup->set.count > 0 ? (uint16_t)(last - lineup->first + 1) : 0;
}

static void
lineup_prepare(const struct worker *worker, struct pool *pool, uint32_t version, uint64_t now)
{
	struct lineup *lineup = &pool->lineup;
	enum lineup_rank rank;
	bool warming = false;

	lineup->health_version = version;
	lineup->look_at = UINT64_MAX;
	lineup->trial = NULL;
	rank = lineup_rank(worker, pool, now, &warming);
	if (rank >= RANK_DOWN)
		lineup->trial = NULL; /* they are tried anyway */
	lineup_fill(worker, pool, rank, warming, now);
	if (lineup->set.ring != NULL)
		ring_prepare(worker, pool, now);
}

void
lineup_refresh(const struct worker *worker, struct pool *pool)
{
	uint32_t version = atomic_load_explicit(&worker->board->health_version, memory_order_acquire);
	uint64_t now = loop_now(worker->loop);

	if (version != pool->lineup.health_version || now >= pool->lineup.look_at)
		lineup_prepare(worker, pool, version, now);
}

bool
lineup_take_trial(const struct worker *worker, struct pool *pool)
{
	const struct server *server = pool->lineup.trial;

	pool->lineup.trial = NULL;
	pool->lineup.look_at = 0; /* there may be another one to try, or time until this one's next */
	return health_try(&worker->board->servers[server->index], loop_now(worker->loop));
}

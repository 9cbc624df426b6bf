#include "worker/pool.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "ipc/health.h"
#include "worker/upstream.h"

enum { RACE_TRIES = 16 }; /* for the last place on a server, against other workers */

static int
pool_open(struct worker *worker, struct pool *pool, size_t number)
{
	const struct conf_pool *conf = &worker->conf->pools[number];
	size_t i;

	pool->conf = conf;
	pool->board = &worker->board->pools[number];
	pool->servers = calloc(conf->server_count, sizeof *pool->servers);
	pool->candidates = calloc(conf->server_count, sizeof *pool->candidates);
	if (pool->servers == NULL || pool->candidates == NULL)
		return -1;
	for (i = 0; i < conf->server_count; i++) {
		pool->servers[i].conf = &conf->servers[i];
		pool->servers[i].index = (unsigned)(conf->first_server + i);
		TAILQ_INIT(&pool->servers[i].idle);
	}
	upstream_queues_open(worker, pool);
	return 0;
}

int
pools_open(struct worker *worker)
{
	size_t i;

	worker->pools = calloc(worker->conf->pool_count, sizeof *worker->pools);
	if (worker->pools == NULL)
		return -1;
	for (i = 0; i < worker->conf->pool_count; i++)
		if (pool_open(worker, &worker->pools[i], i) < 0)
			return -1;
	return 0;
}

void
pools_close(struct worker *worker)
{
	size_t i;

	for (i = 0; i < worker->conf->pool_count; i++) {
		upstream_queues_close(&worker->pools[i]);
		free(worker->pools[i].servers);
		free(worker->pools[i].candidates);
	}
	free(worker->pools);
}

static bool
pool_was_tried(const struct exchange *exchange, unsigned index)
{
	unsigned i;

	for (i = 0; i < exchange->tried_count; i++)
		if (exchange->tried[i] == index)
			return true;
	return false;
}

/* Looks at all servers. Returns whether any was left out for being down. */
static bool
pool_survey(struct exchange *exchange, bool down_too)
{
	struct worker *worker = exchange->worker;
	struct pool *pool = exchange->pool;
	uint64_t now = loop_now(worker->loop);
	bool any_down = false;
	size_t i;

	for (i = 0; i < pool->conf->server_count; i++) {
		const struct scoreboard_server *server = &worker->board->servers[pool->servers[i].index];
		struct balance_candidate *c = &pool->candidates[i];
		uint32_t most = scoreboard_get(&server->max_connections);
		bool up = health_is_up(server, now);

		c->weight = (uint16_t)scoreboard_get(&server->weight);
		if (pool->conf->balance->needs_load || most > 0)
			c->load = scoreboard_server_load(worker->board, pool->servers[i].index);
		/* more than the most is two workers racing for a place, of whom one will have it in a moment: worth a try */
		c->usable = (up || down_too) && (most == 0 || c->load != most) &&
		    !(exchange->tried_count > 0 && pool_was_tried(exchange, pool->servers[i].index));
		any_down |= !up;
	}
	return any_down;
}

/* Takes a place, unless another worker has just taken the last one. */
static bool
pool_enter(struct exchange *exchange, struct server *server)
{
	struct worker *worker = exchange->worker;
	_Atomic uint32_t *held = &worker->board->held[worker->slot][server->index];
	uint32_t most = scoreboard_get(&worker->board->servers[server->index].max_connections);

	if (most == 0) {
		scoreboard_add(held, 1);
	} else {
		/* each worker first takes, then counts: two that race for one place both see too many, never too few */
		atomic_fetch_add(held, 1);
		if (scoreboard_server_load(worker->board, server->index) > most) {
			atomic_fetch_sub(held, 1);
			return false;
		}
	}
	exchange->server = server;
	scoreboard_add(&worker->board->share[worker->slot][server->index].requests, 1);
	return true;
}

/* A moment that differs from worker to worker and from try to try, so that racers do not meet again. */
static void
pool_step_back(const struct worker *worker, unsigned tries)
{
	volatile unsigned left = (worker->slot * 37 + tries * 101) % 257 * (tries + 1);

	while (left > 0)
		left--;
}

struct server *
pool_choose(struct exchange *exchange)
{
	struct pool *pool = exchange->pool;
	unsigned tries;

	for (tries = 0; tries < RACE_TRIES; tries++) {
		uint64_t turn = atomic_fetch_add_explicit(&pool->board->turn, 1, memory_order_relaxed);
		bool any_down = pool_survey(exchange, false);
		int i = pool->conf->balance->pick(pool->candidates, pool->conf->server_count, turn);

		if (i == BALANCE_NONE && any_down) {
			pool_survey(exchange, true);
			i = pool->conf->balance->pick(pool->candidates, pool->conf->server_count, turn);
		}
		if (i == BALANCE_NONE)
			return NULL;
		if (pool_enter(exchange, &pool->servers[i]))
			return exchange->server;
		pool_step_back(exchange->worker, tries);
	}
	return NULL;
}

void
pool_leave(struct exchange *exchange)
{
	struct worker *worker = exchange->worker;

	if (exchange->server == NULL)
		return;
	scoreboard_add(&worker->board->held[worker->slot][exchange->server->index], UINT32_MAX);
	exchange->server = NULL;
}

void
pool_exclude(struct exchange *exchange, const struct server *server)
{
	if (exchange->tried_count < ARRAY_LENGTH(exchange->tried))
		exchange->tried[exchange->tried_count++] = (uint16_t)server->index;
}

static const char *
pool_name(const struct worker *worker, const struct server *server)
{
	const struct conf_pool *pool = worker->conf->pools;

	while (server->index >= pool->first_server + pool->server_count)
		pool++;
	return pool->name;
}

void
pool_server_worked(struct worker *worker, struct server *server)
{
	if (health_worked(&worker->board->servers[server->index]))
		log_notice("server %s of pool %s is up again", server->conf->name, pool_name(worker, server));
}

static void
server_down_log(const struct worker *worker, const struct server *server, bool on_trial, const char *why)
{
	const struct conf_server *conf = server->conf;
	const char *pool = pool_name(worker, server);
	char time[32];

	text_from_duration(conf->fail_timeout, time, sizeof time);
	if (on_trial)
		log_warn("server %s of pool %s is down for another %s: %s", conf->name, pool, time, why);
	else
		log_warn("server %s of pool %s is down for %s: %u failure%s within %s, the last: %s", conf->name,
		    pool, time, conf->max_fails, conf->max_fails == 1 ? "" : "s", time, why);
}

void
pool_server_failed(struct worker *worker, struct server *server, const char *why)
{
	struct scoreboard_server *health = &worker->board->servers[server->index];
	bool on_trial = scoreboard_get(&health->down_until) != 0;

	scoreboard_add(&worker->board->share[worker->slot][server->index].failures, 1);
	if (!health_failed(
		health, loop_now(worker->loop), server->conf->max_fails, server->conf->fail_timeout))
		return;
	count(worker, SERVER_MARKED_DOWN, 1);
	server_down_log(worker, server, on_trial, why);
}

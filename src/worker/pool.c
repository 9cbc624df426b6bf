#include "worker/pool.h"

#include "base/log.h"
#include "base/text.h"
#include "ipc/health.h"
#include "worker/membership.h"

enum { RACE_TRIES = 16 }; /* for the last place on a server, against other workers */

static bool
pool_was_tried(const struct exchange *exchange, uint32_t id)
{
	unsigned i;

	for (i = 0; i < exchange->tried_count; i++)
		if (exchange->tried[i] == id)
			return true;
	return false;
}

/*
 * More than the most is two workers racing for a place, of whom one will have it
 * in a moment: worth a try. Unless a choice has tried often: then the limit was
 * lowered, and there is no place until the load has come down to it.
 */
static bool
server_has_room(struct server *server, uint32_t load)
{
	if (load <= server->max_connections)
		server->crowded = false;
	return load != server->max_connections && !server->crowded;
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

	for (i = 0; i < pool->count; i++) {
		struct server *server = pool->servers[i];
		struct balance_candidate *c = &pool->candidates[i];
		const struct scoreboard_server *health = &worker->board->servers[server->index];
		uint32_t most = server->max_connections;
		bool up = health_is_up(health, now);

		if (pool->balance->needs_load || most > 0)
			c->load = scoreboard_server_load(worker->board, server->index);
		c->usable = (up || (down_too && !health_is_refused(health, now))) && (most == 0 || server_has_room(server, c->load)) &&
		    !(exchange->tried_count > 0 && pool_was_tried(exchange, server->id));
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
	uint32_t most = server->max_connections;

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
	exchange->chosen_at = loop_now(worker->loop);
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

	if (membership_is_old(exchange->worker))
		membership_sync(exchange->worker);
	for (tries = 0; tries < RACE_TRIES; tries++) {
		uint64_t turn = atomic_fetch_add_explicit(&pool->board->turn, 1, memory_order_relaxed);
		bool any_down = pool_survey(exchange, false);
		int i = pool->balance->pick(pool->candidates, pool->count, turn);

		if (i == BALANCE_NONE && any_down) {
			pool_survey(exchange, true);
			i = pool->balance->pick(pool->candidates, pool->count, turn);
		}
		if (i == BALANCE_NONE)
			return NULL;
		if (pool_enter(exchange, pool->servers[i]))
			return exchange->server;
		pool->servers[i]->crowded = tries >= RACE_TRIES / 2;
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
		exchange->tried[exchange->tried_count++] = server->id;
}

/* The master hears of it at once; when it cannot be told now, it looks itself once a second. */
static void
pool_tell(const struct worker *worker)
{
	struct channel_message message = { .type = CHANNEL_NEWS };

	channel_send(worker->channel, &message);
}

void
pool_server_worked(struct exchange *exchange)
{
	struct worker *worker = exchange->worker;
	struct server *server = exchange->server;

	histogram_add(&worker->board->latency[worker->slot][server->index],
	    loop_now(worker->loop) - exchange->chosen_at);
	if (!health_worked(&worker->board->servers[server->index]))
		return;
	health_changed(worker->board);
	log_notice("server %s of pool %s is up again", server->name, server->pool->conf->name);
	pool_tell(worker);
}

static void
server_down_log(const struct server *server, bool on_trial, const char *why)
{
	const char *pool = server->pool->conf->name;
	char time[32];

	text_from_duration(server->fail_timeout, time, sizeof time);
	if (on_trial)
		log_warn("server %s of pool %s is down for another %s: %s", server->name, pool, time, why);
	else
		log_warn("server %s of pool %s is down for %s: %u failure%s within %s, the last: %s",
		    server->name, pool, time, server->max_fails, server->max_fails == 1 ? "" : "s", time, why);
}

void
pool_server_failed(struct worker *worker, struct server *server, const char *why)
{
	struct scoreboard_server *health = &worker->board->servers[server->index];
	bool on_trial = scoreboard_get(&health->down_until) != 0;

	scoreboard_add(&worker->board->share[worker->slot][server->index].failures, 1);
	if (!health_failed(
		health, loop_now(worker->loop), server->max_fails, server->fail_timeout, health_reason_find(why)))
		return;
	health_changed(worker->board);
	count(worker, SERVER_MARKED_DOWN, 1);
	server_down_log(server, on_trial, why);
	pool_tell(worker);
}

#include "worker/pool.h"

#include "base/log.h"
#include "base/object.h"
#include "base/text.h"
#include "ipc/health.h"
#include "worker/choice.h"
#include "worker/membership.h"
#include "worker/waiting.h"

void
pool_entered(struct exchange *exchange, struct server *server)
{
	struct worker *worker = exchange->worker;

	exchange->server = server;
	exchange->chosen_at = loop_now(worker->loop);
	scoreboard_add(&worker->board->share[worker->slot][server->index].requests, 1);
	scoreboard_add(&worker->board->carried[worker->slot][server->pool->number], 1);
}

bool
pool_tried_are_there(const struct exchange *exchange)
{
	const struct pool *pool = exchange->pool;
	size_t i;

	for (i = 0; i < pool->count; i++)
		if (choice_was_tried(exchange, pool->servers[i]))
			return true;
	return false;
}

/*
 * Whether an instance of an app is to be waited for: one is on its way; or it may be, if those
 * that failed the request are found dead by the master, who is about to hear of it.
 */
static bool
pool_expects(struct exchange *exchange)
{
	if (!exchange->pool->conf->app.wanted)
		return false;
	exchange->waiting.doubtful = pool_tried_are_there(exchange);
	return exchange->waiting.doubtful || exchange->pool->coming;
}

/* Whether it is any use to wait: a server is up that was not tried, and all places of it are taken or belong to others. */
static bool
pool_is_busy(const struct exchange *exchange, bool must_wait)
{
	const struct worker *worker = exchange->worker;
	const struct pool *pool = exchange->pool;
	size_t i;

	if (must_wait && exchange->tried_count == 0)
		return true; /* as for those in front of it */
	for (i = 0; i < pool->count; i++) {
		const struct server *server = pool->servers[i];

		if (pool_server_is_open(worker, server) && !choice_was_tried(exchange, server) &&
		    (must_wait || !queue_has_room(worker->board, server->index)))
			return true;
	}
	return false;
}

/* Under the lock: a place, or one in the queue. */
static enum pool_choice
pool_choose_counted(struct exchange *exchange)
{
	struct worker *worker = exchange->worker;
	const struct pool *pool = exchange->pool;
	bool must_wait = queue_must_wait(pool->queue);
	struct server *server = must_wait ? choice_begin(exchange) : choice_make(exchange);

	if (server != NULL && queue_has_room(worker->board, server->index)) {
		queue_enter(worker->board, worker->slot, server->index);
		pool_entered(exchange, server);
		return POOL_CHOSEN;
	}
	exchange->waiting.doubtful = false;
	if (pool->conf->queue_size == 0 || (!pool_is_busy(exchange, must_wait) && !pool_expects(exchange)))
		return POOL_NONE;
	return waiting_join(exchange) ? POOL_WAITS : POOL_FULL;
}

/* No server is usable: one may come. */
static enum pool_choice
pool_wait(struct exchange *exchange)
{
	const struct worker *worker = exchange->worker;
	const struct pool *pool = exchange->pool;
	bool joined;

	if (pool->queue == NULL || pool->conf->queue_size == 0 || !pool_expects(exchange))
		return POOL_NONE;
	queue_lock(worker->board, pool->number, worker->slot);
	joined = waiting_join(exchange);
	queue_unlock(worker->board, pool->number);
	return joined ? POOL_WAITS : POOL_FULL;
}

enum pool_choice
pool_choose(struct exchange *exchange)
{
	struct worker *worker = exchange->worker;
	struct pool *pool = exchange->pool;
	enum pool_choice choice;
	struct server *server;

	if (membership_is_old(worker))
		membership_sync(worker);
	if (pool->counted) {
		queue_lock(worker->board, pool->number, worker->slot);
		choice = pool_choose_counted(exchange);
		queue_unlock(worker->board, pool->number);
		return choice;
	}
	server = choice_make(exchange);
	if (server == NULL)
		return pool_wait(exchange);
	scoreboard_add(&worker->board->held[worker->slot][server->index], 1);
	pool_entered(exchange, server);
	return POOL_CHOSEN;
}

bool
pool_server_is_open(const struct worker *worker, const struct server *server)
{
	const struct pool *pool = server->pool;
	/* instances of an app that failed are all that there is of it: nothing else is worth the wait */
	enum lineup_rank last = pool->conf->app.wanted ? RANK_BACKUP_DOWN : RANK_BACKUP;

	if (server->state != SERVER_READY)
		return false;
	lineup_refresh(worker, server->pool);
	return server->rank == pool->lineup.rank && server->rank <= last;
}

void
pool_leave(struct exchange *exchange)
{
	struct worker *worker = exchange->worker;
	struct server *server = exchange->server;

	waiting_end(exchange);
	if (server == NULL)
		return;
	scoreboard_add(&worker->board->carried[worker->slot][server->pool->number], UINT32_MAX);
	if (server->pool->counted)
		waiting_pass_on(worker, server);
	else
		scoreboard_add(&worker->board->held[worker->slot][server->index], UINT32_MAX);
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
	health_came_back(&worker->board->servers[server->index], loop_now(worker->loop));
	health_changed(worker->board);
	waiting_look(worker);
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
	waiting_look(worker);
	count(worker, SERVER_MARKED_DOWN, 1);
	server_down_log(server, on_trial, why);
	pool_tell(worker);
}

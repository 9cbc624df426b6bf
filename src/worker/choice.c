#include "worker/choice.h"

#include "balance/balance.h"
#include "base/clock.h"
#include "ipc/queue.h"
#include "worker/hash_key.h"
#include "worker/lineup.h"
#include "worker/sticky.h"

static const uint64_t trial_pause = 10 * CLOCK_MILLISECOND; /* before a server is tried that is full */

/* Loads as they stand on the scoreboard, for the choice of one exchange. */
struct view {
	struct balance_loads loads;
	struct exchange *exchange;
};

bool
choice_was_tried(const struct exchange *exchange, const struct server *server)
{
	unsigned i;

	for (i = 0; i < exchange->tried_count; i++)
		if (exchange->tried[i] == server->id)
			return true;
	return false;
}

/* ---- loads */

static const struct view *
view_get(const struct balance_loads *loads)
{
	return (const struct view *)loads; /* its first member */
}

/* What a server carries; in a pool that is counted, under its lock, that is exact. */
static uint32_t
server_load(const struct worker *worker, const struct server *server)
{
	return server->pool->counted ? scoreboard_get(&worker->board->servers[server->index].taken) :
					     scoreboard_server_load(worker->board, server->index);
}

/* Whether it may have the request, as far as the request and its limit go. */
static bool
server_may_have(const struct server *server, const struct exchange *exchange)
{
	if (server->pool->counted && !queue_has_room(exchange->worker->board, server->index))
		return false;
	return !choice_was_tried(exchange, server);
}

static uint32_t
view_of(const struct balance_loads *loads, uint32_t member)
{
	const struct exchange *exchange = view_get(loads)->exchange;
	const struct server *server = exchange->pool->lineup.members[member];
	uint32_t load;

	if (loads->some_full && !server_may_have(server, exchange))
		return BALANCE_FULL;
	load = server_load(exchange->worker, server);
	return load < BALANCE_FULL ? load : BALANCE_FULL - 1;
}

/* Where some must not be chosen each is looked at; else loads are added up as they stand, many at once. */
static const uint32_t *
view_all(const struct balance_loads *loads)
{
	const struct exchange *exchange = view_get(loads)->exchange;
	const struct lineup *lineup = &exchange->pool->lineup;
	uint32_t *all = exchange->worker->loads, *sums = exchange->worker->load_sums, i;

	if (!loads->some_full)
		scoreboard_loads(exchange->worker->board, lineup->first, lineup->span, sums);
	for (i = 0; i < lineup->set.count; i++)
		all[i] = loads->some_full ? view_of(loads, i) : sums[lineup->places[i] - lineup->first];
	for (; i % BALANCE_LANES != 0; i++)
		all[i] = BALANCE_FULL;
	return all;
}

static uint64_t
view_sum(const struct balance_loads *loads)
{
	const struct exchange *exchange = view_get(loads)->exchange;

	return scoreboard_pool_load(exchange->worker->board, exchange->pool->number);
}

/* ---- choosing */

/*
 * One request goes to a server that was down for long enough, to see whether it is up. It
 * is not one that has failed elsewhere: that has less attempts left.
 */
static struct server *
choice_trial(struct exchange *exchange)
{
	struct lineup *lineup = &exchange->pool->lineup;
	struct server *server = lineup->trial;
	uint64_t later = loop_now(exchange->worker->loop) + trial_pause;

	if (exchange->attempts > 0)
		return NULL;
	if (server_may_have(server, exchange))
		return lineup_take_trial(exchange->worker, exchange->pool) ? server : NULL;
	lineup->trial = NULL;
	lineup->look_at = later < lineup->look_at ? later : lineup->look_at;
	return NULL;
}

/* The server that its cookie names, if that may have it. */
static struct server *
choice_stay(struct exchange *exchange)
{
	struct server *server = sticky_server(exchange);

	if (server == NULL || server->rank != exchange->pool->lineup.rank || server->rank == RANK_NONE)
		return NULL;
	return server_may_have(server, exchange) ? server : NULL;
}

struct server *
choice_begin(struct exchange *exchange)
{
	struct server *server = NULL;

	lineup_refresh(exchange->worker, exchange->pool);
	if (exchange->pool->sticky != NULL)
		server = choice_stay(exchange);
	if (server == NULL && exchange->pool->lineup.trial != NULL)
		server = choice_trial(exchange);
	return server;
}

/*
 * All of the lineup were tried, or are full: one of the next rank, if no server of the
 * lineup is left that will have room.
 */
static struct server *
choice_among_all(struct exchange *exchange, uint64_t turn)
{
	struct pool *pool = exchange->pool;
	struct server *found = NULL;
	unsigned rank = RANK_NONE;
	size_t i;

	for (i = 0; i < pool->count; i++) {
		struct server *server = pool->servers[(turn + i) % pool->count];

		if (server->rank > rank || (server->rank == rank && found != NULL) || server->rank == RANK_NONE ||
		    choice_was_tried(exchange, server))
			continue;
		rank = server->rank;
		found = server_may_have(server, exchange) ? server : NULL;
	}
	return found;
}

static uint64_t
choice_turn(const struct exchange *exchange)
{
	struct pool *pool = exchange->pool;

	if (pool->balance->in_turn)
		return pool->lineup.set.count > 1 ? atomic_fetch_add_explicit(&pool->board->turn, 1, memory_order_relaxed) : 0;
	/* of its own: what other workers do does not matter */
	return (exchange->number * SCOREBOARD_WORKERS + exchange->worker->slot) * UINT8_MAX + exchange->attempts;
}

/* By the algorithm of the pool; by the ring what is to stay with one server. */
static int
choice_balance(struct exchange *exchange, struct balance_question *question)
{
	const struct pool *pool = exchange->pool;

	if (sticky_uses_ring(pool) && (question->key = sticky_key(exchange)) != 0) {
		question->bound = 0;
		return balance_consistent_hash.choose(&pool->lineup.set, question);
	}
	if (pool->balance->uses_key)
		question->key = hash_key_get(exchange);
	return pool->balance->choose(&pool->lineup.set, question);
}

struct server *
choice_make(struct exchange *exchange)
{
	struct pool *pool = exchange->pool;
	struct lineup *lineup = &pool->lineup;
	struct view view = { { view_of, view_all, view_sum, false }, exchange };
	struct balance_question question = { .bound = pool->conf->hash_load, .loads = &view.loads };
	struct server *first = choice_begin(exchange);
	int chosen;

	if (first != NULL)
		return first;
	if (lineup->set.count == 1 && !pool->counted && exchange->tried_count == 0)
		return lineup->members[0];
	view.loads.some_full = pool->counted || exchange->tried_count > 0;
	question.turn = choice_turn(exchange);
	chosen = choice_balance(exchange, &question);
	if (chosen != BALANCE_NONE)
		return lineup->members[chosen];
	return exchange->tried_count > 0 ? choice_among_all(exchange, question.turn) : NULL;
}

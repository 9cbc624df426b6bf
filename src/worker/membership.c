#include "worker/membership.h"

#include <stdlib.h>
#include <string.h>

#include "ipc/health.h"
#include "worker/exchange.h"
#include "worker/maintenance.h"
#include "worker/sticky.h"
#include "worker/upstream.h"
#include "worker/waiting.h"

enum { CUT_TURN_COST = 8192, CUT_COST = 1024 /* a turn takes some 0.5 ms; to look at a session costs 1 */ };

/* ---- one server */

struct server *
server_hold(struct server *server)
{
	server->users++;
	return server;
}

void
server_release(struct server *server)
{
	if (server != NULL && --server->users == 0)
		free(server);
}

static struct server *
server_new(struct worker *worker, unsigned index)
{
	const struct scoreboard_server *row = &worker->board->servers[index];
	struct server *server = calloc(1, sizeof *server);

	if (server == NULL || row->pool >= worker->conf->pool_count) {
		free(server);
		return NULL;
	}
	server->pool = &worker->pools[row->pool];
	server->index = index;
	server->id = row->id;
	server->instance = row->instance;
	server->users = 1;
	server->state = SERVER_READY;
	server->max_fails = row->max_fails;
	server->fail_timeout = row->fail_timeout;
	server->slow_start = row->slow_start;
	server->address = row->address;
	memcpy(server->name, row->name, sizeof server->name);
	server->name[sizeof server->name - 1] = '\0';
	if (server->pool->sticky != NULL)
		server->word = sticky_word(worker, server);
	TAILQ_INIT(&server->idle);
	return server;
}

/* Forgets it: what still refers to it keeps it. */
static void
server_drop(struct worker *worker, unsigned index)
{
	struct server *server = worker->servers[index];

	worker->servers[index] = NULL;
	server->state = SERVER_FREE;
	upstream_close_idle_of(server);
	server_release(server);
}

/* ---- ending what is in progress */

static bool
exchange_must_end(const struct exchange *x)
{
	if (x == NULL || x->server == NULL)
		return false;
	if (x->server->state == SERVER_CUT)
		return true;
	return x->tunnel &&
	    (x->server->state == SERVER_MAINTENANCE || (x->server->refused && x->pool->conf->health.cut_tunnels));
}

static void
servers_cut_cb(struct later *later)
{
	struct worker *worker = CONTAINER_OF(later, struct worker, cut);
	struct session *session;
	int cost = 0;

	while (cost < CUT_TURN_COST && (session = worker->cut_next) != NULL) {
		worker->cut_next = TAILQ_NEXT(session, link);
		cost++;
		if (!exchange_must_end(session->exchange))
			continue;
		exchange_server_removed(session->exchange);
		cost += CUT_COST;
	}
	if (worker->cut_next != NULL)
		loop_later(worker->loop, later, servers_cut_cb);
}

/* From the first session on, whatever was looked at already. */
static void
servers_cut(struct worker *worker)
{
	worker->cut_next = TAILQ_FIRST(&worker->open);
	loop_later(worker->loop, &worker->cut, servers_cut_cb);
}

void
membership_tunnel_begun(struct exchange *exchange)
{
	if (exchange_must_end(exchange))
		servers_cut(exchange->worker);
}

static void
server_set_state(struct worker *worker, struct server *server, enum server_state state)
{
	if (server->state == state)
		return;
	server->state = state;
	if (state != SERVER_READY)
		upstream_close_idle_of(server);
	if (state == SERVER_CUT || state == SERVER_MAINTENANCE)
		servers_cut(worker);
}

static void
server_set_refused(struct worker *worker, struct server *server, bool refused)
{
	if (server->refused == refused)
		return;
	server->refused = refused;
	if (!refused)
		return;
	upstream_close_idle_of(server);
	if (server->pool->conf->health.cut_tunnels)
		servers_cut(worker);
}

void
membership_look_at_checks(struct worker *worker)
{
	uint32_t version = atomic_load_explicit(&worker->board->health_version, memory_order_acquire);
	unsigned slots = scoreboard_server_slots(worker->board), i;

	if (version == worker->health_seen)
		return;
	worker->health_seen = version;
	for (i = 0; i < slots; i++)
		if (worker->servers[i] != NULL && worker->servers[i]->pool->conf->health.wanted)
			server_set_refused(worker, worker->servers[i],
			    health_is_refused(&worker->board->servers[i], loop_now(worker->loop)));
}

/* ---- all of them */

/*
 * Makes what is new, without changing what is there. Room in each pool: for all
 * of its servers, whatever their state. -1: no memory.
 */
static int
servers_make_room(struct worker *worker, unsigned slots)
{
	size_t counts[SCOREBOARD_POOLS] = { 0 }, p;
	unsigned i;

	for (i = 0; i < slots; i++) {
		unsigned pool = worker->board->servers[i].pool;

		if (scoreboard_server_state(worker->board, i) != SERVER_FREE && pool < worker->conf->pool_count)
			counts[pool]++;
	}
	for (p = 0; p < worker->conf->pool_count; p++) {
		struct pool *pool = &worker->pools[p];
		struct server **servers;

		if (counts[p] <= pool->room)
			continue;
		servers = reallocarray(pool->servers, counts[p], sizeof *servers);
		if (servers != NULL)
			pool->servers = servers;
		if (servers == NULL || lineup_reserve(&pool->lineup, counts[p]) < 0 || sticky_reserve(pool, counts[p]) < 0)
			return -1;
		pool->room = counts[p];
	}
	return 0;
}

/* Any process that maps the scoreboard can have written there: it is not believed. */
static uint32_t
weight_of(const struct scoreboard_server *row)
{
	uint32_t weight = scoreboard_get(&row->weight);

	return weight < 1 ? 1 : weight > BALANCE_WEIGHT_MAX ? BALANCE_WEIGHT_MAX : weight;
}

/* Brings one place up to date. -1: no memory. */
static int
server_sync(struct worker *worker, unsigned index)
{
	const struct scoreboard_server *row = &worker->board->servers[index];
	enum server_state state = scoreboard_server_state(worker->board, index);
	struct server *server = worker->servers[index];
	bool known = state != SERVER_FREE && state != SERVER_STARTING;

	if (server != NULL && (!known || row->id != server->id)) {
		server_drop(worker, index);
		server = NULL;
	}
	if (!known)
		return 0;
	if (server == NULL)
		server = worker->servers[index] = server_new(worker, index);
	if (server == NULL)
		return -1;
	server->max_connections = scoreboard_get(&row->max_connections);
	server->backup = scoreboard_get(&row->backup);
	server->weight = weight_of(row);
	server_set_state(worker, server, state);
	return 0;
}

/* Fills the pools with those that take requests. -1: no memory for how a pool chooses. */
static int
servers_share_out(struct worker *worker, unsigned slots)
{
	int done = 0;
	size_t p;
	unsigned i;

	for (p = 0; p < worker->conf->pool_count; p++) {
		struct pool *pool = &worker->pools[p];
		uint32_t balance = scoreboard_get(&pool->board->balance);

		pool->count = 0;
		pool->queue = queue_is_open(&worker->board->queues[p]) ? &worker->board->queues[p] : NULL;
		pool->counted = pool->queue != NULL && queue_is_counted(pool->queue);
		pool->coming = scoreboard_get(&pool->board->coming) != 0;
		if (balance < balance_count)
			pool->balance = balance_algorithms[balance];
	}
	for (i = 0; i < slots; i++) {
		struct server *server = worker->servers[i];
		struct pool *pool = server == NULL ? NULL : server->pool;

		if (pool != NULL && server->state == SERVER_READY && pool->count < pool->room)
			pool->servers[pool->count++] = server;
	}
	for (p = 0; p < worker->conf->pool_count; p++) {
		sticky_change(&worker->pools[p]);
		if (lineup_change(&worker->pools[p]) < 0)
			done = -1;
	}
	return done;
}

void
membership_sync(struct worker *worker)
{
	/* first: what changes while this looks makes another look necessary */
	uint32_t version = atomic_load_explicit(&worker->board->servers_version, memory_order_acquire);
	unsigned slots = scoreboard_server_slots(worker->board), i;
	bool complete = servers_make_room(worker, slots) == 0;

	for (i = 0; i < slots; i++)
		complete &= server_sync(worker, i) == 0;
	complete &= servers_share_out(worker, slots) == 0;
	waiting_look(worker);
	maintenance_sync(worker);
	worker->servers_version = version;
	worker->servers_missed = !complete;
	if (!complete)
		worker_starved(worker, "servers were changed, but there is no memory for it; trying again");
	else
		atomic_store_explicit(&worker->me->servers_seen, version, memory_order_release);
}

/* -1: no memory. */
static int
pool_open(struct worker *worker, size_t number)
{
	struct pool *pool = &worker->pools[number];

	pool->conf = &worker->conf->pools[number];
	pool->number = (unsigned)number;
	pool->board = &worker->board->pools[number];
	pool->balance = pool->conf->balance;
	if (pool->conf->hash_key != NULL)
		conf_hash_key_parse(pool->conf->hash_key, &pool->hash_kind, &pool->hash_name);
	upstream_queues_open(worker, pool);
	waiting_open_pool(worker, pool);
	return sticky_open(pool);
}

int
membership_open(struct worker *worker)
{
	size_t i;

	worker->pools = calloc(worker->conf->pool_count, sizeof *worker->pools);
	if (worker->pools == NULL)
		return -1;
	for (i = 0; i < worker->conf->pool_count; i++)
		if (pool_open(worker, i) < 0)
			return -1;
	membership_sync(worker);
	return worker->servers_missed ? -1 : 0;
}

void
membership_close(struct worker *worker)
{
	unsigned i;
	size_t p;

	loop_later_cancel(worker->loop, &worker->cut);
	for (i = 0; i < SCOREBOARD_SERVERS; i++)
		if (worker->servers[i] != NULL)
			server_drop(worker, i);
	for (p = 0; p < worker->conf->pool_count; p++) {
		upstream_queues_close(&worker->pools[p]);
		waiting_close_pool(&worker->pools[p]);
		free(worker->pools[p].servers);
		lineup_free(&worker->pools[p].lineup);
		sticky_close(&worker->pools[p]);
	}
	free(worker->pools);
}

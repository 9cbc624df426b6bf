#include "master/servers.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ipc/health.h"
#include "master/state.h"

enum { LOOKS = 32 }; /* at those that leave, in a row: some 0.5 ms when each is gone */
static const uint64_t look_every = 20 * CLOCK_MILLISECOND; /* at all of them */
static const uint64_t look_pause = 2 * CLOCK_MILLISECOND; /* when there are more */

static const enum server_state state_of[] = {
	[CONF_SERVER_READY] = SERVER_READY,
	[CONF_SERVER_DRAIN] = SERVER_DRAIN,
	[CONF_SERVER_MAINTENANCE] = SERVER_MAINTENANCE,
};

static bool
is_leaving(enum server_state state)
{
	return state == SERVER_LEAVING || state == SERVER_CUT;
}

static const char *
pool_name(const struct master *m, unsigned slot)
{
	return m->conf->pools[m->servers.places[slot].pool].name;
}

static const char *
server_name(const struct master *m, unsigned slot, char text[SCOREBOARD_NAME])
{
	snprintf(text, SCOREBOARD_NAME, "%.*s", SCOREBOARD_NAME - 1, m->board->servers[slot].name);
	return text;
}

/* Whether all of them have, where `seen` is what servers_seen said. */
static bool
place_is_seen(const struct master *m, unsigned slot, uint32_t seen)
{
	return seen != 0 && (int32_t)(seen - m->servers.places[slot].version) >= 0;
}

/* The one setter of a state. Workers see all that was written before it. */
static void
server_set_state(struct master *m, unsigned slot, enum server_state state)
{
	atomic_store_explicit(&m->board->servers[slot].state, (uint32_t)state, memory_order_release);
	servers_changed(m);
	m->servers.places[slot].version = servers_next_version(m);
}

/* ---- coming */

static void
server_forgive(struct scoreboard *board, unsigned slot)
{
	struct scoreboard_server *row = &board->servers[slot];

	scoreboard_set(&row->fails, 0);
	scoreboard_set(&row->fail_window, 0);
	scoreboard_set(&row->down_until, 0);
	scoreboard_set(&row->tried_until, 0);
	health_changed(board);
}

/* What another server in that place has left behind. */
static void
server_clear_figures(struct scoreboard *board, unsigned slot)
{
	unsigned slots = scoreboard_slots(board), w, b;

	server_forgive(board, slot);
	health_check_clear(board, slot);
	scoreboard_set(&board->servers[slot].downs, 0);
	scoreboard_set(&board->servers[slot].came_back, 0);
	for (w = 0; w < slots; w++) {
		struct scoreboard_share *share = &board->share[w][slot];

		if (scoreboard_get(&share->requests) == 0)
			continue;
		scoreboard_set(&share->requests, 0);
		scoreboard_set(&share->failures, 0);
		for (b = 0; b < HISTOGRAM_BUCKETS; b++)
			scoreboard_set(&board->latency[w][slot].buckets[b], 0);
	}
}

/* A pool with a limit is counted from then on, also when it is taken back. */
static void
server_set_limit(struct master *m, unsigned slot, uint32_t most)
{
	unsigned pool = m->servers.places[slot].pool;

	scoreboard_set(&m->board->servers[slot].max_connections, most);
	if (most == 0)
		return;
	if (queue_count(m->board, pool, servers_next_version(m)) < 0)
		log_error("pool %s cannot have limits: out of resources", pool_name(m, slot));
	else
		wakers_want(m);
}

/* Writes a server down in a place that nobody uses. */
static void
server_describe(struct master *m, unsigned slot, const struct master_server *server, enum server_state state)
{
	struct scoreboard_server *row = &m->board->servers[slot];

	server_clear_figures(m->board, slot);
	snprintf(row->name, sizeof row->name, "%s", server->name);
	row->address = server->address;
	row->pool = m->servers.places[slot].pool = server->pool;
	m->servers.places[slot].from = server->from;
	m->servers.places[slot].given_weight = server->weight;
	m->servers.places[slot].instance = state == SERVER_STARTING;
	row->instance = server->instance;
	row->id = ++m->servers.last_id;
	row->max_fails = server->max_fails;
	row->fail_timeout = server->fail_timeout;
	row->slow_start = server->slow_start;
	scoreboard_set(&row->backup, server->backup);
	scoreboard_set(&row->weight, server->weight);
	scoreboard_set(&row->taken, 0);
	server_set_limit(m, slot, server->max_connections);
	queue_make_dirty(m->board, server->pool);
	if (scoreboard_server_slots(m->board) <= slot)
		scoreboard_set(&m->board->server_slots, slot + 1);
	server_set_state(m, slot, state);
}

/* The lowest place that no worker can still be using, or -1. */
static int
server_free_place(const struct master *m)
{
	unsigned slots = scoreboard_server_slots(m->board), slot;
	uint32_t seen = servers_seen(m);

	for (slot = 0; slot < slots; slot++)
		if (scoreboard_server_state(m->board, slot) == SERVER_FREE && place_is_seen(m, slot, seen))
			return (int)slot;
	return slots < SCOREBOARD_SERVERS ? (int)slots : -1;
}

int
master_server_check(const struct master *m, const struct master_server *server, struct error *err)
{
	unsigned slots = scoreboard_server_slots(m->board), slot;
	char name[SCOREBOARD_NAME];

	for (slot = 0; slot < slots; slot++) {
		const struct scoreboard_server *row = &m->board->servers[slot];
		enum server_state state = scoreboard_server_state(m->board, slot);

		if (state == SERVER_FREE || is_leaving(state) || m->servers.places[slot].pool != server->pool)
			continue;
		if (strcmp(row->name, server->name) == 0 || address_equal(&row->address, &server->address))
			return error_set(err, "pool %s has the server %s already", pool_name(m, slot),
			    server_name(m, slot, name));
	}
	if (server_free_place(m) < 0)
		return error_set(err, "there are %u servers already, those that are leaving among them",
		    SCOREBOARD_SERVERS);
	return 0;
}

int
master_server_add(struct master *m, const struct master_server *server, struct error *err)
{
	int slot;

	if (master_server_check(m, server, err) < 0)
		return -1;
	slot = server_free_place(m);
	server_describe(m, (unsigned)slot, server, state_of[server->state]);
	health_came_back(&m->board->servers[slot], clock_monotonic());
	return slot;
}

int
servers_add_instance(struct master *m, const struct master_server *server, unsigned number, struct error *err)
{
	int slot;

	if (master_server_check(m, server, err) < 0)
		return -1;
	slot = server_free_place(m);
	server_describe(m, (unsigned)slot, server, SERVER_STARTING);
	m->servers.places[slot].number = (uint16_t)number;
	return slot;
}

void
servers_instance_ready(struct master *m, unsigned slot)
{
	health_came_back(&m->board->servers[slot], clock_monotonic());
	server_set_state(m, slot, SERVER_READY);
	wakers_call(m);
}

void
servers_expect(struct master *m, unsigned pool, bool coming)
{
	if ((scoreboard_get(&m->board->pools[pool].coming) != 0) == coming)
		return;
	scoreboard_set(&m->board->pools[pool].coming, coming);
	servers_changed(m);
}

bool
master_server_is_instance(const struct master *m, unsigned slot)
{
	return m->servers.places[slot].instance;
}

int
master_server_instance(const struct master *m, unsigned slot)
{
	return m->servers.places[slot].instance ? m->servers.places[slot].number : -1;
}

/* ---- changing */

void
master_server_set_state(struct master *m, unsigned slot, enum conf_server_state state)
{
	if (scoreboard_server_state(m->board, slot) == state_of[state])
		return;
	if (state == CONF_SERVER_READY) {
		server_forgive(m->board, slot);
		health_came_back(&m->board->servers[slot], clock_monotonic());
	}
	if (scoreboard_server_state(m->board, slot) == SERVER_MAINTENANCE)
		health_check_clear(m->board, slot); /* checks begin anew */
	server_set_state(m, slot, state_of[state]);
}

void
master_server_set_weight(struct master *m, unsigned slot, uint16_t weight)
{
	scoreboard_set(&m->board->servers[slot].weight, weight);
	servers_changed(m);
}

void
servers_give_weight(struct master *m, unsigned slot, uint16_t weight)
{
	uint16_t given = m->servers.places[slot].given_weight;

	if (weight == given || scoreboard_get(&m->board->servers[slot].weight) != given)
		return;
	m->servers.places[slot].given_weight = weight;
	master_server_set_weight(m, slot, weight);
}

void
servers_give_backup(struct master *m, unsigned slot, bool backup)
{
	if (scoreboard_get(&m->board->servers[slot].backup) == backup)
		return;
	scoreboard_set(&m->board->servers[slot].backup, backup);
	servers_changed(m);
}

void
master_server_set_max_connections(struct master *m, unsigned slot, uint32_t max_connections)
{
	server_set_limit(m, slot, max_connections);
	servers_changed(m);
}

/* ---- leaving */

bool
servers_pool_has_other(const struct master *m, unsigned pool, int server, uint32_t name)
{
	unsigned slots = scoreboard_server_slots(m->board), slot;
	const struct master_name *other;

	for (slot = 0; slot < master_names_used(m); slot++) {
		other = master_name_at(m, slot);
		if (other != NULL && other->id != name && other->options.pool == pool)
			return true;
	}
	for (slot = 0; slot < slots; slot++) {
		enum server_state state = scoreboard_server_state(m->board, slot);

		if ((int)slot != server && state != SERVER_FREE && !is_leaving(state) &&
		    m->servers.places[slot].pool == pool && m->servers.places[slot].from == 0)
			return true;
	}
	return false;
}

int
master_server_remove_check(const struct master *m, unsigned server, struct error *err)
{
	const struct master_name *from = master_name_of_server(m, server);
	char name[SCOREBOARD_NAME];

	if (m->servers.places[server].instance)
		return error_set(err, "%s is an instance of the app %s, which alone takes it away",
		    server_name(m, server, name), pool_name(m, server));
	if (from != NULL)
		return error_set(err, "%s is an address of %s, and would come back with the next answer",
		    server_name(m, server, name), from->text);
	if (servers_pool_has_other(m, m->servers.places[server].pool, (int)server, 0))
		return 0;
	return error_set(err, "%s is the last server of pool %s", server_name(m, server, name),
	    pool_name(m, server));
}

static enum conf_server_state
state_before(enum server_state state)
{
	return state == SERVER_DRAIN ? CONF_SERVER_DRAIN
	    : state == SERVER_MAINTENANCE ? CONF_SERVER_MAINTENANCE
					  : CONF_SERVER_READY;
}

void
servers_leave(struct master *m, unsigned slot, bool force)
{
	enum server_state state = scoreboard_server_state(m->board, slot);

	if (!is_leaving(state)) {
		m->servers.places[slot].leaving = true;
		m->servers.places[slot].before = state_before(state);
		m->servers.places[slot].cut_at = clock_monotonic() + m->conf->shutdown_timeout;
		m->servers.leaving++;
	}
	if (state != SERVER_CUT && (force || !is_leaving(state)))
		server_set_state(m, slot, force ? SERVER_CUT : SERVER_LEAVING);
	timer_set(&m->servers.timer, 0);
}

bool
servers_return(struct master *m, unsigned slot)
{
	if (scoreboard_server_state(m->board, slot) != SERVER_LEAVING)
		return false;
	m->servers.places[slot].leaving = false;
	m->servers.leaving--;
	server_set_state(m, slot, state_of[m->servers.places[slot].before]);
	return true;
}

int
master_server_remove(struct master *m, unsigned slot, bool force, struct error *err)
{
	if (!is_leaving(scoreboard_server_state(m->board, slot)) &&
	    master_server_remove_check(m, slot, err) < 0)
		return -1;
	servers_leave(m, slot, force);
	return 0;
}

/* No worker will choose it again, and no request is left on it. */
static void
server_gone(struct master *m, unsigned slot)
{
	char name[SCOREBOARD_NAME];

	m->servers.places[slot].leaving = false;
	m->servers.leaving--;
	server_set_state(m, slot, SERVER_FREE);
	if (m->servers.places[slot].instance) {
		m->servers.places[slot].instance = false;
		apps_server_gone(m, slot);
		return;
	}
	log_notice("server %s of pool %s is removed", server_name(m, slot, name), pool_name(m, slot));
	news_server(m, slot, EVENT_SERVER_REMOVED, "");
}

static void
server_look(struct master *m, unsigned slot, uint32_t seen)
{
	bool late = clock_monotonic() >= m->servers.places[slot].cut_at;
	char name[SCOREBOARD_NAME];

	/* first that it is chosen no more, then that nobody has it */
	if (place_is_seen(m, slot, seen) && scoreboard_server_load(m->board, slot) == 0) {
		server_gone(m, slot);
	} else if (late && scoreboard_server_state(m->board, slot) == SERVER_LEAVING) {
		log_warn("server %s of pool %s still has %u request(s) after shutdown-timeout: they are cut off",
		    server_name(m, slot, name), pool_name(m, slot), scoreboard_server_load(m->board, slot));
		server_set_state(m, slot, SERVER_CUT);
	}
}

/* Looks at some of those that leave. Whether there are more. */
static bool
servers_look(struct master *m)
{
	struct servers *servers = &m->servers;
	uint32_t seen = servers_seen(m);
	unsigned looks = 0;

	for (; servers->next < scoreboard_server_slots(m->board); servers->next++) {
		if (!servers->places[servers->next].leaving)
			continue;
		if (looks++ == LOOKS)
			return true;
		server_look(m, servers->next, seen);
	}
	servers->next = 0;
	return false;
}

static void
servers_timer_cb(struct timer *timer)
{
	struct servers *servers = CONTAINER_OF(timer, struct servers, timer);
	struct master *m = CONTAINER_OF(servers, struct master, servers);
	bool more = servers_look(m);

	if (servers->leaving > 0)
		timer_set(timer, more ? look_pause : look_every);
}

/* ---- pools */

const struct balance_algorithm *
master_pool_balance(const struct master *m, unsigned pool)
{
	uint32_t balance = scoreboard_get(&m->board->pools[pool].balance);

	/* a worker can write there */
	return balance < balance_count ? balance_algorithms[balance] : m->conf->pools[pool].balance;
}

void
master_set_pool_balance(struct master *m, unsigned pool, const struct balance_algorithm *algorithm)
{
	scoreboard_set(&m->board->pools[pool].balance, balance_index(algorithm));
	servers_changed(m);
}

/* ---- start and end */

struct master_server
servers_from_conf(unsigned pool, const struct conf_server *conf)
{
	return (struct master_server){
		.pool = pool,
		.name = conf->name,
		.address = conf->address,
		.state = conf->state,
		.weight = conf->weight,
		.max_connections = conf->max_connections,
		.max_fails = conf->max_fails,
		.fail_timeout = conf->fail_timeout,
		.slow_start = conf->slow_start,
		.backup = conf->backup,
	};
}

struct conf_server
servers_to_conf(const struct master_server *server)
{
	return (struct conf_server){
		.state = server->state,
		.weight = server->weight,
		.max_connections = server->max_connections,
		.max_fails = server->max_fails,
		.fail_timeout = server->fail_timeout,
		.slow_start = server->slow_start,
		.backup = server->backup,
	};
}

/* Requests for an app wait while none of its instances is there. */
static void
pool_expect_requests(struct master *m, unsigned pool)
{
	if (queue_open(m->board, pool) < 0)
		log_error("requests for app %s cannot wait: out of resources", m->conf->pools[pool].name);
	else
		wakers_want(m);
}

void
servers_init(struct master *m)
{
	unsigned slot = 0;
	size_t p, s;

	timer_init(&m->servers.timer, m->loop, servers_timer_cb);
	servers_publish_init(m);
	for (p = 0; p < m->conf->pool_count; p++) {
		const struct conf_pool *pool = &m->conf->pools[p];

		scoreboard_set(&m->board->pools[p].balance, balance_index(pool->balance));
		if (pool->app.wanted)
			pool_expect_requests(m, (unsigned)p);
		for (s = 0; s < pool->server_count; s++) {
			struct master_server server = servers_from_conf((unsigned)p, &pool->servers[s]);

			if (pool->servers[s].question.name[0] == '\0')
				server_describe(m, slot++, &server, state_of[server.state]);
		}
	}
	maintenance_init(m);
	servers_publish(m); /* before there is anybody to be told */
	timer_clear(&m->servers.publish);
}

void
servers_close(struct master *m)
{
	timer_clear(&m->servers.publish);
	timer_clear(&m->servers.timer);
}

#include "master/effective.h"

#include <stdlib.h>
#include <string.h>

#include "master/state.h"

/* The struct conf that is given out is the first member. */
struct effective {
	struct conf conf;
	struct app_source **sources; /* whose texts are used, by app; some NULL */
	size_t source_count;
	struct app_source *file; /* or NULL: */
	const struct conf *started; /* with what drover was started */
	struct conf_server *servers; /* of all pools */
	struct address_range except[SCOREBOARD_EXCEPT];
	char (*names)[SCOREBOARD_NAME]; /* theirs, by place, and behind them those that are looked up; other texts belong to the configuration as it was read */
};

void
master_changed(struct master *m)
{
	m->changes++;
}

uint64_t
master_changes(const struct master *m)
{
	return m->changes;
}

/* Whether it belongs to the configuration: those that leave do not any more, and for the addresses of a name the name does. */
static bool
server_stays(const struct master *m, unsigned slot)
{
	enum server_state state = scoreboard_server_state(m->board, slot);

	if (m->servers.places[slot].from != 0 || m->servers.places[slot].instance)
		return false;
	return state == SERVER_READY || state == SERVER_DRAIN || state == SERVER_MAINTENANCE;
}

static enum conf_server_state
server_state(const struct scoreboard *board, unsigned slot)
{
	switch (scoreboard_server_state(board, slot)) {
	case SERVER_DRAIN:
		return CONF_SERVER_DRAIN;
	case SERVER_MAINTENANCE:
		return CONF_SERVER_MAINTENANCE;
	default:
		return CONF_SERVER_READY;
	}
}

/* Takes the name of each server that stays, and counts those of each pool; the others have no name. */
static void
effective_names(struct effective *e, const struct master *m, unsigned slots)
{
	unsigned slot;

	for (slot = 0; slot < slots; slot++) {
		e->names[slot][0] = '\0';
		if (!server_stays(m, slot))
			continue;
		memcpy(e->names[slot], m->board->servers[slot].name, SCOREBOARD_NAME);
		e->names[slot][SCOREBOARD_NAME - 1] = '\0';
		e->conf.pools[m->servers.places[slot].pool].server_count += e->names[slot][0] != '\0';
	}
}

static void
effective_server(struct conf_server *to, char *name, const struct scoreboard *board, unsigned slot)
{
	const struct scoreboard_server *row = &board->servers[slot];

	*to = (struct conf_server){
		.name = name,
		.address = row->address,
		.state = server_state(board, slot),
		.weight = (uint16_t)scoreboard_get(&row->weight),
		.max_connections = scoreboard_get(&row->max_connections),
		.max_fails = row->max_fails,
		.fail_timeout = row->fail_timeout,
		.slow_start = row->slow_start,
		.backup = scoreboard_get(&row->backup),
	};
}

/* Those that are looked up, in the same way: `names` are theirs. */
static void
effective_count_names(struct effective *e, const struct master *m, char (*names)[SCOREBOARD_NAME])
{
	const struct master_name *name;
	unsigned place;

	for (place = 0; place < master_names_used(m); place++) {
		name = master_name_at(m, place);
		names[place][0] = '\0';
		if (name == NULL)
			continue;
		memcpy(names[place], name->text, SCOREBOARD_NAME);
		e->conf.pools[name->options.pool].server_count++;
	}
}

static void
effective_fill_names(struct effective *e, const struct master *m, char (*names)[SCOREBOARD_NAME])
{
	const struct master_name *name;
	struct conf_pool *pool;
	unsigned place;

	for (place = 0; place < master_names_used(m); place++) {
		name = master_name_at(m, place);
		if (name == NULL)
			continue;
		pool = &e->conf.pools[name->options.pool];
		pool->servers[pool->server_count] = servers_to_conf(&name->options);
		pool->servers[pool->server_count].name = names[place];
		pool->servers[pool->server_count].question = name->question;
		pool->servers[pool->server_count].family = name->family;
		pool->servers[pool->server_count++].addresses = name->addresses;
	}
}

/*
 * Shares `servers` out among the pools, and fills them in. What a worker may have
 * written on the scoreboard decides neither how many there are nor in which pool.
 */
static void
effective_pools(struct effective *e, const struct master *m, unsigned slots)
{
	unsigned slot;
	struct conf_pool *pools = e->conf.pools;
	size_t first = 0, p;

	for (p = 0; p < e->conf.pool_count; p++)
		pools[p].server_count = 0;
	effective_names(e, m, slots);
	effective_count_names(e, m, e->names + slots);
	for (p = 0; p < e->conf.pool_count; p++) {
		pools[p].balance = master_pool_balance(m, (unsigned)p);
		pools[p].servers = e->servers + first;
		pools[p].first_server = first;
		first += pools[p].server_count;
		pools[p].server_count = 0;
	}
	e->conf.server_count = first;
	for (slot = 0; slot < slots; slot++) {
		struct conf_pool *pool = &pools[m->servers.places[slot].pool];

		if (e->names[slot][0] != '\0')
			effective_server(&pool->servers[pool->server_count++], e->names[slot], m->board, slot);
	}
	effective_fill_names(e, m, e->names + slots);
}

static void
effective_listeners(struct effective *e, const struct master *m)
{
	size_t i;

	for (i = 0; i < e->conf.listener_count; i++)
		e->conf.listeners[i].paused = master_listener_is_paused(m, i);
}

static void
effective_maintenance(struct effective *e, const struct master *m)
{
	const struct address_range *except = master_maintenance_except(m, &e->conf.maintenance_except_count);
	size_t i;

	memcpy(e->except, except, sizeof e->except);
	e->conf.maintenance_except = e->except;
	e->conf.maintenance = master_is_in_maintenance(m, MASTER_ALL, 0);
	for (i = 0; i < e->conf.listener_count; i++)
		e->conf.listeners[i].maintenance = master_is_in_maintenance(m, MASTER_LISTENER, i);
	for (i = 0; i < e->conf.pool_count; i++)
		e->conf.pools[i].maintenance = master_is_in_maintenance(m, MASTER_POOL, i);
	for (i = 0; i < e->conf.route_count; i++)
		e->conf.routes[i].maintenance = master_is_in_maintenance(m, MASTER_ROUTE, i);
}

/* Apps as they are run now, which a later reading of the file may have changed. */
static void
effective_apps(struct effective *e, const struct master *m)
{
	for (; e->source_count < m->apps.count; e->source_count++) {
		const struct app *app = &m->apps.all[e->source_count];
		struct conf_app *to = &e->conf.pools[app->pool].app;

		*to = app->definition.pool->app;
		if (app->desired != to->instances)
			to->instances_auto = false;
		to->instances = app->desired;
		e->sources[e->source_count] = app->definition.source;
		if (app->definition.source != NULL)
			app->definition.source->users++;
	}
}

static void *
copy(const void *from, size_t count, size_t size)
{
	void *to = calloc(count + 1, size);

	if (to != NULL && count > 0)
		memcpy(to, from, count * size);
	return to;
}

struct conf *
master_conf_now(const struct master *m)
{
	const struct conf *conf = m->conf;
	unsigned slots = scoreboard_server_slots(m->board);
	size_t room = slots + master_names_used(m) + 1;
	struct effective *e = calloc(1, sizeof *e);

	if (e == NULL)
		return NULL;
	e->conf = *conf;
	e->conf.pools = copy(conf->pools, conf->pool_count, sizeof *conf->pools);
	e->conf.listeners = copy(conf->listeners, conf->listener_count, sizeof *conf->listeners);
	e->conf.routes = copy(conf->routes, conf->route_count, sizeof *conf->routes);
	e->servers = calloc(room, sizeof *e->servers);
	e->names = malloc(room * sizeof *e->names);
	e->sources = calloc(m->apps.count + 1, sizeof *e->sources);
	if (e->conf.pools == NULL || e->conf.listeners == NULL || e->conf.routes == NULL || e->servers == NULL ||
	    e->names == NULL || e->sources == NULL) {
		master_conf_now_free(&e->conf);
		return NULL;
	}
	if (m->workers.desired > 0 && m->workers.desired != conf->workers) {
		e->conf.workers = m->workers.desired;
		e->conf.workers_auto = false;
	}
	e->conf.balance = master_balance(m);
	e->conf.log_level = master_log_level_lasting(m, MASTER_LOG_ALL);
	effective_listeners(e, m);
	effective_maintenance(e, m);
	effective_apps(e, m);
	e->started = conf;
	e->file = m->file;
	if (e->file != NULL)
		e->file->users++;
	effective_pools(e, m, slots);
	return &e->conf;
}

const struct conf *
master_conf_now_file(const struct conf *now)
{
	const struct effective *e = (const struct effective *)now;

	return e->file != NULL ? e->file->conf : e->started;
}

void
master_conf_now_free(struct conf *now)
{
	struct effective *e = (struct effective *)now;

	if (e == NULL)
		return;
	while (e->source_count > 0)
		app_source_release(e->sources[--e->source_count]);
	app_source_release(e->file);
	free(e->sources);
	free(e->conf.pools);
	free(e->conf.listeners);
	free(e->conf.routes);
	free(e->servers);
	free(e->names);
	free(e);
}

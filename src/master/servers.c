#include "master/servers.h"

#include <stdio.h>

#include "master/state.h"

/* ---- start */

static void
servers_describe(struct master *m, unsigned pool, unsigned slot, const struct conf_server *conf)
{
	struct scoreboard_server *row = &m->board->servers[slot];

	snprintf(row->name, sizeof row->name, "%s", conf->name);
	row->address = conf->address;
	row->pool = pool;
	row->id = ++m->servers.last_id;
	row->max_fails = conf->max_fails;
	row->fail_timeout = conf->fail_timeout;
	scoreboard_set(&row->weight, conf->weight);
	scoreboard_set(&row->max_connections, conf->max_connections);
	atomic_store(&row->state, (uint32_t)SERVER_READY + (uint32_t)conf->state);
}

void
servers_init(struct master *m)
{
	size_t p, s;

	for (p = 0; p < m->conf->pool_count; p++) {
		const struct conf_pool *pool = &m->conf->pools[p];

		for (s = 0; s < pool->server_count; s++)
			servers_describe(m, (unsigned)p, (unsigned)(pool->first_server + s), &pool->servers[s]);
	}
	scoreboard_set(&m->board->server_slots, (uint32_t)m->conf->server_count);
}

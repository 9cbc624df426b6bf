#include "master/maintenance.h"

#include "master/servers.h"
#include "master/state.h"

static bool *
maintenance_flag(struct maintenance *mt, enum master_part part, size_t index)
{
	switch (part) {
	case MASTER_LISTENER:
		return &mt->listeners[index];
	case MASTER_POOL:
		return &mt->pools[index];
	case MASTER_ROUTE:
		return &mt->routes[index];
	default:
		return &mt->all;
	}
}

static void
maintenance_write(struct scoreboard_maintenance *to, enum master_part part, size_t index, bool on)
{
	switch (part) {
	case MASTER_LISTENER:
		scoreboard_set(&to->listeners[index], on);
		break;
	case MASTER_POOL:
		scoreboard_set(&to->pools[index], on);
		break;
	case MASTER_ROUTE:
		scoreboard_set(&to->routes[index], on);
		break;
	case MASTER_ALL:
		scoreboard_set(&to->all, on);
	}
}

/* Whether there is anything for workers to look at. */
static bool
maintenance_is_any(const struct maintenance *mt, const struct conf *conf)
{
	bool any = mt->all;
	size_t i;

	for (i = 0; i < conf->listener_count; i++)
		any |= mt->listeners[i];
	for (i = 0; i < conf->pool_count; i++)
		any |= mt->pools[i];
	for (i = 0; i < conf->route_count; i++)
		any |= mt->routes[i];
	return any;
}

static void
maintenance_set(struct master *m, enum master_part part, size_t index, bool on)
{
	*maintenance_flag(&m->maintenance, part, index) = on;
	maintenance_write(&m->board->maintenance, part, index, on);
	scoreboard_set(&m->board->maintenance.any, maintenance_is_any(&m->maintenance, m->conf));
}

static void
maintenance_set_except(struct master *m, const struct address_range *except, size_t count)
{
	struct scoreboard_maintenance *board = &m->board->maintenance;
	size_t i;

	scoreboard_set(&board->except_count, 0);
	for (i = 0; i < count && i < SCOREBOARD_EXCEPT; i++)
		m->maintenance.except[i] = board->except[i] = except[i];
	m->maintenance.except_count = i;
	atomic_store_explicit(&board->except_count, (uint32_t)i, memory_order_release);
}

void
master_set_maintenance(struct master *m, enum master_part part, size_t index, bool on)
{
	if (master_is_in_maintenance(m, part, index) == on)
		return;
	maintenance_set(m, part, index, on);
	servers_changed(m);
}

void
master_set_maintenance_except(struct master *m, const struct address_range *except, size_t count)
{
	maintenance_set_except(m, except, count);
	servers_changed(m);
}

bool
master_is_in_maintenance(const struct master *m, enum master_part part, size_t index)
{
	return *maintenance_flag((struct maintenance *)(uintptr_t)&m->maintenance, part, index);
}

const struct address_range *
master_maintenance_except(const struct master *m, size_t *count)
{
	*count = m->maintenance.except_count;
	return m->maintenance.except;
}

void
maintenance_init(struct master *m)
{
	const struct conf *conf = m->conf;
	size_t i;

	maintenance_set_except(m, conf->maintenance_except, conf->maintenance_except_count);
	maintenance_set(m, MASTER_ALL, 0, conf->maintenance);
	for (i = 0; i < conf->listener_count; i++)
		maintenance_set(m, MASTER_LISTENER, i, conf->listeners[i].maintenance);
	for (i = 0; i < conf->pool_count; i++)
		maintenance_set(m, MASTER_POOL, i, conf->pools[i].maintenance);
	for (i = 0; i < conf->route_count; i++)
		maintenance_set(m, MASTER_ROUTE, i, conf->routes[i].maintenance);
}

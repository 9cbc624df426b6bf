/* pools, routes: where requests go, and what the servers of each pool have in sum. Master. */
#include <stdlib.h>

#include "base/clock.h"
#include "control/commands.h"
#include "control/pool_walk.h"
#include "control/values.h"

/* ---- pools */

static void
pools_end(struct call *call)
{
	free(call->state);
}

/* Of a pool whose servers have, or had, limits. */
static json_t *
pool_queue(const struct call *call, unsigned pool)
{
	const struct scoreboard *board = master_board(call->master);
	const struct queue *queue = &board->queues[pool];
	uint64_t waits[HISTOGRAM_BUCKETS] = { 0 };

	if (!queue_is_open(queue))
		return json_null();
	histogram_sum(&queue->waits, waits);
	return json_pack("{s:I,s:I,s:o,s:I,s:I,s:o}", "waiting", (json_int_t)queue_waiting(board, pool), "size",
	    (json_int_t)master_conf(call->master)->pools[pool].queue_size, "oldest-ms",
	    value_ms(queue_oldest(board, pool, clock_monotonic())), "full", (json_int_t)scoreboard_get(&queue->full),
	    "timeouts", (json_int_t)scoreboard_get(&queue->timeouts), "wait", value_percentiles(waits));
}

static json_t *
pool_show(const struct call *call, const struct pool_walk *walk)
{
	return json_pack("{s:o,s:s,s:b,s:b,s:{s:i,s:i,s:i},s:I,s:I,s:I,s:o,s:o}", "pool",
	    value_pool(master_conf(call->master), walk->pool), "balance",
	    master_pool_balance(call->master, walk->pool)->name, "maintenance",
	    (int)master_is_in_maintenance(call->master, MASTER_POOL, walk->pool), "app",
	    (int)(walk->pool >= master_conf(call->master)->first_app), "servers", "total", (int)walk->servers, "ready",
	    (int)walk->ready, "up", (int)walk->up, "load", (json_int_t)walk->sum.load, "requests",
	    (json_int_t)walk->sum.requests, "failures", (json_int_t)walk->sum.failures, "latency",
	    value_percentiles(walk->sum.latency), "queue", pool_queue(call, walk->pool));
}

/* cursor: pools that were shown; inner: whether the one at the cursor has been begun. */
static enum stream_row
pools_next(struct call *call, json_t **row)
{
	struct pool_walk *walk = call->state;

	if (call->cursor == master_conf(call->master)->pool_count)
		return STREAM_LAST;
	if (call->inner == 0)
		pool_walk_begin(walk, (uint32_t)call->cursor);
	call->inner = 1;
	if (!pool_walk_continue(walk))
		return STREAM_BUSY;
	*row = pool_show(call, walk);
	call->inner = 0;
	call->cursor++;
	return STREAM_ROW;
}

void
command_pools(struct call *call)
{
	call->state = pool_walk_new(master_board(call->master));
	call->end = pools_end;
	call_rows(call, call->state == NULL ? NULL : json_object(), "pools", pools_next);
}

/* ---- routes */

static json_t *
route_texts(char *const *texts, size_t count)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < count; i++)
		if (json_array_append_new(list, value_text(texts[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* cursor: routes that were shown. */
static enum stream_row
routes_next(struct call *call, json_t **row)
{
	const struct conf *conf = master_conf(call->master);
	const struct conf_route *route = &conf->routes[call->cursor];

	if (call->cursor == conf->route_count)
		return STREAM_LAST;
	call->cursor++;
	*row = json_pack("{s:I,s:o,s:o,s:o,s:b}", "route", (json_int_t)call->cursor, "hosts",
	    route_texts(route->hosts, route->host_count), "paths",
	    route_texts(route->paths, route->path_count), "pool", value_text_or_null(route->pool_name), "maintenance",
	    (int)master_is_in_maintenance(call->master, MASTER_ROUTE, call->cursor - 1));
	return STREAM_ROW;
}

void
command_routes(struct call *call)
{
	call_rows(call, json_object(), "routes", routes_next);
}

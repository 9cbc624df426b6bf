/* histograms: latencies of pools and servers, loop times of workers. Master. */
#include <stdlib.h>
#include <string.h>

#include "control/commands.h"
#include "control/named.h"
#include "control/pool_walk.h"
#include "control/values.h"

struct histograms {
	struct pool_walk *walk;
	const struct histograms_part *part; /* the one that is shown */
	bool one_part; /* nothing else is */
	int pool; /* of this pool alone; -1: of all */
};

/* What the method can show, in this order. */
struct histograms_part {
	const char *name;
	stream_rows_fn *next; /* call->cursor begins with 0 */
};

/* ---- one histogram */

/* [[upper bound in ms, or null, count], ...] without those that are empty. */
static json_t *
buckets_show(const uint64_t *sums)
{
	json_t *list = json_array();
	unsigned i;

	for (i = 0; list != NULL && i < HISTOGRAM_BUCKETS; i++) {
		json_t *bound = i == HISTOGRAM_BUCKETS - 1 ? json_null()
							   : json_real((double)histogram_bound(i) / 1000.0);

		if (sums[i] == 0)
			json_decref(bound);
		else if (json_array_append_new(list, json_pack("[o,I]", bound, (json_int_t)sums[i])) < 0)
			goto fail;
	}
	return list;

fail:
	json_decref(list);
	return NULL;
}

/* Adds to `row` (taken over) what was counted. */
static json_t *
histogram_show(const struct call *call, json_t *row, const uint64_t *sums)
{
	json_t *percentiles = value_percentiles(sums);
	bool buckets = call_boolean(call, "buckets");

	if (row != NULL && json_object_update(row, percentiles) == 0 &&
	    (!buckets || json_object_set_new(row, "buckets", buckets_show(sums)) == 0)) {
		json_decref(percentiles);
		return row;
	}
	json_decref(percentiles);
	json_decref(row);
	return NULL;
}

/* ---- the parts */

/* cursor: pools that were shown; inner: whether the one at the cursor has been begun. */
static enum stream_row
pools_next(struct call *call, json_t **row)
{
	const struct conf *conf = master_conf(call->master);
	struct histograms *h = call->state;
	size_t end = h->pool >= 0 ? (size_t)h->pool + 1 : conf->pool_count;

	if (h->pool >= 0 && call->cursor < (size_t)h->pool)
		call->cursor = (size_t)h->pool;
	if (call->cursor == end)
		return STREAM_LAST;
	if (call->inner == 0)
		pool_walk_begin(h->walk, (uint32_t)call->cursor);
	call->inner = 1;
	if (!pool_walk_continue(h->walk))
		return STREAM_BUSY;
	*row = histogram_show(call,
	    json_pack("{s:s,s:o}", "of", "pool", "pool", value_pool(conf, (uint32_t)call->cursor)),
	    h->walk->sum.latency);
	call->inner = 0;
	call->cursor++;
	return STREAM_ROW;
}

/* cursor: places on the scoreboard that were looked at. */
static enum stream_row
servers_next(struct call *call, json_t **row)
{
	const struct scoreboard *board = master_board(call->master);
	const struct histograms *h = call->state;
	const struct scoreboard_server *server;
	struct server_sum sum = { 0 };
	unsigned place;

	while (call->cursor < scoreboard_server_slots(board)) {
		place = (unsigned)call->cursor++;
		server = &board->servers[place];
		if (scoreboard_server_state(board, place) == SERVER_FREE ||
		    (h->pool >= 0 && server->pool != (uint32_t)h->pool))
			continue;
		server_sum_add(&sum, board, place);
		*row = histogram_show(call,
		    json_pack("{s:s,s:o,s:o}", "of", "server", "pool",
			value_pool(master_conf(call->master), server->pool), "server",
			value_server_name(server)),
		    sum.latency);
		return STREAM_ROW;
	}
	return STREAM_LAST;
}

/* cursor: workers that were looked at. */
static enum stream_row
workers_next(struct call *call, json_t **row)
{
	const struct scoreboard *board = master_board(call->master);
	uint64_t sums[HISTOGRAM_BUCKETS] = { 0 };
	unsigned slot;

	while (call->cursor < SCOREBOARD_WORKERS) {
		slot = (unsigned)call->cursor++;
		if (!worker_is_there(call->master, slot))
			continue;
		histogram_sum(&board->workers[slot].lag, sums);
		*row = histogram_show(
		    call, json_pack("{s:s,s:i}", "of", "worker", "worker", (int)slot), sums);
		return STREAM_ROW;
	}
	return STREAM_LAST;
}

static const struct histograms_part parts[] = {
	{ "pools", pools_next },
	{ "servers", servers_next },
	{ "workers", workers_next },
	{ NULL, NULL },
};

static enum stream_row
histograms_next(struct call *call, json_t **row)
{
	struct histograms *h = call->state;
	enum stream_row given = h->part->next(call, row);

	if (given != STREAM_LAST)
		return given;
	h->part++;
	call->cursor = 0;
	if (h->pool >= 0 && h->part->next == workers_next)
		return STREAM_LAST;
	return h->one_part || h->part->name == NULL ? STREAM_LAST : STREAM_BUSY;
}

/* ---- the call */

static void
histograms_end(struct call *call)
{
	struct histograms *h = call->state;

	if (h != NULL)
		free(h->walk);
	free(h);
}

static struct histograms *
histograms_new(const struct call *call, int pool)
{
	struct histograms *h = calloc(1, sizeof *h);
	const char *what = call_text(call, "what");

	if (h == NULL || (h->walk = pool_walk_new(master_board(call->master))) == NULL) {
		free(h);
		return NULL;
	}
	h->pool = pool;
	h->one_part = strcmp(what, "all") != 0;
	h->part = parts;
	while (h->one_part && strcmp(h->part->name, what) != 0)
		h->part++;
	return h;
}

void
command_histograms(struct call *call)
{
	const char *name = call_text(call, "pool");
	int pool = name == NULL ? -1 : pool_named(call, name);

	if (name != NULL && pool < 0)
		return;
	if (pool >= 0 && strcmp(call_text(call, "what"), "workers") == 0) {
		call_fail(call, REPLY_ERROR_PARAMS, "Leave pool out, or ask for pools or servers.",
		    "A worker is of no pool.");
		return;
	}
	call->state = histograms_new(call, pool);
	call->end = histograms_end;
	call_rows(call, call->state == NULL ? NULL : json_object(), "histograms", histograms_next);
}

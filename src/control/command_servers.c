/* servers: what the scoreboard says of each server of the pools. Master. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "control/commands.h"
#include "control/values.h"
#include "ipc/health.h"

/* What all workers together have on a server. */
struct server_sum {
	uint64_t load, requests, failures;
};

/*
 * All servers of a pool at once, a worker after the other: that is how the
 * scoreboard lies in memory, and a pool may have thousands. NULL: no memory.
 */
static struct server_sum *
pool_sum(const struct scoreboard *board, const struct conf_pool *pool)
{
	struct server_sum *sums = calloc(pool->server_count + 1, sizeof *sums);
	unsigned slots = scoreboard_slots(board), w;
	size_t i;

	for (w = 0; sums != NULL && w < slots; w++) {
		const _Atomic uint32_t *held = &board->held[w][pool->first_server];
		const struct scoreboard_share *share = &board->share[w][pool->first_server];

		for (i = 0; i < pool->server_count; i++) {
			sums[i].load += scoreboard_get(&held[i]);
			sums[i].requests += scoreboard_get(&share[i].requests);
			sums[i].failures += scoreboard_get(&share[i].failures);
		}
	}
	return sums;
}

static json_t *
server_show(
    const struct conf_pool *pool, size_t i, const struct scoreboard_server *s, const struct server_sum *sum)
{
	const struct conf_server *server = &pool->servers[i];
	uint64_t until = scoreboard_get(&s->down_until), now = clock_monotonic();
	char address[ADDRESS_TEXT_MAX];

	return json_pack("{s:o,s:o,s:o,s:s,s:o,s:I,s:I,s:I,s:I,s:I}", "pool", value_text(pool->name),
	    "server", value_text(server->name), "address",
	    value_text(address_format(&server->address, address)), "state",
	    health_is_up(s, now) ? "up" : "down", "down-for-ms", value_ms(until > now ? until - now : 0),
	    "weight", (json_int_t)scoreboard_get(&s->weight), "max-connections",
	    (json_int_t)scoreboard_get(&s->max_connections), "load", (json_int_t)sum->load, "requests",
	    (json_int_t)sum->requests, "failures", (json_int_t)sum->failures);
}

static int
pool_show(json_t *list, const struct scoreboard *board, const struct conf_pool *pool)
{
	struct server_sum *sums = pool_sum(board, pool);
	int result = sums == NULL ? -1 : 0;
	json_t *shown;
	size_t i;

	for (i = 0; result == 0 && i < pool->server_count; i++) {
		shown = server_show(pool, i, &board->servers[pool->first_server + i], &sums[i]);
		result = json_array_append_new(list, shown);
	}
	free(sums);
	return result;
}

static void
pool_unknown(struct call *call, const char *name)
{
	const struct conf *conf = master_conf(call->master);
	const char *names[CONF_POOLS_MAX + 1], *near;
	char word[FAULT_WORD_MAX], hint[128] = "The method config shows all pools.";
	size_t i;

	for (i = 0; i < conf->pool_count; i++)
		names[i] = conf->pools[i].name;
	names[i] = NULL;
	near = text_nearest(name, names);
	if (near != NULL)
		snprintf(hint, sizeof hint, "Did you mean %s?", near);
	call_fail(call, REPLY_ERROR_PARAMS, hint, "There is no pool %s.", fault_word(name, word));
}

void
command_servers(struct call *call)
{
	const struct conf *conf = master_conf(call->master);
	const char *wanted = call_text(call, "pool");
	json_t *list = json_array();
	bool found = wanted == NULL;
	size_t i;

	for (i = 0; list != NULL && i < conf->pool_count; i++) {
		if (wanted != NULL && strcmp(conf->pools[i].name, wanted) != 0)
			continue;
		found = true;
		if (pool_show(list, master_board(call->master), &conf->pools[i]) < 0) {
			json_decref(list);
			list = NULL;
		}
	}
	if (found) {
		call_reply(call, json_pack("{s:o}", "servers", list));
		return;
	}
	json_decref(list);
	pool_unknown(call, wanted);
}

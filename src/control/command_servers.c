/* servers: what the scoreboard says of each server of the pools. Master. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "control/commands.h"
#include "control/values.h"
#include "ipc/health.h"

static json_t *
server_show(const struct scoreboard *board, const struct conf_pool *pool, size_t i, uint64_t now)
{
	const struct conf_server *server = &pool->servers[i];
	unsigned number = (unsigned)(pool->first_server + i);
	const struct scoreboard_server *s = &board->servers[number];
	uint64_t until = scoreboard_get(&s->down_until);
	char address[ADDRESS_TEXT_MAX];

	return json_pack("{s:o,s:o,s:o,s:s,s:o,s:I,s:I,s:I,s:I,s:I}", "pool", value_text(pool->name),
	    "server", value_text(server->name), "address",
	    value_text(address_format(&server->address, address)), "state",
	    health_is_up(s, now) ? "up" : "down", "down-for-ms", value_ms(until > now ? until - now : 0),
	    "weight", (json_int_t)scoreboard_get(&s->weight), "max-connections",
	    (json_int_t)scoreboard_get(&s->max_connections), "load",
	    (json_int_t)scoreboard_server_load(board, number), "requests",
	    (json_int_t)scoreboard_server_requests(board, number), "failures",
	    (json_int_t)scoreboard_server_failures(board, number));
}

static int
pool_show(json_t *list, const struct scoreboard *board, const struct conf_pool *pool)
{
	uint64_t now = clock_monotonic();
	size_t i;

	for (i = 0; i < pool->server_count; i++)
		if (json_array_append_new(list, server_show(board, pool, i, now)) < 0)
			return -1;
	return 0;
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

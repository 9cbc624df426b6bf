/* servers: what the scoreboard says of each server of the pools. Master. */
#include "base/clock.h"
#include "control/commands.h"
#include "control/named.h"
#include "control/sums.h"
#include "control/values.h"
#include "ipc/health.h"
#include "master/apps.h"
#include "master/names.h"

/* One that is cut off is on its way out like any other that leaves. */
static const char *
state_word(enum server_state state)
{
	return server_state_names[state == SERVER_CUT ? SERVER_LEAVING : state];
}

/* Why it is down, or null. */
static json_t *
server_reason(const struct scoreboard *board, unsigned server, uint64_t now)
{
	const struct scoreboard_server *s = &board->servers[server];
	struct health_check check;
	char text[HEALTH_CHECK_TEXT];

	if (health_is_up(s, now))
		return json_null();
	if (!health_is_refused(s, now))
		return json_string(health_reason_word(scoreboard_get(&s->down_why)));
	health_check_get(board, server, &check);
	return json_sprintf("check: %s", health_check_text(&check, text));
}

/* The verdict counts no more when nothing was heard from the prober for too long. */
static const char *
check_word(const struct scoreboard_server *s, const struct health_check *check, uint64_t now)
{
	bool holds = check->verdict != HEALTH_DOWN || health_is_refused(s, now);

	return health_verdict_names[holds ? check->verdict : HEALTH_UNKNOWN];
}

/* What checks say of it; null: it is not checked. */
static json_t *
server_check(const struct conf *conf, const struct scoreboard *board, unsigned server, uint64_t now)
{
	const struct scoreboard_server *s = &board->servers[server];
	struct health_check check;
	char text[HEALTH_CHECK_TEXT];

	if (s->pool >= conf->pool_count || !conf->pools[s->pool].health.wanted)
		return json_null();
	if (!health_check_get(board, server, &check))
		return json_pack("{s:s,s:n,s:n,s:n,s:n,s:n}", "state", health_verdict_names[HEALTH_UNKNOWN], "result",
		    "in-a-row", "time", "took-ms", "changed");
	return json_pack("{s:s,s:s,s:I,s:o,s:o,s:o}", "state", check_word(s, &check, now), "result",
	    health_check_text(&check, text), "in-a-row", (json_int_t)check.run, "time", value_time(check.checked),
	    "took-ms", value_ms(check.took), "changed",
	    check.changed != 0 ? value_time(check.changed) : json_null());
}

/* The name that it is an address of, or null. */
static json_t *
server_from(const struct master *master, unsigned server)
{
	const struct master_name *name = master_name_of_server(master, server);

	return name == NULL ? json_null() : value_text(name->text);
}

static json_t *
server_show(const struct call *call, unsigned server, enum server_state state)
{
	const struct conf *conf = master_conf(call->master);
	const struct scoreboard *board = master_board(call->master);
	const struct scoreboard_server *s = &board->servers[server];
	uint64_t until = scoreboard_get(&s->down_until), now = clock_monotonic();
	bool instance = master_server_is_instance(call->master, server);
	struct server_sum sum = { 0 };

	server_sum_add(&sum, board, server);
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:s,s:b,s:o,s:o,s:o,s:I,s:i,s:b,s:I,s:I,s:I,s:I,s:o}", "pool",
	    value_pool(conf, s->pool), "server", value_server_name(s), "address", value_address(&s->address),
	    "from", server_from(call->master, server), "app", instance ? value_pool(conf, s->pool) : json_null(), "instance",
	    instance ? json_integer(master_server_instance(call->master, server)) : json_null(), "state", state_word(state), "up", (int)health_is_up(s, now), "down-for-ms",
	    value_ms(until > now ? until - now : 0), "down-reason", server_reason(board, server, now), "check",
	    server_check(conf, board, server, now), "weight",
	    (json_int_t)scoreboard_get(&s->weight), "weight-percent", (int)health_warmth(s, now), "backup",
	    (int)scoreboard_get(&s->backup), "max-connections",
	    (json_int_t)scoreboard_get(&s->max_connections), "load", (json_int_t)sum.load, "requests",
	    (json_int_t)sum.requests, "failures", (json_int_t)sum.failures, "latency",
	    value_percentiles(sum.latency));
}

/* cursor: places on the scoreboard that were looked at; inner: the pool's index + 1, 0: all pools. */
static enum stream_row
servers_next(struct call *call, json_t **row)
{
	const struct scoreboard *board = master_board(call->master);
	unsigned slots = scoreboard_server_slots(board), server;
	enum server_state state;

	while (call->cursor < slots) {
		server = (unsigned)call->cursor++;
		state = scoreboard_server_state(board, server);
		if (state == SERVER_FREE || (call->inner != 0 && board->servers[server].pool != call->inner - 1))
			continue;
		*row = server_show(call, server, state);
		return STREAM_ROW;
	}
	return STREAM_LAST;
}

void
command_servers(struct call *call)
{
	const char *wanted = call_text(call, "pool");
	int pool = wanted == NULL ? -1 : pool_named(call, wanted);

	if (wanted != NULL && pool < 0)
		return;
	call->inner = (size_t)pool + 1;
	call_rows(call, json_object(), "servers", servers_next);
}

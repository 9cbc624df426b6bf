/* version, status: what is running, at a glance. Reads of the scoreboard. Master. */
#include <unistd.h>

#include "base/clock.h"
#include "control/commands.h"
#include "control/named.h"
#include "control/values.h"
#include "ipc/health.h"
#include "master/apps.h"

enum { STATUS_DEATHS = 8 };

static json_t *
status_totals(const struct scoreboard *board)
{
	json_t *totals = json_object();
	unsigned i;

	for (i = 0; i < COUNTER_COUNT; i++)
		if (json_object_set_new(totals, counter_table[i].name,
			json_integer((json_int_t)scoreboard_total(board, (enum counter)i))) < 0) {
			json_decref(totals);
			return NULL;
		}
	return totals;
}

static json_t *
status_listeners(const struct master *master)
{
	const struct conf *conf = master_conf(master);
	json_t *list = json_array();
	char text[ADDRESS_TEXT_MAX];
	size_t i;

	for (i = 0; i < conf->listener_count; i++)
		if (json_array_append_new(
			list, json_pack("{s:o,s:o}", "name", value_text(conf->listeners[i].name), "address",
				  value_text(master_listener_address(master, i, text)))) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* The newest first. */
static json_t *
status_deaths(const struct scoreboard *board)
{
	uint64_t seen = scoreboard_get(&board->deaths_seen), i;
	json_t *list = json_array();

	for (i = 0; i < seen && i < STATUS_DEATHS; i++)
		if (json_array_append_new(
			list, value_death(&board->deaths[(seen - 1 - i) % SCOREBOARD_DEATHS])) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* Of all pools together. */
static json_t *
status_servers(const struct scoreboard *board)
{
	unsigned slots = scoreboard_server_slots(board), server;
	int total = 0, ready = 0, up = 0;
	uint64_t now = clock_monotonic();
	enum server_state state;

	for (server = 0; server < slots; server++) {
		state = scoreboard_server_state(board, server);
		if (state == SERVER_FREE)
			continue;
		total++;
		ready += state == SERVER_READY;
		up += health_is_up(&board->servers[server], now);
	}
	return json_pack("{s:i,s:i,s:i}", "total", total, "ready", ready, "up", up);
}

/* null: nothing needs one. */
static json_t *
status_prober(const struct scoreboard *board)
{
	const struct scoreboard_prober *prober = &board->prober;
	uint64_t started = scoreboard_get(&prober->child.started), now = clock_monotonic();
	enum child_state state = prober_state(board);
	int32_t pid = scoreboard_get(&prober->child.pid);

	if (state == CHILD_EMPTY)
		return json_null();
	return json_pack("{s:s,s:o,s:o,s:I,s:I,s:I}", "state", child_state_names[state], "pid",
	    pid != 0 ? json_integer(pid) : json_null(), "age-ms",
	    pid != 0 && now > started ? value_ms(now - started) : json_null(), "restarts",
	    (json_int_t)scoreboard_get(&prober->child.restarts), "checks", (json_int_t)scoreboard_get(&prober->checks),
	    "checks-failed", (json_int_t)scoreboard_get(&prober->checks_failed));
}

/* ---- apps */

static json_t *
status_app(const struct master_app *app)
{
	return json_pack("{s:o,s:i,s:i,s:i,s:i,s:i,s:s}", "app", value_text(app->name), "desired", (int)app->desired, "ready",
	    (int)app->ready, "starting", (int)app->starting, "draining", (int)app->draining, "failed", (int)app->failed,
	    "roll", master_roll_names[app->roll.state]);
}

static json_t *
status_failed(const struct master_app *app, const struct master_instance *instance)
{
	return json_pack("{s:o,s:i,s:o}", "app", value_text(app->name), "instance", (int)instance->number, "reason",
	    value_text_or_null(instance->why));
}

/* The next app; cursor: pools that were looked at. */
static enum stream_row
status_next_app(struct call *call, json_t **row)
{
	struct master_app app;

	if (call->cursor < master_conf(call->master)->first_app)
		call->cursor = master_conf(call->master)->first_app;
	if (call->cursor < master_conf(call->master)->pool_count) {
		if (!master_app_get(call->master, (unsigned)call->cursor++, &app))
			return STREAM_BUSY;
		*row = status_app(&app);
		return STREAM_ROW;
	}
	call->cursor = master_conf(call->master)->first_app;
	call->inner = 1;
	*row = json_string("failed-instances");
	return STREAM_LIST;
}

/* The next one of those that have failed; inner: seats of the app at the cursor that were looked at, + 1. */
static enum stream_row
status_next_failed(struct call *call, json_t **row)
{
	struct master_instance instance;
	struct master_app app;
	int seat = -1;

	if (call->cursor >= master_conf(call->master)->pool_count)
		return STREAM_LAST;
	if (master_app_get(call->master, (unsigned)call->cursor, &app) && app.failed > 0)
		seat = master_instance_next(call->master, app.pool, (unsigned)call->inner - 1, &instance);
	if (seat < 0) {
		call->cursor++;
		call->inner = 1;
		return STREAM_BUSY;
	}
	call->inner = (size_t)seat + 2;
	if (instance.state != CHILD_FAILED)
		return STREAM_BUSY;
	*row = status_failed(&app, &instance);
	return STREAM_ROW;
}

static enum stream_row
status_next(struct call *call, json_t **row)
{
	return call->inner == 0 ? status_next_app(call, row) : status_next_failed(call, row);
}

void
command_version(struct call *call)
{
	call_reply(call, json_pack("{s:s,s:s}", "name", PACKAGE_NAME, "version", PACKAGE_VERSION));
}

void
command_status(struct call *call)
{
	const struct master *master = call->master;
	const struct scoreboard *board = master_board(call->master);

	call_rows(
	    call, json_pack("{s:s,s:i,s:o,s:o,s:b,s:b,s:o,s:{s:i,s:i},s:o,s:i,s:o,s:o,s:I,s:o,s:I,s:o}", "version",
		      PACKAGE_VERSION, "pid", (int)getpid(), "started", value_time(board->started_wall),
		      "uptime-ms", value_ms(clock_monotonic() - board->started_monotonic), "stopping",
		      (int)master_is_stopping(master), "maintenance",
		      (int)(scoreboard_get(&board->maintenance.any) != 0), "config-file",
		      value_text_or_null(master_conf(master)->file), "workers", "desired",
		      (int)master_workers_desired(master), "ready", (int)master_workers_ready(master),
		      "prober", status_prober(board), "pools", (int)master_conf(master)->pool_count, "servers", status_servers(board),
		      "listeners", status_listeners(master), "newest-event",
		      (json_int_t)master_event_newest(master), "totals", status_totals(board), "deaths",
		      (json_int_t)scoreboard_get(&board->deaths_seen), "last-deaths", status_deaths(board)),
	    "apps", status_next);
}

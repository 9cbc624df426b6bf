#include "ctl/figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/memory.h"

static const struct sheet_kind totals_kind = {
	.name = "totals",
	.columns = {
		[TOTAL_REQUESTS] = { "req/s", "totals.requests", CELL_RATE },
		[TOTAL_ERRORS] = { "5xx/s", "totals.responses-5xx", CELL_RATE },
		[TOTAL_OPEN] = { "open", "totals.client-open", CELL_NUMBER },
		[TOTAL_ACTIVE] = { "active", "totals.requests-active", CELL_NUMBER },
		[TOTAL_BYTES_IN] = { "in/s", "totals.client-bytes-in", CELL_BYTE_RATE },
		[TOTAL_BYTES_OUT] = { "out/s", "totals.client-bytes-out", CELL_BYTE_RATE },
	},
};

const struct sheet_kind list_kinds[LISTS] = {
	[LIST_WORKERS] = {
		.name = "workers",
		.of = "worker",
		.keys = { "worker" },
		.columns = {
			{ "worker", "worker", CELL_NUMBER },
			{ "state", "state", CELL_STATE },
			{ "load", "load", CELL_NUMBER },
			{ "active", "requests-active", CELL_NUMBER },
			{ "req/s", "requests", CELL_RATE },
			{ "loop p50", "loop.p50-ms", CELL_P50 },
			{ "loop p99", "loop.p99-ms", CELL_P99 },
			{ "restarts", "restarts", CELL_NUMBER },
			{ "age", "age-ms", CELL_DURATION },
			{ "pid", "pid", CELL_NUMBER },
			{ "log", "log-level", CELL_TEXT },
		},
	},
	[LIST_INSTANCES] = {
		.name = "instances",
		.keys = { "app", "instance", "pid" },
		.columns = {
			{ "instance", "instance", CELL_NUMBER },
			{ "app", "app", CELL_TEXT },
			{ "state", "state", CELL_STATE },
			{ "cpu%", "cpu-percent", CELL_NUMBER },
			{ "memory", "memory-bytes", CELL_BYTES },
			{ "in flight", "in-flight", CELL_NUMBER },
			{ "req/s", "requests", CELL_RATE },
			{ "restarts", "restarts", CELL_NUMBER },
			{ "age", "age-ms", CELL_DURATION },
			{ "pid", "pid", CELL_NUMBER },
			{ "address", "address", CELL_TEXT },
			{ "last death", "last-death.text", CELL_TEXT },
		},
	},
	[LIST_POOLS] = {
		.name = "pools",
		.of = "pool",
		.keys = { "pool" },
		.columns = {
			{ "pool", "pool", CELL_TEXT },
			{ "servers", "servers.total", CELL_NUMBER },
			{ "up", "servers.up", CELL_NUMBER },
			{ "load", "load", CELL_NUMBER },
			{ "req/s", "requests", CELL_RATE },
			{ "fail/s", "failures", CELL_RATE },
			{ "p50", "latency.p50-ms", CELL_P50 },
			{ "p99", "latency.p99-ms", CELL_P99 },
			{ "queue", "queue.waiting", CELL_NUMBER },
			{ "requests", "requests", CELL_NUMBER },
			{ "balance", "balance", CELL_TEXT },
		},
	},
	[LIST_SERVERS] = {
		.name = "servers",
		.of = "server",
		.keys = { "pool", "server" },
		.columns = {
			{ "server", "server", CELL_TEXT },
			{ "pool", "pool", CELL_TEXT },
			{ "state", "state", CELL_STATE },
			{ "load", "load", CELL_NUMBER },
			{ "req/s", "requests", CELL_RATE },
			{ "fail/s", "failures", CELL_RATE },
			{ "p50", "latency.p50-ms", CELL_P50 },
			{ "p99", "latency.p99-ms", CELL_P99 },
			{ "weight", "weight", CELL_NUMBER },
			{ "max", "max-connections", CELL_NUMBER },
			{ "requests", "requests", CELL_NUMBER },
			{ "why down", "down-reason", CELL_TEXT },
		},
	},
	[LIST_SESSIONS] = {
		.name = "sessions",
		.keys = { "session" },
		.columns = {
			{ "session", "session", CELL_NUMBER },
			{ "client", "client", CELL_TEXT },
			{ "worker", "worker", CELL_NUMBER },
			{ "state", "state", CELL_TEXT },
			{ "age", "age-ms", CELL_DURATION },
			{ "requests", "requests", CELL_NUMBER },
			{ "in/s", "bytes-in", CELL_BYTE_RATE },
			{ "out/s", "bytes-out", CELL_BYTE_RATE },
			{ "busy", "request.age-ms", CELL_DURATION },
			{ "server", "request.server", CELL_TEXT },
			{ "request", "request", CELL_REQUEST },
		},
	},
};

static double
number_at(json_t *object, const char *first, const char *second)
{
	json_t *value = json_object_get(object, first);

	if (second != NULL)
		value = json_object_get(value, second);
	return json_is_number(value) ? json_number_value(value) : NAN;
}

static void
text_at(char to[FIGURES_NAME], json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	snprintf(to, FIGURES_NAME, "%s", text != NULL ? text : "");
}

/* Another process does not go on counting where the last one ended. */
static bool
is_another(const struct figures *f, json_t *status)
{
	const char *started = json_string_value(json_object_get(status, "started"));

	return started != NULL && strcmp(f->started, started) != 0;
}

static void
forget(struct figures *f)
{
	size_t i;

	sheet_free(&f->totals);
	for (i = 0; i < LISTS; i++)
		sheet_free(&f->lists[i]);
	f->when = 0;
}

static void
overview(struct figures *f, json_t *status, json_t *sessions)
{
	text_at(f->version, status, "version");
	text_at(f->started, status, "started");
	f->uptime = number_at(status, "uptime-ms", NULL);
	f->workers_desired = number_at(status, "workers", "desired");
	f->workers_ready = number_at(status, "workers", "ready");
	f->servers = number_at(status, "servers", "total");
	f->servers_up = number_at(status, "servers", "up");
	f->stopping = json_is_true(json_object_get(status, "stopping"));
	f->sessions = number_at(sessions, "matched", NULL);
}

/* Puts a new sheet in the place of an old one, which it is compared with. */
static void
renew(struct sheet *sheet, const struct sheet_kind *kind, json_t *rows, json_t *histograms, double seconds)
{
	struct sheet old = *sheet;

	sheet_read(sheet, kind, rows, histograms, seconds > 0 ? &old : NULL, seconds);
	sheet_free(&old);
}

void
figures_update(struct figures *f, json_t *const replies[QUESTIONS], uint64_t now)
{
	static const enum question questions[LISTS] = {
		[LIST_WORKERS] = QUESTION_WORKERS,
		[LIST_INSTANCES] = QUESTION_APPS,
		[LIST_POOLS] = QUESTION_POOLS,
		[LIST_SERVERS] = QUESTION_SERVERS,
		[LIST_SESSIONS] = QUESTION_SESSIONS,
	};
	json_t *status = replies[QUESTION_STATUS], *all = memory_need(json_array());
	json_t *histograms = json_object_get(replies[QUESTION_HISTOGRAMS], "histograms");
	double seconds;
	size_t i;

	if (is_another(f, status))
		forget(f);
	seconds = f->when == 0 || now <= f->when ? 0 : (double)(now - f->when) / CLOCK_SECOND;
	overview(f, status, replies[QUESTION_SESSIONS]);
	if (status != NULL && json_array_append(all, status) < 0)
		memory_need(NULL);
	renew(&f->totals, &totals_kind, all, NULL, seconds);
	for (i = 0; i < LISTS; i++)
		renew(&f->lists[i], &list_kinds[i], json_object_get(replies[questions[i]], list_kinds[i].name), histograms,
		    seconds);
	json_decref(all);
	f->when = now;
}

double
figures_total(const struct figures *f, enum total total)
{
	return f->totals.count > 0 ? f->totals.rows[0].values[total].number : NAN;
}

void
figures_free(struct figures *f)
{
	forget(f);
}

/* scale of an app, restart, signal: the instances of an app. Master. */
#include "control/command_app_change.h"

#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/object.h"
#include "control/app_values.h"
#include "control/commands.h"
#include "control/values.h"

static const uint64_t patience = 30 * CLOCK_SECOND;

static const struct {
	const char *word;
	int number;
} signals[] = {
	{ "TERM", SIGTERM },
	{ "INT", SIGINT },
	{ "QUIT", SIGQUIT },
	{ "HUP", SIGHUP },
	{ "USR1", SIGUSR1 },
	{ "USR2", SIGUSR2 },
	{ "KILL", SIGKILL },
	{ "STOP", SIGSTOP },
	{ "CONT", SIGCONT },
};

const char *const signal_words[] = { "TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL", "STOP", "CONT", NULL };

static_assert(ARRAY_LENGTH(signals) + 1 == ARRAY_LENGTH(signal_words), "each word is a signal");

/* The pool of the app that the call names, which it keeps in call->inner; and the app. false: the call has failed. */
static bool
app_of_call(struct call *call, struct master_app *app)
{
	int pool = app_named(call, call_text(call, "app"));

	if (pool < 0)
		return false;
	call->inner = (size_t)pool;
	return master_app_get(call->master, (unsigned)pool, app);
}

/* Whether it went well; null: that is to be seen. */
static json_t *
succeeded(const struct call *call, bool over, bool well)
{
	bool waited = call->poll != NULL;

	return over || waited ? json_boolean(over && well) : json_null();
}

/* ---- scale */

/* Whether nothing is left to wait for: the wanted ones are ready or have failed, the others are gone, and workers know it. */
static bool
app_is_settled(const struct master *master, const struct master_app *app)
{
	return app->ready + app->failed == app->desired && app->starting == 0 && app->draining == 0 &&
	    master_servers_settled(master);
}

static void
scale_reply(struct call *call)
{
	struct master_app app;
	bool settled;

	master_app_get(call->master, (unsigned)call->inner, &app);
	settled = app_is_settled(call->master, &app) && (int64_t)app.desired == call_integer(call, "instances");
	call_reply_changes(
	    call, json_pack("{s:o,s:o,s:o,s:b,s:o}", "app", value_text(app.name), "instances", value_app_instances(&app),
		      "failed-instances", value_failed_instances(call->master, &app), "settled", (int)settled, "succeeded",
		      succeeded(call, settled, app.failed == 0)));
}

static bool
scale_poll(struct call *call, bool expired)
{
	struct master_app app;
	bool overtaken;

	master_app_get(call->master, (unsigned)call->inner, &app);
	overtaken = (int64_t)app.desired != call_integer(call, "instances");
	if (!expired && !overtaken && !app_is_settled(call->master, &app) && !master_is_stopping(call->master))
		return false;
	scale_reply(call);
	return true;
}

void
app_scale(struct call *call)
{
	int64_t instances = call_integer(call, "instances");
	struct master_app app;
	struct error err;

	if (call_comes_too_late(call) || !app_of_call(call, &app))
		return;
	call_change(call, json_integer(app.desired), json_integer(instances), "app %s instances", app.name);
	if (call_is_to_change(call) && master_app_scale(call->master, app.pool, (unsigned)instances, &err) < 0)
		call_fail(call, REPLY_ERROR_IMPOSSIBLE, "The number of instances is as before.", "Nothing is changed: %s.",
		    err.text);
	else if (call_boolean(call, "wait") && call_is_to_change(call))
		call_wait(call, scale_poll, patience);
	else
		scale_reply(call);
}

/* ---- restart: call->cursor is the number of its roll-out, 0: none was begun */

enum restart_state { RESTART_RUNNING, RESTART_DONE, RESTART_BACK, RESTART_SUPERSEDED };

static enum restart_state
restart_state(const struct call *call, const struct master_app *app)
{
	if (app->roll.number != call->cursor)
		return RESTART_SUPERSEDED;
	switch (app->roll.state) {
	case MASTER_ROLL_DONE:
		return RESTART_DONE;
	case MASTER_ROLL_BACK:
		return RESTART_BACK;
	default:
		return RESTART_RUNNING;
	}
}

static json_t *
restart_instance(const struct call *call)
{
	return call_has(call, "instance") ? json_integer(call_integer(call, "instance")) : json_null();
}

static void
restart_reply(struct call *call, const struct master_app *app, enum restart_state state)
{
	static const char *const words[] = { "running", "done", "rolled-back", "superseded" };
	bool last = app->roll.number == call->cursor;
	const char *reason = last ? app->roll.reason : state == RESTART_SUPERSEDED ? "another one was begun" : "";

	call_reply_changes(
	    call, json_pack("{s:o,s:o,s:s,s:o,s:I,s:o,s:o,s:o,s:o}", "app", value_text(app->name), "instance",
		      restart_instance(call), "state", words[state], "reason",
		      value_text_or_null(reason[0] != '\0' ? reason : NULL), "roll", (json_int_t)call->cursor, "replaced",
		      last ? json_integer(app->roll.replaced) : json_null(), "total",
		      last ? json_integer(app->roll.total) : json_null(), "instances", value_app_instances(app), "succeeded",
		      succeeded(call, state != RESTART_RUNNING, state == RESTART_DONE)));
}

/* Of a dry run: nothing was begun. */
static void
restart_reply_dry(struct call *call, const struct master_app *app)
{
	call_reply_changes(
	    call, json_pack("{s:o,s:o,s:n,s:n,s:n,s:n,s:n,s:o,s:n}", "app", value_text(app->name), "instance",
		      restart_instance(call), "state", "reason", "roll", "replaced", "total", "instances",
		      value_app_instances(app), "succeeded"));
}

/* All are replaced: waits until the old ones are gone, and workers know the new ones. */
static bool
restart_poll_old(struct call *call, bool expired)
{
	struct master_app app;

	master_app_get(call->master, (unsigned)call->inner, &app);
	if (!expired && (app.draining > 0 || !master_servers_settled(call->master)) && !master_is_stopping(call->master))
		return false;
	restart_reply(call, &app, RESTART_DONE);
	return true;
}

static bool
restart_poll(struct call *call, bool expired)
{
	struct master_app app;
	enum restart_state state;

	master_app_get(call->master, (unsigned)call->inner, &app);
	state = restart_state(call, &app);
	if (state == RESTART_DONE) {
		call->poll = restart_poll_old;
		return restart_poll_old(call, expired);
	}
	if (!expired && state == RESTART_RUNNING && !master_is_stopping(call->master))
		return false;
	restart_reply(call, &app, state);
	return true;
}

/* What became of the app is in *app. -1: the call has failed. */
static int
restart_begin(struct call *call, int number, struct master_app *app)
{
	struct error err;

	if (master_app_restart(call->master, (unsigned)call->inner, number, &err) < 0) {
		call_fail(call, REPLY_ERROR_IMPOSSIBLE, "The method apps shows all.", "Nothing is restarted: %s.", err.text);
		return -1;
	}
	master_app_get(call->master, (unsigned)call->inner, app);
	call->cursor = (size_t)app->roll.number;
	return 0;
}

void
command_restart(struct call *call)
{
	struct master_app app;
	int number;

	if (call_comes_too_late(call) || !app_of_call(call, &app) || !instance_named(call, app.pool, &number))
		return;
	call_change(call, json_integer((json_int_t)app.roll.number), json_integer((json_int_t)app.roll.number + 1),
	    "app %s roll", app.name);
	if (!call_is_to_change(call))
		restart_reply_dry(call, &app);
	else if (restart_begin(call, number, &app) < 0)
		return;
	else if (call_boolean(call, "wait"))
		call_wait(call, restart_poll, (uint64_t)call_integer(call, "timeout-ms") * CLOCK_MILLISECOND);
	else
		restart_reply(call, &app, restart_state(call, &app));
}

/* ---- signal */

static int
signal_number(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(signals); i++)
		if (strcmp(signals[i].word, word) == 0)
			return signals[i].number;
	return 0; /* nothing is sent */
}

/* How many processes are to get it. */
static int
processes_of(const struct call *call, unsigned pool, int number)
{
	struct master_instance instance;
	int seat = -1, count = 0;

	while ((seat = master_instance_next(call->master, pool, (unsigned)(seat + 1), &instance)) >= 0)
		count += instance.pid != 0 && (number < 0 || instance.number == (unsigned)number);
	return count;
}

void
command_signal(struct call *call)
{
	struct master_app app;
	struct error err;
	int number, sent;

	if (call_comes_too_late(call) || !app_of_call(call, &app) || !instance_named(call, app.pool, &number))
		return;
	sent = processes_of(call, app.pool, number);
	if (sent == 0)
		error_set(&err, "app %s has no process to send it to", app.name);
	else if (call_is_to_change(call))
		sent = master_app_signal(call->master, app.pool, number, signal_number(call_text(call, "signal")), &err);
	if (sent <= 0)
		call_fail(call, REPLY_ERROR_IMPOSSIBLE, "The method apps shows which instances have a process.",
		    "Nothing is sent: %s.", err.text);
	else
		call_reply_changes(call, json_pack("{s:o,s:o,s:s,s:i}", "app", value_text(app.name), "instance",
					     restart_instance(call), "signal", call_text(call, "signal"), "processes", sent));
}

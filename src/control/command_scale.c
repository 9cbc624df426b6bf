/* scale, restart-worker: how many worker processes there are, and new ones for old ones. Of apps: command_app_change.c. Master. */
#include "base/clock.h"
#include "control/command_app_change.h"
#include "control/commands.h"
#include "control/named.h"
#include "control/values.h"

static const uint64_t patience = 30 * CLOCK_SECOND;

static json_t *
workers_value(struct master *master)
{
	return json_pack("{s:i,s:i}", "desired", (int)master_workers_desired(master), "ready",
	    (int)master_workers_ready(master));
}

/* Whether nothing is left to wait for: the wanted ones are ready or have failed for good, the others are gone. */
static bool
workers_are_settled(struct master *master)
{
	const struct scoreboard *board = master_board(master);
	unsigned slot, settled = 0;
	enum child_state state;

	/* which slots they are in is the master's choice */
	for (slot = 0; slot < SCOREBOARD_WORKERS; slot++) {
		state = worker_state(board, slot);
		if (state != CHILD_EMPTY && state != CHILD_READY && state != CHILD_FAILED)
			return false;
		settled += state != CHILD_EMPTY;
	}
	return settled == master_workers_desired(master);
}

/* ---- scale */

static void
scale_reply(struct call *call)
{
	call_reply_changes(call, json_pack("{s:o}", "workers", workers_value(call->master)));
}

static bool
scale_poll(struct call *call, bool expired)
{
	bool changed = (int64_t)master_workers_desired(call->master) != call_integer(call, "workers");

	if (!expired && !changed && !workers_are_settled(call->master))
		return false;
	scale_reply(call);
	return true;
}

static void
workers_scale(struct call *call)
{
	int64_t workers = call_integer(call, "workers");
	struct error err;

	if (call_comes_too_late(call))
		return;
	call_change(
	    call, json_integer(master_workers_desired(call->master)), json_integer(workers), "workers");
	if (call_is_to_change(call) && master_scale(call->master, (unsigned)workers, &err) < 0)
		call_fail(call, REPLY_ERROR_IMPOSSIBLE,
		    "The number of workers is as before; the error log may tell more.", "%s", err.text);
	else if (call_boolean(call, "wait") && call_is_to_change(call))
		call_wait(call, scale_poll, patience);
	else
		scale_reply(call);
}

void
command_scale(struct call *call)
{
	bool workers = call_has(call, "workers"), app = call_has(call, "app"), instances = call_has(call, "instances");

	if (workers && !app && !instances)
		workers_scale(call);
	else if (app && instances && !workers)
		app_scale(call);
	else
		call_fail(call, REPLY_ERROR_PARAMS, "Give workers, or app and instances.",
		    workers ? "scale changes either the workers or an app."
		    : app   ? "scale needs the parameter instances, too."
			    : "scale needs the parameter workers, or app and instances.");
}

/* ---- restart-worker: its number is the parameter; call->cursor the process that was at work, or 0 */

static unsigned
restarted(const struct call *call)
{
	return (unsigned)call_integer(call, "worker");
}

static int
restarted_pid(const struct call *call)
{
	return scoreboard_get(&master_board(call->master)->workers[restarted(call)].child.pid);
}

static void
restart_reply(struct call *call)
{
	const char *state = child_state_names[worker_state(master_board(call->master), restarted(call))];
	int pid = restarted_pid(call);

	call_reply_changes(
	    call, json_pack("{s:i,s:s,s:o,s:b,s:o}", "worker", (int)restarted(call), "state", state, "pid",
		      pid != 0 ? json_integer(pid) : json_null(), "being-replaced",
		      (int)master_worker_is_replaced(call->master, restarted(call)), "workers",
		      workers_value(call->master)));
}

/* Whether it can be seen that there will be no other process in its stead. */
static bool
restart_was_in_vain(const struct call *call)
{
	switch (worker_state(master_board(call->master), restarted(call))) {
	case CHILD_READY:
		return (size_t)restarted_pid(call) == call->cursor &&
		       !master_worker_is_replaced(call->master, restarted(call));
	case CHILD_BACKOFF:
	case CHILD_FAILED:
		return call->cursor == 0;
	default:
		return false;
	}
}

static bool
restart_is_over(const struct call *call)
{
	if (master_is_stopping(call->master))
		return true;
	return (size_t)restarted_pid(call) != call->cursor && workers_are_settled(call->master);
}

static bool
restart_poll(struct call *call, bool expired)
{
	if (restart_was_in_vain(call)) {
		call_fail(call, REPLY_ERROR_IMPOSSIBLE, "The error log says why; correct it and ask again.",
		    "Worker %u is as before: no process could be started in its stead.", restarted(call));
		return true;
	}
	if (!expired && !restart_is_over(call))
		return false;
	restart_reply(call);
	return true;
}

/* What it does next; what is on its way already stays so. */
static enum child_state
restart_next(const struct call *call, enum child_state state)
{
	switch (state) {
	case CHILD_READY:
		return master_worker_is_replaced(call->master, restarted(call)) ? CHILD_READY
										: CHILD_DRAINING;
	case CHILD_BACKOFF:
	case CHILD_FAILED:
		return CHILD_STARTING;
	default:
		return state;
	}
}

static void
restart_impossible(struct call *call, enum child_state state)
{
	if (state == CHILD_EMPTY)
		call_fail(call, REPLY_ERROR_PARAMS, "The method workers shows all.", "There is no worker %u.",
		    restarted(call));
	else
		call_fail(call, REPLY_ERROR_IMPOSSIBLE,
		    "Those that are wanted are restarted; the method workers shows them.",
		    "Worker %u is on its way out.", restarted(call));
}

void
command_restart_worker(struct call *call)
{
	enum child_state state = worker_state(master_board(call->master), restarted(call));
	struct error err;

	if (call_comes_too_late(call))
		return;
	if (state == CHILD_EMPTY || state == CHILD_DRAINING || state == CHILD_STOPPING) {
		restart_impossible(call, state);
		return;
	}
	call_change(call, json_string(child_state_names[state]),
	    json_string(child_state_names[restart_next(call, state)]), "worker %u state", restarted(call));
	call->cursor = state == CHILD_READY ? (size_t)restarted_pid(call) : 0;
	if (call_is_to_change(call) && master_restart_worker(call->master, restarted(call), &err) < 0)
		call_fail(call, REPLY_ERROR_IMPOSSIBLE, "The error log may tell more.", "%s", err.text);
	else if (call_boolean(call, "wait") && call_is_to_change(call))
		call_wait(call, restart_poll, patience);
	else
		restart_reply(call);
}

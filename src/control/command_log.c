/* log-level, log-reopen: what the processes write to the error log, and to which files. Master. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "control/commands.h"
#include "control/named.h"
#include "control/values.h"

/* ---- log-level: which process is meant, as master_set_log_level has it */

enum { PROCESS_UNKNOWN = -4 };

static bool
worker_exists(const struct call *call, unsigned slot)
{
	return worker_state(master_board(call->master), slot) != CHILD_EMPTY;
}

static bool
prober_exists(const struct call *call)
{
	return prober_state(master_board(call->master)) != CHILD_EMPTY;
}

static const char *
process_name(int process, char text[16])
{
	if (process == MASTER_LOG_PROBER)
		return "prober";
	snprintf(text, 16, process == MASTER_LOG_MASTER ? "master" : "worker %d", process);
	return text;
}

static int
process_read(const struct call *call, const char *word)
{
	char name[16];
	int slot;

	if (strcmp(word, "all") == 0)
		return MASTER_LOG_ALL;
	if (strcmp(word, "master") == 0)
		return MASTER_LOG_MASTER;
	if (strcmp(word, "prober") == 0 && prober_exists(call))
		return MASTER_LOG_PROBER;
	for (slot = 0; slot < SCOREBOARD_WORKERS; slot++)
		if (worker_exists(call, (unsigned)slot) && strcmp(process_name(slot, name), word) == 0)
			return slot;
	return PROCESS_UNKNOWN;
}

/* The process that the call names, or PROCESS_UNKNOWN: it has failed. */
static int
process_named(struct call *call)
{
	static const char *const names[] = { "all", "master", "prober", NULL };
	const char *name = call_text(call, "process"), *near = text_nearest(name, names);
	int process = process_read(call, name);
	char word[FAULT_WORD_MAX], hint[160];

	if (process != PROCESS_UNKNOWN)
		return process;
	snprintf(hint, sizeof hint,
	    "%s%s%sIt is all, master, prober if there is one, or worker and its number; the method workers shows them.",
	    near != NULL ? "Did you mean " : "", near != NULL ? near : "", near != NULL ? "? " : "");
	call_fail(call, REPLY_ERROR_PARAMS, hint, "There is no process %s.", fault_word(name, word));
	return process;
}

/* Calls back for the master, the prober and each worker that there is, or for the one that is meant. -1: a callback said so. */
typedef int process_fn(struct call *call, int process, void *arg);

static int
processes_each(struct call *call, int process, process_fn *each, void *arg)
{
	int slot;

	if (process != MASTER_LOG_ALL)
		return each(call, process, arg);
	if (each(call, MASTER_LOG_MASTER, arg) < 0 ||
	    (prober_exists(call) && each(call, MASTER_LOG_PROBER, arg) < 0))
		return -1;
	for (slot = 0; slot < SCOREBOARD_WORKERS; slot++)
		if (worker_exists(call, (unsigned)slot) && each(call, slot, arg) < 0)
			return -1;
	return 0;
}

static json_t *
level_left(const struct call *call, int process)
{
	uint64_t until = master_log_level_until(call->master, process), now = clock_monotonic();

	return until == 0 ? json_null() : value_ms(until > now ? until - now : 0);
}

static int
level_show(struct call *call, int process, void *arg)
{
	char name[16];

	return json_array_append_new(
	    arg, json_pack("{s:s,s:s,s:s,s:o}", "process", process_name(process, name), "level",
		     log_level_names[master_log_level(call->master, process)], "then",
		     log_level_names[master_log_level_lasting(call->master, process)], "left-ms",
		     level_left(call, process)));
}

static int
level_note(struct call *call, int process, void *arg)
{
	const char *before = log_level_names[master_log_level(call->master, process)];
	char name[16];

	if (strcmp(before, arg) == 0 && !call_has(call, "for-ms")) /* what holds for a time is to stay */
		before = log_level_names[master_log_level_lasting(call->master, process)];
	if (process == MASTER_LOG_MASTER)
		call_change(call, json_string(before), json_string(arg), "log-level");
	else
		call_change(
		    call, json_string(before), json_string(arg), "%s log-level", process_name(process, name));
	return 0;
}

static void
level_reply(struct call *call, int process)
{
	json_t *levels = json_array();

	if (processes_each(call, process, level_show, levels) < 0) {
		json_decref(levels);
		levels = NULL;
	}
	call_reply_changes(call, json_pack("{s:o}", "levels", levels));
}

static enum log_level
level_read(const char *word)
{
	int level = LOG_LEVEL_ERROR;

	while (strcmp(log_level_names[level], word) != 0)
		level++;
	return (enum log_level)level;
}

void
command_log_level(struct call *call)
{
	const char *level = call_text(call, "level");
	uint64_t time = (uint64_t)call_integer(call, "for-ms") * CLOCK_MILLISECOND;
	int process = process_named(call);
	char word[16];

	if (process == PROCESS_UNKNOWN)
		return;
	if (level == NULL && call_has(call, "for-ms")) {
		call_fail(
		    call, REPLY_ERROR_PARAMS, "Give a level, too.", "There is no level to set for a time.");
		return;
	}
	call->only_shows = level == NULL;
	if (level != NULL) {
		snprintf(word, sizeof word, "%s", level);
		processes_each(call, process, level_note, word);
	}
	if (level != NULL && call_is_to_change(call))
		master_set_log_level(call->master, process, level_read(level), time);
	level_reply(call, process);
}

/* ---- log-reopen */

static int
log_carry_out(struct call *call, struct error *err)
{
	if (call_is_dry_run(call))
		return master_reopen_logs_check(call->master, err);
	return master_reopen_logs(call->master, err);
}

void
command_log_reopen(struct call *call)
{
	const struct conf *conf = master_conf(call->master);
	struct error err;

	if (log_carry_out(call, &err) < 0) {
		call_fail(call, REPLY_ERROR_IMPOSSIBLE,
		    "The old files stay in use. Correct it and ask again.", "%s", err.text);
		return;
	}
	call_reply_changes(call, json_pack("{s:o,s:o}", "error-log", value_text(conf->error_log),
				     "access-log", value_text_or_null(conf->access_log)));
}

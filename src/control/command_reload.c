/* reload: the configuration file, read again. Master. */
#include <stdio.h>

#include "control/commands.h"
#include "control/values.h"
#include "master/apps.h"

static const char *const what_names[] = {
	[MASTER_RELOAD_SAME] = "same",
	[MASTER_RELOAD_ROLL] = "roll",
	[MASTER_RELOAD_SCALE] = "scale",
	[MASTER_RELOAD_LATER] = "later",
};

static void
reload_refuse(struct call *call, const struct conf_errors *errors)
{
	if (errors->count == 0) {
		call_fail(call, REPLY_ERROR_INTERNAL, "Try again later.", "There is no memory to read the file.");
		return;
	}
	if (errors->count == 1)
		call_fail(call, REPLY_ERROR_IMPOSSIBLE, "Nothing is changed. Correct the file and ask again.",
		    "The file is not good: %.200s", errors->lines[0]);
	else
		call_fail(call, REPLY_ERROR_IMPOSSIBLE, "Nothing is changed. Correct the file and ask again.",
		    "The file has %zu mistakes.", errors->count);
	call->fault.errors = value_errors(errors);
}

/* ---- what it does */

/* A new roll-out has the number behind the last one. */
static void
note_roll(struct call *call, const char *name)
{
	int pool = master_app_find(call->master, name);
	struct master_app app;
	json_int_t number;

	if (pool < 0 || !master_app_get(call->master, (unsigned)pool, &app))
		return;
	number = (json_int_t)app.roll.number + (call_is_dry_run(call) ? 1 : 0);
	call_change(call, json_integer(number - 1), json_integer(number), "app %s roll", name);
}

static void
note_row(struct call *call, const struct master_reload_row *row)
{
	if (row->what == MASTER_RELOAD_ROLL)
		note_roll(call, row->name);
	call_change(call, json_integer(row->from), json_integer(row->to), "app %s instances", row->name);
}

static json_t *
row_show(const struct master_reload_row *row)
{
	if (row->what == MASTER_RELOAD_LATER)
		return json_pack("{s:o,s:o}", "what", value_text(row->name), "text", value_text(row->text));
	return json_pack("{s:o,s:s,s:o}", "app", value_text(row->name), "action", what_names[row->what], "text",
	    value_text(row->text));
}

/* The rows about what takes effect later, or the others. */
static json_t *
rows_show(const struct master_reload *reload, bool later)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < reload->count; i++)
		if ((reload->rows[i].what == MASTER_RELOAD_LATER) == later &&
		    json_array_append_new(list, row_show(&reload->rows[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

void
command_reload(struct call *call)
{
	struct master_reload reload;
	const char *file = master_conf(call->master)->file;
	size_t i;

	if (call_comes_too_late(call))
		return;
	if (file == NULL) {
		call_fail(call, REPLY_ERROR_IMPOSSIBLE, "Start drover with -c and a file.", "There is no configuration file to read.");
		return;
	}
	if (master_reload(call->master, call_is_dry_run(call), &reload) < 0) {
		reload_refuse(call, &reload.errors);
	} else {
		for (i = 0; i < reload.count; i++)
			note_row(call, &reload.rows[i]);
		call_reply_changes(call, json_pack("{s:o,s:o,s:o}", "config-file", value_text(file), "apps",
					     rows_show(&reload, false), "later", rows_show(&reload, true)));
	}
	master_reload_free(&reload);
}

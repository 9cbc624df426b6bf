/* auth-reload: the files of users. Master. */
#include <stdlib.h>

#include "base/clock.h"
#include "conf/users.h"
#include "control/commands.h"
#include "control/values.h"

/* Reads a file in each turn of the loop: many of them take long. */
struct reload {
	struct call *call;
	struct master_users *read;
	struct later later; /* the next file */
};

/* Notes what has changed in a file, and returns its row. */
static json_t *
file_show(struct call *call, const char *path, const struct conf_users_change *c)
{
	if (c->added + c->removed + c->changed > 0)
		call_change(call, json_pack("{s:I}", "users", (json_int_t)(c->users + c->removed - c->added)),
		    json_pack("{s:I,s:I,s:I,s:I}", "users", (json_int_t)c->users, "added", (json_int_t)c->added, "removed",
			(json_int_t)c->removed, "changed", (json_int_t)c->changed),
		    "auth-users %s", path);
	return json_pack("{s:o,s:I}", "file", value_text(path), "users", (json_int_t)c->users);
}

static json_t *
files_show(struct call *call, const struct master_users *read)
{
	const struct conf *conf = master_conf(call->master);
	json_t *files = json_array();
	size_t i;

	for (i = 0; i < conf->users_file_count; i++)
		if (json_array_append_new(
			files, file_show(call, conf->users_files[i].path, master_users_change(read, i))) < 0) {
			json_decref(files);
			return NULL;
		}
	return files;
}

/* All files are read. */
static void
reload_finish(struct call *call, struct master_users *read)
{
	json_t *files;

	if (call_comes_too_late(call))
		return;
	files = files_show(call, read);
	if (call_is_to_change(call))
		master_users_adopt(call->master, read);
	call_reply_changes(call, json_pack("{s:o}", "files", files));
}

static void
reload_later_cb(struct later *later)
{
	call_wake(CONTAINER_OF(later, struct reload, later)->call);
}

static void
reload_refuse(struct call *call, const struct conf_errors *errors)
{
	call_fail(call, REPLY_ERROR_IMPOSSIBLE, "The old users stay in use. Correct the file and ask again.", "%s.",
	    errors->count > 0 ? errors->lines[0] : "There is no memory");
	if (errors->count > 0)
		call->fault.errors = value_errors(errors);
}

static bool
reload_poll(struct call *call, bool expired)
{
	struct reload *reload = call->state;
	struct conf_errors errors;
	int more;

	if (expired) {
		call_fail(call, REPLY_ERROR_IMPOSSIBLE, "The old users stay in use. Ask again.", "The files could not be read in time.");
		return true;
	}
	more = master_users_next(reload->read, &errors);
	if (more > 0) {
		loop_later(master_loop(call->master), &reload->later, reload_later_cb);
		return false;
	}
	if (more == 0)
		reload_finish(call, reload->read);
	else
		reload_refuse(call, &errors);
	conf_errors_free(&errors);
	return true;
}

static void
reload_end(struct call *call)
{
	struct reload *reload = call->state;

	loop_later_cancel(master_loop(call->master), &reload->later);
	master_users_free(reload->read);
	free(reload);
}

void
command_auth_reload(struct call *call)
{
	struct reload *reload = calloc(1, sizeof *reload);
	struct master_users *read = master_users_begin(call->master);

	if (reload == NULL || read == NULL) {
		free(reload);
		free(read);
		call_fail(call, REPLY_ERROR_IMPOSSIBLE, "Ask again later.", "There is no memory.");
		return;
	}
	reload->call = call;
	reload->read = read;
	call->state = reload;
	call->end = reload_end;
	if (!reload_poll(call, false))
		call_wait(call, reload_poll, 30 * CLOCK_SECOND);
}

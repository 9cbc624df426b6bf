/* auth-reload: the files of users. Master. */
#include "conf/users.h"
#include "control/commands.h"
#include "control/values.h"

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
	struct conf_users_change change;
	json_t *files = json_array();
	size_t i;

	for (i = 0; i < conf->users_file_count; i++) {
		master_users_compare(read, i, &change);
		if (json_array_append_new(files, file_show(call, conf->users_files[i].path, &change)) < 0) {
			json_decref(files);
			return NULL;
		}
	}
	return files;
}

void
command_auth_reload(struct call *call)
{
	struct conf_errors errors;
	struct master_users *read = master_users_read(call->master, &errors);
	struct error err;
	json_t *files;

	if (read == NULL) {
		call_fail(call, REPLY_ERROR_IMPOSSIBLE, "The old users stay in use. Correct the file and ask again.", "%s.",
		    errors.count > 0 ? errors.lines[0] : "There is no memory");
		conf_errors_free(&errors);
		return;
	}
	files = files_show(call, read);
	if (call_is_to_change(call) && master_users_adopt(call->master, read, &err) < 0) {
		json_decref(files);
		call_fail(call, REPLY_ERROR_IMPOSSIBLE, "The old users stay in use. Ask again later.", "%s.", err.text);
	} else {
		call_reply_changes(call, json_pack("{s:o}", "files", files));
	}
	master_users_free(read);
}

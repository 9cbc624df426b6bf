/* What a start needs of the file system and the text of a configuration cannot tell. Master only. */
#include <string.h>

#include "base/path.h"
#include "conf/conf.h"
#include "conf/report.h"
#include "conf/users.h"

/* `path` may be NULL, or a word that stands for no file. */
static void
directory_check(struct conf_report *report, int line, const char *name, const char *path)
{
	char sentence[PATH_SENTENCE_MAX];

	if (path != NULL && path[0] == '/' && path_directory_missing(path, sentence))
		conf_report_add(report, line, "warning: %s: %s", name, sentence);
}

void
conf_check_directories(const struct conf *conf, struct conf_errors *warnings)
{
	struct conf_report report = { .file = conf->file };
	const struct conf_listener *listener;
	char sentence[PATH_SENTENCE_MAX];
	size_t i;

	for (i = 0; i < conf->control_count; i++)
		directory_check(&report, conf->controls[i].line, "control", conf->controls[i].path);
	for (i = 0; i < conf->listener_count; i++) {
		listener = &conf->listeners[i];
		if (strncmp(listener->name, "unix:", 5) == 0)
			directory_check(&report, listener->line, "listen", listener->name + 5);
	}
	for (i = 0; i < conf->users_file_count; i++)
		if (conf_users_are_public(conf->users_files[i].path, sentence, sizeof sentence))
			conf_report_add(&report, 0, "warning: auth-users: %s", sentence);
	directory_check(&report, 0, "error-log", conf->error_log);
	directory_check(&report, 0, "access-log", conf->access_log);
	directory_check(&report, 0, "pid-file", conf->pid_file);
	conf_report_finish(&report, warnings);
}

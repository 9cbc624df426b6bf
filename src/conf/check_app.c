/* What cannot be done of what the app sections say; nothing is started. A part of conf_check. Master only. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/app.h"
#include "conf/check.h"

enum { NAME_CHARACTERS = 64 };

/* ---- command and directory, in the file system */

/* The path of `name` in a directory that is, unless it begins with "/", seen from that of the app. */
static void
path_join(const struct conf_app *app, const char *directory, size_t length, const char *name, char *path, size_t size)
{
	const char *above = directory[0] == '/' || app->directory == NULL ? "" : app->directory;

	snprintf(path, size, "%s%s%.*s%s%s", above, above[0] != '\0' ? "/" : "", (int)length, directory,
	    length > 0 ? "/" : "", name);
}

/* 0, or the errno with which it could not be run. */
static int
program_check(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return errno;
	if (S_ISDIR(status.st_mode))
		return EISDIR;
	if (!S_ISREG(status.st_mode))
		return EACCES;
	return access(path, X_OK) < 0 ? errno : 0;
}

/* As execvp does: what is there, but cannot be run, is told of when there is nothing else. */
static int
path_search(const struct conf_app *app, const char *directories, char *path, size_t size)
{
	const char *name = app->command[0], *next = directories;
	char candidate[4096];
	int error, first = ENOENT;
	size_t length;

	for (;; next += length + 1) {
		length = strcspn(next, ":");
		path_join(app, next, length, name, candidate, sizeof candidate);
		error = program_check(candidate);
		if (error != ENOENT && error != ENOTDIR && (error == 0 || first == ENOENT)) {
			snprintf(path, size, "%s", candidate);
			first = error;
		}
		if (error == 0 || next[length] == '\0')
			return first;
	}
}

static const char *
search_path(const struct conf_app *app)
{
	const char *path = conf_app_variable(app, "PATH");

	if (path == NULL)
		path = getenv("PATH");
	return path != NULL ? path : "/usr/local/bin:/usr/bin:/bin";
}

/* As of a shell: "node server.js". */
static bool
is_command_line(const struct conf_app *app)
{
	return app->command_count == 1 && strchr(app->command[0], ' ') != NULL;
}

int
conf_app_find_command(const struct conf_app *app, char *path, size_t size, struct error *err)
{
	const char *name = app->command[0], *directories;
	int error;

	if (app->shell) {
		snprintf(path, size, "/bin/sh");
		return 0;
	}
	if (strchr(name, '/') != NULL) {
		path_join(app, name[0] == '/' ? name : "", 0, name, path, size);
		error = program_check(path);
	} else {
		directories = search_path(app);
		error = path_search(app, directories, path, size);
		if (error == ENOENT && !is_command_line(app))
			return error_set(err, "there is no program \"%.100s\" in PATH, which is %.200s", name, directories);
	}
	if (error == 0)
		return 0;
	if (error == ENOENT && is_command_line(app))
		return error_set(err, "there is no program \"%.100s\"; write arguments apart, as { \"node\", \"server.js\" }, "
				      "or add shell = true", name);
	return error_set(err, "cannot run \"%.200s\": %s%s", path, strerror(error),
	    error == EACCES ? "; its mode has to let drover execute it (chmod +x)" : "");
}

/* Whether it is there. -1 with a sentence. */
static int
directory_check(const struct conf_app *app, struct error *err)
{
	struct stat status;

	if (app->directory == NULL)
		return 0;
	if (stat(app->directory, &status) < 0)
		return error_errno(err, "%.200s", app->directory);
	return S_ISDIR(status.st_mode) ? 0 : error_set(err, "%.200s is no directory", app->directory);
}

/* Its name depends on the instance, and on where that listens. */
static bool
is_known_later(const char *program)
{
	return strstr(program, "{instance}") != NULL || strstr(program, "{port}") != NULL ||
	    strstr(program, "{socket}") != NULL;
}

static void
files_check(const struct conf_app *app, struct conf_report *report)
{
	char path[4096];
	struct error err;

	if (directory_check(app, &err) < 0)
		conf_report_add(report, app->directory_line, "directory: %s", err.text);
	else if (app->command_count > 0 && !is_known_later(app->command[0]) &&
	    conf_app_find_command(app, path, sizeof path, &err) < 0)
		conf_report_add(report, app->command_line, "command: %s", err.text);
}

/* ---- what contradicts itself */

static void
command_check(const struct conf_app *app, struct conf_report *report)
{
	if (app->shell && app->command_count > 1)
		conf_report_add(report, app->command_line,
		    "with shell = true the command is one text: command = \"%.40s ...\"", app->command[0]);
}

static void
listen_check(const struct conf_app *app, struct conf_report *report)
{
	bool port = conf_app_mentions(app, "{port}"), socket = conf_app_mentions(app, "{socket}");
	bool on_port = app->listen == CONF_APP_PORT || app->listen == CONF_APP_ACTIVATION_PORT;

	if (port && socket)
		conf_report_add(report, app->listen_line,
		    "{port} and {socket} are both mentioned: an instance listens on one of them");
	else if (socket && on_port)
		conf_report_add(report, app->listen_line,
		    "{socket} is mentioned, but listen makes it a port; use {port}, or listen = unix");
	else if (port && !on_port)
		conf_report_add(report, app->listen_line,
		    "{port} is mentioned, but listen makes it a unix socket; use {socket}, or listen = port");
	else if (app->listen == CONF_APP_UNIX && !socket)
		conf_report_add(report, app->listen_line,
		    "listen = unix, but the app is not told where: {socket} is neither in command nor in environment");
}

/* Variables that drover sets itself. */
static void
environment_check_own(const struct conf_app *app, struct conf_report *report)
{
	static const char *const passed[] = { "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES" };
	bool activation = app->listen == CONF_APP_ACTIVATION || app->listen == CONF_APP_ACTIVATION_PORT;
	const char *port = conf_app_variable(app, "PORT");
	size_t i;

	if (app->listen == CONF_APP_PORT && port != NULL && strcmp(port, "{port}") != 0)
		conf_report_add(report, app->environment_line,
		    "environment cannot have PORT: drover chooses the port of each instance, and tells it so");
	for (i = 0; activation && i < sizeof passed / sizeof passed[0]; i++)
		if (conf_app_variable(app, passed[i]) != NULL)
			conf_report_add(report, app->environment_line,
			    "environment cannot have %s: drover sets it for the socket that it passes", passed[i]);
}

static void
environment_check(const struct conf_app *app, struct conf_report *report)
{
	char name[NAME_CHARACTERS + 1];
	size_t i, length;

	environment_check_own(app, report);
	for (i = 0; i < app->environment_count; i++) {
		length = strcspn(app->environment[i], "=");
		if (length > NAME_CHARACTERS)
			continue;
		snprintf(name, sizeof name, "%.*s", (int)length, app->environment[i]);
		if (conf_app_variable(app, name) != app->environment[i] + length + 1)
			conf_report_add(report, app->environment_line, "environment has %s twice", name);
	}
}

/* It is part of the names of files. */
static void
name_check(const struct conf_pool *pool, struct conf_report *report)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	if (pool->name[strspn(pool->name, allowed)] != '\0' || pool->name[0] == '.')
		conf_report_add(report, pool->line,
		    "app \"%s\": its name may have letters, digits, '-', '_' and '.', and begins with no '.'",
		    pool->name);
}

static void
app_check(const struct conf_pool *pool, struct conf_report *report)
{
	const struct conf_app *app = &pool->app;

	name_check(pool, report);
	command_check(app, report);
	listen_check(app, report);
	environment_check(app, report);
	if (app->surge == 0 && app->max_unavailable == 0)
		conf_report_add(report, pool->line,
		    "app \"%s\": surge and max-unavailable are both 0, so that no instance could ever be replaced; "
		    "let one of them be 1",
		    pool->name);
	if (report->files)
		files_check(app, report);
}

void
conf_check_apps(const struct conf *conf, struct conf_report *report)
{
	uint64_t servers = conf->server_count;
	size_t i;

	for (i = conf->first_app; i < conf->pool_count; i++) {
		app_check(&conf->pools[i], report);
		servers += conf->pools[i].app.instances + conf->pools[i].app.surge;
	}
	if (servers > CONF_SERVERS_MAX && conf->first_app < conf->pool_count)
		conf_report_add(report, conf->pools[conf->pool_count - 1].line,
		    "there are more than %d servers and instances over all pools and apps, with surge: %ju",
		    CONF_SERVERS_MAX, (uintmax_t)servers);
}

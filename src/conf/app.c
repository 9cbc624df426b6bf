#include "conf/app.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/accounts.h"
#include "conf/field.h"
#include "conf/list.h"
#include "conf/string_field.h"

/* ---- command, environment */

static int
command_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	if (conf_list_length(option, base) == 0 && text[0] == '\0')
		return error_set(err, "begins with the program to run, which is empty here");
	return conf_list_add_string(option, base, strdup(text), err);
}

static void
command_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a program and its arguments, such as { node, server.js }");
}

static int
environment_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	size_t name = strcspn(text, "= ");

	if (name == 0 || text[name] != '=')
		return -1;
	return conf_list_add_string(option, base, strdup(text), err);
}

size_t
conf_environment_open(const char *text)
{
	size_t name = strcspn(text, "=");

	return text[name] == '=' ? name + 1 : name;
}

static void
environment_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a list of variables, each \"NAME=VALUE\"");
}

/* ---- instances */

static int
instances_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	struct conf_pool *pool = base;
	bool automatic = strcmp(text, option->zero) == 0;

	if (conf_type_number.read(option, base, text, err) < 0)
		return -1;
	pool->app.instances_auto = automatic;
	if (automatic)
		pool->app.instances = conf_usable_cores();
	return 0;
}

static const char *
instances_write(const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX])
{
	const struct conf_pool *pool = base;

	if (i > 0)
		return NULL;
	if (pool->app.instances_auto)
		return option->zero;
	snprintf(space, CONF_VALUE_MAX, "%u", (unsigned)pool->app.instances);
	return space;
}

static void
instances_describe(const struct conf_option *option, char *to, size_t size)
{
	conf_type_number.describe(option, to, size);
}

/* ---- user, group, umask */

static int
user_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	struct conf_pool *pool = base;

	if (conf_user_find(text, &pool->app.uid, err) < 0)
		return error_prefix(err, "is not known");
	return conf_string_keep(option, base, text, err);
}

static int
group_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	struct conf_pool *pool = base;

	if (conf_group_find(text, &pool->app.gid, err) < 0)
		return error_prefix(err, "is not known");
	return conf_string_keep(option, base, text, err);
}

static void
user_describe(const struct conf_option *option, char *to, size_t size)
{
	conf_type_user.describe(option, to, size);
}

static void
group_describe(const struct conf_option *option, char *to, size_t size)
{
	conf_type_group.describe(option, to, size);
}

static int
umask_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	return conf_type_mode.read(option, base, text, err);
}

static const char *
umask_write(const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX])
{
	if (*(const mode_t *)conf_field_const(option, base) == (mode_t)-1)
		return NULL;
	return conf_type_mode.write(option, base, i, space);
}

static void
umask_describe(const struct conf_option *option, char *to, size_t size)
{
	conf_type_mode.describe(option, to, size);
}

const struct conf_type conf_type_command = { "list", true, true, command_read, conf_list_write_string,
	command_describe };
const struct conf_type conf_type_environment = { "list", true, true, environment_read, conf_list_write_string,
	environment_describe };
const struct conf_type conf_type_instances = { "number", false, false, instances_read, instances_write,
	instances_describe };
const struct conf_type conf_type_app_user = { "user", false, true, user_read, conf_string_write, user_describe };
const struct conf_type conf_type_app_group = { "group", false, true, group_read, conf_string_write,
	group_describe };
const struct conf_type conf_type_umask = { "mode", false, true, umask_read, umask_write, umask_describe };

/* ---- the section */

void
conf_app_begin(struct conf_app *app, const struct conf *conf)
{
	app->wanted = true;
	app->uid = conf->uid;
	app->gid = conf->gid;
	app->umask = (mode_t)-1;
}

bool
conf_app_mentions(const struct conf_app *app, const char *text)
{
	size_t i;

	for (i = 0; i < app->command_count; i++)
		if (strstr(app->command[i], text) != NULL)
			return true;
	for (i = 0; i < app->environment_count; i++)
		if (strstr(app->environment[i], text) != NULL)
			return true;
	return false;
}

const char *
conf_app_variable(const struct conf_app *app, const char *name)
{
	size_t length = strlen(name), i;

	for (i = 0; i < app->environment_count; i++)
		if (strncmp(app->environment[i], name, length) == 0 && app->environment[i][length] == '=')
			return app->environment[i] + length + 1;
	return NULL;
}

void
conf_app_complete(struct conf_app *app, struct conf_report *report)
{
	const struct passwd *entry = NULL;

	if (app->user != NULL && app->group == NULL)
		entry = getpwuid(app->uid);
	if (entry != NULL)
		app->gid = entry->pw_gid;
	if (app->uid != (uid_t)-1 && conf_account_read(&app->account, app->uid, app->gid) < 0)
		conf_report_memory(report);
	if (app->listen == CONF_APP_AUTO)
		app->listen = conf_app_mentions(app, "{socket}") ? CONF_APP_UNIX : CONF_APP_PORT;
}

static void
strings_free(char **strings, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		free(strings[i]);
	free(strings);
}

void
conf_app_clear(struct conf_app *app)
{
	strings_free(app->command, app->command_count);
	strings_free(app->environment, app->environment_count);
	free(app->directory);
	free(app->user);
	free(app->group);
	conf_account_clear(&app->account);
}

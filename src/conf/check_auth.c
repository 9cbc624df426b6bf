/* What rules say about who is let in, and the files of users that they name. Master only. */
#include <stdlib.h>
#include <string.h>

#include "conf/check.h"
#include "conf/users.h"

enum { CORS_LIST_MAX = 2048 };

/* Its errors become those of the line where it is named. */
static struct conf_users *
users_load(const char *path, int line, struct conf_report *report)
{
	struct conf_errors errors;
	struct conf_users *users;
	size_t i;

	if (!report->files || report->count == CONF_REPORT_MAX)
		return NULL;
	users = conf_users_load(path, &errors);
	for (i = 0; i < errors.count; i++)
		conf_report_add(report, line, "auth-users: %s", errors.lines[i]);
	conf_errors_free(&errors);
	return users;
}

/* The index of the file, which is read when it is named for the first time. 0 when something is wrong, which is reported. */
static int
users_file_find(struct conf *conf, const char *path, int line, struct conf_report *report)
{
	struct conf_users_file *larger, *file;
	size_t i;

	for (i = 0; i < conf->users_file_count; i++)
		if (strcmp(conf->users_files[i].path, path) == 0)
			return (int)i;
	if (conf->users_file_count == CONF_USERS_FILES_MAX) {
		conf_report_add(report, line, "there are more than %d files of users", CONF_USERS_FILES_MAX);
		return 0;
	}
	larger = reallocarray(conf->users_files, conf->users_file_count + 1, sizeof *larger);
	if (larger == NULL) {
		conf_report_memory(report);
		return 0;
	}
	conf->users_files = larger;
	file = &larger[conf->users_file_count];
	*file = (struct conf_users_file){ strdup(path), users_load(path, line, report) };
	if (file->path == NULL) {
		free(file->users);
		conf_report_memory(report);
		return 0;
	}
	return (int)conf->users_file_count++;
}

static void
ask_check(const struct conf *conf, struct conf_rules *rules, int line, struct conf_report *report)
{
	const char *space = strrchr(rules->ask, ' ');
	char *pool = strndup(rules->ask, (size_t)(space - rules->ask));

	if (pool == NULL) {
		conf_report_memory(report);
		return;
	}
	rules->ask_path = space + 1;
	rules->ask_pool = conf_check_pool(conf, pool, line, report);
	free(pool);
}

/* What answers write of a list is bounded. */
static void
list_check(const char *name, char *const *list, size_t count, int line, struct conf_report *report)
{
	size_t length = 0, i;

	for (i = 0; i < count; i++)
		length += strlen(list[i]) + 2;
	if (length > CORS_LIST_MAX)
		conf_report_add(report, line, "%s is too long: it has at most %d bytes, with commas", name, CORS_LIST_MAX);
}

static void
cors_check(const struct conf_rules *rules, struct conf_report *report)
{
	int line = rules->cors_line;
	size_t i;

	for (i = 0; rules->cors_credentials && i < rules->cors_origin_count; i++)
		if (strcmp(rules->cors_origins[i], "*") == 0)
			conf_report_add(report, line,
			    "cors-origins \"*\" with cors-credentials would show what users see to every page; name the origins");
	list_check("cors-methods", rules->cors_methods, rules->cors_method_count, line, report);
	list_check("cors-headers", rules->cors_headers, rules->cors_header_count, line, report);
	list_check("cors-expose", rules->cors_exposed, rules->cors_exposed_count, line, report);
}

static void
rules_check(struct conf *conf, struct conf_rules *rules, struct conf_report *report)
{
	if (rules->auth_realm != NULL && rules->auth_users == NULL)
		conf_report_add(report, rules->auth_line,
		    "auth-basic needs the file of those who may come in: auth-users = \"/PATH\"");
	else if (rules->auth_realm != NULL)
		rules->users_file = users_file_find(conf, rules->auth_users, rules->users_line, report);
	if (rules->ask != NULL)
		ask_check(conf, rules, rules->ask_line, report);
	cors_check(rules, report);
}

/* What a route says of something that it does not ask for: it has that from nowhere else. */
static void
route_check(const struct conf_rules *rules, int line, struct conf_report *report)
{
	if (rules->auth_realm == NULL && rules->auth_users != NULL)
		conf_report_add(report, line, "this route has auth-users, but no auth-basic");
	if (rules->auth_realm == NULL && rules->auth_user_header != NULL)
		conf_report_add(report, line, "this route has auth-user-header, but no auth-basic");
	if (rules->ask == NULL && rules->ask_copy_count > 0)
		conf_report_add(report, line, "this route has auth-request-copy, but no auth-request");
	if (rules->ask == NULL && rules->ask_redirects)
		conf_report_add(report, line, "this route has auth-request-redirect, but no auth-request");
	if (rules->cors_origin_count == 0 &&
	    (rules->cors_credentials || rules->cors_method_count + rules->cors_header_count + rules->cors_exposed_count > 0))
		conf_report_add(report, line, "this route has options of CORS, but no cors-origins");
	if (rules->limit_rate.number == 0 && rules->limit_burst > 0)
		conf_report_add(report, line, "this route has limit-burst, but no limit-rate");
}

void
conf_check_auth(struct conf *conf, struct conf_report *report)
{
	size_t i;

	for (i = 0; i < conf->listener_count; i++)
		rules_check(conf, &conf->listeners[i].rules, report);
	for (i = 0; i < conf->route_count; i++) {
		rules_check(conf, &conf->routes[i].rules, report);
		route_check(&conf->routes[i].rules, conf->routes[i].line, report);
	}
}

#include "conf/build.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/object.h"
#include "conf/app.h"
#include "conf/health.h"
#include "conf/options.h"
#include "conf/server.h"
#include "conf/value.h"

/* Sets the fields of `base` to their defaults. */
static void
defaults_set(const struct conf_section *section, void *base, struct conf_report *report)
{
	const struct conf_option *option;
	struct error err;

	for (option = conf_options; option->name != NULL; option++)
		if (option->section == section && conf_value_default(option, base, &err) < 0)
			conf_report_add(report, 0, "%s", err.text);
}

/*
 * Sets the fields of `base` that the section says something about. When no more can be
 * reported the rest is left: names that nobody will be told of need not be looked up.
 */
static void
options_set(const struct conf_section *section, cfg_t *from, void *base, struct conf_report *report)
{
	const struct conf_option *option;
	const struct conf_word *word;
	struct error err;
	unsigned i;

	for (option = conf_options; option->name != NULL; option++) {
		if (option->section != section)
			continue;
		for (i = 0; (word = conf_syntax_word(from, option->name, i)) != NULL &&
			    report->count < CONF_REPORT_MAX;
		     i++)
			if (conf_value_read(option, base, word->text, &err) < 0)
				conf_report_add(report, word->line, "%s", err.text);
	}
}

/*
 * Gives `base` what its section does not mention and inherits from the one around it,
 * which inherits nothing itself. What is wrong there is reported there.
 */
static void
options_inherit(const struct conf_section *section, cfg_t *from, cfg_t *outer, void *base)
{
	const struct conf_option *option, *above;
	const struct conf_word *word;
	struct error err;
	unsigned i;

	for (option = conf_options; option->name != NULL; option++) {
		if (option->section != section || !option->inherited || conf_syntax_mentions(from, option->name))
			continue;
		above = conf_option_find(section->parent, option->name);
		if (above->standard != NULL && !option->type->list)
			conf_value_read(option, base, above->standard, &err);
		for (i = 0; (word = conf_syntax_word(outer, option->name, i)) != NULL; i++)
			conf_value_read(option, base, word->text, &err);
	}
}

static const struct conf_word *
title_get(cfg_t *from)
{
	const struct conf_word *title = conf_syntax_word(from, CONF_SCAN_TITLE, 0);

	INVARIANT(title != NULL); /* scan gives one to every section */
	return title;
}

/* NULL: none, or no memory, which is reported. */
static void *
elements_allocate(size_t count, size_t size, struct conf_report *report)
{
	void *elements = count > 0 ? calloc(count, size) : NULL;

	if (count > 0 && elements == NULL)
		conf_report_memory(report);
	return elements;
}

/* Room for as many elements as there are sections of this name. */
static void *
sections_allocate(cfg_t *from, const char *name, size_t size, struct conf_report *report)
{
	return elements_allocate(cfg_size(from, name), size, report);
}

static char *
text_keep(const char *text, struct conf_report *report)
{
	char *copy = strdup(text);

	if (copy == NULL)
		conf_report_memory(report);
	return copy;
}

static void
unix_reset(struct conf_unix *unix_socket)
{
	unix_socket->uid = (uid_t)-1;
	unix_socket->gid = (gid_t)-1;
}

static void
control_build(struct conf_control *control, cfg_t *from, struct conf_report *report)
{
	const struct conf_word *title = title_get(from);
	struct address address;

	control->path = text_keep(title->text, report);
	control->line = title->line;
	unix_reset(&control->unix_socket);
	defaults_set(&conf_section_control, control, report);
	options_set(&conf_section_control, from, control, report);
	if (title->text[0] == '\0')
		return;
	if (title->text[0] != '/')
		conf_report_add(report, title->line,
		    "control \"%s\": the path of the socket begins with \"/\"", title->text);
	else if (strlen(title->text) >= sizeof address.socket.un.sun_path)
		conf_report_add(report, title->line,
		    "control: the path of a unix socket has at most %zu bytes",
		    sizeof address.socket.un.sun_path - 1);
}

static void
controls_build(struct conf *conf, cfg_t *from, struct conf_report *report)
{
	cfg_t *section;
	unsigned i;

	conf->controls = sections_allocate(from, "control", sizeof *conf->controls, report);
	if (conf->controls == NULL)
		return;
	for (i = 0; (section = conf_syntax_section(from, "control", i)) != NULL; i++, conf->control_count++)
		control_build(&conf->controls[i], section, report);
}

/* An address, or "systemd:NAME". */
static void
listener_read_address(
    struct conf_listener *listener, const struct conf_word *title, struct conf_report *report)
{
	struct error err;

	if (listener->name != NULL && strncmp(listener->name, "systemd:", 8) == 0) {
		listener->systemd = listener->name + 8;
		if (listener->systemd[0] == '\0')
			conf_report_add(report, title->line,
			    "listen \"%s\": the name of the socket is missing", title->text);
	} else if (title->text[0] != '\0' &&
		   address_parse(&listener->address, title->text, ADDRESS_LISTEN, &err) < 0) {
		conf_report_add(report, title->line, "listen \"%.100s\": %s", title->text, err.text);
		listener->address.length = 0;
	}
}

/* Reports options that have no meaning for what is in `base`. */
static void
conditions_check(
    const struct conf_section *section, const void *base, cfg_t *from, struct conf_report *report)
{
	const struct conf_option *option;
	const struct conf_word *word;

	for (option = conf_options; option->name != NULL; option++) {
		if (option->section != section || conf_option_applies(option, base))
			continue;
		word = conf_syntax_word(from, option->name, 0);
		if (word != NULL)
			conf_report_add(report, word->line, "%s is for %s only", option->name,
			    conf_option_misplaced(option, base));
	}
}

/* The line of an option: in its section, or where that has it from; `line` when it is in neither. */
static int
line_find(cfg_t *from, cfg_t *outer, const char *option, int line)
{
	const struct conf_word *word = conf_syntax_word(from, option, 0);

	if (word == NULL && outer != NULL && !conf_syntax_mentions(from, option))
		word = conf_syntax_word(outer, option, 0);
	return word != NULL ? word->line : line;
}

/* `outer`: what the section inherits from, or NULL. */
static void
rules_place(struct conf_rules *rules, cfg_t *from, cfg_t *outer, int line)
{
	rules->auth_line = line_find(from, outer, "auth-basic", line);
	rules->users_line = line_find(from, outer, "auth-users", line);
	rules->ask_line = line_find(from, outer, "auth-request", line);
	rules->cors_line = line_find(from, outer, "cors-origins", line);
}

static void
listener_build(
    struct conf_listener *listener, cfg_t *from, cfg_t *outer, struct conf_report *report)
{
	const struct conf_word *title = title_get(from);

	listener->name = text_keep(title->text, report);
	listener->pool = -1;
	listener->line = title->line;
	unix_reset(&listener->unix_socket);
	defaults_set(&conf_section_listen, listener, report);
	options_inherit(&conf_section_listen, from, outer, listener);
	options_set(&conf_section_listen, from, listener, report);
	rules_place(&listener->rules, from, outer, listener->line);
	if (listener->mode == CONF_MODE_TCP && !conf_syntax_mentions(from, "defer-accept"))
		listener->defer_accept = false; /* where it may be the server that speaks first */
	listener_read_address(listener, title, report);
	if (listener->address.length > 0 || listener->systemd != NULL)
		conditions_check(&conf_section_listen, listener, from, report);
}

static void
listeners_build(struct conf *conf, cfg_t *from, struct conf_report *report)
{
	cfg_t *section;
	unsigned i;

	conf->listeners = sections_allocate(from, "listen", sizeof *conf->listeners, report);
	if (conf->listeners == NULL)
		return;
	for (i = 0; (section = conf_syntax_section(from, "listen", i)) != NULL; i++, conf->listener_count++)
		listener_build(&conf->listeners[i], section, from, report);
}

static void
server_build(
    struct conf_server *server, const struct conf_pool *pool, cfg_t *from, struct conf_report *report)
{
	const struct conf_word *title = title_get(from);
	struct error err;

	server->name = text_keep(title->text, report);
	server->line = title->line;
	server->max_fails = pool->max_fails;
	server->fail_timeout = pool->fail_timeout;
	server->slow_start = pool->slow_start;
	defaults_set(&conf_section_server, server, report);
	options_set(&conf_section_server, from, server, report);
	if (title->text[0] == '\0')
		return;
	if (conf_server_read(&server->address, &server->question, title->text, &err) == 0) {
		server->question.family = conf_family_number(server->family);
		conditions_check(&conf_section_server, server, from, report);
		return;
	}
	conf_report_add(report, title->line, "server \"%.100s\": %s", title->text, err.text);
	server->address.length = 0;
	server->question.name[0] = '\0';
}

static void
servers_build(struct conf_pool *pool, cfg_t *from, struct conf_report *report)
{
	cfg_t *section;
	unsigned i;

	pool->servers = sections_allocate(from, "server", sizeof *pool->servers, report);
	if (pool->servers == NULL)
		return;
	for (i = 0; (section = conf_syntax_section(from, "server", i)) != NULL; i++, pool->server_count++)
		server_build(&pool->servers[i], pool, section, report);
}

static void
health_build(struct conf_pool *pool, const struct conf_section *kind, cfg_t *from, struct conf_report *report)
{
	cfg_t *section = conf_syntax_section(from, "health", 0), *second;
	struct conf_health *health = &pool->health;
	char place[CONF_PLACE_MAX];

	if (section == NULL)
		return;
	health->wanted = true;
	health->line = title_get(section)->line;
	defaults_set(kind, health, report);
	options_set(kind, section, health, report);
	conf_health_complete(health, kind, conf_syntax_word(section, "type", 0) != NULL, report);
	conditions_check(kind, health, section, report);
	second = conf_syntax_section(from, "health", 1);
	if (second != NULL)
		conf_report_add(report, title_get(second)->line,
		    "%s has one health section; the first is in %s", pool->app.wanted ? "an app" : "a pool",
		    conf_report_place(report, health->line, place));
}

/* What pools and apps have in common; of an app more is set already. */
static void
pool_build(struct conf_pool *pool, const struct conf_section *kind, cfg_t *from, struct conf_report *report)
{
	const struct conf_word *title = title_get(from);
	size_t before;

	pool->name = text_keep(title->text, report);
	pool->line = title->line;
	defaults_set(kind, pool, report);
	before = report->count;
	options_set(kind, from, pool, report);
	if (report->count == before)
		conditions_check(kind, pool, from, report);
	if (strlen(title->text) > CONF_POOL_NAME_MAX)
		conf_report_add(report, title->line, "the name of %s has at most %d bytes",
		    pool->app.wanted ? "an app" : "a pool", CONF_POOL_NAME_MAX);
}

static void
app_build(struct conf_pool *pool, const struct conf *conf, cfg_t *from, bool whole, struct conf_report *report)
{
	struct conf_app *app = &pool->app;

	conf_app_begin(app, conf);
	pool_build(pool, &conf_section_app, from, report);
	health_build(pool, &conf_section_app_health, from, report);
	conf_app_complete(app, report);
	if (whole && conf_syntax_word(from, "command", 0) == NULL)
		conf_report_add(report, pool->line,
		    "app \"%s\" has no command; add: command = { \"node\", \"server.js\" }", pool->name);
	app->command_line = line_find(from, NULL, "command", pool->line);
	app->directory_line = line_find(from, NULL, "directory", pool->line);
	app->user_line = line_find(from, NULL, "user", line_find(from, NULL, "group", pool->line));
	app->environment_line = line_find(from, NULL, "environment", pool->line);
	app->listen_line = line_find(from, NULL, "listen", app->command_line);
}

static void
pools_build(struct conf *conf, cfg_t *from, bool whole, struct conf_report *report)
{
	size_t count = (size_t)cfg_size(from, "pool") + cfg_size(from, "app");
	struct conf_pool *pool;
	cfg_t *section;
	unsigned i;

	pool = conf->pools = elements_allocate(count, sizeof *conf->pools, report);
	if (pool == NULL)
		return;
	for (i = 0; (section = conf_syntax_section(from, "pool", i)) != NULL; i++, pool++) {
		*pool = conf->pool_options;
		pool->first_server = conf->server_count;
		pool_build(pool, &conf_section_pool, section, report);
		health_build(pool, &conf_section_health, section, report);
		servers_build(pool, section, report);
		conf->server_count += pool->server_count;
	}
	conf->first_app = i;
	for (i = 0; (section = conf_syntax_section(from, "app", i)) != NULL; i++, pool++) {
		*pool = conf->pool_options;
		pool->first_server = conf->server_count;
		app_build(pool, conf, section, whole, report);
	}
	conf->pool_count = count;
}

static void
routes_build(struct conf *conf, cfg_t *from, bool whole, struct conf_report *report)
{
	cfg_t *section;
	unsigned i;

	conf->routes = sections_allocate(from, "route", sizeof *conf->routes, report);
	if (conf->routes == NULL)
		return;
	for (i = 0; (section = conf_syntax_section(from, "route", i)) != NULL; i++, conf->route_count++) {
		conf->routes[i].pool = -1;
		conf->routes[i].line = title_get(section)->line;
		defaults_set(&conf_section_route, &conf->routes[i], report);
		options_set(&conf_section_route, section, &conf->routes[i], report);
		rules_place(&conf->routes[i].rules, section, NULL, conf->routes[i].line);
		if (whole && conf_syntax_word(section, "pool", 0) == NULL &&
		    conf_syntax_word(section, "redirect", 0) == NULL && conf_syntax_word(section, "respond", 0) == NULL)
			conf_report_add(report, conf->routes[i].line, "route needs a pool: pool = \"NAME\"; or redirect, or respond");
	}
}

/* The line of the first of two options that is given; 0: neither is. */
static int
line_of(cfg_t *from, const char *option, const char *other)
{
	const struct conf_word *word = conf_syntax_word(from, option, 0);

	if (word == NULL)
		word = conf_syntax_word(from, other, 0);
	return word != NULL ? word->line : 0;
}

/* Contradictions between options of the top level. */
static void
top_check(const struct conf *conf, cfg_t *from, struct conf_report *report)
{
	if (conf->target_size > conf->header_size)
		conf_report_add(report, line_of(from, "target-size", "header-size"),
		    "target-size is more than header-size: %u and %u bytes", conf->target_size,
		    conf->header_size);
	if (conf->resolve.interval_min > conf->resolve.interval_max)
		conf_report_add(report, line_of(from, "resolve-interval-min", "resolve-interval-max"),
		    "resolve-interval-min is more than resolve-interval-max");
	if (conf->request_id_response && conf->request_id == CONF_REQUEST_ID_OFF)
		conf_report_add(report, line_of(from, "request-id-response", "request-id"),
		    "request-id-response is true, but request-id is off");
}

/* The group of the user, where none is given. */
static void
group_complete(struct conf *conf)
{
	const struct passwd *entry;

	if (conf->user == NULL || conf->group != NULL)
		return;
	entry = getpwuid(conf->uid);
	if (entry != NULL)
		conf->gid = entry->pw_gid;
}

struct conf *
conf_build(cfg_t *file, bool whole, struct conf_report *report)
{
	struct conf *conf = calloc(1, sizeof *conf);

	if (conf == NULL) {
		conf_report_memory(report);
		return NULL;
	}
	conf->uid = (uid_t)-1;
	conf->gid = (gid_t)-1;
	defaults_set(&conf_section_top, conf, report);
	options_set(&conf_section_top, file, conf, report);
	group_complete(conf);
	if (whole)
		top_check(conf, file, report);
	controls_build(conf, file, report);
	listeners_build(conf, file, report);
	pools_build(conf, file, whole, report);
	routes_build(conf, file, whole, report);
	return conf;
}

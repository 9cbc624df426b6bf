#include "conf/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/text.h"

static int
pool_find(const struct conf *conf, const char *name)
{
	size_t i;

	for (i = 0; i < conf->pool_count; i++)
		if (strcmp(conf->pools[i].name, name) == 0)
			return (int)i;
	return -1;
}

static void
pool_unknown_report(const struct conf *conf, const char *name, int line, struct conf_report *report)
{
	const char **names = calloc(conf->pool_count + 1, sizeof *names), *near = NULL;
	const char *what = conf->first_app < conf->pool_count ? "pool or app" : "pool";
	size_t i;

	for (i = 0; names != NULL && i < conf->pool_count; i++)
		names[i] = conf->pools[i].name;
	if (names != NULL)
		near = text_nearest(name, names);
	if (near != NULL)
		conf_report_add(report, line, "there is no %s \"%s\"; did you mean \"%s\"?", what, name, near);
	else
		conf_report_add(report, line, "there is no %s \"%s\"", what, name);
	free(names);
}

int
conf_check_pool(const struct conf *conf, const char *name, int line, struct conf_report *report)
{
	int pool = name == NULL ? -1 : pool_find(conf, name);

	if (name != NULL && pool < 0 && report->count < CONF_REPORT_MAX)
		pool_unknown_report(conf, name, line, report);
	return pool;
}

static bool
is_unix_path(const struct address *address, const char *path)
{
	return address->length > 0 && address->socket.any.sa_family == AF_UNIX &&
	       path_equal(address->socket.un.sun_path, path);
}

/* Whether two listeners ask for the same socket; port 0 is another port each time. */
static bool
listeners_equal(const struct conf_listener *a, const struct conf_listener *b)
{
	if (a->systemd != NULL || b->systemd != NULL)
		return a->systemd != NULL && b->systemd != NULL && strcmp(a->systemd, b->systemd) == 0;
	if (a->address.socket.any.sa_family == AF_UNIX)
		return is_unix_path(&b->address, a->address.socket.un.sun_path);
	return address_port(&a->address) != 0 && address_equal(&a->address, &b->address);
}

static bool
is_any(const struct address *address)
{
	if (address->socket.any.sa_family == AF_INET)
		return address->socket.in.sin_addr.s_addr == htonl(INADDR_ANY);
	return address->socket.any.sa_family == AF_INET6 &&
	       IN6_IS_ADDR_UNSPECIFIED(&address->socket.in6.sin6_addr);
}

/* Whether one listens on any address, and that of the other is among them. The ports are the same. */
static bool
listener_includes(const struct conf_listener *any, const struct conf_listener *other)
{
	sa_family_t family = any->address.socket.any.sa_family;

	if (!is_any(&any->address))
		return false;
	return family == other->address.socket.any.sa_family || (family == AF_INET6 && !any->ipv6_only);
}

static bool
listeners_overlap(const struct conf_listener *a, const struct conf_listener *b)
{
	uint16_t port = address_port(&a->address);

	if (port == 0 || port != address_port(&b->address))
		return false;
	return listener_includes(a, b) || listener_includes(b, a);
}

/* Whether both can be listened on; what cannot is reported. */
static bool
listeners_check_pair(
    const struct conf_listener *first, const struct conf_listener *second, struct conf_report *report)
{
	char place[CONF_PLACE_MAX];

	conf_report_place(report, first->line, place);
	if (listeners_equal(first, second))
		conf_report_add(report, second->line,
		    "listen \"%s\": the address is listened on twice; the first is in %s", second->name,
		    place);
	else if (listeners_overlap(first, second))
		conf_report_add(report, second->line,
		    "listen \"%s\" overlaps with listen \"%s\" in %s: one is for any address", second->name,
		    first->name, place);
	else
		return true;
	return false;
}

static void
listeners_check_twice(const struct conf *conf, struct conf_report *report)
{
	const struct conf_listener *all = conf->listeners;
	size_t i, j;

	for (i = 0; i < conf->listener_count; i++)
		for (j = 0; j < i && listeners_check_pair(&all[j], &all[i], report); j++)
			;
}

static void
control_check(const struct conf *conf, const struct conf_control *control, struct conf_report *report)
{
	const struct conf_control *other;
	char place[CONF_PLACE_MAX];
	size_t i;

	for (other = conf->controls; other < control; other++)
		if (path_equal(other->path, control->path))
			conf_report_add(report, control->line,
			    "control \"%s\" is there twice; the first is in %s", control->path,
			    conf_report_place(report, other->line, place));
	for (i = 0; i < conf->listener_count; i++)
		if (is_unix_path(&conf->listeners[i].address, control->path))
			conf_report_add(report, conf->listeners[i].line,
			    "listen \"%s\": that is the control socket", conf->listeners[i].name);
}

/* Whether a name stands for two pools, which is reported elsewhere: then how many there are cannot be told. */
static bool
pool_is_twice(const struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->pool_count; i++)
		if (pool_find(conf, conf->pools[i].name) != (int)i)
			return true;
	return false;
}

/* What a listener or a route says that cannot all be done. */
static void
rules_check(const struct conf_rules *rules, const char *pool, int line, const char *what, struct conf_report *report)
{
	const char *answer = rules->redirect.text != NULL ? "redirect" : "respond";

	if (rules->redirect.text != NULL && rules->respond.text != NULL)
		conf_report_add(report, line, "this %s has both redirect and respond", what);
	else if (conf_rules_answer(rules) && pool != NULL)
		conf_report_add(report, line, "this %s has a pool and %s, which leaves it no request", what, answer);
	if (rules->respond_type != NULL && rules->respond.text == NULL)
		conf_report_add(report, line, "this %s has respond-type, but nothing to respond", what);
}

/* Whether every request is answered without a pool, or by routes that have what they need. */
static bool
needs_no_pool(const struct conf *conf)
{
	size_t i;

	if (conf->route_count > 0)
		return true;
	for (i = 0; i < conf->listener_count; i++)
		if (!conf_rules_answer(&conf->listeners[i].rules))
			return false;
	return conf->listener_count > 0;
}

/* A listener that names no pool, when no route can say more, or may. */
static void
listener_without_pool(const struct conf *conf, struct conf_listener *listener, struct conf_report *report)
{
	if (conf->pool_count == 1)
		listener->pool = 0;
	else if (conf->pool_count > 1)
		conf_report_add(report, listener->line,
		    "listen \"%s\" needs a pool: there are %zu pools, and no route %s", listener->name,
		    conf->pool_count, listener->mode == CONF_MODE_TCP ? "chooses for mode = tcp" : "to choose one");
}

static void
listeners_check(struct conf *conf, struct conf_report *report)
{
	bool routes = conf->route_count > 0, twice = pool_is_twice(conf);
	size_t i;

	if (conf->listener_count == 0)
		conf_report_add(report, 0, "there is nothing to listen on; add: listen \"*:80\" { }");
	for (i = 0; i < conf->listener_count; i++) {
		struct conf_listener *listener = &conf->listeners[i];

		listener->pool = conf_check_pool(conf, listener->pool_name, listener->line, report);
		rules_check(&listener->rules, listener->pool_name, listener->line, "listener", report);
		if (listener->pool_name == NULL && (!routes || listener->mode == CONF_MODE_TCP) && !twice &&
		    !conf_rules_answer(&listener->rules))
			listener_without_pool(conf, listener, report);
	}
	listeners_check_twice(conf, report);
}

static void
server_check_own(const struct conf *conf, const struct conf_server *server, struct conf_report *report)
{
	size_t i;

	for (i = 0; i < conf->listener_count; i++)
		if (server->address.length > 0 &&
		    address_equal(&server->address, &conf->listeners[i].address))
			conf_report_add(report, server->line,
			    "server \"%s\": drover itself listens there; requests would go in a circle",
			    server->name);
}

/* By address, or by name: two names may have one address now and then, which the first of them keeps. */
static bool
servers_equal(const struct conf_server *a, const struct conf_server *b)
{
	return (a->address.length > 0 && address_equal(&a->address, &b->address)) || strcmp(a->name, b->name) == 0;
}

static void
server_check_twice(const struct conf_pool *pool, size_t i, struct conf_report *report)
{
	const struct conf_server *server = &pool->servers[i];
	char place[CONF_PLACE_MAX];
	size_t j;

	for (j = 0; j < i; j++) {
		if (server->name[0] == '\0' || !servers_equal(server, &pool->servers[j]))
			continue;
		conf_report_add(report, server->line,
		    "server \"%s\" is twice in pool \"%s\"; the first is in %s; to send it more, give it a "
		    "weight",
		    server->name, pool->name, conf_report_place(report, pool->servers[j].line, place));
		return;
	}
}

static void
pool_check_name(const struct conf *conf, const struct conf_pool *pool, struct conf_report *report)
{
	const struct conf_pool *first = &conf->pools[pool_find(conf, pool->name)];
	char place[CONF_PLACE_MAX];

	if (first == pool || pool->name[0] == '\0')
		return;
	conf_report_place(report, first->line, place);
	if (pool->app.wanted && !first->app.wanted)
		conf_report_add(report, pool->line, "app \"%s\" is called as the pool in %s", pool->name, place);
	else
		conf_report_add(report, pool->line, "%s \"%s\" is there twice; the first is in %s",
		    pool->app.wanted ? "app" : "pool", pool->name, place);
}

static void
pools_check(const struct conf *conf, struct conf_report *report)
{
	size_t i, j;

	if (conf->pool_count > CONF_POOLS_MAX)
		conf_report_add(report, conf->pools[CONF_POOLS_MAX].line,
		    "there are more than %d pools and apps", CONF_POOLS_MAX);
	if (conf->pool_count == 0 && !needs_no_pool(conf))
		conf_report_add(
		    report, 0, "there is no pool and no app; add: pool \"web\" { server \"127.0.0.1:3000\" { } }");
	for (i = 0; i < conf->pool_count; i++) {
		const struct conf_pool *pool = &conf->pools[i];

		pool_check_name(conf, pool, report);
		if (pool->server_count == 0 && !pool->app.wanted)
			conf_report_add(report, pool->line, "pool \"%s\" has no server", pool->name);
		for (j = 0; j < pool->server_count; j++) {
			server_check_twice(pool, j, report);
			server_check_own(conf, &pool->servers[j], report);
		}
	}
}

static void
routes_check(struct conf *conf, struct conf_report *report)
{
	const struct conf_route *all = NULL;
	char place[CONF_PLACE_MAX];
	size_t i;

	for (i = 0; i < conf->route_count; i++) {
		struct conf_route *route = &conf->routes[i];

		route->pool = conf_check_pool(conf, route->pool_name, route->line, report);
		rules_check(&route->rules, route->pool_name, route->line, "route", report);
		if (route->strip_prefix != NULL && route->replace_prefix != NULL)
			conf_report_add(report, route->line, "this route has both strip-prefix and replace-prefix");
		if (all != NULL)
			conf_report_add(report, route->line,
			    "this route is never taken: the one in %s takes every request",
			    conf_report_place(report, all->line, place));
		else if (route->host_count == 0 && route->path_count == 0)
			all = route;
	}
}

void
conf_check(struct conf *conf, struct conf_report *report)
{
	size_t i;

	for (i = 0; i < conf->control_count; i++)
		control_check(conf, &conf->controls[i], report);
	listeners_check(conf, report);
	pools_check(conf, report);
	conf_check_apps(conf, report);
	routes_check(conf, report);
	conf_check_auth(conf, report);
}

#include "worker/route.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/plain_path.h"
#include "worker/additions.h"
#include "worker/gate.h"

struct text
route_host(const struct h1_request *request)
{
	struct text host = { request->head + request->authority.offset, request->authority.length };
	size_t i = host.length;

	while (i > 0 && host.bytes[i - 1] >= '0' && host.bytes[i - 1] <= '9')
		i--;
	if (i > 0 && host.bytes[i - 1] == ':')
		host.length = i - 1;
	if (host.length > 0 && host.bytes[host.length - 1] == '.')
		host.length--;
	return host;
}

static bool
route_host_fits(const char *pattern, struct text host)
{
	size_t length = strlen(pattern);

	if (pattern[0] != '*')
		return text_equal_nocase(pattern, length, host.bytes, host.length);
	/* "*.example.org": something, then ".example.org" */
	length--;
	return host.length > length &&
	    text_equal_nocase(pattern + 1, length, host.bytes + host.length - length, length);
}

static bool
route_fits(const struct conf_route *route, struct text host, struct text path)
{
	bool fits = route->host_count == 0;
	size_t i;

	for (i = 0; i < route->host_count && !fits; i++)
		fits = route_host_fits(route->hosts[i], host);
	if (!fits || route->path_count == 0)
		return fits;
	for (i = 0; i < route->path_count; i++) {
		size_t length = strlen(route->paths[i]);

		if (path.length >= length && memcmp(path.bytes, route->paths[i], length) == 0)
			return true;
	}
	return false;
}

static const struct route *
route_find_path(const struct worker *worker, struct text host, struct text path)
{
	const struct conf *conf = worker->conf;
	size_t i;

	for (i = 0; i < conf->route_count; i++)
		if (route_fits(&conf->routes[i], host, path))
			return &worker->routes[i];
	return NULL;
}

const struct route *
route_find(const struct worker *worker, const struct policy *policy, const struct h1_request *request)
{
	struct text path = { request->head + request->path.offset, request->path.length };

	if (policy->route != NULL)
		return policy->route;
	if (path.length == 0)
		path = (struct text){ "/", 1 };
	return route_find_path(worker, route_host(request), path);
}

bool
route_is_dodged(const struct worker *worker, const struct policy *policy, const struct h1_request *request,
    const struct route *route)
{
	struct text path = { request->head + request->path.offset, request->path.length };
	char plain[PLAIN_PATH_MAX];

	if (!worker->guarded || policy->route != NULL)
		return false;
	path = (struct text){ plain, path_plain(path, plain) };
	return path.length > 0 && route_find_path(worker, route_host(request), path) != route;
}

/* Whether not everybody is let in, or not as often as they like. */
static bool
route_guards(const struct conf_rules *rules)
{
	return rules->allow_count > 0 || rules->deny_count > 0 || rules->limit_rate.number > 0 ||
	    rules->auth_realm != NULL || rules->ask != NULL;
}

/* The next prefix of a text, without the "/" at its end. Moves *at behind it. */
static struct text
prefix_next(const char **at)
{
	struct text prefix = { *at, strcspn(*at, " ") };

	*at += prefix.length + strspn(*at + prefix.length, " ");
	while (prefix.length > 0 && prefix.bytes[prefix.length - 1] == '/')
		prefix.length--;
	return prefix;
}

/* -1: no memory. */
static int
route_open(struct route *route, const struct conf_route *conf)
{
	const char *text = conf->strip_prefix != NULL ? conf->strip_prefix : conf->replace_prefix;

	route->conf = conf;
	if (text != NULL) {
		route->rewrite.from = prefix_next(&text);
		route->rewrite.to = prefix_next(&text);
	}
	if ((text = conf->add_prefix) != NULL)
		route->rewrite.add = prefix_next(&text);
	route->rewrites = route->rewrite.from.length + route->rewrite.to.length + route->rewrite.add.length > 0;
	return gates_choose(&route->rules, &conf->rules);
}

/* Routes of the configuration, then one for each listener with a pool of its own. */
int
routes_open(struct worker *worker)
{
	static const struct conf_rules none;
	const struct conf *conf = worker->conf;
	struct route *route;
	size_t i;

	route = worker->routes = calloc(conf->route_count + conf->listener_count, sizeof *route);
	if (route == NULL)
		return -1;
	for (i = 0; i < conf->route_count; i++, route++) {
		if (route_open(route, &conf->routes[i]) < 0)
			return -1;
		worker->guarded |= route_guards(&conf->routes[i].rules);
		if (conf->routes[i].pool >= 0)
			route->pool = &worker->pools[conf->routes[i].pool];
	}
	for (i = 0; i < conf->listener_count; i++, route++) {
		if (conf->listeners[i].pool < 0)
			continue;
		worker->policies[i].route = route;
		route->pool = &worker->pools[conf->listeners[i].pool];
		if (gates_choose(&route->rules, &none) < 0)
			return -1;
	}
	return 0;
}

bool
routes_want_timing(const struct worker *worker)
{
	const struct conf *conf = worker->conf;
	bool wanted = false;
	size_t i;

	for (i = 0; i < conf->listener_count; i++)
		wanted |= conf->listeners[i].rules.server_timing;
	for (i = 0; i < conf->route_count; i++)
		wanted |= conf->routes[i].rules.server_timing;
	return wanted;
}

void
routes_close(struct worker *worker)
{
	const struct conf *conf = worker->conf;
	size_t i;

	for (i = 0; i < conf->route_count + conf->listener_count; i++)
		rules_close(&worker->routes[i].rules);
	free(worker->routes);
}

#include "conf/conf.h"

#include <stdlib.h>

#include "conf/app.h"
#include "conf/health.h"

static void
pool_clear(struct conf_pool *pool)
{
	size_t i;

	for (i = 0; i < pool->server_count; i++) {
		free(pool->servers[i].name);
		free(pool->servers[i].answer);
	}
	free(pool->servers);
	conf_health_clear(&pool->health);
	free(pool->hash_key);
	conf_app_clear(&pool->app);
	free(pool->sticky);
	free(pool->sticky_cookie);
	free(pool->name);
}

static void
strings_free(char **strings, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		free(strings[i]);
	free(strings);
}

static void
control_clear(struct conf_control *control)
{
	struct conf_people *people;

	for (people = control->people; people < control->people + CONF_PERMISSIONS; people++) {
		strings_free(people->names, people->count);
		free(people->uids);
		free(people->gids);
	}
	free(control->path);
}

static void
header_rules_free(struct conf_header_rule *rules, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		conf_header_rule_clear(&rules[i]);
	free(rules);
}

static void
rules_clear(struct conf_rules *rules)
{
	free(rules->allow);
	free(rules->deny);
	header_rules_free(rules->request_headers, rules->request_header_count);
	header_rules_free(rules->response_headers, rules->response_header_count);
	conf_error_pages_free(rules->error_pages, rules->error_page_count);
	conf_redirect_clear(&rules->redirect);
	conf_respond_clear(&rules->respond);
	free(rules->respond_type);
	free(rules->auth_realm);
	free(rules->auth_users);
	free(rules->auth_user_header);
	free(rules->ask);
	strings_free(rules->ask_copies, rules->ask_copy_count);
	strings_free(rules->cors_origins, rules->cors_origin_count);
	strings_free(rules->cors_methods, rules->cors_method_count);
	strings_free(rules->cors_headers, rules->cors_header_count);
	strings_free(rules->cors_exposed, rules->cors_exposed_count);
}

static void
route_clear(struct conf_route *route)
{
	strings_free(route->hosts, route->host_count);
	strings_free(route->paths, route->path_count);
	free(route->pool_name);
	free(route->strip_prefix);
	free(route->add_prefix);
	free(route->replace_prefix);
	rules_clear(&route->rules);
}

static void
listener_clear(struct conf_listener *listener)
{
	free(listener->name);
	free(listener->pool_name);
	rules_clear(&listener->rules);
}

bool
conf_has_limits(const struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->listener_count; i++)
		if (conf->listeners[i].client.connections > 0 || conf->listeners[i].rules.limit_rate.number > 0)
			return true;
	for (i = 0; i < conf->route_count; i++)
		if (conf->routes[i].rules.limit_rate.number > 0)
			return true;
	return false;
}

void
conf_free(struct conf *conf)
{
	size_t i;

	if (conf == NULL)
		return;
	for (i = 0; i < conf->control_count; i++)
		control_clear(&conf->controls[i]);
	for (i = 0; i < conf->listener_count; i++)
		listener_clear(&conf->listeners[i]);
	for (i = 0; i < conf->pool_count; i++)
		pool_clear(&conf->pools[i]);
	for (i = 0; i < conf->route_count; i++)
		route_clear(&conf->routes[i]);
	for (i = 0; i < conf->users_file_count; i++) {
		free(conf->users_files[i].path);
		free(conf->users_files[i].users);
	}
	free(conf->users_files);
	free(conf->controls);
	free(conf->listeners);
	free(conf->pools);
	free(conf->routes);
	rules_clear(&conf->rules);
	free(conf->trusted_proxies);
	free(conf->request_id_header);
	free(conf->maintenance_except);
	free(conf->resolve.servers);
	free(conf->limit_exempt);
	free(conf->file);
	free(conf->user);
	free(conf->group);
	free(conf->pid_file);
	free(conf->via_name);
	free(conf->error_log);
	free(conf->access_log);
	free(conf);
}

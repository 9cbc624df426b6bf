/* conf: what good configurations mean, and how they are shown. */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/object.h"
#include "conf/conf.h"
#include "conf/options.h"
#include "conf/show_json.h"
#include "conf/value.h"
#include "conf_must.h"
#include "run.h"

#define SMALL "listen \"*:80\" { }\npool \"web\" { server \"127.0.0.1:3000\" { } }\n"

START_TEST(defaults_are_as_documented)
{
	struct conf *conf = conf_must_load(SMALL);

	ck_assert_str_eq(conf->file, "f");
	ck_assert(conf->workers_auto);
	ck_assert_uint_ge(conf->workers, 1);
	ck_assert_uint_le(conf->workers, CONF_WORKERS_MAX);
	ck_assert_str_eq(conf->balance->name, "least-connections");
	ck_assert_uint_eq(conf->worker_connections, 0);
	ck_assert_uint_eq(conf->worker_timeout, 10 * CLOCK_SECOND);
	ck_assert_uint_eq(conf->shutdown_timeout, 30 * CLOCK_SECOND);
	ck_assert_uint_eq(conf->open_files, 0);
	ck_assert_uint_eq(conf->alert_errors, 10);
	ck_assert_ptr_null(conf->user);
	ck_assert_ptr_null(conf->group);
	ck_assert_uint_eq(conf->uid, (uid_t)-1);
	ck_assert_uint_eq(conf->gid, (gid_t)-1);
	ck_assert_ptr_null(conf->pid_file);
	ck_assert_str_eq(conf->error_log, "stderr");
	ck_assert_int_eq(conf->log_level, LOG_LEVEL_NOTICE);
	ck_assert_ptr_null(conf->access_log);
	ck_assert_int_eq(conf->access_log_format, CONF_LOG_COMBINED);
	ck_assert_uint_eq(conf->header_size, 16384);
	ck_assert_uint_eq(conf->header_fields, 100);
	ck_assert_uint_eq(conf->target_size, 8192);
	ck_assert_uint_eq(conf->forwarded, CONF_FORWARDED_X);
	ck_assert_uint_eq(conf->trusted_proxy_count, 0);
	ck_assert(!conf->via && !conf->request_id && conf_via(conf) == NULL && conf->via_name == NULL);
	ck_assert_uint_eq(conf->underscores, CONF_UNDERSCORES_GUARD);
	ck_assert_uint_eq(conf->listeners[0].client.trace, CONF_TRACE_REFUSE);
	ck_assert_uint_eq(conf->resolve.server_count, 0);
	ck_assert_uint_eq(conf->resolve.interval_min, CLOCK_SECOND);
	ck_assert_uint_eq(conf->resolve.interval_max, 60 * CLOCK_SECOND);
	ck_assert_uint_eq(conf->resolve.timeout, 5 * CLOCK_SECOND);
	ck_assert_uint_eq(conf->control_count, 0);
	ck_assert_uint_eq(conf->route_count, 0);
	conf_free(conf);
}
END_TEST

START_TEST(defaults_of_sections_are_as_documented)
{
	struct conf *conf = conf_must_load(SMALL "control \"/run/control\" { }\n");
	const struct conf_listener *listener = conf->listeners;
	const struct conf_pool *pool = conf->pools;
	const struct conf_server *server = pool->servers;

	ck_assert_int_eq(listener->pool, 0); /* the only one */
	ck_assert_ptr_null(listener->pool_name);
	ck_assert_int_eq(listener->backlog, 4096);
	ck_assert(listener->defer_accept && !listener->ipv6_only && !listener->paused);
	ck_assert_uint_eq(listener->unix_socket.mode, 0666);
	ck_assert_uint_eq(listener->client.header_timeout, 20 * CLOCK_SECOND);
	ck_assert_uint_eq(listener->client.body_timeout, 60 * CLOCK_SECOND);
	ck_assert_uint_eq(listener->client.keepalive_timeout, 75 * CLOCK_SECOND);
	ck_assert_uint_eq(listener->client.send_timeout, 60 * CLOCK_SECOND);
	ck_assert_uint_eq(listener->client.tunnel_timeout, 3600 * CLOCK_SECOND);
	ck_assert_uint_eq(listener->client.body_limit, 0);
	ck_assert_uint_eq(listener->client.requests, 0);
	ck_assert_str_eq(pool->balance->name, "round-robin");
	ck_assert_uint_eq(pool->connect_timeout, 5 * CLOCK_SECOND);
	ck_assert_uint_eq(pool->response_timeout, 60 * CLOCK_SECOND);
	ck_assert_uint_eq(pool->send_timeout, 60 * CLOCK_SECOND);
	ck_assert_uint_eq(pool->idle_connections, 256);
	ck_assert_uint_eq(pool->idle_timeout, 4 * CLOCK_SECOND);
	ck_assert_uint_eq(pool->queue_size, 1024);
	ck_assert_uint_eq(pool->queue_timeout, 5 * CLOCK_SECOND);
	ck_assert(!pool->abort_on_close);
	ck_assert_uint_eq(pool->retries, 2);
	ck_assert_int_eq(server->state, CONF_SERVER_READY);
	ck_assert_uint_eq(server->weight, 1);
	ck_assert_uint_eq(server->max_connections, 0);
	ck_assert_uint_eq(server->max_fails, 3);
	ck_assert_uint_eq(server->fail_timeout, 10 * CLOCK_SECOND);
	ck_assert_uint_eq(conf->controls[0].unix_socket.mode, 0660);
	ck_assert_uint_eq(conf->controls[0].unix_socket.uid, (uid_t)-1);
	ck_assert_int_eq(conf->controls[0].permission, CONF_PERMISSION_ADMIN);
	ck_assert_uint_eq(conf->controls[0].people[CONF_PERMISSION_ADMIN].count, 0);
	conf_free(conf);
}
END_TEST

/* Every option, with a value that is not its default. */
static const char everything[] =
    "workers = 7  balance = round-robin  worker-connections = 100  worker-timeout = 0\n"
    "shutdown-timeout = 5s  open-files = 1000  alert-errors = 0  user = 12345\n"
    "group = root  pid-file = \"/run/d.pid\"\n"
    "error-log = syslog  log-level = debug  access-log = \"/var/log/a b\"  access-log-format = json\n"
    "header-size = 32k  header-fields = 50  target-size = 4k  forwarded = both\n"
    "resolvers = { 127.0.0.1, \"127.0.0.1:5353\", \"::1\", \"[::1]:54\", \"[::2]\" }  resolve-interval-min = 2s\n"
    "resolve-interval-max = 3s  resolve-timeout = 4s\n"
    "trusted-proxies = { \"10.0.0.0/8\", 'fd00::/8', unix }  via = yes  request-id = keep\n"
    "request-id-header = X-Id  request-id-response = on  server-timing = on\n"
    "via-name = edge-1  underscores = drop\n"
    "maintenance = on  maintenance-except = 10.0.0.0/8  maintenance-retry-after = 5s\n"
    "limit-connections = 12 limit-rate = 600/m limit-burst = 20 limit-exempt = 10.1.0.0/16\n"
    "limit-clients = 2048 limit-ipv4-bits = 24 limit-ipv6-bits = 56\n"
    "error-page = { \"404 502 /etc/passwd\" }  error-page-servers = on\n"
    "request-header = { \"set A $client\", \"remove B-*\" }  response-header = \"add  C  $$1 \\\"d\\\"\"\n"
    "allow = { 10.0.0.0/8, 127.0.0.1 }  deny = 10.9.0.0/16  offload-threads = 3\n"
    "auth-basic = \"Sta\\\"ff\"  auth-users = \"/etc/users\"  auth-forward = no  auth-user-header = X-User\n"
    "auth-request = \"one /check?x\"  auth-request-copy = { X-A, X-B }  auth-request-redirect = on\n"
    "cors-origins = { \"https://*.a.example:8443\", 'null' }  cors-methods = PUT  cors-headers = { X-C, \"*\" }\n"
    "cors-expose = X-D  cors-credentials = yes  cors-max-age = 5m\n"
    "header-timeout = 1s  body-timeout = 2s  keepalive-timeout = 3s  send-timeout = 4s\n"
    "tunnel-timeout = 5s  body-limit = 6m  body-rate-min = 6k  trace = forward  requests-per-connection = 7\n"
    "connect-timeout = 8s  response-timeout = 9s  server-send-timeout = 10s  idle-connections = 11\n"
    "queue-size = 0  queue-timeout = 12s  abort-on-close = no\n"
    "idle-timeout = 12s  retries = 1  max-fails = 13  fail-timeout = 14s  slow-start = 15s\n"
    "control \"/run/one\" { mode = \"0600\"  owner = root  group = 0  permission = read\n"
    "	read = 1  operate = { @root, \"2\", '@3' }  admin = { root, \"@4\" } }\n"
    "listen \"[::]:80\" { pool = two  backlog = 5  defer-accept = no  ipv6-only = true  paused = yes\n"
    "	header-timeout = 21s  body-timeout = 22s  keepalive-timeout = 23s  send-timeout = 24s\n"
    "	tunnel-timeout = 25s  body-limit = 26  body-rate-min = 26  trace = refuse\n"
    "	requests-per-connection = 27 }\n"
    "listen \"unix:/run/web\" { socket-mode = \"0606\"  owner = 1  group = 2 }\n"
    "listen \"systemd:web\" { mode = tcp  pool = one }\n"
    "listen \"*:81\" { redirect = \"301 https://$host$uri\" }\n"
    "pool \"one\" { health { type = http  path = \"/a?b\"  host = \"h.test:8\"  method = GET  status = { 200, 301-303 }\n"
    "	body = \"it's \\\"ok\\\"\"  header = { \"A: b\", 'C: d' }  interval = 1s  fast-interval = 500ms  jitter = 20\n"
    "	timeout = 300ms  rise = 4  fall = 5  close-tunnels = true  port = 81 }\n"
    "	server \"127.0.0.1:1\" { } server \"unix:/run/one.sock\" { } }\n"
    "pool \"two\" { balance = least-connections  send-proxy = v2  connect-timeout = 31s  response-timeout = 32s\n"
    "	server-send-timeout = 33s  idle-connections = 34  idle-timeout = 35s  retries = 3\n"
    "	queue-size = 65535  queue-timeout = 1d  abort-on-close = yes\n"
    "	max-fails = 36  fail-timeout = 37s  slow-start = 37500ms\n"
    "	server \"[::1]:2\" { state = maintenance  weight = 256  max-connections = 38\n"
    "		max-fails = 39  fail-timeout = 40s  slow-start = 41s }\n"
    "	server \"[::1]:3\" { state = drain  backup = yes }\n"
    "	server \"app.internal:8080\" { family = ipv6  addresses = first }\n"
    "	server \"_http._tcp.app.internal\" { } }\n"
    "pool \"three\" { balance = consistent-hash  hash-key = \"cookie sid\"  hash-load = 0  server \"[::1]:4\" { } }\n"
    "pool \"four\" { sticky = header:X-Session  server \"[::1]:5\" { } }\n"
    "app \"five\" { command = { \"./serve it\", '', \"-p{port}\", \"{\\\"a\\\":1}\" }  instances = 5  listen = activation-port\n"
    "	directory = \"/srv/a b\"  environment = { 'A=1', \"B=x {port} {instance}\", 'C=' }  environment-inherit = no\n"
    "	user = 12  group = root  umask = 027  start-timeout = 1s  start-retries = 2  stop-signal = QUIT\n"
    "	stop-timeout = 3s  max-memory = 100m  max-requests = 4000  max-age = 1d  jitter = 5  surge = 0\n"
    "	max-unavailable = 2  max-connections = 6  output-rate = 0  sticky = cookie  sticky-cookie = sid\n"
    "	balance = consistent-hash  hash-key = path  hash-load = 150  send-proxy = v1  maintenance = on\n"
    "	response-timeout = 51s  queue-size = 52  max-fails = 53\n"
    "	health { path = /ready  status = 204  interval = 54s } }\n"
    "app \"six\" { command = \"exec ./run $PORT \\${A}\"  shell = true  instances = auto  health { path = / } }\n"
    "route { host = { Example.ORG, \"*.Example.org\", \"[::1]\" }  path = { /a/, \"/b c\" }  pool = two }\n"
    "route { path = /r  pool = one  strip-prefix = /r  add-prefix = /a }\n"
    "route { path = /s  pool = one  replace-prefix = \"/s /t\" }\n"
    "route { path = /u  respond = \"200 {}\"  respond-type = \"text/x\" }\n"
    "route { pool = one }\n";

START_TEST(top_level_options_are_set)
{
	struct conf *conf = conf_must_load(everything);

	ck_assert_uint_eq(conf->workers, 7);
	ck_assert(!conf->workers_auto);
	ck_assert_str_eq(conf->balance->name, "round-robin");
	ck_assert_uint_eq(conf->worker_connections, 100);
	ck_assert_uint_eq(conf->worker_timeout, 0);
	ck_assert_uint_eq(conf->shutdown_timeout, 5 * CLOCK_SECOND);
	ck_assert_uint_eq(conf->open_files, 1000);
	ck_assert_uint_eq(conf->alert_errors, 0);
	ck_assert_uint_eq(conf->uid, 12345);
	ck_assert_uint_eq(conf->gid, 0);
	ck_assert_str_eq(conf->pid_file, "/run/d.pid");
	ck_assert_str_eq(conf->error_log, "syslog");
	ck_assert_int_eq(conf->log_level, LOG_LEVEL_DEBUG);
	ck_assert_str_eq(conf->access_log, "/var/log/a b");
	ck_assert_int_eq(conf->access_log_format, CONF_LOG_JSON);
	ck_assert_uint_eq(conf->header_size, 32768);
	ck_assert_uint_eq(conf->header_fields, 50);
	ck_assert_uint_eq(conf->target_size, 4096);
	ck_assert_uint_eq(conf->forwarded, CONF_FORWARDED_BOTH);
	ck_assert_uint_eq(conf->trusted_proxy_count, 3);
	ck_assert_int_eq(conf->trusted_proxies[1].family, AF_INET6);
	ck_assert_int_eq(conf->trusted_proxies[2].family, AF_UNIX);
	ck_assert(conf->via && conf->request_id);
	ck_assert_str_eq(conf_via(conf), "edge-1");
	ck_assert_uint_eq(conf->underscores, CONF_UNDERSCORES_DROP);
	ck_assert_uint_eq(conf->resolve.server_count, 5);
	ck_assert_uint_eq(address_port(&conf->resolve.servers[0]), 53);
	ck_assert_uint_eq(address_port(&conf->resolve.servers[3]), 54);
	ck_assert_uint_eq(conf->resolve.interval_min, 2 * CLOCK_SECOND);
	ck_assert_uint_eq(conf->resolve.interval_max, 3 * CLOCK_SECOND);
	ck_assert_uint_eq(conf->resolve.timeout, 4 * CLOCK_SECOND);
	ck_assert_str_eq(conf->controls[0].path, "/run/one");
	ck_assert_uint_eq(conf->controls[0].unix_socket.mode, 0600);
	ck_assert_uint_eq(conf->controls[0].unix_socket.uid, 0);
	ck_assert_uint_eq(conf->controls[0].unix_socket.gid, 0);
	ck_assert_int_eq(conf->controls[0].permission, CONF_PERMISSION_READ);
	conf_free(conf);
}
END_TEST

START_TEST(listeners_begin_with_what_the_top_level_says)
{
	struct conf *conf = conf_must_load(everything);
	const struct conf_listener *one = &conf->listeners[0], *two = &conf->listeners[1],
				   *three = &conf->listeners[2];

	ck_assert_uint_eq(conf->listener_count, 4);
	ck_assert_int_eq(one->pool, 1);
	ck_assert_int_eq(one->backlog, 5);
	ck_assert(!one->defer_accept && one->ipv6_only && one->paused);
	ck_assert_int_eq(one->mode, CONF_MODE_HTTP);
	ck_assert_int_eq(three->mode, CONF_MODE_TCP);
	ck_assert(two->defer_accept && !three->defer_accept);
	ck_assert_uint_eq(one->client.header_timeout, 21 * CLOCK_SECOND);
	ck_assert_uint_eq(one->client.body_timeout, 22 * CLOCK_SECOND);
	ck_assert_uint_eq(one->client.keepalive_timeout, 23 * CLOCK_SECOND);
	ck_assert_uint_eq(one->client.send_timeout, 24 * CLOCK_SECOND);
	ck_assert_uint_eq(one->client.tunnel_timeout, 25 * CLOCK_SECOND);
	ck_assert_uint_eq(one->client.body_limit, 26);
	ck_assert_uint_eq(one->client.body_rate, 26);
	ck_assert_uint_eq(one->client.trace, CONF_TRACE_REFUSE);
	ck_assert_uint_eq(one->client.requests, 27);
	ck_assert_int_eq(two->pool, -1);
	ck_assert(!two->paused);
	ck_assert_uint_eq(two->unix_socket.mode, 0606);
	ck_assert_uint_eq(two->unix_socket.uid, 1);
	ck_assert_uint_eq(two->unix_socket.gid, 2);
	ck_assert_uint_eq(two->client.header_timeout, 1 * CLOCK_SECOND);
	ck_assert_uint_eq(two->client.body_timeout, 2 * CLOCK_SECOND);
	ck_assert_uint_eq(two->client.keepalive_timeout, 3 * CLOCK_SECOND);
	ck_assert_uint_eq(two->client.send_timeout, 4 * CLOCK_SECOND);
	ck_assert_uint_eq(two->client.tunnel_timeout, 5 * CLOCK_SECOND);
	ck_assert_uint_eq(two->client.body_limit, 6 << 20);
	ck_assert_uint_eq(two->client.body_rate, 6 << 10);
	ck_assert_uint_eq(two->client.trace, CONF_TRACE_FORWARD);
	ck_assert_uint_eq(two->client.requests, 7);
	ck_assert_str_eq(conf->listeners[2].systemd, "web");
	ck_assert_uint_eq(conf->listeners[2].address.length, 0);
	conf_free(conf);
}
END_TEST

START_TEST(pools_begin_with_what_the_top_level_says)
{
	struct conf *conf = conf_must_load(everything);
	const struct conf_pool *one = &conf->pools[0], *two = &conf->pools[1];

	ck_assert_uint_eq(one->connect_timeout, 8 * CLOCK_SECOND);
	ck_assert_uint_eq(one->response_timeout, 9 * CLOCK_SECOND);
	ck_assert_uint_eq(one->send_timeout, 10 * CLOCK_SECOND);
	ck_assert_uint_eq(one->idle_connections, 11);
	ck_assert_uint_eq(one->idle_timeout, 12 * CLOCK_SECOND);
	ck_assert_uint_eq(one->queue_size, 0);
	ck_assert_uint_eq(one->queue_timeout, 12 * CLOCK_SECOND);
	ck_assert(!one->abort_on_close);
	ck_assert_uint_eq(one->retries, 1);
	ck_assert_uint_eq(one->servers[0].max_fails, 13);
	ck_assert_uint_eq(one->servers[0].fail_timeout, 14 * CLOCK_SECOND);
	ck_assert_str_eq(two->balance->name, "least-connections");
	ck_assert_uint_eq(two->connect_timeout, 31 * CLOCK_SECOND);
	ck_assert_uint_eq(two->response_timeout, 32 * CLOCK_SECOND);
	ck_assert_uint_eq(two->send_timeout, 33 * CLOCK_SECOND);
	ck_assert_uint_eq(two->idle_connections, 34);
	ck_assert_uint_eq(two->idle_timeout, 35 * CLOCK_SECOND);
	ck_assert_uint_eq(two->queue_size, 65535);
	ck_assert_uint_eq(two->queue_timeout, 24 * 3600 * CLOCK_SECOND);
	ck_assert(two->abort_on_close);
	ck_assert_uint_eq(two->retries, 3);
	ck_assert_int_eq(one->servers[0].state, CONF_SERVER_READY);
	ck_assert_int_eq(two->servers[0].state, CONF_SERVER_MAINTENANCE);
	ck_assert_int_eq(two->servers[1].state, CONF_SERVER_DRAIN);
	ck_assert_uint_eq(two->servers[0].weight, 256);
	ck_assert_uint_eq(two->servers[0].max_connections, 38);
	ck_assert_uint_eq(two->servers[0].max_fails, 39);
	ck_assert_uint_eq(two->servers[0].fail_timeout, 40 * CLOCK_SECOND);
	ck_assert_uint_eq(two->servers[1].max_fails, 36);
	ck_assert_uint_eq(two->servers[1].fail_timeout, 37 * CLOCK_SECOND);
	ck_assert_uint_eq(one->servers[0].slow_start, 15 * CLOCK_SECOND);
	ck_assert_uint_eq(two->servers[0].slow_start, 41 * CLOCK_SECOND);
	ck_assert_uint_eq(two->servers[1].slow_start, 37500 * CLOCK_MILLISECOND);
	ck_assert(!two->servers[0].backup && two->servers[1].backup);
	ck_assert_str_eq(one->hash_key, "address");
	ck_assert_uint_eq(one->hash_load, 125);
	ck_assert_str_eq(conf->pools[2].hash_key, "cookie sid");
	ck_assert_uint_eq(conf->pools[2].hash_load, 0);
	ck_assert_uint_eq(two->first_server, 2);
	ck_assert_uint_eq(conf->server_count, 8);
	conf_free(conf);
}
END_TEST

START_TEST(checks_are_as_the_pool_says)
{
	struct conf *conf = conf_must_load(everything);
	const struct conf_health *health = &conf->pools[0].health;

	ck_assert(health->wanted && !conf->pools[1].health.wanted);
	ck_assert_int_eq(health->type, CONF_HEALTH_HTTP);
	ck_assert_int_eq(health->method, CONF_HEALTH_GET);
	ck_assert_str_eq(health->path, "/a?b");
	ck_assert_str_eq(health->host, "h.test:8");
	ck_assert_uint_eq(health->status_count, 2);
	ck_assert_uint_eq(health->statuses[0].last, 200);
	ck_assert_uint_eq(health->statuses[1].first, 301);
	ck_assert_uint_eq(health->statuses[1].last, 303);
	ck_assert_str_eq(health->body, "it's \"ok\"");
	ck_assert_uint_eq(health->field_count, 2);
	ck_assert_str_eq(health->fields[1], "C: d");
	ck_assert_uint_eq(health->interval, CLOCK_SECOND);
	ck_assert_uint_eq(health->fast_interval, CLOCK_SECOND / 2);
	ck_assert_uint_eq(health->jitter, 20);
	ck_assert_uint_eq(health->timeout, 300 * CLOCK_MILLISECOND);
	ck_assert_uint_eq(health->rise, 4);
	ck_assert_uint_eq(health->fall, 5);
	ck_assert_uint_eq(health->port, 81);
	ck_assert(health->cut_tunnels);
	conf_free(conf);
}
END_TEST

START_TEST(checks_have_defaults)
{
	struct conf *conf = conf_must_load("listen :80 { } pool a { health { } server 127.0.0.1:1 { } } "
				 "pool b { health { path = /x } server 127.0.0.1:1 { } } "
				 "pool c { health { type = http  interval = 5s } server 127.0.0.1:1 { } } route { pool = a }");
	char *shown = conf_show(conf);

	ck_assert_int_eq(conf->pools[0].health.type, CONF_HEALTH_TCP);
	ck_assert_int_eq(conf->pools[1].health.type, CONF_HEALTH_HTTP);
	ck_assert_uint_eq(conf->pools[1].health.status_count, 1);
	ck_assert_uint_eq(conf->pools[1].health.statuses[0].first, 200);
	ck_assert_uint_eq(conf->pools[1].health.statuses[0].last, 399);
	ck_assert_uint_eq(conf->pools[1].health.fast_interval, 2 * CLOCK_SECOND);
	ck_assert_uint_eq(conf->pools[1].health.port, 0);
	ck_assert_str_eq(conf->pools[2].health.path, "/");
	ck_assert_uint_eq(conf->pools[2].health.fast_interval, 5 * CLOCK_SECOND);
	ck_assert_ptr_nonnull(strstr(shown, "\t\ttype = tcp\n\t\tinterval = 2s\n"));
	free(shown);
	conf_free(conf);
}
END_TEST

START_TEST(a_pool_may_begin_without_a_server_that_is_ready)
{
	free(conf_must_round_trip("listen \"*:80\" { paused = on }\npool \"web\" {\n"
			       "server \"127.0.0.1:3000\" { state = drain }\n"
			       "server \"127.0.0.1:3001\" { state = maintenance }\n}\n"));
}
END_TEST

START_TEST(routes_keep_their_order)
{
	struct conf *conf = conf_must_load(everything);
	const struct conf_route *route = conf->routes;

	ck_assert_uint_eq(conf->route_count, 5);
	ck_assert_uint_eq(route->host_count, 3);
	ck_assert_str_eq(route->hosts[0], "example.org");
	ck_assert_str_eq(route->hosts[1], "*.example.org");
	ck_assert_str_eq(route->hosts[2], "[::1]");
	ck_assert_uint_eq(route->path_count, 2);
	ck_assert_str_eq(route->paths[0], "/a/");
	ck_assert_str_eq(route->paths[1], "/b c");
	ck_assert_int_eq(route->pool, 1);
	ck_assert_int_eq(route[4].pool, 0);
	ck_assert_uint_eq(route[4].host_count + route[4].path_count, 0);
	conf_free(conf);
}
END_TEST

START_TEST(everything_is_shown_as_it_was_set)
{
	const struct conf_option *option;
	char *shown = conf_must_round_trip(everything), words[64];

	for (option = conf_options; option->name != NULL; option++) {
		snprintf(words, sizeof words, "%s = ", option->name);
		ck_assert_msg(strstr(shown, words) != NULL, "%s is not shown", option->name);
	}
	ck_assert_ptr_nonnull(
	    strstr(shown, "trusted-proxies = { \"10.0.0.0/8\", \"fd00::/8\", \"unix\" }\n"));
	ck_assert_ptr_nonnull(strstr(shown, "\t\tweight = 256\n"));
	free(shown);
}
END_TEST

static unsigned
count_of(const char *text, const char *words)
{
	unsigned n = 0;

	while ((text = strstr(text, words)) != NULL) {
		text += strlen(words);
		n++;
	}
	return n;
}

/* What a listener does not mention is that of the top level; an empty list is another one. */
START_TEST(rules_are_inherited)
{
	struct conf *conf = conf_must_load("allow = 10.0.0.0/8 deny = { 10.1.0.0/16, 10.2.0.0/16 } listen :81 { } "
				 "listen :82 { deny = ::1 } listen :83 { allow = { } } "
				 "pool p { server 127.0.0.1:1 { } } route { pool = p }");
	char *shown = conf_show(conf);

	ck_assert_uint_eq(conf->listeners[0].rules.allow_count, 1);
	ck_assert_uint_eq(conf->listeners[0].rules.deny_count, 2);
	ck_assert_uint_eq(conf->listeners[1].rules.allow_count, 1);
	ck_assert_uint_eq(conf->listeners[1].rules.deny_count, 1);
	ck_assert_uint_eq(conf->listeners[2].rules.allow_count, 0);
	ck_assert_uint_eq(conf->listeners[2].rules.deny_count, 2);
	ck_assert_uint_eq(conf->routes[0].rules.allow_count, 0);
	ck_assert_ptr_nonnull(strstr(shown, "\nallow = { \"10.0.0.0/8\" }\ndeny = { \"10.1.0.0/16\", \"10.2.0.0/16\" }\n"));
	ck_assert_uint_eq(count_of(shown, "allow = "), 2);
	ck_assert_uint_eq(count_of(shown, "deny = "), 2);
	ck_assert_ptr_nonnull(strstr(shown, "\tdeny = { \"::1\" }\n"));
	ck_assert_ptr_nonnull(strstr(shown, "\tallow = { }\n"));
	free(shown);
	conf_free(conf);
}
END_TEST

START_TEST(the_syntax_has_its_liberties)
{
	char *shown = conf_must_round_trip("/* a\n b */ workers=3 // c\n#d\n"
					"trusted-proxies = { # e\n \"::1\", /* f */\n '10.0.0.1', // g\n}\r\n"
					"listen :80{}pool'w\"e\\'b' {server 127.0.0.1:1 {}}\n"
					"pid-file = \"/a\\\"b\\\\c\\${d}$e'#//\xc3\xa9\"");

	ck_assert_ptr_nonnull(strstr(shown, "workers = 3\n"));
	ck_assert_ptr_nonnull(strstr(shown, "trusted-proxies = { \"::1\", \"10.0.0.1\" }\n"));
	ck_assert_ptr_nonnull(strstr(shown, "pool \"w\\\"e'b\" {\n"));
	ck_assert_ptr_nonnull(strstr(shown, "pid-file = \"/a\\\"b\\\\c\\${d}\\$e'#//\xc3\xa9\"\n"));
	free(shown);
}
END_TEST

START_TEST(lines_are_kept_for_later_messages)
{
	struct conf *conf = conf_must_load("# one\n\n" SMALL "/*\n*/\nroute { pool = web }\n");

	ck_assert_int_eq(conf->listeners[0].line, 3);
	ck_assert_int_eq(conf->pools[0].line, 4);
	ck_assert_int_eq(conf->pools[0].servers[0].line, 4);
	ck_assert_int_eq(conf->routes[0].line, 7);
	conf_free(conf);
}
END_TEST

START_TEST(a_byte_order_mark_is_passed_over)
{
	struct conf *conf = conf_must_load("\xef\xbb\xbf"
				 "workers = 3\r\n" SMALL);

	ck_assert_uint_eq(conf->workers, 3);
	ck_assert_int_eq(conf->listeners[0].line, 2);
	conf_free(conf);
}
END_TEST

START_TEST(addresses_of_one_port_go_together)
{
	conf_free(conf_must_load(SMALL "listen \"127.0.0.1:81\" { }\nlisten \"127.0.0.2:81\" { }\n"
			     "listen \"[::1]:81\" { }\nlisten \"127.0.0.1:0\" { }\nlisten \"*:0\" { }\n"));
	conf_free(conf_must_load("listen \"*:80\" { ipv6-only = true }\nlisten \"0.0.0.0:80\" { }\n"
		       "listen \"*:81\" { ipv6-only = true }\nlisten \"127.0.0.1:81\" { }\n"
		       "pool \"web\" { server \"127.0.0.1:3000\" { } }\n"));
}
END_TEST

START_TEST(port_0_can_be_listened_on_twice)
{
	conf_free(conf_must_load(SMALL "listen \"127.0.0.1:0\" { }\nlisten \"127.0.0.1:0\" { }\n"));
}
END_TEST

START_TEST(json_has_every_option)
{
	struct conf *conf = conf_must_load(everything);
	json_t *json = conf_section_json(&conf_section_top, conf, false), *pool;
	const struct conf_option *option;

	for (option = conf_options; option->name != NULL; option++)
		if (option->section == &conf_section_top)
			ck_assert_ptr_nonnull(json_object_get(json, option->name));
	ck_assert_int_eq(json_integer_value(json_object_get(json, "workers")), 7);
	ck_assert_str_eq(json_string_value(json_object_get(json, "shutdown-timeout")), "5s");
	ck_assert(json_is_true(json_object_get(json, "via")));
	ck_assert_uint_eq(json_array_size(json_object_get(json, "trusted-proxies")), 3);
	pool = json_array_get(json_object_get(json, "pool"), 1);
	ck_assert_str_eq(json_string_value(json_object_get(pool, "name")), "two");
	ck_assert_str_eq(json_string_value(json_object_get(pool, "connect-timeout")), "31s");
	ck_assert_uint_eq(json_array_size(json_object_get(pool, "server")), 4);
	ck_assert_uint_eq(json_array_size(json_object_get(json, "route")), 5);
	json_decref(json);
	conf_free(conf);
}
END_TEST

START_TEST(arguments_make_a_configuration)
{
	static const char *const listeners[] = { ":8080", "unix:/run/w$eb" };
	static const char *const servers[] = { "127.0.0.1:3000", "127.0.0.1:3001" };
	struct conf_errors errors;
	struct conf_arguments given = { .listeners = listeners, .listener_count = 2, .servers = servers, .server_count = 2,
		.control = "/run/control" };
	struct conf *conf = conf_from_arguments(&given, &errors);

	ck_assert_uint_eq(errors.count, 0);
	ck_assert_ptr_null(conf->file);
	ck_assert_uint_eq(conf->listener_count, 2);
	ck_assert_str_eq(conf->listeners[1].name, "unix:/run/w$eb");
	ck_assert_int_eq(conf->listeners[1].pool, 0);
	ck_assert_str_eq(conf->pools[0].name, "default");
	ck_assert_uint_eq(conf->pools[0].server_count, 2);
	ck_assert_str_eq(conf->controls[0].path, "/run/control");
	conf_errors_free(&errors);
	conf_free(conf);
	given.control = NULL;
	conf = conf_from_arguments(&given, &errors);
	ck_assert_uint_eq(conf->control_count, 0);
	conf_errors_free(&errors);
	conf_free(conf);
}
END_TEST

START_TEST(the_list_of_options_has_six_columns)
{
	char *list, *line, *rest;
	size_t length, rows = 0, columns;
	FILE *to = open_memstream(&list, &length);

	conf_list_options(to);
	fclose(to);
	for (line = strtok_r(list, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		const char *p;

		for (columns = 1, p = line; (p = strchr(p, '\t')) != NULL; p++, columns++)
			ck_assert_int_ne(p[1], '\t');
		ck_assert_uint_eq(columns, 6);
		ck_assert_int_eq(line[strlen(line) - 1], '.');
		rows++;
	}
	ck_assert_uint_gt(rows, 60);
	free(list);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("conf");

	tcase_add_test(tests, defaults_are_as_documented);
	tcase_add_test(tests, defaults_of_sections_are_as_documented);
	tcase_add_test(tests, top_level_options_are_set);
	tcase_add_test(tests, listeners_begin_with_what_the_top_level_says);
	tcase_add_test(tests, pools_begin_with_what_the_top_level_says);
	tcase_add_test(tests, checks_are_as_the_pool_says);
	tcase_add_test(tests, checks_have_defaults);
	tcase_add_test(tests, a_pool_may_begin_without_a_server_that_is_ready);
	tcase_add_test(tests, routes_keep_their_order);
	tcase_add_test(tests, everything_is_shown_as_it_was_set);
	tcase_add_test(tests, rules_are_inherited);
	tcase_add_test(tests, the_syntax_has_its_liberties);
	tcase_add_test(tests, lines_are_kept_for_later_messages);
	tcase_add_test(tests, a_byte_order_mark_is_passed_over);
	tcase_add_test(tests, addresses_of_one_port_go_together);
	tcase_add_test(tests, port_0_can_be_listened_on_twice);
	tcase_add_test(tests, json_has_every_option);
	tcase_add_test(tests, arguments_make_a_configuration);
	tcase_add_test(tests, the_list_of_options_has_six_columns);
	return run_case(tests);
}

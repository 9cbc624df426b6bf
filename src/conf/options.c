#include "conf/options.h"

#include <string.h>

#include "conf/conf.h"
#include "conf/header_rule.h"
#include "conf/options_app.h"
#include "conf/options_auth.h"
#include "conf/options_client.h"
#include "conf/options_health.h"
#include "conf/options_pool.h"
#include "conf/options_resolve.h"
#include "conf/options_row.h"
#include "conf/options_rules.h"

const struct conf_section conf_section_top = { "top", NULL, NULL, NULL, 1 };
const struct conf_section conf_section_control = { "control", &conf_section_top, "/run/drover/control.sock",
	"path", CONF_CONTROLS_MAX };
const struct conf_section conf_section_listen = { "listen", &conf_section_top, "*:80", "address",
	CONF_LISTENERS_MAX };
const struct conf_section conf_section_pool = { "pool", &conf_section_top, "web", "name", CONF_POOLS_MAX };
const struct conf_section conf_section_health = { "health", &conf_section_pool, NULL, NULL, CONF_POOLS_MAX };
const struct conf_section conf_section_server = { "server", &conf_section_pool, "127.0.0.1:3000", "address",
	CONF_SERVERS_MAX };
const struct conf_section conf_section_app = { "app", &conf_section_top, "web", "name", CONF_POOLS_MAX };
const struct conf_section conf_section_app_health = { "health", &conf_section_app, NULL, NULL, CONF_POOLS_MAX };
const struct conf_section conf_section_route = { "route", &conf_section_top, NULL, NULL, CONF_ROUTES_MAX };

const struct conf_section *const conf_sections[] = { &conf_section_top, &conf_section_control,
	&conf_section_listen, &conf_section_pool, &conf_section_health, &conf_section_server, &conf_section_app,
	&conf_section_app_health, &conf_section_route, NULL };

_Static_assert(sizeof conf_sections / sizeof conf_sections[0] <= CONF_SECTIONS_MAX, "CONF_SECTIONS_MAX is too small");

static const char *const log_format_words[] = { "combined", "json", NULL }; /* enum conf_log_format */
static const char *const forwarded_words[] = { "off", "x-forwarded", "forwarded", "both",
	NULL }; /* enum conf_forwarded */
static const char *const underscores_words[] = { "guard", "pass", "drop", "refuse",
	NULL }; /* enum conf_underscores */
static const char *const trace_words[] = { "refuse", "forward", NULL }; /* enum conf_trace */
static const char *const request_id_words[] = { "off", "make", "keep", NULL }; /* enum conf_request_id */
static const char *const permission_words[] = { "none", "read", "operate", "admin",
	NULL }; /* enum conf_permission */
static const char *const server_state_words[] = { "ready", "drain", "maintenance",
	NULL }; /* enum conf_server_state */
static const char *const mode_words[] = { "http", "tcp", NULL }; /* enum conf_mode */
static const char *const send_proxy_words[] = { "off", "v1", "v2", NULL }; /* enum conf_send_proxy */
static const char *const health_type_words[] = { "tcp", "http", NULL }; /* enum conf_health_type */
static const char *const health_method_words[] = { "GET", "HEAD", NULL }; /* enum conf_health_method */
static const char *const family_words[] = { "any", "ipv4", "ipv6", NULL }; /* enum conf_family */
static const char *const addresses_words[] = { "all", "first", NULL }; /* enum conf_addresses */
static const char *const app_listen_words[] = { "auto", "port", "unix", "activation", "activation-port",
	NULL }; /* enum conf_app_listen */
static const char *const stop_signal_words[] = { "TERM", "INT", "QUIT", "HUP", "USR1", "USR2",
	NULL }; /* enum conf_stop_signal */
static const char *const access_log_words[] = { "off", "stdout", NULL };
static const char *const error_log_words[] = { "stderr", "syslog", NULL };

static bool
listener_is_unix(const void *base)
{
	const struct conf_listener *listener = base;

	return listener->address.length > 0 && listener->address.socket.any.sa_family == AF_UNIX;
}

static bool
listener_is_ipv6(const void *base)
{
	const struct conf_listener *listener = base;

	return listener->address.length > 0 && listener->address.socket.any.sa_family == AF_INET6;
}

static bool
server_has_name(const void *base)
{
	const struct conf_server *server = base;

	return server->question.name[0] != '\0';
}

static bool
pool_hashes(const void *base)
{
	const struct conf_pool *pool = base;

	return pool->balance == &balance_consistent_hash;
}

static bool
pool_sets_cookie(const void *base)
{
	const struct conf_pool *pool = base;

	return pool->sticky_kind == CONF_STICKY_COOKIE;
}

static const struct conf_condition for_names = { "names of hosts and services", server_has_name };
static const struct conf_condition for_hash = { "balance = consistent-hash", pool_hashes };
static const struct conf_condition for_cookie = { "sticky = cookie", pool_sets_cookie };
static const struct conf_condition for_unix = { "unix sockets", listener_is_unix };
static const struct conf_condition for_ipv6 = { "IPv6 addresses", listener_is_ipv6 };

/* The owner and mode of a unix socket that drover makes. */
#define UNIX_OPTIONS(SECTION, TYPE, NAME, MODE, CONDITION) \
	{ NAME, SECTION, &conf_type_mode, 0, 0777, NULL, MODE, false, FIELD(TYPE, unix_socket.mode), \
		.sentence = "Mode of the unix socket, in octal.", .condition = CONDITION, .tcp = true }, \
	    { "owner", SECTION, &conf_type_owner, 0, 0, NULL, NULL, false, FIELD(TYPE, unix_socket.uid), \
		    .sentence = \
			"Owner of the unix socket, by name or number; as drover is started if unset.", \
		    .condition = CONDITION, \
		    .tcp = true }, \
	{ \
		"group", SECTION, &conf_type_owner_group, 0, 0, NULL, NULL, false, \
		    FIELD(TYPE, unix_socket.gid), \
		    .sentence = \
			"Group of the unix socket, by name or number; as drover is started if unset.", \
		    .condition = CONDITION, .tcp = true \
	}

/* Who has a permission on a control socket. */
#define PEOPLE_OPTION(NAME, PERMISSION, SENTENCE) \
	{ \
		NAME, CONTROL, &conf_type_people, 0, 0, NULL, "{ }", false, \
		    LIST(conf_control, people[PERMISSION].names, people[PERMISSION].count), \
		    .sentence = SENTENCE \
	}

const struct conf_option conf_options[] = {
	{ "workers", TOP, &conf_type_workers, 1, CONF_WORKERS_MAX, "auto", "auto", false,
	    FIELD(conf, workers), .sentence = "Worker processes; auto: one for each usable core." },
	{ "balance", TOP, &conf_type_balance, 0, 0, NULL, "least-connections", false, FIELD(conf, balance),
	    .sentence = "How connections are spread over workers." },
	{ "worker-connections", TOP, &conf_type_number, 16, 1000000, "auto", "auto", false,
	    FIELD(conf, worker_connections),
	    .sentence = "Client connections that one worker carries at most; auto: as open-files allows." },
	{ "worker-timeout", TOP, &conf_type_time, CLOCK_SECOND, HOUR, "0", "10s", false,
	    FIELD(conf, worker_timeout),
	    .sentence =
		"A worker that has not turned its loop for this long is hung and replaced; 0: never." },
	{ "shutdown-timeout", TOP, &conf_type_time, 0, DAY, NULL, "30s", false, FIELD(conf, shutdown_timeout),
	    .sentence = "Time for work in flight to end on a graceful stop; then it is cut off." },
	{ "open-files", TOP, &conf_type_number, 64, 1 << 30, "auto", "auto", false, FIELD(conf, open_files),
	    .sentence = "Limit of open descriptors for each process; auto: the hard limit." },
	{ "alert-errors", TOP, &conf_type_number, 0, 1000000, NULL, "10", false, FIELD(conf, alert_errors),
	    .sentence = "Errors a second, over all workers, from which an event tells; 0: never." },
	{ "offload-threads", TOP, &conf_type_number, 1, 64, NULL, "2", false, FIELD(conf, offload_threads),
	    .sentence = "Threads beside the loop of each worker, for what takes long; they are started when needed." },
	{ "user", TOP, &conf_type_user, 0, 0, NULL, NULL, false, FIELD(conf, user),
	    .sentence = "User that workers run as, by name or number; as drover is started if unset." },
	{ "group", TOP, &conf_type_group, 0, 0, NULL, NULL, false, FIELD(conf, group),
	    .sentence = "Group that workers run as, by name or number; that of the user if unset." },
	{ "pid-file", TOP, &conf_type_file, 0, 0, NULL, NULL, false, FIELD(conf, pid_file),
	    .sentence = "File that holds the process id of the master while it runs." },
	{ "error-log", TOP, &conf_type_log, 0, 0, NULL, "stderr", false, FIELD(conf, error_log),
	    .sentence = "Where messages go: stderr, syslog or a file.", .words = error_log_words },
	{ "log-level", TOP, &conf_type_choice, 0, 0, NULL, "notice", false, FIELD(conf, log_level),
	    .sentence = "The least grave messages that are logged.", .words = log_level_names },
	{ "access-log", TOP, &conf_type_log, 0, 0, "off", "off", false, FIELD(conf, access_log),
	    .sentence = "Where a line for each request goes: stdout, a file, or off.",
	    .words = access_log_words },
	{ "access-log-format", TOP, &conf_type_choice, 0, 0, NULL, "combined", false,
	    FIELD(conf, access_log_format), .sentence = "The form of those lines.",
	    .words = log_format_words },
	{ "header-size", TOP, &conf_type_size, KIB, 64 * KIB, NULL, "16k", false, FIELD(conf, header_size),
	    .sentence = "Largest head of a request or a response." },
	{ "header-fields", TOP, &conf_type_number, 8, 256, NULL, "100", false, FIELD(conf, header_fields),
	    .sentence = "Most header fields of a request or a response." },
	{ "target-size", TOP, &conf_type_size, 128, 32 * KIB, NULL, "8k", false, FIELD(conf, target_size),
	    .sentence = "Longest request target; no more than header-size." },
	{ "forwarded", TOP, &conf_type_choice, 0, 0, NULL, "x-forwarded", false, FIELD(conf, forwarded),
	    .sentence = "Fields that tell servers who the client is.", .words = forwarded_words },
	{ "trusted-proxies", TOP, &conf_type_networks, 0, 0, NULL, "{ }", false,
	    LIST(conf, trusted_proxies, trusted_proxy_count),
	    .sentence = "Peers whose forwarding fields are kept and added to, instead of replaced." },
	{ "limit-exempt", TOP, &conf_type_networks, 0, 0, NULL, "{ }", false,
	    LIST(conf, limit_exempt, limit_exempt_count),
	    .sentence = "Clients to whom limit-connections and limit-rate do not apply." },
	{ "limit-clients", TOP, &conf_type_number, 1024, 1 << 20, NULL, "65536", false, FIELD(conf, limit_clients),
	    .sentence = "For how many clients the figures of limits are kept." },
	{ "limit-ipv4-bits", TOP, &conf_type_number, 8, 32, NULL, "32", false, FIELD(conf, limit_ipv4_bits),
	    .sentence = "Bits of an IPv4 address that make one client for limits." },
	{ "limit-ipv6-bits", TOP, &conf_type_number, 16, 128, NULL, "64", false, FIELD(conf, limit_ipv6_bits),
	    .sentence = "Bits of an IPv6 address that make one client for limits." },
	{ "via", TOP, &conf_type_boolean, 0, 0, NULL, "false", false, FIELD(conf, via),
	    .sentence = "Whether a Via field is added to requests and responses." },
	{ "via-name", TOP, &conf_type_token, 0, 0, NULL, NULL, false, FIELD(conf, via_name),
	    .sentence =
		"Name of this drover in Via; a request that has passed it is answered 508. drover if unset." },
	{ "underscores", TOP, &conf_type_choice, 0, 0, NULL, "guard", false, FIELD(conf, underscores),
	    .sentence = "What becomes of request fields whose names have an underscore or a dot.",
	    .words = underscores_words },
	{ "request-id", TOP, &conf_type_switch, 0, 0, NULL, "off", false, FIELD(conf, request_id),
	    .sentence = "Whether servers are sent a field that tells requests apart, and whose.",
	    .words = request_id_words },
	{ "request-id-header", TOP, &conf_type_field_name, 0, 0, NULL, "X-Request-Id", false,
	    FIELD(conf, request_id_header), .sentence = "The name of that field." },
	{ "request-id-response", TOP, &conf_type_boolean, 0, 0, NULL, "false", false,
	    FIELD(conf, request_id_response), .sentence = "Whether clients are sent it, too." },
	RESOLVE_OPTIONS,
	CLIENT_OPTIONS(TOP, false, conf),
	RULE_OPTIONS(TOP, false, conf),
	MAINTENANCE_OPTION(TOP, conf),
	{ "maintenance-except", TOP, &conf_type_networks, 0, CONF_EXCEPT_MAX, NULL, "{ }", false,
	    LIST(conf, maintenance_except, maintenance_except_count),
	    .sentence = "Clients that are served all the same, whatever is in maintenance; 16 networks at most." },
	{ "maintenance-retry-after", TOP, &conf_type_time, CLOCK_SECOND, 30 * DAY, "0", "60s", false,
	    FIELD(conf, maintenance_retry_after),
	    .sentence = "When clients are told to come again; 0: they are not." },
	AUTH_OPTIONS(TOP, false, conf),
	CORS_OPTIONS(TOP, false, conf),
	POOL_OPTIONS(TOP, false, conf, pool_options.),

	UNIX_OPTIONS(CONTROL, conf_control, "mode", "0660", NULL),
	{ "permission", CONTROL, &conf_type_choice, 0, 0, NULL, "admin", false,
	    FIELD(conf_control, permission),
	    .sentence = "What they may do who can connect and are in none of the lists.",
	    .words = permission_words },
	PEOPLE_OPTION("read", CONF_PERMISSION_READ, "Users and groups that may look at drover only."),
	PEOPLE_OPTION(
	    "operate", CONF_PERMISSION_OPERATE, "Users and groups that may look and change what is served."),
	PEOPLE_OPTION("admin", CONF_PERMISSION_ADMIN, "Users and groups that may do everything."),

	{ "mode", LISTEN, &conf_type_choice, 0, 0, NULL, "http", false, FIELD(conf_listener, mode),
	    .sentence = "What is spoken there; tcp: anything, which goes on as it is.", .words = mode_words,
	    .tcp = true },
	{ "pool", LISTEN, &conf_type_name, 0, 0, NULL, NULL, false, FIELD(conf_listener, pool_name),
	    .sentence = "Pool that all requests arriving here go to; routes decide if unset.",
	    .tcp = true },
	{ "backlog", LISTEN, &conf_type_number, 1, 65535, NULL, "4096", false, FIELD(conf_listener, backlog),
	    .sentence = "Connections that may wait in the kernel to be accepted.",
	    .tcp = true },
	{ "defer-accept", LISTEN, &conf_type_boolean, 0, 0, NULL, "true", false,
	    FIELD(conf_listener, defer_accept),
	    .sentence = "Whether a TCP connection is accepted only when its first bytes are there.",
	    .tcp = true },
	{ "paused", LISTEN, &conf_type_boolean, 0, 0, NULL, "false", false, FIELD(conf_listener, paused),
	    .sentence = "Whether it begins paused: connections wait in the kernel and are not accepted.",
	    .tcp = true },
	{ "ipv6-only", LISTEN, &conf_type_boolean, 0, 0, NULL, "false", false,
	    FIELD(conf_listener, ipv6_only),
	    .sentence = "Whether an IPv6 address leaves out clients that come by IPv4.",
	    .condition = &for_ipv6,
	    .tcp = true },
	UNIX_OPTIONS(LISTEN, conf_listener, "socket-mode", "0666", &for_unix),
	CLIENT_OPTIONS(LISTEN, true, conf_listener),
	RULE_OPTIONS(LISTEN, true, conf_listener),
	ANSWER_OPTIONS(LISTEN, conf_listener),
	MAINTENANCE_OPTION(LISTEN, conf_listener),
	AUTH_OPTIONS(LISTEN, true, conf_listener),
	CORS_OPTIONS(LISTEN, true, conf_listener),

	CHOICE_OPTIONS(POOL),
	POOL_OPTIONS(POOL, true, conf_pool, ),
	MAINTENANCE_OPTION(POOL, conf_pool),

	HEALTH_OPTIONS(&conf_section_health, "200-399"),

	{ "weight", SERVER, &conf_type_number, 1, BALANCE_WEIGHT_MAX, NULL, "1", false,
	    FIELD(conf_server, weight),
	    .sentence = "Its share of the requests, compared with the other servers of the pool." },
	{ "max-connections", SERVER, &conf_type_number, 0, 1000000, NULL, "0", false,
	    FIELD(conf_server, max_connections),
	    .sentence = "Requests in flight to it over all workers; 0: no limit." },
	{ "backup", SERVER, &conf_type_boolean, 0, 0, NULL, "false", false, FIELD(conf_server, backup),
	    .sentence = "Whether it takes requests only while no other server of the pool is up." },
	{ "state", SERVER, &conf_type_choice, 0, 0, NULL, "ready", false, FIELD(conf_server, state),
	    .sentence = "In which it begins: drain and maintenance send it no requests.",
	    .words = server_state_words },
	SERVER_OPTIONS(SERVER, true, conf_server, ),
	NAME_OPTIONS,

	APP_OPTIONS,
	CHOICE_OPTIONS(APP),
	POOL_OPTIONS(APP, true, conf_pool, ),
	MAINTENANCE_OPTION(APP, conf_pool),

	HEALTH_OPTIONS(&conf_section_app_health, "200-299"),

	{ "host", ROUTE, &conf_type_hosts, 0, 0, NULL, "{ }", false, LIST(conf_route, hosts, host_count),
	    .sentence = "Hosts that it is for; *.example.org stands for every name under example.org; any "
			"host if unset." },
	{ "path", ROUTE, &conf_type_paths, 0, 0, NULL, "{ }", false, LIST(conf_route, paths, path_count),
	    .sentence = "Prefixes of the path that it is for; any path if unset." },
	{ "pool", ROUTE, &conf_type_name, 0, 0, NULL, NULL, false, FIELD(conf_route, pool_name),
	    .sentence = "Pool that the requests go to; set it unless the route answers itself." },
	RULE_OPTIONS(ROUTE, false, conf_route),
	ANSWER_OPTIONS(ROUTE, conf_route),
	MAINTENANCE_OPTION(ROUTE, conf_route),
	{ "strip-prefix", ROUTE, &conf_type_prefix, 0, 0, NULL, NULL, false, FIELD(conf_route, strip_prefix),
	    .sentence = "Beginning of the path that servers do not see." },
	{ "replace-prefix", ROUTE, &conf_type_replacement, 0, 0, NULL, NULL, false,
	    FIELD(conf_route, replace_prefix),
	    .sentence = "Beginning of the path, and what servers see in its place." },
	{ "add-prefix", ROUTE, &conf_type_prefix, 0, 0, NULL, NULL, false, FIELD(conf_route, add_prefix),
	    .sentence = "What servers see before the path." },
	AUTH_OPTIONS(ROUTE, false, conf_route),
	CORS_OPTIONS(ROUTE, false, conf_route),

	{ .name = NULL },
};

_Static_assert(
    sizeof conf_options / sizeof conf_options[0] <= CONF_OPTIONS_MAX, "CONF_OPTIONS_MAX is too small");

const struct conf_option *
conf_option_find(const struct conf_section *section, const char *name)
{
	const struct conf_option *option;

	for (option = conf_options; option->name != NULL; option++)
		if (option->section == section && strcmp(option->name, name) == 0)
			return option;
	return NULL;
}

const char *
conf_option_misplaced(const struct conf_option *option, const void *base)
{
	const struct conf_listener *listener = base;

	if (option->section == &conf_section_listen && !option->tcp && listener->mode == CONF_MODE_TCP)
		return "mode = http";
	if (option->condition == NULL || option->condition->holds(base))
		return NULL;
	return option->condition->what;
}

const struct conf_section *
conf_section_find(const struct conf_section *parent, const char *name)
{
	const struct conf_section *const *section;

	for (section = conf_sections; *section != NULL; section++)
		if ((*section)->parent == parent && strcmp((*section)->name, name) == 0)
			return *section;
	return NULL;
}

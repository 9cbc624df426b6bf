#include "control/commands.h"

static const char *const maintenance_states[] = { "on", "off", NULL };
static const char *const listener_states[] = { "listening", "paused", NULL };
static const char *const stop_modes[] = { "graceful", "now", NULL };
static const char *const config_forms[] = { "json", "text", NULL };
static const char *const histogram_words[] = { "all", "pools", "servers", "workers", NULL };

/* What several methods have. */
#define PARAM_APP(...) \
	{ \
		"app", PARAM_TEXT, .min = 1, .max = CONF_POOL_NAME_MAX, __VA_ARGS__ \
	}
#define PARAM_INSTANCE(text) \
	{ \
		"instance", PARAM_INTEGER, .min = 0, .max = CONF_INSTANCES_MAX - 1, .sentence = text \
	}
#define PARAM_POOL(text) \
	{ \
		"pool", PARAM_TEXT, .required = true, .min = 1, .max = CONF_POOL_NAME_MAX, .sentence = text \
	}
#define PARAM_SERVER \
	{ \
		"server", PARAM_TEXT, .required = true, .min = 1, .max = SCOREBOARD_NAME - 1, \
		    .sentence = "Its name as written, or its address." \
	}
#define PARAM_WEIGHT(...) \
	{ \
		"weight", PARAM_INTEGER, .min = 1, .max = BALANCE_WEIGHT_MAX, \
		    .sentence = "Its share of the requests, compared with the other servers of the pool.", __VA_ARGS__ \
	}
#define PARAM_MAX_CONNECTIONS(...) \
	{ \
		"max-connections", PARAM_INTEGER, .min = 0, .max = 1000000, \
		    .sentence = "Requests in flight to it over all workers; 0: no limit.", __VA_ARGS__ \
	}

const struct command control_commands[] = {
	{
	    .name = "help",
	    .summary = "Tells what methods there are, or all about one.",
	    .permission = CONF_PERMISSION_READ,
	    .handler = command_help,
	    .example = "{\"method\":\"help\",\"params\":{\"method\":\"scale\"}}",
	    .params = {
		{ "method", PARAM_TEXT, .min = 1, .max = 64, .sentence = "Tell about this method alone." },
	    },
	},
	{
	    .name = "version",
	    .summary = "Tells which drover this is.",
	    .permission = CONF_PERMISSION_READ,
	    .handler = command_version,
	    .example = "{\"method\":\"version\"}",
	},
	{
	    .name = "status",
	    .summary = "Gives an overview: workers, apps, listeners, counters, recent deaths.",
	    .permission = CONF_PERMISSION_READ,
	    .handler = command_status,
	    .example = "{\"method\":\"status\"}",
	},
	{
	    .name = "workers",
	    .summary = "Shows every worker: state, load, requests, how long its loop takes, last death.",
	    .permission = CONF_PERMISSION_READ,
	    .handler = command_workers,
	    .example = "{\"method\":\"workers\"}",
	},
	{
	    .name = "scale",
	    .summary = "Changes the number of workers, or of an app's instances.",
	    .permission = CONF_PERMISSION_OPERATE,
	    .handler = command_scale,
	    .example = "{\"method\":\"scale\",\"params\":{\"workers\":8,\"wait\":true}}",
	    .short_forms = { "workers", "app instances" },
	    .params = {
		{ "workers", PARAM_INTEGER, .min = 1, .max = CONF_WORKERS_MAX,
		    .sentence = "How many workers are wanted." },
		PARAM_APP(.sentence = "The name of an app, instead of workers."),
		{ "instances", PARAM_INTEGER, .min = 0, .max = CONF_INSTANCES_MAX,
		    .sentence = "How many instances of it are wanted." },
		PARAM_WAIT("they are ready and the surplus is gone"),
		PARAM_DRY_RUN,
	    },
	},
	{
	    .name = "restart-worker",
	    .summary = "Replaces a worker process by a new one, without a gap.",
	    .permission = CONF_PERMISSION_OPERATE,
	    .handler = command_restart_worker,
	    .example = "{\"method\":\"restart-worker\",\"params\":{\"worker\":0,\"wait\":true}}",
	    .params = {
		{ "worker", PARAM_INTEGER, .required = true, .min = 0, .max = CONF_WORKERS_MAX - 1,
		    .sentence = "The number of a worker, as the method workers shows it." },
		PARAM_WAIT("the new one is ready and the old one is gone"),
		PARAM_DRY_RUN,
	    },
	},
	{
	    .name = "apps",
	    .summary = "Shows the apps that drover runs, and each instance: state, process, load, CPU, memory, last death.",
	    .permission = CONF_PERMISSION_READ,
	    .handler = command_apps,
	    .example = "{\"method\":\"apps\"}",
	    .short_forms = { "app" },
	    .params = {
		PARAM_APP(.sentence = "Show this app alone."),
	    },
	},
	{
	    .name = "restart",
	    .summary = "Replaces the instances of an app one after the other, or one of them, without a gap.",
	    .permission = CONF_PERMISSION_OPERATE,
	    .handler = command_restart,
	    .example = "{\"method\":\"restart\",\"params\":{\"app\":\"shop\",\"wait\":true}}",
	    .short_forms = { "app", "app instance" },
	    .params = {
		PARAM_APP(.required = true, .sentence = "Its name."),
		PARAM_INSTANCE("This instance alone. Left out: all of them."),
		{ "wait", PARAM_BOOLEAN, .default_json = "false",
		    .sentence = "Answer when it is over: done and the old ones gone, rolled back or superseded; or after timeout-ms." },
		{ "timeout-ms", PARAM_INTEGER, .min = 1, .max = 86400000, .default_json = "600000",
		    .sentence = "How long to wait at most. The restart goes on all the same." },
		PARAM_DRY_RUN,
	    },
	},
	{
	    .name = "signal",
	    .summary = "Sends a signal to the processes of an app's instances, or of one.",
	    .permission = CONF_PERMISSION_OPERATE,
	    .handler = command_signal,
	    .example = "{\"method\":\"signal\",\"params\":{\"app\":\"shop\",\"instance\":0,\"signal\":\"USR2\"}}",
	    .short_forms = { "app signal", "app instance signal" },
	    .params = {
		PARAM_APP(.required = true, .sentence = "Its name."),
		{ "signal", PARAM_WORD, .required = true, .words = signal_words, .sentence = "Which signal." },
		PARAM_INSTANCE("To this instance alone. Left out: to all of them."),
		PARAM_DRY_RUN,
	    },
	},
	{
	    .name = "pools",
	    .summary = "Shows every pool: servers, load, requests, failures, latency, queue.",
	    .permission = CONF_PERMISSION_READ,
	    .handler = command_pools,
	    .example = "{\"method\":\"pools\"}",
	},
	{
	    .name = "servers",
	    .summary = "Shows the servers of all pools or of one: state, load, requests, failures, latency.",
	    .permission = CONF_PERMISSION_READ,
	    .handler = command_servers,
	    .example = "{\"method\":\"servers\"}",
	    .short_forms = { "pool" },
	    .params = {
		{ "pool", PARAM_TEXT, .min = 1, .max = CONF_POOL_NAME_MAX, .sentence = "Show this pool alone." },
	    },
	},
	{
	    .name = "names",
	    .summary = "Shows the servers that have names: how many addresses, when they were looked up, what failed.",
	    .permission = CONF_PERMISSION_READ,
	    .handler = command_names,
	    .example = "{\"method\":\"names\"}",
	    .short_forms = { "pool" },
	    .params = {
		{ "pool", PARAM_TEXT, .min = 1, .max = CONF_POOL_NAME_MAX, .sentence = "Show this pool alone." },
	    },
	},
	{
	    .name = "resolve",
	    .summary = "Looks the name of a server up now.",
	    .permission = CONF_PERMISSION_OPERATE,
	    .handler = command_resolve,
	    .example = "{\"method\":\"resolve\",\"params\":{\"pool\":\"jobs\",\"server\":\"app.internal:3005\",\"wait\":true}}",
	    .params = {
		PARAM_POOL("The name of its pool."),
		{ "server", PARAM_TEXT, .required = true, .min = 1, .max = SCOREBOARD_NAME - 1,
		    .sentence = "The name as written, as names shows it." },
		PARAM_WAIT("it was looked up and its servers are as the answer says"),
		PARAM_DRY_RUN,
	    },
	},
	{
	    .name = "server-add",
	    .summary = "Adds a server to a pool.",
	    .permission = CONF_PERMISSION_OPERATE,
	    .handler = command_server_add,
	    .example = "{\"method\":\"server-add\",\"params\":{\"pool\":\"web\",\"server\":\"127.0.0.1:3004\",\"weight\":2}}",
	    .params = {
		PARAM_POOL("The name of the pool."),
		{ "server", PARAM_TEXT, .required = true, .min = 1, .max = SCOREBOARD_NAME - 1,
		    .sentence = "Its address or name and its port, unix:/path, or the name of a service." },
		PARAM_WEIGHT(.default_json = "1"),
		PARAM_MAX_CONNECTIONS(.default_json = "0"),
		{ "backup", PARAM_BOOLEAN, .default_json = "false",
		    .sentence = "It takes requests only while no other server of the pool is up." },
		{ "state", PARAM_WORD, .words = server_states_to_set, .default_json = "\"ready\"",
		    .sentence = "In which it begins; drain and maintenance send it no requests." },
		{ "max-fails", PARAM_INTEGER, .min = 0, .max = 1000000,
		    .sentence = "Failures within fail-timeout-ms after which it is down for as long. Left out: as its pool has it." },
		{ "fail-timeout-ms", PARAM_INTEGER, .min = 1, .max = 86400000,
		    .sentence = "The time for max-fails. Left out: as its pool has it." },
		{ "slow-start-ms", PARAM_INTEGER, .min = 0, .max = 86400000,
		    .sentence = "How long it takes to get its whole share, now and when it comes back. Left out: as its pool has it." },
		{ "family", PARAM_WORD, .words = name_families,
		    .sentence = "Which addresses of a name are taken. Left out: any." },
		{ "addresses", PARAM_WORD, .words = name_addresses,
		    .sentence = "Whether all of them are servers, or the first alone. Left out: all." },
		PARAM_DRY_RUN,
	    },
	},
	{
	    .name = "server-set",
	    .summary = "Changes a server's weight, its limit, or whether it gets requests.",
	    .permission = CONF_PERMISSION_OPERATE,
	    .handler = command_server_set,
	    .example = "{\"method\":\"server-set\",\"params\":{\"pool\":\"web\",\"server\":\"127.0.0.1:3002\",\"state\":\"drain\"}}",
	    .params = {
		PARAM_POOL("The name of its pool."),
		PARAM_SERVER,
		PARAM_WEIGHT(),
		{ "state", PARAM_WORD, .words = server_states_to_set,
		    .sentence = "Whether it takes requests (ready), finishes what it has (drain), or its tunnels are ended, too (maintenance)." },
		PARAM_MAX_CONNECTIONS(),
		PARAM_WAIT("all workers work by it and, in drain and maintenance, nothing is in progress on it"),
		PARAM_DRY_RUN,
	    },
	},
	{
	    .name = "server-remove",
	    .summary = "Takes a server out of its pool when its requests in progress have ended.",
	    .permission = CONF_PERMISSION_OPERATE,
	    .handler = command_server_remove,
	    .example = "{\"method\":\"server-remove\",\"params\":{\"pool\":\"web\",\"server\":\"127.0.0.1:3002\",\"wait\":true}}",
	    .params = {
		PARAM_POOL("The name of its pool."),
		PARAM_SERVER,
		{ "force", PARAM_BOOLEAN, .default_json = "false",
		    .sentence = "Cut its requests in progress off at once, not only after shutdown-timeout." },
		PARAM_WAIT("it is gone"),
		PARAM_DRY_RUN,
	    },
	},
	{
	    .name = "balance",
	    .summary = "Changes how connections are spread over workers, or requests over the servers of a pool.",
	    .permission = CONF_PERMISSION_OPERATE,
	    .handler = command_balance,
	    .example = "{\"method\":\"balance\",\"params\":{\"algorithm\":\"least-connections\",\"pool\":\"web\"}}",
	    .params = {
		{ "algorithm", PARAM_WORD, .required = true, .words = balance_names,
		    .sentence = "How they are to be spread." },
		{ "pool", PARAM_TEXT, .min = 1, .max = CONF_POOL_NAME_MAX,
		    .sentence = "Of this pool. Left out: how connections are spread over workers." },
		PARAM_DRY_RUN,
	    },
	},
	{
	    .name = "listener-set",
	    .summary = "Pauses a listener, so that connections wait in the kernel's queue, or goes on.",
	    .permission = CONF_PERMISSION_OPERATE,
	    .handler = command_listener_set,
	    .example = "{\"method\":\"listener-set\",\"params\":{\"listener\":\"127.0.0.1:8080\",\"state\":\"paused\"}}",
	    .params = {
		{ "listener", PARAM_TEXT, .required = true, .min = 1, .max = ADDRESS_TEXT_MAX,
		    .sentence = "Its name in the configuration, or the address that it is bound to." },
		{ "state", PARAM_WORD, .required = true, .words = listener_states,
		    .sentence = "Whether connections are accepted (listening) or wait (paused)." },
		PARAM_DRY_RUN,
	    },
	},
	{
	    .name = "maintenance",
	    .summary = "Answers requests with status 503: all, or those of a pool, a listener or a route.",
	    .permission = CONF_PERMISSION_OPERATE,
	    .handler = command_maintenance,
	    .example = "{\"method\":\"maintenance\",\"params\":{\"state\":\"on\",\"pool\":\"web\"}}",
	    .params = {
		{ "state", PARAM_WORD, .required = true, .words = maintenance_states,
		    .sentence = "Whether it begins (on) or ends (off)." },
		{ "pool", PARAM_TEXT, .min = 1, .max = CONF_POOL_NAME_MAX,
		    .sentence = "For the requests that would go to this pool." },
		{ "listener", PARAM_TEXT, .min = 1, .max = ADDRESS_TEXT_MAX,
		    .sentence = "For those that come by this listener." },
		{ "route", PARAM_INTEGER, .min = 1, .max = CONF_ROUTES_MAX,
		    .sentence = "For those of the route with this number; see routes." },
		{ "except", PARAM_TEXT, .min = 0, .max = 1023,
		    .sentence = "Networks, parted by blanks, whose clients are served in any maintenance." },
		PARAM_WAIT("every worker knows it"),
		PARAM_DRY_RUN,
	    },
	},
	{
	    .name = "routes",
	    .summary = "Shows the routes, in the order in which they are tried.",
	    .permission = CONF_PERMISSION_READ,
	    .handler = command_routes,
	    .example = "{\"method\":\"routes\"}",
	},
	{
	    .name = "listeners",
	    .summary = "Shows where clients connect.",
	    .permission = CONF_PERMISSION_READ,
	    .handler = command_listeners,
	    .example = "{\"method\":\"listeners\"}",
	},
	{
	    .name = "counters",
	    .summary = "Shows all counters or some, of all workers together or of one, and what each means.",
	    .permission = CONF_PERMISSION_READ,
	    .handler = command_counters,
	    .example = "{\"method\":\"counters\",\"params\":{\"pattern\":\"responses-*\"}}",
	    .short_forms = { "pattern" },
	    .params = {
		{ "pattern", PARAM_TEXT, .min = 1, .max = 64,
		    .sentence = "Show those whose name fits it: * stands for any letters, ? for one." },
		{ "worker", PARAM_INTEGER, .min = 0, .max = CONF_WORKERS_MAX - 1,
		    .sentence = "Show what this worker has counted since its process began." },
	    },
	},
	{
	    .name = "histograms",
	    .summary = "Shows how long servers took to answer, by pool and by server, and how long loops of workers took.",
	    .permission = CONF_PERMISSION_READ,
	    .handler = command_histograms,
	    .example = "{\"method\":\"histograms\",\"params\":{\"what\":\"pools\"}}",
	    .short_forms = { "what" },
	    .params = {
		{ "what", PARAM_WORD, .words = histogram_words, .default_json = "\"all\"",
		    .sentence = "Of what: of pools, of servers, of workers, or of all these." },
		{ "pool", PARAM_TEXT, .min = 1, .max = CONF_POOL_NAME_MAX,
		    .sentence = "Show this pool and its servers alone." },
		{ "buckets", PARAM_BOOLEAN, .default_json = "false",
		    .sentence = "Add what was counted: pairs of a longest duration in milliseconds and how many, where there were any." },
	    },
	},
	{
	    .name = "sessions",
	    .summary = "Shows the client connections: from where, how old, bytes, the request in progress.",
	    .permission = CONF_PERMISSION_READ,
	    .handler = command_sessions,
	    .example = "{\"method\":\"sessions\",\"params\":{\"active\":true,\"limit\":20}}",
	    .params = {
		{ "limit", PARAM_INTEGER, .min = 1, .max = 10000, .default_json = "100", .sentence = "Show so many at most." },
		{ "client", PARAM_TEXT, .min = 1, .max = 64,
		    .sentence = "Show those from this address or network, or unix, alone." },
		{ "listener", PARAM_TEXT, .min = 1, .max = 128, .sentence = "Show those that came in here alone." },
		{ "worker", PARAM_INTEGER, .min = 0, .max = CONF_WORKERS_MAX - 1, .sentence = "Show those of this worker alone." },
		{ "pool", PARAM_TEXT, .min = 1, .max = CONF_POOL_NAME_MAX,
		    .sentence = "Show those with a request in progress in this pool alone." },
		{ "server", PARAM_TEXT, .min = 1, .max = SCOREBOARD_NAME,
		    .sentence = "Show those with a request in progress on this server of the pool alone." },
		{ "active", PARAM_BOOLEAN, .default_json = "false", .sentence = "Show those with a request in progress alone." },
		{ "min-age-ms", PARAM_INTEGER, .min = 0, .max = INT64_C(1000) * 60 * 60 * 24 * 36500, .default_json = "0",
		    .sentence = "Show those that were accepted at least so long ago alone." },
	    },
	},
	{
	    .name = "session-close",
	    .summary = "Ends client connections: one, or all from an address.",
	    .permission = CONF_PERMISSION_OPERATE,
	    .handler = command_session_close,
	    .example = "{\"method\":\"session-close\",\"params\":{\"client\":\"127.0.0.1\",\"graceful\":true}}",
	    .params = {
		{ "session", PARAM_INTEGER, .min = 1, .max = INT64_MAX, .sentence = "The number of one, from sessions." },
		{ "client", PARAM_TEXT, .min = 1, .max = 64, .sentence = "All from this address or network, or unix." },
		{ "graceful", PARAM_BOOLEAN, .default_json = "false",
		    .sentence = "Let the request in progress end first, or the tunnel; else it is cut." },
		PARAM_DRY_RUN,
	    },
	},
	{
	    .name = "config",
	    .summary = "Shows the configuration in effect, with all defaults, and how it differs from the file.",
	    .permission = CONF_PERMISSION_READ,
	    .handler = command_config,
	    .example = "{\"method\":\"config\"}",
	    .params = {
		{ "format", PARAM_WORD, .words = config_forms, .default_json = "\"json\"",
		    .sentence = "As an object (json), or as one string in the form of the file (text)." },
	    },
	},
	{
	    .name = "log-level",
	    .summary = "Changes how much is written to the error log, or shows it.",
	    .permission = CONF_PERMISSION_OPERATE,
	    .handler = command_log_level,
	    .example = "{\"method\":\"log-level\",\"params\":{\"level\":\"debug\",\"process\":\"worker 1\",\"for-ms\":60000}}",
	    .short_forms = { "level" },
	    .params = {
		{ "level", PARAM_WORD, .words = log_level_names,
		    .sentence = "What is written: this and all that is graver. Left out: only show." },
		{ "process", PARAM_TEXT, .min = 1, .max = 32, .default_json = "\"all\"",
		    .sentence = "Which process: all, master, prober, or worker and its number." },
		{ "for-ms", PARAM_INTEGER, .min = 1, .max = 7 * INT64_C(86400000),
		    .sentence = "After this time it is as before. Left out: for good." },
		PARAM_DRY_RUN,
	    },
	},
	{
	    .name = "logs",
	    .summary = "Shows the last lines that the instances of an app wrote, and tells of more as they come.",
	    .permission = CONF_PERMISSION_READ,
	    .handler = command_logs,
	    .example = "{\"method\":\"logs\",\"params\":{\"app\":\"shop\",\"lines\":20,\"follow\":true}}",
	    .params = {
		PARAM_APP(.required = true, .sentence = "Of which app."),
		{ "instance", PARAM_INTEGER, .min = 0, .max = CONF_INSTANCES_MAX - 1,
		    .sentence = "Show what this instance wrote alone." },
		{ "lines", PARAM_INTEGER, .min = 0, .max = APP_LINES_KEPT, .default_json = "100",
		    .sentence = "Show so many at most: the last ones." },
		{ "since", PARAM_INTEGER, .min = 0, .max = INT64_MAX,
		    .sentence = "Show those alone that come behind the line of this number." },
		{ "follow", PARAM_BOOLEAN, .default_json = "false",
		    .sentence = "Go on with what they write, on this connection, until it is closed." },
	    },
	},
	{
	    .name = "log-reopen",
	    .summary = "Opens the log files again, after they were rotated.",
	    .permission = CONF_PERMISSION_OPERATE,
	    .handler = command_log_reopen,
	    .example = "{\"method\":\"log-reopen\"}",
	    .params = {
		PARAM_DRY_RUN,
	    },
	},
	{
	    .name = "auth-reload",
	    .summary = "Reads the files of users again (auth-users), all or none.",
	    .permission = CONF_PERMISSION_ADMIN,
	    .handler = command_auth_reload,
	    .example = "{\"method\":\"auth-reload\"}",
	    .params = {
		PARAM_DRY_RUN,
	    },
	},
	{
	    .name = "reload",
	    .summary = "Reads the configuration file again: apps that have changed are restarted or scaled.",
	    .permission = CONF_PERMISSION_ADMIN,
	    .handler = command_reload,
	    .example = "{\"method\":\"reload\",\"params\":{\"dry-run\":true}}",
	    .params = {
		PARAM_DRY_RUN,
	    },
	},
	{
	    .name = "watch",
	    .summary = "Tells of events as they happen, on this connection, until it is closed.",
	    .permission = CONF_PERMISSION_READ,
	    .handler = command_watch,
	    .example = "{\"method\":\"watch\",\"params\":{\"events\":\"worker-*,server-down\",\"since\":0}}",
	    .params = {
		{ "events", PARAM_TEXT, .min = 1, .max = 512,
		    .sentence = "Tell of these alone: names and patterns such as worker-*, with commas between them." },
		{ "since", PARAM_INTEGER, .min = 0, .max = INT64_MAX,
		    .sentence = "Begin behind the event of this number, if it is still kept, instead of now." },
	    },
	},
	{
	    .name = "stop",
	    .summary = "Stops drover.",
	    .permission = CONF_PERMISSION_ADMIN,
	    .handler = command_stop,
	    .example = "{\"method\":\"stop\",\"params\":{\"mode\":\"graceful\"}}",
	    .short_forms = { "mode" },
	    .params = {
		{ "mode", PARAM_WORD, .words = stop_modes, .default_json = "\"graceful\"",
		    .sentence = "Whether requests in progress are finished, within shutdown-timeout (graceful), or cut (now)." },
		PARAM_DRY_RUN,
	    },
	},
	{ .name = NULL },
};

#include "control/commands.h"

static const char *const stop_modes[] = { "graceful", "now", NULL };
static const char *const histogram_words[] = { "all", "pools", "servers", "workers", NULL };

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
	    .summary = "Gives an overview: workers, listeners, counters, recent deaths.",
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
	    .summary = "Changes the number of workers.",
	    .permission = CONF_PERMISSION_OPERATE,
	    .handler = command_scale,
	    .example = "{\"method\":\"scale\",\"params\":{\"workers\":8,\"wait\":true}}",
	    .params = {
		{ "workers", PARAM_INTEGER, .required = true, .min = 1, .max = CONF_WORKERS_MAX,
		    .sentence = "How many are wanted." },
		{ "wait", PARAM_BOOLEAN, .default_json = "false",
		    .sentence = "Answer when they are ready and the surplus is gone, or after 30 seconds." },
	    },
	},
	{
	    .name = "pools",
	    .summary = "Shows every pool: servers, load, requests, failures, latency.",
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
	    .params = {
		{ "pool", PARAM_TEXT, .min = 1, .max = CONF_POOL_NAME_MAX, .sentence = "Show this pool alone." },
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
	    .name = "config",
	    .summary = "Shows the configuration in effect, with all defaults.",
	    .permission = CONF_PERMISSION_READ,
	    .handler = command_config,
	    .example = "{\"method\":\"config\"}",
	},
	{
	    .name = "log-reopen",
	    .summary = "Opens the log files again, after they were rotated.",
	    .permission = CONF_PERMISSION_OPERATE,
	    .handler = command_log_reopen,
	    .example = "{\"method\":\"log-reopen\"}",
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
	    .params = {
		{ "mode", PARAM_WORD, .words = stop_modes, .default_json = "\"graceful\"",
		    .sentence = "Whether requests in progress are finished, within shutdown-timeout (graceful), or cut (now)." },
	    },
	},
	{ .name = NULL },
};

#include "control/commands.h"

static const char *const stop_modes[] = { "graceful", "now", NULL };

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
	    .name = "servers",
	    .summary = "Shows the servers of all pools or of one: state, load, requests, failures.",
	    .permission = CONF_PERMISSION_READ,
	    .handler = command_servers,
	    .example = "{\"method\":\"servers\"}",
	    .params = {
		{ "pool", PARAM_TEXT, .min = 1, .max = CONF_POOL_NAME_MAX, .sentence = "Show this pool alone." },
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

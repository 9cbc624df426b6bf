/* config, log-reopen: the configuration in effect, and its log files. Master. */
#include "control/commands.h"
#include "control/values.h"

void
command_config(struct call *call)
{
	const struct conf *conf = master_conf(call->master);

	call_reply(call, json_pack("{s:o,s:o}", "config-file", value_text_or_null(conf->file), "config",
			     conf_show_json(conf)));
}

void
command_log_reopen(struct call *call)
{
	const struct conf *conf = master_conf(call->master);
	struct error err;

	if (master_reopen_logs(call->master, &err) < 0) {
		call_fail(call, REPLY_ERROR_IMPOSSIBLE,
		    "The old files stay in use. Correct it and ask again.", "%s", err.text);
		return;
	}
	call_reply(call, json_pack("{s:o,s:o}", "error-log", value_text(conf->error_log), "access-log",
			     value_text_or_null(conf->access_log)));
}

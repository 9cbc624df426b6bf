/* stop: the end of drover, asked for over the control socket. Master. */
#include <string.h>

#include "control/commands.h"
#include "control/values.h"

void
command_stop(struct call *call)
{
	const char *mode = call_text(call, "mode");
	bool graceful = strcmp(mode, "graceful") == 0;

	call_change(call, json_boolean(master_is_stopping(call->master)), json_true(), "stopping");
	call_reply_changes(call, json_pack("{s:s,s:o}", "stopping", mode, "shutdown-timeout-ms",
				     value_ms(graceful ? master_conf(call->master)->shutdown_timeout : 0)));
	if (call->result != NULL && call_is_to_change(call)) /* all or nothing */
		master_stop(call->master, graceful);
}

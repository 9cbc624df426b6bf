/* config: the configuration in effect. Master. */
#include "control/commands.h"
#include "control/values.h"

void
command_config(struct call *call)
{
	const struct conf *conf = master_conf(call->master);

	call_reply(call, json_pack("{s:o,s:o}", "config-file", value_text_or_null(conf->file), "config",
			     conf_show_json(conf)));
}

/* config: the configuration in effect, and how it differs from the file. Master. */
#include <string.h>

#include "control/commands.h"

static enum stream_row
config_next(struct call *call, struct shared_text **text)
{
	enum conf_form form =
	    strcmp(call_text(call, "format"), "text") == 0 ? CONF_FORM_TEXT : CONF_FORM_JSON;
	bool hide = call->peer->permission < CONF_PERMISSION_ADMIN;

	return config_texts_get(&call->shared->config, call->master, form, hide, call->cursor, text);
}

/* cursor: the change that is to be seen in it. */
void
command_config(struct call *call)
{
	call->cursor = master_changes(call->master);
	call_text_later(call, config_next);
}

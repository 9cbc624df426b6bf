/* listeners: where clients connect. Master. */
#include "control/commands.h"
#include "control/values.h"

static json_t *
listener_show(const struct master *master, size_t i)
{
	const struct conf *conf = master_conf(master);
	const struct conf_listener *listener = &conf->listeners[i];
	struct master_listener_figures figures;
	char address[ADDRESS_TEXT_MAX];

	master_listener_figures(master, i, &figures);
	return json_pack("{s:o,s:o,s:o,s:b,s:I,s:I,s:I}", "listener", value_text(listener->name), "address",
	    value_text(master_listener_address(master, i, address)), "pool",
	    listener->pool < 0 ? json_null() : value_pool(conf, (uint32_t)listener->pool), "paused",
	    (int)master_listener_is_paused(master, i), "accepted", (json_int_t)figures.accepted, "waiting",
	    (json_int_t)figures.waiting, "backlog", (json_int_t)figures.backlog);
}

/* cursor: listeners that were shown. */
static enum stream_row
listeners_next(struct call *call, json_t **row)
{
	if (call->cursor == master_conf(call->master)->listener_count)
		return STREAM_LAST;
	*row = listener_show(call->master, call->cursor++);
	return STREAM_ROW;
}

void
command_listeners(struct call *call)
{
	call_rows(call, json_object(), "listeners", listeners_next);
}

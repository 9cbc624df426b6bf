/* listeners: where clients connect. Master. */
#include "control/commands.h"
#include "control/values.h"

/* A figure of the kernel's queue, which it tells for some kinds of sockets only. */
static json_t *
queue_figure(const struct master_listener_figures *figures, uint32_t figure)
{
	return figures->backlog == 0 ? json_null() : json_integer((json_int_t)figure);
}

static json_t *
listener_show(const struct master *master, size_t i)
{
	const struct conf *conf = master_conf(master);
	const struct conf_listener *listener = &conf->listeners[i];
	struct master_listener_figures figures;
	char address[ADDRESS_TEXT_MAX];

	master_listener_figures(master, i, &figures);
	return json_pack("{s:o,s:o,s:s,s:o,s:b,s:b,s:I,s:o,s:o}", "listener", value_text(listener->name), "address",
	    value_text(master_listener_address(master, i, address)), "mode",
	    listener->mode == CONF_MODE_TCP ? "tcp" : "http", "pool",
	    listener->pool < 0 ? json_null() : value_pool(conf, (uint32_t)listener->pool), "paused",
	    (int)master_listener_is_paused(master, i), "maintenance",
	    (int)master_is_in_maintenance(master, MASTER_LISTENER, i), "accepted", (json_int_t)figures.accepted, "waiting",
	    queue_figure(&figures, figures.waiting), "backlog", queue_figure(&figures, figures.backlog));
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

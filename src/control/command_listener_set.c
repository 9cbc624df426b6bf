/* listener-set: whether connections are accepted, listener by listener. Master. */
#include <string.h>

#include "control/commands.h"
#include "control/named.h"
#include "control/values.h"

static void
listener_reply(struct call *call, size_t listener)
{
	struct master_listener_figures figures;
	char address[ADDRESS_TEXT_MAX];

	master_listener_figures(call->master, listener, &figures);
	call_reply_changes(
	    call, json_pack("{s:o,s:o,s:s,s:I}", "listener",
		      value_text(master_conf(call->master)->listeners[listener].name), "address",
		      value_text(master_listener_address(call->master, listener, address)), "state",
		      master_listener_is_paused(call->master, listener) ? "paused" : "listening", "waiting",
		      (json_int_t)figures.waiting));
}

void
command_listener_set(struct call *call)
{
	bool pause = strcmp(call_text(call, "state"), "paused") == 0;
	int listener;

	if (call_comes_too_late(call) || (listener = listener_named(call, call_text(call, "listener"))) < 0)
		return;
	call_change(call, json_boolean(master_listener_is_paused(call->master, (size_t)listener)),
	    json_boolean(pause), "listen %s paused", master_conf(call->master)->listeners[listener].name);
	if (call_is_to_change(call))
		master_listener_pause(call->master, (size_t)listener, pause);
	listener_reply(call, (size_t)listener);
}

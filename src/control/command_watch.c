/* watch: what happens, as it happens. Master. */
#include "control/commands.h"
#include "control/watch.h"

static json_t *
watch_show(const struct master *master, uint64_t types)
{
	return json_pack("{s:b,s:o,s:I,s:I,s:i}", "watching", 1, "events", watcher_names(types), "newest",
	    (json_int_t)master_event_newest(master), "oldest", (json_int_t)master_event_oldest(master),
	    "kept", EVENTS_KEPT);
}

void
command_watch(struct call *call)
{
	struct fault fault;
	uint64_t types;

	if (!watcher_types(&types, call_text(call, "events"), &fault)) {
		call_fail(call, (enum reply_error)fault.code, fault.hint, "%s", fault.message);
		return;
	}
	call_reply(call, watch_show(call->master, types));
	if (call->result == NULL)
		return;
	watcher_start(call->watcher, call->master, types);
	if (call_has(call, "since"))
		watcher_rewind(call->watcher, call->master, (uint64_t)call_integer(call, "since"));
}

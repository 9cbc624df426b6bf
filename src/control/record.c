#include "control/record.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "control/params.h"

/* Cut where a character ends. */
static void
record_event(const struct call *call, const char *params)
{
	struct master_event event = { .type = EVENT_CHANGED, .uid = call->peer->uid, .by_pid = call->peer->pid };
	int length = snprintf(event.text, sizeof event.text, "%s %s", call->command->name, params);
	size_t end = sizeof event.text - 1;

	if (length > (int)end) {
		while (end > 0 && ((unsigned char)event.text[end - 1] & 0xc0) == 0x80)
			end--;
		if (end > 0 && (unsigned char)event.text[end - 1] >= 0xc0)
			end--;
		event.text[end] = '\0';
	}
	master_event_add(call->master, &event);
}

void
record_change(const struct call *call)
{
	char *text = params_text(call->command, call->params);
	const char *params = text == NULL ? "" : text;

	log_record("control: uid %u pid %d: %s %s%s%s", (unsigned)call->peer->uid, (int)call->peer->pid,
	    call->command->name, params, call->fault.code != 0 ? ": refused: " : "", call->fault.message);
	if (call->fault.code == 0 && !call_is_dry_run(call))
		record_event(call, params);
	free(text);
}

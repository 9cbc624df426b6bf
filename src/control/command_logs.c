/* logs: what the instances of an app have written, and what they write from then on. Master. */
#include "control/app_values.h"
#include "control/commands.h"
#include "control/shared.h"
#include "control/tail.h"
#include "control/values.h"

static int
instance_wanted(const struct call *call)
{
	return call_has(call, "instance") ? (int)call_integer(call, "instance") : TAIL_ALL_INSTANCES;
}

/* cursor: the line to look at next; inner: the last one, as there may be others by now. */
static enum stream_row
lines_next(struct call *call, json_t **row)
{
	int pool = master_app_find(call->master, call_text(call, "app"));
	const struct app_journal *journal = pool < 0 ? NULL : master_app_journal(call->master, (unsigned)pool);
	struct app_line line;

	if (journal == NULL)
		return STREAM_LAST;
	if (call->cursor < app_journal_oldest(journal))
		call->cursor = (size_t)app_journal_oldest(journal);
	while (call->cursor <= call->inner && app_journal_line(journal, call->cursor, &line)) {
		call->cursor++;
		if (!tail_wants(instance_wanted(call), &line))
			continue;
		*row = tail_line(&line);
		return STREAM_ROW;
	}
	return STREAM_LAST;
}

/* Which lines follow. What was lost is of those behind `since`; a number that is yet to come is an earlier drover's. */
static json_t *
head_show(const struct call *call, const struct app_journal *journal, uint64_t since, bool restarted)
{
	uint64_t oldest = app_journal_oldest(journal);
	bool lost = call_has(call, "since") && since + 1 < oldest;

	return json_pack("{s:o,s:b,s:b,s:I,s:I,s:I}", "app", value_text(app_journal_app(journal)), "following",
	    call_boolean(call, "follow"), "restarted", restarted, "lost", lost ? (json_int_t)(oldest - since - 1) : 0,
	    "oldest", (json_int_t)oldest, "newest", (json_int_t)app_journal_newest(journal));
}

static void
follow_begin(struct call *call, unsigned pool, struct app_journal *journal)
{
	*call->tail = (struct tail){ .active = true, .pool = pool, .instance = instance_wanted(call),
		.next = app_journal_newest(journal) + 1 };
	if (call->shared != NULL)
		app_journal_listen(journal, call->shared->journal_listener, call->shared->journal_arg);
}

void
command_logs(struct call *call)
{
	int pool = app_named(call, call_text(call, "app"));
	struct app_journal *journal;
	uint64_t since;
	bool restarted;

	if (pool < 0)
		return;
	journal = master_app_journal(call->master, (unsigned)pool);
	since = (uint64_t)call_integer(call, "since");
	restarted = since > app_journal_newest(journal);
	if (restarted)
		since = 0;
	call->cursor = (size_t)tail_begin(journal, instance_wanted(call), since, (unsigned)call_integer(call, "lines"));
	call->inner = (size_t)app_journal_newest(journal);
	call_rows(call, head_show(call, journal, since, restarted), "lines", lines_next);
	if (stream_is_open(&call->stream) && call_boolean(call, "follow"))
		follow_begin(call, (unsigned)pool, journal);
}

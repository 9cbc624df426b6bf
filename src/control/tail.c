#include "control/tail.h"

#include "control/reply.h"
#include "control/values.h"

enum { LINES_A_STEP = 16 /* of those that are shown; others cost next to nothing */ };

_Static_assert(APP_LINES_KEPT <= 4096, "a step may look at all of them");

bool
tail_wants(int instance, const struct app_line *line)
{
	return instance == TAIL_ALL_INSTANCES || line->instance == (unsigned)instance;
}

uint64_t
tail_begin(const struct app_journal *journal, int instance, uint64_t since, unsigned count)
{
	uint64_t number = app_journal_newest(journal), begin = number + 1;
	struct app_line line;

	for (; count > 0 && number > since && app_journal_line(journal, number, &line); number--) {
		if (!tail_wants(instance, &line))
			continue;
		begin = number;
		count--;
	}
	return begin;
}

json_t *
tail_line(const struct app_line *line)
{
	return json_pack("{s:I,s:o,s:i,s:o,s:s,s:b,s:o}", "number", (json_int_t)line->number, "time",
	    value_time(line->when), "instance", (int)line->instance, "pid",
	    line->pid > 0 ? json_integer(line->pid) : json_null(), "stream", app_stream_names[line->stream], "part",
	    line->part, "text", value_bytes(line->text, line->length));
}

/* Appends a notification, to whose `params` the app's name is added; they are taken over. */
static int
notify(struct buffer *out, const struct app_journal *journal, const char *method, json_t *params)
{
	int result = json_object_set_new(params, "app", value_text(app_journal_app(journal)));

	if (result == 0)
		result = reply_notification(out, method, params);
	json_decref(params);
	return result;
}

/* Those from t->next up to before `oldest` are not kept any more. */
static int
notify_lost(struct tail *t, const struct app_journal *journal, struct buffer *out)
{
	uint64_t oldest = app_journal_oldest(journal);
	json_t *params = json_pack("{s:I,s:I,s:I}", "from", (json_int_t)t->next, "to", (json_int_t)(oldest - 1), "count",
	    (json_int_t)(oldest - t->next));

	t->next = oldest;
	return notify(out, journal, "lost", params);
}

enum watcher_step
tail_step(struct tail *t, const struct app_journal *journal, struct buffer *out)
{
	struct app_line line;
	unsigned shown = 0;

	if (!t->active || journal == NULL || buffer_length(out) > WATCHER_UNSENT_MAX)
		return WATCHER_IDLE;
	if (t->next < app_journal_oldest(journal) && notify_lost(t, journal, out) < 0)
		return WATCHER_FAILED;
	while (shown < LINES_A_STEP && app_journal_line(journal, t->next, &line)) {
		t->next++;
		if (!tail_wants(t->instance, &line))
			continue;
		shown++;
		if (notify(out, journal, "line", tail_line(&line)) < 0)
			return WATCHER_FAILED;
	}
	return shown == LINES_A_STEP ? WATCHER_MORE : WATCHER_IDLE;
}

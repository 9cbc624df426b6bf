#include "control/watch.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "control/values.h"

enum {
	EVENTS_A_STEP = 16, /* of those that are shown; others cost next to nothing */
	NAME_SIZE = 513 /* no parameter is longer */
};

_Static_assert(EVENT_TYPES <= 64, "a bit each");
_Static_assert(EVENTS_KEPT <= 4096, "a step may look at all of them");

/* ---- which ones */

static uint64_t
types_fitting(const char *pattern)
{
	uint64_t types = 0;
	unsigned i;

	for (i = 0; i < EVENT_TYPES; i++)
		if (text_fits(event_table[i].name, pattern))
			types |= UINT64_C(1) << i;
	return types;
}

static void
name_unknown(struct fault *fault, const char *name)
{
	const char *names[EVENT_TYPES + 1] = { NULL }, *near;
	char word[FAULT_WORD_MAX], list[sizeof fault->hint] = "";
	size_t i, n = 0;

	for (i = 0; i < EVENT_TYPES; i++) {
		names[i] = event_table[i].name;
		if (n < sizeof list)
			n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i > 0 ? ", " : "", names[i]);
	}
	near = text_nearest(name, names);
	fault_set(fault, REPLY_ERROR_PARAMS, "There is no event %s.", fault_word(name, word));
	if (near != NULL)
		fault_hint(fault, "Did you mean %s?", near);
	else
		fault_hint(fault, "The events are %s.", list);
}

/* Copies the name that `names` begins with, without the blanks around it. Returns what follows. */
static const char *
name_cut(const char *names, char name[NAME_SIZE])
{
	const char *end = names + strcspn(names, ","), *last = end;

	while (names < last && *names == ' ')
		names++;
	while (last > names && last[-1] == ' ')
		last--;
	snprintf(name, NAME_SIZE, "%.*s", (int)(last - names), names);
	return end;
}

bool
watcher_types(uint64_t *types, const char *names, struct fault *fault)
{
	char name[NAME_SIZE];
	uint64_t fitting;

	*types = 0;
	if (names == NULL)
		names = "*";
	for (;; names++) {
		names = name_cut(names, name);
		fitting = types_fitting(name);
		if (fitting == 0) {
			name_unknown(fault, name);
			return false;
		}
		*types |= fitting;
		if (*names == '\0')
			return true;
	}
}

json_t *
watcher_names(uint64_t types)
{
	json_t *names = json_array();
	unsigned i;

	for (i = 0; i < EVENT_TYPES; i++) {
		if ((types >> i & 1) == 0 || json_array_append_new(names, json_string(event_table[i].name)) == 0)
			continue;
		json_decref(names);
		return NULL;
	}
	return names;
}

void
watcher_start(struct watcher *w, const struct master *m, uint64_t types)
{
	*w = (struct watcher){ .active = true, .types = types, .next = master_event_newest(m) + 1 };
}

void
watcher_rewind(struct watcher *w, const struct master *m, uint64_t since)
{
	w->restarted = since > master_event_newest(m);
	w->next = w->restarted ? 1 : since + 1;
}

/* ---- notifications */

/* Counts what cannot be set, for lack of memory. */
static void
set(json_t *params, const char *name, json_t *value, unsigned *failures)
{
	*failures += json_object_set_new(params, name, value) < 0;
}

static void
set_number(json_t *params, const char *name, uint64_t number, unsigned *failures)
{
	set(params, name, json_integer((json_int_t)number), failures);
}

static json_t *
event_by(const struct master_event *event)
{
	if (event->by_pid == 0)
		return json_null();
	return json_pack("{s:I,s:i}", "uid", (json_int_t)event->uid, "pid", (int)event->by_pid);
}

static void
event_set(json_t *params, const struct master_event *event, unsigned *failures)
{
	unsigned fields = event_table[event->type].fields;

	if (fields & EVENT_HAS_WORKER)
		set_number(params, "worker", event->worker, failures);
	if (fields & (EVENT_HAS_APP | EVENT_HAS_INSTANCE))
		set(params, "app", value_text(event->pool), failures);
	if (fields & EVENT_HAS_INSTANCE)
		set_number(params, "instance", event->instance, failures);
	if (fields & (EVENT_HAS_WORKER | EVENT_HAS_PID | EVENT_HAS_INSTANCE))
		set(params, "pid", event->pid != 0 ? json_integer(event->pid) : json_null(), failures);
	if (fields & (EVENT_HAS_SERVER | EVENT_HAS_POOL))
		set(params, "pool", value_text(event->pool), failures);
	if (fields & EVENT_HAS_SERVER)
		set(params, "server", value_text(event->server), failures);
	if (fields & EVENT_HAS_BY)
		set(params, "by", event_by(event), failures);
	if (fields & EVENT_HAS_CHANGE) {
		set_number(params, "from", event->from, failures);
		set_number(params, "to", event->to, failures);
	}
	if (fields & EVENT_HAS_RATE) {
		set_number(params, "rate", event->rate, failures);
		set_number(params, "threshold", event->threshold, failures);
	}
	if (fields & EVENT_HAS_COUNT)
		set_number(params, "count", event->count, failures);
	if (fields & EVENT_HAS_TEXT)
		set(params, "text", value_text(event->text), failures);
}

/* Appends a notification; `params` is taken over. */
static int
notify(struct buffer *out, const char *method, json_t *params, unsigned failures)
{
	int result = params == NULL || failures > 0 ? -1 : reply_notification(out, method, params);

	json_decref(params);
	return result;
}

static int
notify_event(struct buffer *out, const struct master_event *event)
{
	json_t *params = json_object();
	unsigned failures = 0;

	set_number(params, "number", event->number, &failures);
	set(params, "time", value_time(event->when), &failures);
	set(params, "event", json_string(event_table[event->type].name), &failures);
	event_set(params, event, &failures);
	return notify(out, "event", params, failures);
}

/* Those from w->next up to before `oldest` are not kept any more. */
static int
notify_lost(struct watcher *w, struct buffer *out, uint64_t oldest)
{
	json_t *params;

	if (w->restarted)
		params = json_pack("{s:n,s:n,s:n,s:b}", "from", "to", "count", "restarted", 1);
	else
		params = json_pack("{s:I,s:I,s:I,s:b}", "from", (json_int_t)w->next, "to",
		    (json_int_t)(oldest - 1), "count", (json_int_t)(oldest - w->next), "restarted", 0);
	w->restarted = false;
	if (oldest > w->next)
		w->next = oldest;
	return notify(out, "lost", params, 0);
}

static bool
is_wanted(const struct watcher *w, const struct master_event *event)
{
	return (w->types >> event->type & 1) != 0;
}

enum watcher_step
watcher_step(struct watcher *w, const struct master *m, struct buffer *out)
{
	const struct master_event *event;
	unsigned shown = 0;

	if (!w->active || buffer_length(out) > WATCHER_UNSENT_MAX)
		return WATCHER_IDLE;
	if ((w->restarted || w->next < master_event_oldest(m)) &&
	    notify_lost(w, out, master_event_oldest(m)) < 0)
		return WATCHER_FAILED;
	while (shown < EVENTS_A_STEP && (event = master_event(m, w->next)) != NULL) {
		w->next++;
		if (!is_wanted(w, event))
			continue;
		shown++;
		if (notify_event(out, event) < 0)
			return WATCHER_FAILED;
	}
	return shown == EVENTS_A_STEP ? WATCHER_MORE : WATCHER_IDLE;
}

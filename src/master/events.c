#include "master/events.h"

#include "base/clock.h"
#include "base/object.h"
#include "master/state.h"

const struct event_info event_table[EVENT_TYPES] = {
#define EVENT_ROW(symbol, name, fields, sentence) [EVENT_##symbol] = { name, fields, sentence },
	EVENT_TABLE(EVENT_ROW)
#undef EVENT_ROW
};

void
master_event_add(struct master *m, const struct master_event *event)
{
	struct events *events = &m->events;
	struct master_event *kept = &events->ring[events->newest % EVENTS_KEPT];

	*kept = *event;
	kept->number = ++events->newest;
	kept->when = clock_wall();
	if (events->listener != NULL)
		events->listener(events->listener_arg);
}

uint64_t
master_event_newest(const struct master *m)
{
	return m->events.newest;
}

uint64_t
master_event_oldest(const struct master *m)
{
	uint64_t newest = m->events.newest;

	if (newest == 0)
		return 0;
	return newest > EVENTS_KEPT ? newest - EVENTS_KEPT + 1 : 1;
}

const struct master_event *
master_event(const struct master *m, uint64_t number)
{
	if (number == 0 || number > m->events.newest || number < master_event_oldest(m))
		return NULL;
	return &m->events.ring[(number - 1) % EVENTS_KEPT];
}

void
master_on_event(struct master *m, master_event_fn *listener, void *arg)
{
	m->events.listener = listener;
	m->events.listener_arg = arg;
}

void
master_act_for(struct master *m, uid_t uid, pid_t pid)
{
	m->events.uid = uid;
	m->events.by_pid = pid;
}

/* ---- drover -L events */

static void
fields_list(FILE *to, unsigned fields)
{
	static const struct {
		unsigned bit;
		const char *members;
	} names[] = {
		{ EVENT_HAS_WORKER, "worker,pid" },
		{ EVENT_HAS_PID, "pid" },
		{ EVENT_HAS_APP, "app" },
		{ EVENT_HAS_INSTANCE, "app,instance,pid" },
		{ EVENT_HAS_SERVER, "pool,server" },
		{ EVENT_HAS_POOL, "pool" },
		{ EVENT_HAS_BY, "by" },
		{ EVENT_HAS_TEXT, "text" },
		{ EVENT_HAS_CHANGE, "from,to" },
		{ EVENT_HAS_RATE, "rate,threshold" },
		{ EVENT_HAS_COUNT, "count" },
	};
	const char *before = "";
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(names); i++) {
		if ((fields & names[i].bit) == 0)
			continue;
		fprintf(to, "%s%s", before, names[i].members);
		before = ",";
	}
}

void
events_list(FILE *to)
{
	size_t i;

	for (i = 0; i < EVENT_TYPES; i++) {
		fprintf(to, "%s\t", event_table[i].name);
		fields_list(to, event_table[i].fields);
		fprintf(to, "\t%s\n", event_table[i].sentence);
	}
}

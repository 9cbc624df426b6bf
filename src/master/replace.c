#include "master/replace.h"

#include <stdio.h>

#include "base/log.h"
#include "master/state.h"
#include "master/workers.h"

static struct worker *
replace_highest(struct master *m)
{
	unsigned slot = m->workers.used;

	while (slot-- > 0)
		if (m->workers.slots[slot].replaced && m->workers.slots[slot].process.child.state == CHILD_READY)
			return &m->workers.slots[slot];
	return NULL;
}

static unsigned
workers_open(const struct master *m)
{
	unsigned slot, count = 0;

	for (slot = 0; slot < m->workers.used; slot++)
		count += worker_is_open(&m->workers.slots[slot]);
	return count;
}

/* Workers that come or go: what there is a moment later is not known yet. */
static unsigned
workers_on_the_way(const struct master *m)
{
	return workers_count(m, CHILD_STARTING) + workers_count(m, CHILD_BACKOFF) +
	    workers_count(m, CHILD_DRAINING) + workers_count(m, CHILD_STOPPING);
}

/* Whether one more is wanted and there is no slot for it: then one goes first, and no other before that is made up for. */
static bool
replace_needs_room(struct master *m)
{
	return workers_wanted(m) < m->workers.desired && worker_lowest_empty(m) == NULL &&
	    workers_on_the_way(m) == 0;
}

void
replace_go_on(struct master *m)
{
	struct worker *w;

	while ((w = replace_highest(m)) != NULL &&
	       (workers_open(m) > m->workers.desired || replace_needs_room(m)))
		supervised_end(&w->process, CHILD_EVENT_DRAIN, "another is at work in its stead");
}

bool
replace_died(struct worker *w)
{
	if (!w->replaced)
		return false;
	supervised_tell_end(&w->process, LOG_LEVEL_WARN, "it was about to be replaced");
	supervised_event(&w->process, CHILD_EVENT_DRAIN);
	return true;
}

bool
replace_call_off(struct worker *failed)
{
	struct worker *w = replace_highest(failed->master);
	char next[112];

	if (w == NULL)
		return false;
	snprintf(next, sizeof next,
	    "its configuration or environment is wrong: worker %u (pid %d) is not replaced", w->slot,
	    (int)w->process.pid);
	supervised_tell_end(&failed->process, LOG_LEVEL_ERROR, next);
	news_worker(&failed->process, EVENT_WORKER_FAILED, failed->process.last_words);
	w->replaced = false;
	supervised_event(&failed->process, CHILD_EVENT_DRAIN);
	return true;
}

/* ---- verbs */

/* The table does what is right for each state; one that is being started is what was asked for. */
static void
replace_begin(struct worker *w)
{
	struct supervised *process = &w->process;

	child_forget_deaths(&process->child);
	if (process->child.state == CHILD_READY) {
		w->replaced = true;
		workers_adjust(w->master);
	} else if (process->child.state == CHILD_BACKOFF) {
		supervised_event(process, CHILD_EVENT_BACKOFF_OVER);
	} else {
		supervised_event(process, CHILD_EVENT_RESET);
	}
}

int
master_restart_worker(struct master *m, unsigned slot, struct error *err)
{
	if (m->stopping)
		return error_set(err, "drover is stopping");
	if (slot >= SCOREBOARD_WORKERS || !child_is_kept(m->workers.slots[slot].process.child.state))
		return error_set(err, "there is no worker %u", slot);
	replace_begin(&m->workers.slots[slot]);
	return 0;
}

bool
master_worker_is_replaced(const struct master *m, unsigned slot)
{
	return m->workers.slots[slot].replaced;
}

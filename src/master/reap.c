#include "master/reap.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/object.h"
#include "master/dispatch.h"
#include "master/orphans.h"
#include "master/state.h"
#include "master/workers.h"

static const uint64_t turn_lasts = CLOCK_MILLISECOND;

static void
death_record(struct worker *w, pid_t pid, int wait_status)
{
	struct scoreboard_death death = {
		.when = clock_wall(),
		.lived = w->lived,
		.slot = (int32_t)w->slot,
		.pid = pid,
		.wait_status = wait_status,
		.asked_for = w->asked_for,
		.hung = w->hung,
	};
	char how[80];

	scoreboard_death_add(w->master->board, &death);
	snprintf(w->last_words, sizeof w->last_words, "%s after %.1f s%s%s",
	    child_describe_exit(wait_status, how, sizeof how), (double)w->lived / (double)CLOCK_SECOND,
	    w->why != NULL ? ": " : "", w->why != NULL ? w->why : "");
}

/* Saves what is in its channel, both ways. */
static void
channel_salvage(struct worker *w)
{
	if (!w->deaf)
		worker_read(w);
	watch_close(&w->watch);
	orphans_adopt(w);
	w->deaf = false;
	w->owed = 0;
}

static void
reap_one(struct worker *w, int wait_status)
{
	struct master *m = w->master;
	bool wrong = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == CHILD_EXIT_WRONG;
	struct scoreboard_worker *row = &m->board->workers[w->slot];
	pid_t pid = w->pid;

	w->pid = 0; /* it is nobody's any more: nothing is sent to it, neither signals nor connections */
	channel_salvage(w);
	w->lived = clock_monotonic() - w->started;
	scoreboard_set(&row->pid, 0);
	scoreboard_worker_reset(m->board, w->slot);
	wakers_call(m); /* its places may be for others */
	w->stuck = false;
	queries_worker_gone(w);
	death_record(w, pid, wait_status);
	worker_event(w, wrong ? CHILD_EVENT_EXITED_WRONG : CHILD_EVENT_EXITED);
}

/* Whether it has been looked at before: if it is gone now, there is another SIGCHLD. */
static bool
is_own(const struct master *m, pid_t pid)
{
	unsigned slot;

	for (slot = 0; slot < m->workers.used; slot++)
		if (m->workers.slots[slot].pid == pid)
			return true;
	return m->prober.pid == pid;
}

static void
reap_later_cb(struct later *later)
{
	struct apps *apps = CONTAINER_OF(later, struct apps, reap);

	reap_children(CONTAINER_OF(apps, struct master, apps));
}

/*
 * Instances, and whom their own parents have left: the first process of a container has them all. When many
 * have died at once, other things come in between.
 */
static void
reap_others(struct master *m)
{
	uint64_t until = clock_monotonic() + turn_lasts;
	siginfo_t info;

	do {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0 || is_own(m, info.si_pid))
			return;
		if (!instances_reap(m, info.si_pid))
			waitpid(info.si_pid, NULL, WNOHANG);
	} while (clock_monotonic() < until);
	loop_later(m->loop, &m->apps.reap, reap_later_cb);
}

void
reap_children(struct master *m)
{
	bool any = false;
	unsigned slot;

	for (slot = 0; slot < m->workers.used; slot++) {
		struct worker *w = &m->workers.slots[slot];
		int wait_status;

		if (w->pid == 0 || waitpid(w->pid, &wait_status, WNOHANG) != w->pid)
			continue;
		reap_one(w, wait_status);
		any = true;
	}
	prober_reap(m);
	reap_others(m);
	if (m->stopping)
		orphans_close(m);
	else if (any)
		dispatch_resume(m);
}

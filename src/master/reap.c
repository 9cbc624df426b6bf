#include "master/reap.h"

#include <sys/wait.h>

#include "base/clock.h"
#include "base/object.h"
#include "master/dispatch.h"
#include "master/orphans.h"
#include "master/state.h"
#include "master/workers.h"

static const uint64_t turn_lasts = CLOCK_MILLISECOND;

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

void
reap_worker(struct supervised *process)
{
	struct worker *w = CONTAINER_OF(process, struct worker, process);

	channel_salvage(w);
	scoreboard_worker_reset(w->master->board, w->slot);
	wakers_call(w->master); /* its places may be for others */
	w->stuck = false;
	queries_worker_gone(w);
}

/* Whether it has been looked at before: if it is gone now, there is another SIGCHLD. */
static bool
is_own(const struct master *m, pid_t pid)
{
	unsigned slot;

	for (slot = 0; slot < m->workers.used; slot++)
		if (m->workers.slots[slot].process.pid == pid)
			return true;
	return m->prober.process.pid == pid;
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

	for (slot = 0; slot < m->workers.used; slot++)
		any |= supervised_reap(&m->workers.slots[slot].process);
	supervised_reap(&m->prober.process);
	reap_others(m);
	if (m->stopping)
		orphans_close(m);
	else if (any)
		dispatch_resume(m);
}

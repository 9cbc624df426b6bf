#include "master/spawn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/object.h"
#include "master/privileges.h"
#include "master/schedule.h"
#include "master/state.h"
#include "master/title.h"

/* ---- in the child */

/*
 * A copy of a client's socket or of a channel that stays open here would keep
 * the client or the other worker from seeing its end.
 */
static void
spawn_close_copies(struct master *m, int own)
{
	unsigned slot;

	for (slot = 0; slot < m->workers.used; slot++) {
		struct worker *other = &m->workers.slots[slot];

		channel_close_fds(&other->staged);
		if (other->channel >= 0)
			close(other->channel);
		if (other->far_end >= 0 && other->far_end != own)
			close(other->far_end);
	}
	if (m->prober.channel >= 0)
		close(m->prober.channel);
	users_close(&m->users);
	apps_close_copies(m);
	orphans_close_copies(m);
	ports_close_copies(&m->ports);
	pidfile_close_copy(&m->pidfile);
	notify_close(&m->notify);
	daemon_close_copies(&m->daemon);
	if (m->on_child != NULL)
		m->on_child(m->on_child_arg);
}

/*
 * Makes this process a child of its own: `own` is its end of its channel, `name` stands
 * in the log and in its title, and its comm is `comm`: `pgrep -x drover` is to find the
 * master alone. -1: it cannot be one, which is logged.
 */
static int
spawn_settle(struct master *m, int own, const char *name, const char *comm, const _Atomic uint32_t *log_level)
{
	struct error err;

	loop_abandon(m->loop); /* it puts back the handlers that it found */
	signals_reset();
	schedule_as_started();
	spawn_close_copies(m, own);
	log_process(name);
	log_follow(log_level);
	title_set("%s", name);
	prctl(PR_SET_NAME, comm);
	if (privileges_drop(m->conf, &err) == 0)
		return 0;
	log_error("%s", err.text);
	return -1;
}

static int
spawn_worker_main(struct worker *w)
{
	struct master *m = w->master;
	struct worker_start start = {
		.conf = m->conf,
		.board = m->board,
		.slot = w->slot,
		.channel = w->far_end,
		.access_log = m->logs.access,
		.wakers = m->wakers.fds,
		.waker_count = m->wakers.count,
	};

	if (spawn_settle(m, w->far_end, w->process.name, "drover worker", &m->board->workers[w->slot].log_level) < 0)
		return CHILD_EXIT_WRONG;
	return m->options.worker_main(&start);
}

static int
spawn_prober_main(struct master *m, int channel)
{
	struct prober_start start = { .conf = m->conf, .board = m->board, .channel = channel };

	if (spawn_settle(m, channel, "prober", "drover prober", &m->board->prober.log_level) < 0)
		return CHILD_EXIT_WRONG;
	return m->options.prober_main(&start);
}

/* ---- in the master */

/* As fork(2); in the child no signal is handled before signals_reset. */
static pid_t
spawn_fork(struct error *err)
{
	sigset_t before;
	pid_t pid;

	fflush(NULL); /* or the child would write it again */
	signals_block(&before);
	pid = fork();
	if (pid == 0)
		return 0;
	if (pid < 0)
		error_errno(err, "cannot fork");
	signals_unblock(&before);
	return pid;
}

/* fds[0] is watched. */
static int
spawn_open_channel(struct master *m, struct watch *watch, watch_fn *heard, int fds[2], struct error *err)
{
	if (channel_pair(fds, err) < 0)
		return -1;
	if (watch_open_level(watch, m->loop, fds[0], heard) == 0)
		return 0;
	close(fds[0]);
	close(fds[1]);
	return error_errno(err, "cannot watch a channel");
}

static void
spawn_watch_cb(struct watch *watch, unsigned events)
{
	(void)events;
	worker_read(CONTAINER_OF(watch, struct worker, watch));
}

int
spawn_worker(struct worker *w, struct error *err)
{
	int fds[2];
	pid_t pid;

	if (spawn_open_channel(w->master, &w->watch, spawn_watch_cb, fds, err) < 0)
		return -1;
	wakers_prepare(w);
	w->channel = fds[0];
	w->far_end = fds[1];
	scoreboard_worker_reset(w->master->board, w->slot); /* before the fork: afterwards the row is the child's to write */
	pid = spawn_fork(err);
	if (pid == 0)
		exit(spawn_worker_main(w)); /* not _exit: leak checks and coverage are to see workers too */
	if (pid < 0) {
		watch_close(&w->watch);
		close(w->channel);
		close(w->far_end);
		w->channel = w->far_end = -1;
		return -1;
	}
	w->process.pid = pid;
	return 0;
}

int
spawn_prober(struct master *m, watch_fn *heard, struct error *err)
{
	struct prober_child *p = &m->prober;
	int fds[2];
	pid_t pid;

	if (spawn_open_channel(m, &p->watch, heard, fds, err) < 0)
		return -1;
	p->channel = fds[0];
	pid = spawn_fork(err);
	if (pid == 0)
		exit(spawn_prober_main(m, fds[1]));
	close(fds[1]);
	if (pid < 0) {
		watch_close(&p->watch);
		close(p->channel);
		p->channel = -1;
		return -1;
	}
	p->process.pid = pid;
	return 0;
}

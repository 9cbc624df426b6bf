#include "master/workers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/object.h"
#include "master/dispatch.h"
#include "master/orphans.h"
#include "master/reap.h"
#include "master/replace.h"
#include "master/spawn.h"
#include "master/state.h"

enum { READ_BURST = 64 }; /* messages of one worker, before others have their turn */

static const uint64_t tick_every = CLOCK_SECOND;
static const uint64_t daemon_start_timeout = 30 * CLOCK_SECOND; /* for how long `drover -d` waits */
static const uint64_t master_was_stopped = 3 * CLOCK_SECOND; /* between two ticks */

/* ---- counting */

unsigned
workers_count(const struct master *m, enum child_state state)
{
	unsigned slot, count = 0;

	for (slot = 0; slot < m->workers.used; slot++)
		count += m->workers.slots[slot].process.child.state == state;
	return count;
}

static bool
is_wanted(const struct worker *w)
{
	return child_is_kept(w->process.child.state) && !w->replaced;
}

unsigned
workers_wanted(const struct master *m)
{
	unsigned slot, count = 0;

	for (slot = 0; slot < m->workers.used; slot++)
		count += is_wanted(&m->workers.slots[slot]);
	return count;
}

bool
worker_is_open(const struct worker *w)
{
	return w->process.child.state == CHILD_READY && w->process.pid != 0 && !w->process.killed;
}

struct worker *
worker_lowest_empty(struct master *m)
{
	unsigned slot;

	for (slot = 0; slot < SCOREBOARD_WORKERS; slot++)
		if (m->workers.slots[slot].process.child.state == CHILD_EMPTY)
			return &m->workers.slots[slot];
	return NULL;
}

static struct worker *
worker_highest_wanted(struct master *m)
{
	unsigned slot = m->workers.used;

	while (slot-- > 0)
		if (is_wanted(&m->workers.slots[slot]))
			return &m->workers.slots[slot];
	return NULL;
}

/* ---- what the actions of the table mean for a worker; see supervised.h */

static void
workers_announce(struct master *m)
{
	unsigned ready = workers_count(m, CHILD_READY);

	if (m->stopping)
		notify_send(&m->notify, "STATUS=stopping: %u workers are left",
		    m->workers.used - workers_count(m, CHILD_EMPTY));
	else
		notify_send(&m->notify, "STATUS=%u of %u workers ready", ready, m->workers.desired);
}

static struct worker *
worker_of(struct supervised *process)
{
	return OBJECT_CAST(CONTAINER_OF(process, struct worker, process), struct worker, WORKER_MAGIC);
}

static int
worker_spawn(struct supervised *process, struct error *err)
{
	struct worker *w = worker_of(process);
	struct master *m = w->master;

	if (m->workers.used <= w->slot)
		m->workers.used = w->slot + 1;
	supervised_limit_start(process, m->conf->worker_timeout);
	return spawn_worker(w, err);
}

static void
worker_use(struct supervised *process)
{
	struct worker *w = worker_of(process);
	struct master *m = w->master;

	/* what could not be sent to the one before it in this slot */
	scoreboard_add(&m->board->workers[w->slot].handed, w->staged.count);
	w->stuck = w->staged.count > 0;
	log_info("%s (pid %d) is ready", process->name, (int)process->pid);
	news_worker(process, EVENT_WORKER_READY, "");
	if (!m->workers.ever_ready) {
		m->workers.ever_ready = true;
		log_notice("ready");
		notify_send(&m->notify, "READY=1\nMAINPID=%d", (int)getpid());
		daemon_ready(&m->daemon);
	}
	workers_announce(m);
	dispatch_resume(m);
	replace_go_on(m);
}

static void
worker_drain(struct supervised *process)
{
	struct worker *w = worker_of(process);

	supervised_limit(process, w->master->conf->shutdown_timeout);
	worker_owe(w, WORKER_OWED_DRAIN);
}

static void
worker_terminate(struct supervised *process)
{
	worker_owe(worker_of(process), WORKER_OWED_QUIT);
}

static void
worker_release(struct supervised *process)
{
	struct worker *w = worker_of(process);

	w->replaced = false;
	if (process->asked_for)
		supervised_tell_end(process, LOG_LEVEL_INFO, "as asked");
	workers_announce(w->master);
	if (!w->master->stopping)
		workers_adjust(w->master);
	else
		workers_end_when_gone(w->master);
}

static bool
worker_time_is_over(struct supervised *process)
{
	const struct worker *w = worker_of(process);

	if (process->child.state == CHILD_DRAINING) {
		log_warn("%s (pid %d) still has %u connection(s) after shutdown-timeout: they are cut off",
		    process->name, (int)process->pid, scoreboard_worker_load(w->master->board, w->slot));
		process->why = "it had not finished within shutdown-timeout";
	}
	return true;
}

static void
worker_record(struct supervised *process, struct scoreboard_death *death)
{
	const struct worker *w = worker_of(process);

	death->slot = (int32_t)w->slot;
	scoreboard_death_add(w->master->board, death);
}

static bool
worker_put_away(struct supervised *process, bool given_up)
{
	struct worker *w = worker_of(process);

	return replace_died(w) || (given_up && replace_call_off(w));
}

static void
workers_give_up_start(struct master *m, const char *why)
{
	log_error("%s; ending", why);
	m->exit_status = 1;
	master_stop(m, false);
}

static void
worker_changed(struct supervised *process)
{
	struct master *m = worker_of(process)->master;

	workers_announce(m);
	/* when no worker was ever ready and none will be, nothing is gained by staying */
	if (process->child.state == CHILD_FAILED && !m->workers.ever_ready && !m->stopping &&
	    workers_count(m, CHILD_FAILED) >= m->workers.desired)
		workers_give_up_start(m, "no worker can be started");
}

static const struct supervised_kind worker_kind = {
	.started = EVENT_WORKER_STARTED,
	.draining = EVENT_WORKER_DRAINING,
	.died = EVENT_WORKER_DIED,
	.failed = EVENT_WORKER_FAILED,
	.given_up = "its configuration or environment is wrong: it is not started again until asked",
	.news = news_worker,
	.spawn = worker_spawn,
	.use = worker_use,
	.drain = worker_drain,
	.terminate = worker_terminate,
	.release = worker_release,
	.time_is_over = worker_time_is_over,
	.gone = reap_worker,
	.record = worker_record,
	.put_away = worker_put_away,
	.changed = worker_changed,
};

/* ---- time */

static void
workers_tick_cb(struct timer *timer)
{
	struct workers *ws = CONTAINER_OF(timer, struct workers, tick);
	struct master *m = CONTAINER_OF(ws, struct master, workers);
	uint64_t now = loop_now(m->loop);
	unsigned slot;

	/* if the master itself did not run, perhaps nothing did: give the workers time to show life */
	if (now - ws->last_tick > master_was_stopped)
		ws->hung_from = now + m->conf->worker_timeout;
	ws->last_tick = now;
	if (m->conf->worker_timeout != 0 && now >= ws->hung_from) {
		for (slot = 0; slot < ws->used; slot++)
			supervised_look(&ws->slots[slot].process, m->conf->worker_timeout, now);
		supervised_look(&m->prober.process, m->conf->worker_timeout, now);
	}
	prober_tick(m);
	if (daemon_waits(&m->daemon) && !m->stopping &&
	    now - m->board->started_monotonic > daemon_start_timeout)
		workers_give_up_start(m, "no worker gets ready");
	news_tick(m, now);
	timer_set(&ws->tick, tick_every);
}

/* ---- messages */

static bool
worker_send_logs(struct worker *w)
{
	struct channel_message message;

	return !logs_message(&w->master->logs, w->master->conf, &message) ||
	       channel_send(w->channel, &message) == 0;
}

static bool
worker_send_users(struct worker *w)
{
	struct channel_message message;

	return !users_message(&w->master->users, &message) || channel_send(w->channel, &message) == 0;
}

static bool
worker_send_word(struct worker *w, enum channel_type type)
{
	struct channel_message message = { .type = (uint16_t)type };

	return channel_send(w->channel, &message) == 0;
}

void
worker_send_owed(struct worker *w)
{
	enum channel_type drain = w->master->stopping ? CHANNEL_STOP : CHANNEL_DRAIN;

	/* the last word does not wait for what would come before it */
	if ((w->owed & WORKER_OWED_QUIT) != 0 && worker_send_word(w, CHANNEL_QUIT))
		w->owed = 0;
	if (!dispatch_send_staged(w))
		return;
	if ((w->owed & WORKER_OWED_LOGS) != 0 && worker_send_logs(w))
		w->owed &= ~(unsigned)WORKER_OWED_LOGS;
	if ((w->owed & WORKER_OWED_WAKERS) != 0 && wakers_send(w))
		w->owed &= ~(unsigned)WORKER_OWED_WAKERS;
	if ((w->owed & WORKER_OWED_USERS) != 0 && worker_send_users(w))
		w->owed &= ~(unsigned)WORKER_OWED_USERS;
	if ((w->owed & WORKER_OWED_QUERIES) != 0 && queries_send(w))
		w->owed &= ~(unsigned)WORKER_OWED_QUERIES;
	if (w->owed == WORKER_OWED_DRAIN && worker_send_word(w, drain))
		w->owed = 0;
	if (w->owed != 0)
		dispatch_retry_soon(w->master);
}

void
worker_owe(struct worker *w, unsigned owed)
{
	w->owed |= owed;
	worker_send_owed(w);
}

/* Hears no more of it; what is in its channel is salvaged when it is dead, or read when there is room again. */
static void
worker_mute(struct worker *w)
{
	if (!w->deaf)
		watch_pause(&w->watch);
	w->deaf = true;
}

/* A worker is not believed blindly: it may have been taken over. */
static void
worker_nonsense(struct worker *w, struct channel_message *message)
{
	channel_close_fds(message);
	worker_mute(w);
	supervised_fail(&w->process, "sent nonsense", "it sent nonsense");
}

/* false: no more is to be read. */
static bool
worker_message(struct worker *w, struct channel_message *message)
{
	if (message->type == CHANNEL_READY && message->fd_count == 0 && w->process.child.state == CHILD_STARTING) {
		if (w->process.pid != 0) /* else it has died since */
			supervised_event(&w->process, CHILD_EVENT_READY);
		return true;
	}
	if (message->type == CHANNEL_READY && message->fd_count == 0 && w->process.child.state == CHILD_STOPPING)
		return true; /* it got ready as it was told to end */
	if (message->type == CHANNEL_ANSWER && message->fd_count == 0 && queries_answer(w, &message->answer))
		return true;
	if (message->type == CHANNEL_RETURNED && message->count > 0 && w->process.child.state != CHILD_STARTING) {
		orphans_take(w, message);
		return true;
	}
	if (message->type == CHANNEL_NEWS && message->fd_count == 0) {
		news_expect(w->master);
		return true;
	}
	worker_nonsense(w, message);
	return false;
}

void
worker_read(struct worker *w)
{
	struct channel_message message;
	int got, n;

	for (n = 0; n < READ_BURST; n++) {
		if (w->process.child.state != CHILD_STARTING && !orphans_have_room(w->master)) {
			worker_mute(w);
			return;
		}
		got = channel_receive(w->channel, &message);
		if (got < 0 && errno != EBADMSG)
			return;
		if (got <= 0) { /* it has ended its side, or speaks another language */
			message.type = 0;
			message.fd_count = 0;
		}
		if (!worker_message(w, &message))
			return;
	}
}

/* ---- how many */

static void
workers_adjust_cb(struct later *later)
{
	struct workers *ws = CONTAINER_OF(later, struct workers, adjust);

	workers_adjust(CONTAINER_OF(ws, struct master, workers));
}

/* One to start or drain in a turn of the loop: a fork alone takes a millisecond. */
void
workers_adjust(struct master *m)
{
	unsigned wanted = workers_wanted(m);
	struct worker *w = wanted < m->workers.desired ? worker_lowest_empty(m) : NULL;

	if (w != NULL)
		supervised_event(&w->process, CHILD_EVENT_START);
	else if (wanted > m->workers.desired && (w = worker_highest_wanted(m)) != NULL)
		supervised_end(&w->process, CHILD_EVENT_DRAIN, "fewer workers are wanted");
	replace_go_on(m);
	if (w != NULL && !m->stopping)
		loop_later(m->loop, &m->workers.adjust, workers_adjust_cb);
}

void
workers_reset_failed(struct master *m)
{
	unsigned slot;

	for (slot = 0; slot < m->workers.used; slot++) {
		struct supervised *process = &m->workers.slots[slot].process;

		if (process->child.state != CHILD_FAILED)
			continue;
		child_forget_deaths(&process->child);
		supervised_event(process, CHILD_EVENT_RESET);
	}
}

void
workers_stop(struct master *m, bool graceful)
{
	unsigned slot;

	m->workers.desired = 0;
	m->graceful = graceful;
	loop_later_cancel(m->loop, &m->workers.adjust);
	for (slot = 0; slot < m->workers.used; slot++) {
		struct worker *w = &m->workers.slots[slot];

		if (w->process.child.state == CHILD_DRAINING)
			worker_owe(w, WORKER_OWED_DRAIN); /* this time with the word that nobody is left */
		supervised_end(&w->process, graceful ? CHILD_EVENT_DRAIN : CHILD_EVENT_STOP, "drover is stopping");
	}
	if (m->apps.stopping)
		apps_stop(m, graceful);
	workers_end_when_gone(m);
}

void
workers_end_when_gone(struct master *m)
{
	if (workers_count(m, CHILD_EMPTY) != m->workers.used)
		return;
	/* these are of use to the last */
	if (!m->apps.stopping)
		apps_stop(m, m->graceful);
	if (!prober_is_gone(m))
		prober_stop(m);
	else if (apps_are_gone(m))
		loop_stop(m->loop);
}

void
workers_init(struct master *m)
{
	unsigned slot;

	for (slot = 0; slot < SCOREBOARD_WORKERS; slot++) {
		struct worker *w = &m->workers.slots[slot];

		w->magic = WORKER_MAGIC;
		w->master = m;
		w->slot = slot;
		w->channel = w->far_end = -1;
		snprintf(w->process.name, sizeof w->process.name, "worker %u", slot);
		supervised_init(&w->process, &worker_kind, m->loop, &m->board->workers[slot].child,
		    &m->board->workers[slot].heartbeat);
	}
	m->workers.desired = m->conf->workers;
	m->workers.last_tick = clock_monotonic();
	timer_init(&m->workers.tick, m->loop, workers_tick_cb);
	timer_set(&m->workers.tick, tick_every);
}

#include "master/workers.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/object.h"
#include "base/text.h"
#include "master/dispatch.h"
#include "master/orphans.h"
#include "master/replace.h"
#include "master/spawn.h"
#include "master/state.h"

enum { READ_BURST = 64 }; /* messages of one worker, before others have their turn */

static const uint64_t tick_every = CLOCK_SECOND;
static const uint64_t start_timeout = 10 * CLOCK_SECOND; /* worker-timeout, when that is longer */
static const uint64_t quit_timeout = 2 * CLOCK_SECOND; /* then by force */
static const uint64_t sign_of_life_every = CLOCK_SECOND; /* an idle loop turns as often */
static const uint64_t daemon_start_timeout = 30 * CLOCK_SECOND; /* for how long `drover -d` waits */
static const uint64_t master_was_stopped = 3 * CLOCK_SECOND; /* between two ticks */

/* ---- counting */

unsigned
workers_count(const struct master *m, enum child_state state)
{
	unsigned slot, count = 0;

	for (slot = 0; slot < m->workers.used; slot++)
		count += m->workers.slots[slot].child.state == state;
	return count;
}

bool
worker_is_kept(const struct worker *w)
{
	switch (w->child.state) {
	case CHILD_STARTING:
	case CHILD_READY:
	case CHILD_BACKOFF:
	case CHILD_FAILED:
		return true;
	default:
		return false;
	}
}

static bool
is_wanted(const struct worker *w)
{
	return worker_is_kept(w) && !w->replaced;
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
	return w->child.state == CHILD_READY && w->pid != 0 && !w->killed;
}

struct worker *
worker_lowest_empty(struct master *m)
{
	unsigned slot;

	for (slot = 0; slot < SCOREBOARD_WORKERS; slot++)
		if (m->workers.slots[slot].child.state == CHILD_EMPTY)
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

/* ---- what the actions of the table mean for a worker */

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

static void
worker_act_none(struct worker *w)
{
	(void)w;
}

static void
worker_act_spawn(struct worker *w)
{
	struct master *m = w->master;
	struct error err;

	if (m->workers.used <= w->slot)
		m->workers.used = w->slot + 1;
	if (spawn_worker(w, &err) < 0) {
		w->lived = 0;
		w->ready = 0;
		w->last_pid = 0;
		snprintf(w->last_words, sizeof w->last_words, "cannot be started: %.100s", err.text);
		worker_event(w, CHILD_EVENT_SPAWN_FAILED);
		return;
	}
	news_worker(w, EVENT_WORKER_STARTED, "");
	timer_set(
	    &w->timer, m->conf->worker_timeout > start_timeout ? m->conf->worker_timeout : start_timeout);
}

static void
worker_act_use(struct worker *w)
{
	struct master *m = w->master;
	struct scoreboard_worker *row = &m->board->workers[w->slot];

	timer_clear(&w->timer);
	w->ready = loop_now(m->loop);
	scoreboard_set(&row->ready, w->ready);
	/* what could not be sent to the one before it in this slot */
	scoreboard_add(&row->handed, w->staged.count);
	w->stuck = w->staged.count > 0;
	log_info("worker %u (pid %d) is ready", w->slot, (int)w->pid);
	news_worker(w, EVENT_WORKER_READY, "");
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
worker_act_drain(struct worker *w)
{
	w->asked_for = true;
	news_worker(w, EVENT_WORKER_DRAINING, w->why != NULL ? w->why : "");
	timer_set(&w->timer, w->master->conf->shutdown_timeout);
	worker_owe(w, WORKER_OWED_DRAIN);
}

static void
worker_act_terminate(struct worker *w)
{
	w->asked_for = true;
	timer_set(&w->timer, quit_timeout);
	worker_owe(w, WORKER_OWED_QUIT);
}

static void
worker_act_kill(struct worker *w)
{
	w->killed = true;
	timer_clear(&w->timer); /* its death is the next event, for sure */
	if (w->pid > 0)
		kill(w->pid, SIGKILL);
}

void
worker_tell_end(const struct worker *w, enum log_level level, const char *next)
{
	char text[EVENT_TEXT_MAX];

	snprintf(text, sizeof text, "%s; %s", w->last_words, next);
	if (w->last_pid != 0)
		log_write(level, "worker %u (pid %d) %s", w->slot, (int)w->last_pid, text);
	else
		log_write(level, "worker %u %s", w->slot, text);
	news_worker(w, EVENT_WORKER_DIED, text);
}

static void
worker_act_back_off(struct worker *w)
{
	char next[48] = "restarting at once";
	uint64_t pause;

	if (replace_died(w))
		return;
	pause = child_backoff(&w->child, w->lived, w->ready != 0, random_number());
	if (pause != 0)
		snprintf(next, sizeof next, "restarting in %.1f s", (double)pause / (double)CLOCK_SECOND);
	worker_tell_end(w, LOG_LEVEL_WARN, next);
	timer_set(&w->timer, pause);
	workers_announce(w->master);
}

static void
workers_give_up_start(struct master *m, const char *why)
{
	log_error("%s; ending", why);
	m->exit_status = 1;
	master_stop(m, false);
}

static void
worker_act_give_up(struct worker *w)
{
	struct master *m = w->master;

	timer_clear(&w->timer);
	if (replace_died(w) || replace_call_off(w))
		return;
	worker_tell_end(w, LOG_LEVEL_ERROR,
	    "its configuration or environment is wrong: it is not started again until asked");
	news_worker(w, EVENT_WORKER_FAILED, w->last_words);
	workers_announce(m);
	/* when no worker was ever ready and none will be, nothing is gained by staying */
	if (!m->workers.ever_ready && !m->stopping && workers_count(m, CHILD_FAILED) >= m->workers.desired)
		workers_give_up_start(m, "no worker can be started");
}

static void
worker_act_release(struct worker *w)
{
	struct master *m = w->master;

	timer_clear(&w->timer);
	w->replaced = false;
	if (w->asked_for)
		worker_tell_end(w, LOG_LEVEL_INFO, "as asked");
	child_forget_deaths(&w->child);
	workers_announce(m);
	if (!m->stopping)
		workers_adjust(m);
	else
		workers_end_when_gone(m);
}

void
worker_event(struct worker *w, enum child_event event)
{
	static void (*const act[CHILD_ACTIONS])(struct worker *) = {
		[CHILD_ACTION_NONE] = worker_act_none,
		[CHILD_ACTION_SPAWN] = worker_act_spawn,
		[CHILD_ACTION_USE] = worker_act_use,
		[CHILD_ACTION_DRAIN] = worker_act_drain,
		[CHILD_ACTION_TERMINATE] = worker_act_terminate,
		[CHILD_ACTION_KILL] = worker_act_kill,
		[CHILD_ACTION_BACK_OFF] = worker_act_back_off,
		[CHILD_ACTION_GIVE_UP] = worker_act_give_up,
		[CHILD_ACTION_RELEASE] = worker_act_release,
	};

	OBJECT_CHECK(w, WORKER_MAGIC);
	act[child_event(&w->child, event)](w);
}

void
worker_drain(struct worker *w, const char *why)
{
	w->why = why;
	worker_event(w, CHILD_EVENT_DRAIN);
}

/* The same, at once or by force. */
static void
worker_end(struct worker *w, enum child_event event, const char *why)
{
	w->why = why;
	worker_event(w, event);
}

/* ---- time */

static void
worker_timer_cb(struct timer *timer)
{
	struct worker *w = CONTAINER_OF(timer, struct worker, timer);

	switch (w->child.state) {
	case CHILD_STARTING:
		log_error("worker %u (pid %d) does not get ready; it is killed", w->slot, (int)w->pid);
		worker_end(w, CHILD_EVENT_START_TIMEOUT, "it did not get ready");
		break;
	case CHILD_BACKOFF:
		scoreboard_add(&w->master->board->workers[w->slot].restarts, 1);
		worker_event(w, CHILD_EVENT_BACKOFF_OVER);
		break;
	case CHILD_DRAINING:
		log_warn("worker %u (pid %d) still has %u connection(s) after shutdown-timeout: they are cut off",
		    w->slot, (int)w->pid, scoreboard_worker_load(w->master->board, w->slot));
		worker_end(w, CHILD_EVENT_KILL_TIMEOUT, "it had not finished within shutdown-timeout");
		break;
	case CHILD_STOPPING:
		worker_event(w, CHILD_EVENT_KILL_TIMEOUT);
		break;
	default:
		break;
	}
}

static void
worker_check_life(struct worker *w, uint64_t now)
{
	uint64_t sign = scoreboard_get(&w->master->board->workers[w->slot].heartbeat);
	uint64_t limit = w->master->conf->worker_timeout + sign_of_life_every;

	if (sign < w->ready)
		sign = w->ready;
	if (w->killed || w->ready == 0 || w->pid == 0 || now < sign + limit)
		return;
	log_error("worker %u (pid %d) is hung: its loop has not turned for %.1f s; it is killed", w->slot,
	    (int)w->pid, (double)(now - sign) / (double)CLOCK_SECOND);
	w->hung = true;
	worker_end(w, CHILD_EVENT_HUNG, "its loop had not turned for worker-timeout");
}

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
	if (m->conf->worker_timeout != 0 && now >= ws->hung_from)
		for (slot = 0; slot < ws->used; slot++)
			worker_check_life(&ws->slots[slot], now);
	prober_tick(m, now);
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
	log_error("worker %u (pid %d) sent nonsense; it is killed", w->slot, (int)w->pid);
	channel_close_fds(message);
	worker_mute(w);
	worker_end(w, CHILD_EVENT_HUNG, "it sent nonsense");
}

/* false: no more is to be read. */
static bool
worker_message(struct worker *w, struct channel_message *message)
{
	if (message->type == CHANNEL_READY && message->fd_count == 0 && w->child.state == CHILD_STARTING) {
		worker_event(w, CHILD_EVENT_READY);
		return true;
	}
	if (message->type == CHANNEL_READY && message->fd_count == 0 && w->child.state == CHILD_STOPPING)
		return true; /* it got ready as it was told to end */
	if (message->type == CHANNEL_ANSWER && message->fd_count == 0 && queries_answer(w, &message->answer))
		return true;
	if (message->type == CHANNEL_RETURNED && message->count > 0) {
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
		if (w->child.state != CHILD_STARTING && !orphans_have_room(w->master)) {
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
		worker_event(w, CHILD_EVENT_START);
	else if (wanted > m->workers.desired && (w = worker_highest_wanted(m)) != NULL)
		worker_drain(w, "fewer workers are wanted");
	replace_go_on(m);
	if (w != NULL && !m->stopping)
		loop_later(m->loop, &m->workers.adjust, workers_adjust_cb);
}

void
workers_reset_failed(struct master *m)
{
	unsigned slot;

	for (slot = 0; slot < m->workers.used; slot++) {
		struct worker *w = &m->workers.slots[slot];

		if (w->child.state != CHILD_FAILED)
			continue;
		child_forget_deaths(&w->child);
		worker_event(w, CHILD_EVENT_RESET);
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

		if (w->child.state == CHILD_DRAINING)
			worker_owe(w, WORKER_OWED_DRAIN); /* this time with the word that nobody is left */
		if (graceful)
			worker_drain(w, "drover is stopping");
		else
			worker_end(w, CHILD_EVENT_STOP, "drover is stopping");
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
		w->child.shown = &m->board->workers[slot].state;
		timer_init(&w->timer, m->loop, worker_timer_cb);
	}
	m->workers.desired = m->conf->workers;
	m->workers.last_tick = clock_monotonic();
	timer_init(&m->workers.tick, m->loop, workers_tick_cb);
	timer_set(&m->workers.tick, tick_every);
}

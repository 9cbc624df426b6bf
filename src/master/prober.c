#include "master/prober.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/object.h"
#include "master/spawn.h"
#include "master/state.h"

enum { READ_BURST = 64 }; /* messages, before others have their turn */

static const uint64_t start_timeout = 10 * CLOCK_SECOND; /* worker-timeout, when that is longer */
static const uint64_t quit_timeout = 2 * CLOCK_SECOND; /* then by force */
static const uint64_t sign_of_life_every = CLOCK_SECOND;

static void prober_event(struct master *m, enum child_event event);

static bool
prober_is_needed(const struct master *m)
{
	size_t i;

	for (i = 0; i < m->conf->pool_count; i++)
		if (m->conf->pools[i].health.wanted)
			return true;
	return names_exist(m);
}

/* ---- messages */

static bool
prober_send(const struct master *m, const struct channel_message *message)
{
	return channel_send(m->prober.channel, message) == 0;
}

static void
prober_send_owed(struct master *m)
{
	struct prober_child *p = &m->prober;
	struct channel_message quit = { .type = CHANNEL_QUIT }, logs;

	if (p->channel < 0)
		return;
	if ((p->owed & PROBER_OWED_QUIT) != 0 && prober_send(m, &quit))
		p->owed = 0;
	if ((p->owed & PROBER_OWED_LOGS) != 0 && (!logs_message(&m->logs, m->conf, &logs) || prober_send(m, &logs)))
		p->owed &= ~(unsigned)PROBER_OWED_LOGS;
}

void
prober_tell_servers(struct master *m)
{
	struct channel_message message = { .type = CHANNEL_SERVERS };

	if (m->prober.channel >= 0)
		prober_send(m, &message);
}

void
prober_owe_logs(struct master *m)
{
	if (m->prober.pid == 0)
		return;
	m->prober.owed |= PROBER_OWED_LOGS;
	prober_send_owed(m);
}

/* It is not believed blindly: it reads what comes from servers. */
static void
prober_nonsense(struct master *m, struct channel_message *message)
{
	channel_close_fds(message);
	watch_pause(&m->prober.watch);
	if (m->prober.killed)
		return;
	log_error("the prober (pid %d) sent nonsense; it is killed", (int)m->prober.pid);
	m->prober.why = "it sent nonsense";
	prober_event(m, CHILD_EVENT_HUNG);
}

/* false: no more is to be read. */
static bool
prober_message(struct master *m, struct channel_message *message)
{
	if (message->type == CHANNEL_READY && message->fd_count == 0 &&
	    (m->prober.child.state == CHILD_STARTING || m->prober.child.state == CHILD_STOPPING)) {
		prober_event(m, CHILD_EVENT_READY);
		return true;
	}
	if (message->type == CHANNEL_NEWS && message->fd_count == 0) {
		news_expect(m);
		servers_tell(m);
		return true;
	}
	if (message->type == CHANNEL_NAME_PART && message->fd_count == 0 && names_take(m, &message->name_part))
		return true;
	prober_nonsense(m, message);
	return false;
}

static void
prober_watch_cb(struct watch *watch, unsigned events)
{
	struct prober_child *p = CONTAINER_OF(watch, struct prober_child, watch);
	struct master *m = CONTAINER_OF(p, struct master, prober);
	struct channel_message message;
	int got, n;

	(void)events;
	OBJECT_CHECK(m, MASTER_MAGIC);
	for (n = 0; n < READ_BURST; n++) {
		got = channel_receive(p->channel, &message);
		if (got < 0 && errno != EBADMSG)
			return;
		if (got == 0) { /* it is about to die: its death tells the rest */
			watch_pause(watch);
			return;
		}
		if (got < 0) {
			message.type = 0;
			message.fd_count = 0;
		}
		if (!prober_message(m, &message))
			return;
	}
}

/* ---- what the actions of the table mean for it */

static void
prober_act_none(struct master *m)
{
	(void)m;
}

/* What is known of a process that is about to be made. */
static void
prober_forget_last(struct master *m)
{
	struct scoreboard_prober *row = &m->board->prober;

	m->prober.started = clock_monotonic();
	m->prober.ready = 0;
	m->prober.killed = m->prober.hung = m->prober.asked_for = false;
	m->prober.why = NULL;
	m->prober.owed = 0;
	scoreboard_set(&row->started, m->prober.started);
	scoreboard_set(&row->ready, 0);
	scoreboard_set(&row->heartbeat, 0);
	scoreboard_set(&row->servers_seen, 0);
}

static void
prober_act_spawn(struct master *m)
{
	struct prober_child *p = &m->prober;
	uint64_t timeout = m->conf->worker_timeout;
	struct error err;

	prober_forget_last(m);
	if (spawn_prober(m, prober_watch_cb, &err) < 0) {
		p->lived = 0;
		p->last_pid = 0;
		snprintf(p->last_words, sizeof p->last_words, "cannot be started: %.100s", err.text);
		prober_event(m, CHILD_EVENT_SPAWN_FAILED);
		return;
	}
	p->last_pid = p->pid;
	scoreboard_set(&m->board->prober.pid, p->pid);
	news_prober(m, EVENT_PROBER_STARTED, "");
	timer_set(&p->timer, timeout > start_timeout ? timeout : start_timeout);
}

static void
prober_act_use(struct master *m)
{
	timer_clear(&m->prober.timer);
	m->prober.ready = loop_now(m->loop);
	scoreboard_set(&m->board->prober.ready, m->prober.ready);
	log_info("the prober (pid %d) is ready", (int)m->prober.pid);
	news_prober(m, EVENT_PROBER_READY, "");
	names_tell(m);
}

static void
prober_act_terminate(struct master *m)
{
	m->prober.asked_for = true;
	timer_set(&m->prober.timer, quit_timeout);
	m->prober.owed = PROBER_OWED_QUIT;
	prober_send_owed(m);
}

static void
prober_act_kill(struct master *m)
{
	m->prober.killed = true;
	timer_clear(&m->prober.timer);
	if (m->prober.pid > 0)
		kill(m->prober.pid, SIGKILL);
}

static void
prober_tell_end(struct master *m, enum log_level level, const char *next)
{
	char text[EVENT_TEXT_MAX];

	snprintf(text, sizeof text, "%s; %s", m->prober.last_words, next);
	log_write(level, "the prober (pid %d) %s", (int)m->prober.last_pid, text);
	news_prober(m, EVENT_PROBER_DIED, text);
}

static void
prober_act_back_off(struct master *m)
{
	struct prober_child *p = &m->prober;
	uint64_t pause = child_backoff(&p->child, p->lived, p->ready != 0, (uint32_t)clock_monotonic());
	char next[48] = "restarting at once";

	if (pause != 0)
		snprintf(next, sizeof next, "restarting in %.1f s", (double)pause / (double)CLOCK_SECOND);
	prober_tell_end(m, LOG_LEVEL_WARN, next);
	timer_set(&p->timer, pause);
}

static void
prober_act_give_up(struct master *m)
{
	timer_clear(&m->prober.timer);
	prober_tell_end(m, LOG_LEVEL_ERROR,
	    "its configuration or environment is wrong: it is not started again");
	news_prober(m, EVENT_PROBER_FAILED, m->prober.last_words);
}

static void
prober_act_release(struct master *m)
{
	timer_clear(&m->prober.timer);
	child_forget_deaths(&m->prober.child);
	if (m->stopping)
		workers_end_when_gone(m);
	else
		prober_adjust(m);
}

static void
prober_event(struct master *m, enum child_event event)
{
	static void (*const act[CHILD_ACTIONS])(struct master *) = {
		[CHILD_ACTION_NONE] = prober_act_none,
		[CHILD_ACTION_SPAWN] = prober_act_spawn,
		[CHILD_ACTION_USE] = prober_act_use,
		[CHILD_ACTION_DRAIN] = prober_act_terminate, /* it has nothing that must be finished */
		[CHILD_ACTION_TERMINATE] = prober_act_terminate,
		[CHILD_ACTION_KILL] = prober_act_kill,
		[CHILD_ACTION_BACK_OFF] = prober_act_back_off,
		[CHILD_ACTION_GIVE_UP] = prober_act_give_up,
		[CHILD_ACTION_RELEASE] = prober_act_release,
	};

	act[child_event(&m->prober.child, event)](m);
}

/* ---- time */

static void
prober_timer_cb(struct timer *timer)
{
	struct prober_child *p = CONTAINER_OF(timer, struct prober_child, timer);
	struct master *m = CONTAINER_OF(p, struct master, prober);

	OBJECT_CHECK(m, MASTER_MAGIC);
	if (p->child.state == CHILD_STARTING) {
		log_error("the prober (pid %d) does not get ready; it is killed", (int)p->pid);
		p->why = "it did not get ready";
		prober_event(m, CHILD_EVENT_START_TIMEOUT);
	} else if (p->child.state == CHILD_BACKOFF) {
		scoreboard_add(&m->board->prober.restarts, 1);
		prober_event(m, CHILD_EVENT_BACKOFF_OVER);
	} else {
		prober_event(m, CHILD_EVENT_KILL_TIMEOUT);
	}
}

/* When it was seen last. */
static uint64_t
prober_sign(const struct master *m)
{
	uint64_t sign = scoreboard_get(&m->board->prober.heartbeat);

	return sign > m->prober.ready ? sign : m->prober.ready;
}

uint64_t
prober_at_work_since(const struct master *m)
{
	if (m->prober.child.state != CHILD_READY || m->prober.killed ||
	    clock_monotonic() > prober_sign(m) + 2 * sign_of_life_every)
		return 0;
	return m->prober.ready;
}

void
prober_tick(struct master *m, uint64_t now)
{
	struct prober_child *p = &m->prober;
	uint64_t sign = prober_sign(m);
	uint64_t limit = m->conf->worker_timeout + sign_of_life_every;

	prober_send_owed(m);
	if (m->conf->worker_timeout == 0 || now < m->workers.hung_from || p->killed || p->ready == 0 ||
	    p->pid == 0 || now < sign + limit)
		return;
	log_error("the prober (pid %d) is hung: its loop has not turned for %.1f s; it is killed",
	    (int)p->pid, (double)(now - sign) / (double)CLOCK_SECOND);
	p->hung = true;
	p->why = "its loop had not turned for worker-timeout";
	prober_event(m, CHILD_EVENT_HUNG);
}

/* ---- its end */

static void
prober_record_death(struct master *m, int wait_status)
{
	struct prober_child *p = &m->prober;
	struct scoreboard_death death = {
		.when = clock_wall(),
		.lived = p->lived,
		.slot = SCOREBOARD_DEATH_PROBER,
		.pid = p->last_pid,
		.wait_status = wait_status,
		.asked_for = p->asked_for,
		.hung = p->hung,
	};
	char how[80];

	scoreboard_death_add(m->board, &death);
	snprintf(p->last_words, sizeof p->last_words, "%s after %.1f s%s%s",
	    child_describe_exit(wait_status, how, sizeof how), (double)p->lived / (double)CLOCK_SECOND,
	    p->why != NULL ? ": " : "", p->why != NULL ? p->why : "");
}

void
prober_reap(struct master *m)
{
	struct prober_child *p = &m->prober;
	int wait_status;
	bool wrong;

	if (p->pid == 0 || waitpid(p->pid, &wait_status, WNOHANG) != p->pid)
		return;
	wrong = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == CHILD_EXIT_WRONG;
	p->pid = 0;
	watch_close(&p->watch);
	close(p->channel);
	p->channel = -1;
	p->lived = clock_monotonic() - p->started;
	scoreboard_set(&m->board->prober.pid, 0);
	scoreboard_set(&m->board->prober.ready, 0);
	prober_record_death(m, wait_status);
	news_expect(m); /* of what it may have written last */
	prober_event(m, wrong ? CHILD_EVENT_EXITED_WRONG : CHILD_EVENT_EXITED);
}

/* ---- verbs */

void
prober_adjust(struct master *m)
{
	if (!m->stopping && m->prober.child.state == CHILD_EMPTY && prober_is_needed(m))
		prober_event(m, CHILD_EVENT_START);
}

void
prober_stop(struct master *m)
{
	prober_event(m, CHILD_EVENT_STOP);
}

bool
prober_is_gone(const struct master *m)
{
	return m->prober.child.state == CHILD_EMPTY;
}

void
prober_init(struct master *m)
{
	m->prober.channel = -1;
	m->prober.child.shown = &m->board->prober.state;
	timer_init(&m->prober.timer, m->loop, prober_timer_cb);
}

void
prober_clear(struct master *m)
{
	timer_clear(&m->prober.timer);
}

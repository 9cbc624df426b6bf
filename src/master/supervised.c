#include "master/supervised.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/random.h"

static const uint64_t start_timeout = 10 * CLOCK_SECOND; /* worker-timeout, when that is longer */
static const uint64_t quit_timeout = 2 * CLOCK_SECOND; /* then by force */
static const uint64_t sign_of_life_every = CLOCK_SECOND; /* an idle loop turns as often */

void
supervised_limit(struct supervised *s, uint64_t microseconds)
{
	s->timer_due = clock_monotonic() + microseconds;
	timer_set(&s->timer, microseconds);
}

void
supervised_limit_start(struct supervised *s, uint64_t worker_timeout)
{
	supervised_limit(s, worker_timeout > start_timeout ? worker_timeout : start_timeout);
}

void
supervised_tell_end(struct supervised *s, enum log_level level, const char *next)
{
	char text[EVENT_TEXT_MAX];

	snprintf(text, sizeof text, "%s; %s", s->last_words, next);
	if (s->last_pid != 0)
		log_write(level, "%s (pid %d) %s", s->name, (int)s->last_pid, text);
	else
		log_write(level, "%s %s", s->name, text);
	s->kind->news(s, s->kind->died, text);
}

static bool
supervised_is_wrong(struct supervised *s, int wait_status)
{
	return s->kind->is_wrong != NULL ? s->kind->is_wrong(s, wait_status) : child_exited_wrong(wait_status);
}

/* ---- what the actions of the table mean */

static void
act_none(struct supervised *s)
{
	(void)s;
}

/* What is known of a process that is about to be made. Before the fork: afterwards the child may write. */
static void
supervised_forget_last(struct supervised *s)
{
	s->started = clock_monotonic();
	s->ready = 0;
	s->killed = s->hung = s->asked_for = false;
	s->why = NULL;
	if (s->shown != NULL)
		scoreboard_set(&s->shown->started, s->started);
}

static void
act_spawn(struct supervised *s)
{
	struct error err;

	supervised_forget_last(s);
	if (s->kind->spawn(s, &err) < 0) {
		s->lived = 0;
		s->last_pid = 0;
		snprintf(s->last_words, sizeof s->last_words, "cannot be started: %.150s", err.text);
		supervised_event(s, supervised_is_wrong(s, 0) ? CHILD_EVENT_EXITED_WRONG : CHILD_EVENT_SPAWN_FAILED);
		return;
	}
	s->last_pid = s->pid;
	if (s->shown != NULL)
		scoreboard_set(&s->shown->pid, s->pid);
	s->kind->news(s, s->kind->started, "");
}

static void
act_use(struct supervised *s)
{
	timer_clear(&s->timer);
	s->ready = clock_monotonic();
	if (s->shown != NULL)
		scoreboard_set(&s->shown->ready, s->ready);
	s->kind->use(s);
}

static void
act_terminate(struct supervised *s)
{
	s->asked_for = true;
	supervised_limit(s, quit_timeout);
	s->kind->terminate(s);
}

static void
act_drain(struct supervised *s)
{
	if (s->kind->drain == NULL) {
		act_terminate(s);
		return;
	}
	s->asked_for = true;
	timer_clear(&s->timer);
	s->kind->news(s, s->kind->draining, s->why != NULL ? s->why : "");
	s->kind->drain(s);
}

static void
act_kill(struct supervised *s)
{
	s->killed = true;
	timer_clear(&s->timer); /* its death is the next event, for sure */
	if (s->kind->kill != NULL)
		s->kind->kill(s);
	else if (s->pid > 0)
		kill(s->pid, SIGKILL);
}

/* What it said of being ready may have been read behind its death. */
uint64_t
supervised_worked(const struct supervised *s)
{
	uint64_t start = s->ready - s->started;

	return s->ready != 0 && start < s->lived ? s->lived - start : 0;
}

static void
act_back_off(struct supervised *s)
{
	char next[48];
	uint64_t pause;

	if (s->kind->put_away != NULL && s->kind->put_away(s, false))
		return;
	pause = child_backoff(&s->child, supervised_worked(s), s->ready != 0, random_number());
	supervised_tell_end(s, LOG_LEVEL_WARN, child_describe_pause(pause, next, sizeof next));
	supervised_limit(s, pause);
	if (s->kind->changed != NULL)
		s->kind->changed(s);
}

static void
act_give_up(struct supervised *s)
{
	timer_clear(&s->timer);
	if (s->kind->put_away != NULL && s->kind->put_away(s, true))
		return;
	supervised_tell_end(s, LOG_LEVEL_ERROR, s->kind->given_up);
	s->kind->news(s, s->kind->failed, s->last_words);
	if (s->kind->changed != NULL)
		s->kind->changed(s);
}

static void
act_release(struct supervised *s)
{
	timer_clear(&s->timer);
	child_forget_deaths(&s->child);
	s->kind->release(s);
}

void
supervised_event(struct supervised *s, enum child_event event)
{
	static void (*const act[CHILD_ACTIONS])(struct supervised *) = {
		[CHILD_ACTION_NONE] = act_none,
		[CHILD_ACTION_SPAWN] = act_spawn,
		[CHILD_ACTION_USE] = act_use,
		[CHILD_ACTION_DRAIN] = act_drain,
		[CHILD_ACTION_TERMINATE] = act_terminate,
		[CHILD_ACTION_KILL] = act_kill,
		[CHILD_ACTION_BACK_OFF] = act_back_off,
		[CHILD_ACTION_GIVE_UP] = act_give_up,
		[CHILD_ACTION_RELEASE] = act_release,
	};

	act[child_event(&s->child, event)](s);
}

void
supervised_end(struct supervised *s, enum child_event event, const char *why)
{
	s->why = why;
	supervised_event(s, event);
}

/* It is about to be killed. */
static void
supervised_condemn(struct supervised *s, const char *what, const char *why)
{
	log_error("%s (pid %d) %s; it is killed", s->name, (int)s->pid, what);
	s->why = why;
}

void
supervised_fail(struct supervised *s, const char *what, const char *why)
{
	supervised_condemn(s, what, why);
	supervised_event(s, CHILD_EVENT_HUNG);
}

/* ---- time */

static void
supervised_timer_cb(struct timer *timer)
{
	struct supervised *s = CONTAINER_OF(timer, struct supervised, timer);

	if (s->kind->time_is_over != NULL && !s->kind->time_is_over(s))
		return;
	if (s->child.state == CHILD_STARTING)
		supervised_condemn(s, "does not get ready", "it did not get ready");
	else if (s->child.state == CHILD_BACKOFF && s->shown != NULL)
		scoreboard_add(&s->shown->restarts, 1);
	supervised_event(s, child_event_of_time(s->child.state));
}

uint64_t
supervised_sign(const struct supervised *s)
{
	uint64_t sign = s->heartbeat != NULL ? scoreboard_get(s->heartbeat) : 0;

	return sign > s->ready ? sign : s->ready;
}

void
supervised_look(struct supervised *s, uint64_t timeout, uint64_t now)
{
	uint64_t sign = supervised_sign(s);
	char what[80];

	if (s->killed || s->ready == 0 || s->pid == 0 || now < sign + timeout + sign_of_life_every)
		return;
	snprintf(what, sizeof what, "is hung: its loop has not turned for %.1f s", (double)(now - sign) / (double)CLOCK_SECOND);
	s->hung = true;
	supervised_fail(s, what, "its loop had not turned for worker-timeout");
}

/* ---- its end */

static struct scoreboard_death
death_of(const struct supervised *s, int wait_status)
{
	return (struct scoreboard_death){
		.when = clock_wall(),
		.lived = s->lived,
		.pid = s->last_pid,
		.wait_status = wait_status,
		.asked_for = s->asked_for,
		.hung = s->hung,
	};
}

bool
supervised_reap(struct supervised *s)
{
	struct scoreboard_death death;
	int wait_status;

	if (s->pid == 0 || waitpid(s->pid, &wait_status, WNOHANG) != s->pid)
		return false;
	s->pid = 0; /* it is nobody's any more: nothing is sent to it, neither signals nor connections */
	s->lived = clock_monotonic() - s->started;
	if (s->shown != NULL) {
		scoreboard_set(&s->shown->pid, 0);
		scoreboard_set(&s->shown->ready, 0);
	}
	s->kind->gone(s);
	child_describe_end(wait_status, s->lived, s->why, s->last_words, sizeof s->last_words);
	death = death_of(s, wait_status);
	s->kind->record(s, &death);
	supervised_event(s, supervised_is_wrong(s, wait_status) ? CHILD_EVENT_EXITED_WRONG : CHILD_EVENT_EXITED);
	return true;
}

void
supervised_init(struct supervised *s, const struct supervised_kind *kind, struct loop *loop,
    struct scoreboard_child *shown, const _Atomic uint64_t *heartbeat)
{
	s->kind = kind;
	s->shown = shown;
	s->heartbeat = heartbeat;
	s->child.shown = shown != NULL ? &shown->state : NULL;
	s->child.ready_is_little = kind->ready_is_little;
	timer_init(&s->timer, loop, supervised_timer_cb);
}

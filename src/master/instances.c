/* What the table of supervise/child.h says, carried out for the instances of apps. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/object.h"
#include "base/random.h"
#include "ipc/health.h"
#include "master/state.h"

static const uint64_t hurried_timeout = 2 * CLOCK_SECOND; /* to end, when drover ends at once */
static const uint64_t stood_still = CLOCK_SECOND; /* a timer that is so late */

static const int stop_signals[] = {
	[CONF_STOP_TERM] = SIGTERM,
	[CONF_STOP_INT] = SIGINT,
	[CONF_STOP_QUIT] = SIGQUIT,
	[CONF_STOP_HUP] = SIGHUP,
	[CONF_STOP_USR1] = SIGUSR1,
	[CONF_STOP_USR2] = SIGUSR2,
};

static const char *
app_name(const struct instance *i)
{
	return i->app->definition.pool->name;
}

static const struct conf_app *
conf_of(const struct instance *i)
{
	return &i->definition.pool->app;
}

struct app_history *
instance_history(const struct instance *i)
{
	return &i->app->histories[i->number];
}

bool
instance_is_kept(const struct instance *i)
{
	return i->child.state == CHILD_STARTING || i->child.state == CHILD_READY || i->child.state == CHILD_BACKOFF ||
	    i->child.state == CHILD_FAILED;
}

static void
instance_set_timer(struct instance *i, uint64_t microseconds)
{
	i->timer_due = clock_monotonic() + microseconds;
	timer_set(&i->timer, microseconds);
}

/* ---- what the actions of the table mean */

static void
act_none(struct instance *i)
{
	(void)i;
}

/* It was not ready: a start in vain, of which there may be as many as start-retries. */
static void
start_was_in_vain(struct instance *i, enum child_event event)
{
	i->failed_starts++;
	instance_event(i, i->failed_starts > conf_of(i)->start_retries ? CHILD_EVENT_EXITED_WRONG : event);
}

/*
 * What waits in the socket that is held for it goes to others, if there are any; else it is the
 * next process that answers.
 */
static void
instance_turn_away(const struct instance *i)
{
	const struct app *app = i->app;
	unsigned seat;

	for (seat = 0; seat < app->seat_count; seat++)
		if (app->seats[seat] != i && app->seats[seat]->child.state == CHILD_READY) {
			app_place_turn_away(&i->place);
			return;
		}
}

static void
act_spawn(struct instance *i)
{
	struct error err;

	instance_turn_away(i); /* what came before workers knew of the death */
	if (instance_start(i, &err) < 0) {
		i->lived = i->ready = 0;
		i->last_pid = 0;
		snprintf(i->last_words, sizeof i->last_words, "cannot be started: %.150s", err.text);
		start_was_in_vain(i, CHILD_EVENT_SPAWN_FAILED);
		return;
	}
	instance_set_timer(i, conf_of(i)->start_timeout);
	news_instance(i, EVENT_INSTANCE_STARTED, "");
	app_show(i->app);
}

static void
act_use(struct instance *i)
{
	timer_clear(&i->timer);
	app_ready_end(&i->check);
	i->ready = clock_monotonic();
	i->failed_starts = 0;
	servers_instance_ready(i->app->master, (unsigned)i->server);
	log_info("%s/%u (pid %d) is ready at %s", app_name(i), i->number, (int)i->pid, i->place.name);
	news_instance(i, EVENT_INSTANCE_READY, "");
	roll_count(i);
	app_adjust_soon(i->app);
}

static void
act_drain(struct instance *i)
{
	i->asked_for = true;
	timer_clear(&i->timer);
	news_instance(i, EVENT_INSTANCE_DRAINING, i->why != NULL ? i->why : "");
	instance_leave(i);
	if (i->server < 0)
		instance_event(i, CHILD_EVENT_STOP);
}

static void
act_terminate(struct instance *i)
{
	uint64_t timeout = conf_of(i)->stop_timeout;

	i->asked_for = true;
	app_ready_end(&i->check);
	instance_leave(i);
	if (i->app->master->apps.hurried && timeout > hurried_timeout)
		timeout = hurried_timeout;
	instance_set_timer(i, timeout);
	app_group_signal(&i->group, stop_signals[conf_of(i)->stop_signal]);
	app_group_signal(&i->group, SIGCONT); /* one that is stopped could not end */
}

static void
act_kill(struct instance *i)
{
	i->killed = true;
	timer_clear(&i->timer);
	app_ready_end(&i->check);
	app_group_signal(&i->group, SIGKILL);
}

/* How its process ended and what comes next: to the log, to those who watch, and between the lines of its output. */
static void
instance_tell_end(const struct instance *i, enum log_level level, const char *next)
{
	char text[EVENT_TEXT_MAX];

	snprintf(text, sizeof text, "%s; %s", i->last_words, next);
	if (i->last_pid != 0)
		log_write(level, "%s/%u (pid %d) %s", app_name(i), i->number, (int)i->last_pid, text);
	else
		log_write(level, "%s/%u %s", app_name(i), i->number, text);
	app_journal_say(i->app->journal, i->number, i->last_pid, text);
	news_instance(i, EVENT_INSTANCE_DIED, text);
}

static void
act_back_off(struct instance *i)
{
	char next[48] = "restarting at once";
	uint64_t pause;

	if (i->app->master->apps.stopping) {
		instance_event(i, CHILD_EVENT_STOP);
		return;
	}
	if (roll_failed(i, false))
		return;
	pause = child_backoff(&i->child, i->lived, i->ready != 0, random_number());
	if (pause != 0)
		snprintf(next, sizeof next, "restarting in %.1f s", (double)pause / (double)CLOCK_SECOND);
	instance_tell_end(i, LOG_LEVEL_WARN, next);
	i->due = false;
	instance_set_timer(i, pause);
	app_adjust_soon(i->app);
}

static void
act_give_up(struct instance *i)
{
	timer_clear(&i->timer);
	if (i->app->master->apps.stopping) {
		instance_event(i, CHILD_EVENT_STOP);
		return;
	}
	if (roll_failed(i, true))
		return;
	instance_tell_end(i, LOG_LEVEL_ERROR, "it is not started again until asked");
	news_instance(i, EVENT_INSTANCE_FAILED, i->last_words);
	app_adjust_soon(i->app);
}

static void
act_release(struct instance *i)
{
	timer_clear(&i->timer);
	if (i->asked_for && i->last_words[0] != '\0')
		instance_tell_end(i, LOG_LEVEL_INFO, "as asked");
	instance_clear(i);
	if (i->app->master->stopping)
		workers_end_when_gone(i->app->master);
	else
		app_adjust_soon(i->app);
}

void
instance_event(struct instance *i, enum child_event event)
{
	static void (*const act[CHILD_ACTIONS])(struct instance *) = {
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

	OBJECT_CHECK(i, INSTANCE_MAGIC);
	act[child_event(&i->child, event)](i);
}

void
instance_drain(struct instance *i, const char *why)
{
	i->why = why;
	instance_event(i, CHILD_EVENT_DRAIN);
}

/* ---- time */

/* While nobody looks whether it is ready or healthy, it is not late: the master itself may have stood still. How much longer it may take, microseconds. */
static uint64_t
start_time_left(const struct instance *i)
{
	const struct master *m = i->app->master;
	uint64_t since, until;

	if (clock_monotonic() > i->timer_due + stood_still)
		return stood_still;
	if (!m->conf->pools[i->app->pool].health.wanted)
		return 0;
	since = prober_at_work_since(m);
	if (since == 0)
		return conf_of(i)->start_timeout;
	until = since + conf_of(i)->start_timeout;
	return since > i->started && until > clock_monotonic() ? until - clock_monotonic() : 0;
}

/* Who wrote the app learns where it was to listen. */
static const char *
lateness(const struct instance *i)
{
	static const char *const places[] = {
		[CONF_APP_AUTO] = "it did not get ready within start-timeout",
		[CONF_APP_PORT] = "it did not listen on the port in PORT, or {port}, within start-timeout",
		[CONF_APP_UNIX] = "it did not listen on its {socket} within start-timeout",
		[CONF_APP_ACTIVATION] = "it did not accept from descriptor 3 within start-timeout",
		[CONF_APP_ACTIVATION_PORT] = "it did not accept from descriptor 3 within start-timeout",
	};
	bool checked = i->app->master->conf->pools[i->app->pool].health.wanted;

	return places[checked ? CONF_APP_AUTO : conf_of(i)->listen];
}

static void
start_time_is_over(struct instance *i)
{
	uint64_t left = i->killed ? 0 : start_time_left(i);

	if (left == 0)
		instance_fail(i, lateness(i));
	else
		instance_set_timer(i, left);
}

void
instance_time_is_over(struct instance *i)
{
	switch (i->child.state) {
	case CHILD_STARTING:
		start_time_is_over(i);
		break;
	case CHILD_BACKOFF:
		i->due = true;
		app_adjust_soon(i->app);
		break;
	case CHILD_STOPPING:
		log_warn("%s/%u (pid %d) has not ended within stop-timeout: it is killed", app_name(i), i->number,
		    (int)i->pid);
		instance_event(i, CHILD_EVENT_KILL_TIMEOUT);
		break;
	default:
		break;
	}
}

void
instance_restart(struct instance *i)
{
	i->due = false;
	instance_history(i)->restarts++;
	instance_event(i, CHILD_EVENT_BACKOFF_OVER);
}

/* ---- ready, or not */

void
instance_is_ready(struct instance *i)
{
	struct error err;

	if (i->child.state != CHILD_STARTING || i->killed)
		return;
	if (app_place_admit(&i->place, i->definition.conf, &err) < 0) {
		log_error("%s/%u (pid %d): %s", app_name(i), i->number, (int)i->pid, err.text);
		instance_fail(i, "workers cannot connect to its socket");
		return;
	}
	app_place_listens(&i->place);
	instance_event(i, CHILD_EVENT_READY);
}

/* Before its server is gone. */
static void
instance_keep_check(struct instance *i)
{
	struct health_check check;
	char text[HEALTH_CHECK_TEXT];

	if (i->server >= 0 && health_check_get(i->app->master->board, (unsigned)i->server, &check))
		snprintf(i->checked, sizeof i->checked, ", last check: %s", health_check_text(&check, text));
}

void
instance_fail(struct instance *i, const char *why)
{
	instance_keep_check(i);
	log_error("%s/%u (pid %d): %s%s; it is killed", app_name(i), i->number, (int)i->pid, why, i->checked);
	i->why = why;
	instance_event(i, i->child.state == CHILD_STARTING ? CHILD_EVENT_START_TIMEOUT : CHILD_EVENT_HUNG);
}

static struct instance *
instance_of_server(const struct master *m, unsigned server)
{
	unsigned seat;
	size_t a;

	for (a = 0; a < m->apps.count; a++)
		for (seat = 0; seat < m->apps.all[a].seat_count; seat++)
			if (m->apps.all[a].seats[seat]->server == (int)server)
				return m->apps.all[a].seats[seat];
	return NULL;
}

void
apps_server_gone(struct master *m, unsigned server)
{
	struct instance *i = instance_of_server(m, server);

	if (i == NULL)
		return;
	i->server = -1;
	if (i->child.state == CHILD_DRAINING)
		instance_event(i, CHILD_EVENT_STOP);
}

void
apps_health_changed(struct master *m, unsigned server)
{
	struct instance *i = instance_of_server(m, server);
	struct health_check check;

	if (i == NULL || !health_check_get(m->board, server, &check))
		return;
	if (check.verdict == HEALTH_UP)
		instance_is_ready(i);
	else
		instance_look_at_health(i);
}

/* One that answers badly lives: it may say that its database is down. Requests go elsewhere, and nobody is helped by its end. */
static bool
is_silence(const struct health_check *check)
{
	return check->result != HEALTH_REASON_OK && check->result != HEALTH_REASON_STATUS &&
	    check->result != HEALTH_REASON_BODY_MISMATCH;
}

void
instance_look_at_health(struct instance *i)
{
	const struct master *m = i->app->master;
	struct health_check check;

	if (i->child.state != CHILD_READY || i->killed || !health_check_get(m->board, (unsigned)i->server, &check) ||
	    check.checked == i->check_seen)
		return;
	/* those between two looks are taken to be like the last one */
	i->silences = is_silence(&check) ? i->silences + (check.run > i->run_seen ? check.run - i->run_seen : check.run) : 0;
	i->run_seen = check.run;
	i->check_seen = check.checked;
	if (check.verdict == HEALTH_DOWN && i->silences >= m->conf->pools[i->app->pool].health.fall)
		instance_fail(i, "it does not answer its health checks");
}

/* ---- the end of a process */

static void
death_record(struct instance *i, int wait_status)
{
	struct master_app_death *death = &instance_history(i)->last_death;
	char how[80];

	if (i->failure_text[0] != '\0')
		snprintf(i->last_words, sizeof i->last_words, "%s", i->failure_text);
	else
		snprintf(i->last_words, sizeof i->last_words, "%s after %.1f s%s%s%s",
		    child_describe_exit(wait_status, how, sizeof how), (double)i->lived / (double)CLOCK_SECOND,
		    i->why != NULL ? ": " : "", i->why != NULL ? i->why : "", i->checked);
	*death = (struct master_app_death){
		.when = clock_wall(),
		.lived = i->lived,
		.pid = i->last_pid,
		.wait_status = wait_status,
		.asked_for = i->asked_for,
	};
	memcpy(death->words, i->last_words, sizeof death->words);
}

static void
instance_reaped(struct instance *i, int wait_status)
{
	bool starting = i->child.state == CHILD_STARTING;

	i->pid = 0;
	instance_hear_failure(i);
	i->lived = clock_monotonic() - i->started;
	app_ready_end(&i->check);
	instance_close_output(i);
	instance_leave(i);
	app_place_listens(&i->place);
	instance_turn_away(i);
	death_record(i, wait_status);
	if (i->failure_lasts)
		instance_event(i, CHILD_EVENT_EXITED_WRONG);
	else if (starting)
		start_was_in_vain(i, CHILD_EVENT_EXITED);
	else
		instance_event(i, CHILD_EVENT_EXITED);
}

static struct instance *
instance_of_process(const struct master *m, pid_t pid)
{
	unsigned seat;
	size_t a;

	for (a = 0; a < m->apps.count; a++)
		for (seat = 0; seat < m->apps.all[a].seat_count; seat++)
			if (m->apps.all[a].seats[seat]->pid == pid)
				return m->apps.all[a].seats[seat];
	return NULL;
}

bool
instances_reap(struct master *m, pid_t pid)
{
	struct instance *i = instance_of_process(m, pid);
	int wait_status;

	if (i == NULL)
		return false;
	app_group_end(&i->group); /* all that it has started ends, too, while its number is still its own */
	if (waitpid(pid, &wait_status, WNOHANG) == pid)
		instance_reaped(i, wait_status);
	return true;
}

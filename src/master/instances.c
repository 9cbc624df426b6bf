/* What instances of apps do when they start, are ready, are late, and end. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/object.h"
#include "ipc/health.h"
#include "master/state.h"

static const uint64_t hurried_timeout = 2 * CLOCK_SECOND; /* to end, when drover ends at once */
static const uint64_t stood_still = CLOCK_SECOND; /* a timer that is so late */
static const uint64_t deaf_for = 2 * CLOCK_SECOND; /* then somebody else is to listen */

static const int stop_signals[] = {
	[CONF_STOP_TERM] = SIGTERM,
	[CONF_STOP_INT] = SIGINT,
	[CONF_STOP_QUIT] = SIGQUIT,
	[CONF_STOP_HUP] = SIGHUP,
	[CONF_STOP_USR1] = SIGUSR1,
	[CONF_STOP_USR2] = SIGUSR2,
};

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

static struct instance *
instance_of(struct supervised *process)
{
	return OBJECT_CAST(CONTAINER_OF(process, struct instance, process), struct instance, INSTANCE_MAGIC);
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
		if (app->seats[seat] != i && app->seats[seat]->process.child.state == CHILD_READY) {
			app_place_turn_away(&i->place);
			return;
		}
}

/* ---- what the actions of the table mean; see supervised.h */

static int
instance_spawn(struct supervised *process, struct error *err)
{
	struct instance *i = instance_of(process);

	instance_turn_away(i); /* what came before workers knew of the death */
	if (instance_start(i, err) < 0)
		return -1;
	supervised_limit(process, conf_of(i)->start_timeout);
	app_show(i->app);
	return 0;
}

static void
instance_use(struct supervised *process)
{
	struct instance *i = instance_of(process);

	app_ready_end(&i->check);
	i->failed_starts = 0;
	servers_instance_ready(i->app->master, (unsigned)i->server);
	log_info("%s (pid %d) is ready at %s", process->name, (int)process->pid, i->place.name);
	news_instance(process, EVENT_INSTANCE_READY, "");
	roll_count(i);
	app_adjust_soon(i->app);
}

static void
instance_drain(struct supervised *process)
{
	struct instance *i = instance_of(process);

	app_ready_end(&i->check);
	instance_leave(i);
	if (i->server < 0)
		supervised_event(process, CHILD_EVENT_STOP);
}

static void
instance_terminate(struct supervised *process)
{
	struct instance *i = instance_of(process);
	uint64_t timeout = conf_of(i)->stop_timeout;

	app_ready_end(&i->check);
	instance_leave(i);
	if (i->app->master->apps.hurried && timeout > hurried_timeout)
		timeout = hurried_timeout;
	supervised_limit(process, timeout);
	app_group_signal(&i->group, stop_signals[conf_of(i)->stop_signal]);
	app_group_signal(&i->group, SIGCONT); /* one that is stopped could not end */
}

static void
instance_kill(struct supervised *process)
{
	struct instance *i = instance_of(process);

	app_ready_end(&i->check);
	app_group_signal(&i->group, SIGKILL);
}

static bool
instance_put_away(struct supervised *process, bool given_up)
{
	struct instance *i = instance_of(process);

	if (!i->app->master->apps.stopping)
		return roll_failed(i, given_up);
	supervised_event(process, CHILD_EVENT_STOP);
	return true;
}

static void
instance_changed(struct supervised *process)
{
	app_adjust_soon(instance_of(process)->app);
}

static void
instance_release(struct supervised *process)
{
	struct instance *i = instance_of(process);

	if (process->asked_for)
		supervised_tell_end(process, LOG_LEVEL_INFO, "as asked");
	instance_clear(i);
	if (i->app->master->stopping)
		workers_end_when_gone(i->app->master);
	else
		app_adjust_soon(i->app);
}

/* ---- time */

/* While nobody looks whether it is ready or healthy, it is not late: the master itself may have stood still. How much longer it may take, microseconds. */
static uint64_t
start_time_left(const struct instance *i)
{
	const struct master *m = i->app->master;
	uint64_t since, until;

	if (clock_monotonic() > i->process.timer_due + stood_still)
		return stood_still;
	if (!m->conf->pools[i->app->pool].health.wanted)
		return 0;
	since = prober_at_work_since(m);
	if (since == 0)
		return conf_of(i)->start_timeout;
	until = since + conf_of(i)->start_timeout;
	return since > i->process.started && until > clock_monotonic() ? until - clock_monotonic() : 0;
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
	uint64_t left = i->process.killed ? 0 : start_time_left(i);

	if (left == 0)
		instance_fail(i, lateness(i));
	else
		supervised_limit(&i->process, left);
}

static bool
instance_time_is_over(struct supervised *process)
{
	struct instance *i = instance_of(process);

	switch (process->child.state) {
	case CHILD_STARTING:
		start_time_is_over(i);
		return false;
	case CHILD_READY:
		i->deaf = true; /* see rolls.c */
		return false;
	case CHILD_BACKOFF:
		i->due = true; /* one at a time */
		app_adjust_soon(i->app);
		return false;
	default:
		log_warn("%s (pid %d) has not ended in time (stop-timeout): it is killed", process->name, (int)process->pid);
		return true;
	}
}

void
instance_restart(struct instance *i)
{
	bool asked_for = i->process.child.state == CHILD_FAILED;

	instance_history(i)->restarts += !asked_for;
	supervised_event(&i->process, asked_for ? CHILD_EVENT_RESET : CHILD_EVENT_BACKOFF_OVER);
}

enum child_state
instance_state(const struct instance *i)
{
	enum child_state state = i->process.child.state;

	return state == CHILD_FAILED && i->due ? CHILD_BACKOFF : state;
}

/* ---- ready, or not */

void
instance_is_ready(struct instance *i)
{
	struct error err;

	if (i->process.child.state != CHILD_STARTING || i->process.killed)
		return;
	if (app_place_admit(&i->place, i->definition.conf, &err) < 0) {
		log_error("%s (pid %d): %s", i->process.name, (int)i->process.pid, err.text);
		instance_fail(i, "workers cannot connect to its socket");
		return;
	}
	app_place_listens(&i->place);
	supervised_event(&i->process, CHILD_EVENT_READY);
}

void
instance_listens(struct instance *i)
{
	instance_is_ready(i);
	i->deaf = false;
	if (i->process.child.state == CHILD_READY)
		timer_clear(&i->process.timer);
}

void
instance_fail(struct instance *i, const char *why)
{
	struct supervised *process = &i->process;
	struct health_check check;
	char text[HEALTH_CHECK_TEXT];

	/* before its server is gone */
	if (i->server >= 0 && health_check_get(i->app->master->board, (unsigned)i->server, &check))
		snprintf(i->fault, sizeof i->fault, "%s, last check: %s", why, health_check_text(&check, text));
	else
		snprintf(i->fault, sizeof i->fault, "%s", why);
	log_error("%s (pid %d): %s; it is killed", process->name, (int)process->pid, i->fault);
	supervised_end(process, process->child.state == CHILD_STARTING ? CHILD_EVENT_START_TIMEOUT : CHILD_EVENT_HUNG, i->fault);
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
	if (i->process.child.state == CHILD_DRAINING)
		supervised_event(&i->process, CHILD_EVENT_STOP);
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

static bool
nobody_listens(const struct scoreboard_server *server)
{
	uint32_t why = scoreboard_get(&server->down_why);

	return why == HEALTH_REASON_CONNECT_REFUSED || why == HEALTH_REASON_NO_SUCH_SOCKET;
}

/* Without checks only requests tell that nobody listens there any more; it may be starting itself anew. */
void
apps_server_failed(struct master *m, unsigned server)
{
	struct instance *i = instance_of_server(m, server);

	if (i == NULL || i->process.child.state != CHILD_READY || i->process.killed || i->deaf ||
	    timer_is_set(&i->process.timer) || m->conf->pools[i->app->pool].health.wanted ||
	    !nobody_listens(&m->board->servers[server]))
		return;
	instance_look_whether_listens(i);
	supervised_limit(&i->process, deaf_for);
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

	if (i->process.child.state != CHILD_READY || i->process.killed || !health_check_get(m->board, (unsigned)i->server, &check) ||
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
instance_gone(struct supervised *process)
{
	struct instance *i = instance_of(process);

	instance_hear_failure(i);
	app_ready_end(&i->check);
	instance_close_output(i);
	instance_leave(i);
	app_place_listens(&i->place);
	instance_turn_away(i);
}

static void
instance_record(struct supervised *process, struct scoreboard_death *death)
{
	struct instance *i = instance_of(process);
	struct master_app_death *kept = &instance_history(i)->last_death;

	static_assert(sizeof kept->words == sizeof process->last_words, "all words are kept");
	if (i->failure_text[0] != '\0')
		snprintf(process->last_words, sizeof process->last_words, "%s", i->failure_text);
	kept->death = *death;
	memcpy(kept->words, process->last_words, sizeof kept->words);
}

/* When it was not ready it was a start in vain: of those that are its own fault there may be as many as start-retries. */
static bool
instance_is_wrong(struct supervised *process, int wait_status)
{
	struct instance *i = instance_of(process);

	(void)wait_status;
	if (i->failure_lasts || process->child.state != CHILD_STARTING)
		return i->failure_lasts;
	i->failed_starts += !i->lacked;
	return i->failed_starts > conf_of(i)->start_retries;
}

static struct instance *
instance_of_process(const struct master *m, pid_t pid)
{
	unsigned seat;
	size_t a;

	for (a = 0; a < m->apps.count; a++)
		for (seat = 0; seat < m->apps.all[a].seat_count; seat++)
			if (m->apps.all[a].seats[seat]->process.pid == pid)
				return m->apps.all[a].seats[seat];
	return NULL;
}

bool
instances_reap(struct master *m, pid_t pid)
{
	struct instance *i = instance_of_process(m, pid);

	if (i == NULL)
		return false;
	app_group_end(&i->group); /* all that it has started ends, too, while its number is still its own */
	supervised_reap(&i->process);
	return true;
}

const struct supervised_kind instance_kind = {
	.started = EVENT_INSTANCE_STARTED,
	.draining = EVENT_INSTANCE_DRAINING,
	.died = EVENT_INSTANCE_DIED,
	.failed = EVENT_INSTANCE_FAILED,
	.given_up = "it is not started again until asked",
	.ready_is_little = true, /* a port is open before the program has read what it needs */
	.news = news_instance,
	.spawn = instance_spawn,
	.use = instance_use,
	.drain = instance_drain,
	.terminate = instance_terminate,
	.kill = instance_kill,
	.release = instance_release,
	.time_is_over = instance_time_is_over,
	.gone = instance_gone,
	.record = instance_record,
	.is_wrong = instance_is_wrong,
	.put_away = instance_put_away,
	.changed = instance_changed,
};

/* The apps: what there is, how many instances are wanted, and their beginning and end. */
#include "master/apps.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/log.h"
#include "master/state.h"
#include "supervise/fleet.h"

static_assert((int)CONF_INSTANCES_MAX <= (int)FLEET_NUMBERS, "fleet.h has room for all instances of an app");

static const uint64_t tick_every = CLOCK_SECOND / 4;
static const uint64_t tick_lasts = CLOCK_MILLISECOND; /* at most, and the last look */

const char *const master_roll_names[] = {
	[MASTER_ROLL_NEVER] = "never",
	[MASTER_ROLL_RUNNING] = "running",
	[MASTER_ROLL_DONE] = "done",
	[MASTER_ROLL_BACK] = "rolled-back",
};

struct app *
app_at(const struct master *m, unsigned pool)
{
	size_t i = pool - m->conf->first_app;

	return pool >= m->conf->first_app && i < m->apps.count ? &m->apps.all[i] : NULL;
}

/* ---- how many */

static unsigned
app_count(const struct app *app, enum child_state state)
{
	unsigned seat, count = 0;

	for (seat = 0; seat < app->seat_count; seat++)
		count += instance_state(app->seats[seat]) == state;
	return count;
}

void
app_show(struct app *app)
{
	unsigned coming = app->desired > 0 && !app->master->apps.stopping, kept = 0, failed = 0, seat;

	for (seat = 0; seat < app->seat_count; seat++) {
		kept += child_is_kept(instance_state(app->seats[seat]));
		failed += instance_state(app->seats[seat]) == CHILD_FAILED;
	}
	servers_expect(app->master, app->pool, coming && (kept > failed || kept < app->desired));
}

/* Makes room for what is kept of numbers below `count`. -1: no memory. */
static int
app_reserve_numbers(struct app *app, unsigned count)
{
	struct app_history *histories;

	if (count <= app->history_count)
		return 0;
	histories = reallocarray(app->histories, count, sizeof *histories);
	if (histories == NULL)
		return -1;
	memset(histories + app->history_count, 0, (count - app->history_count) * sizeof *histories);
	app->histories = histories;
	app->history_count = count;
	return 0;
}

static struct fleet_step
app_next_step(struct app *app)
{
	const struct conf_app *conf = &app->definition.pool->app;
	struct fleet_wish wish = { app->desired, conf->surge, conf->max_unavailable };
	unsigned seat;

	for (seat = 0; seat < app->seat_count; seat++) {
		const struct instance *instance = app->seats[seat];

		app->view[seat] = (struct fleet_seat){
			.number = instance->number,
			.state = instance_state(instance),
			.stale = instance->stale != NULL,
			.since = instance->stale_since,
		};
	}
	return fleet_next(&wish, app->view, app->seat_count);
}

/* Once, and again when another number is wanted. */
static void
app_tell_when_ready(struct app *app)
{
	if (app->told || app->desired == 0 || app_count(app, CHILD_READY) != app->desired)
		return;
	app->told = true;
	log_notice("app %s: %u of %u instances are ready", app->definition.pool->name, app->desired, app->desired);
}

/* One whose pause is over, or NULL. */
static struct instance *
app_due(const struct app *app)
{
	unsigned seat;

	for (seat = 0; seat < app->seat_count; seat++)
		if (app->seats[seat]->due && instance_state(app->seats[seat]) == CHILD_BACKOFF)
			return app->seats[seat];
	return NULL;
}

/* Starts one of that number. false: there is no memory to keep another one; it is tried again. */
static bool
app_start_one(struct app *app, unsigned number)
{
	struct instance *instance = app_free_seat(app);

	if (instance == NULL && !app->starved)
		log_error("app %s: no memory for another instance; trying again", app->definition.pool->name);
	app->starved = instance == NULL;
	if (app->starved)
		return false;
	instance->number = number;
	supervised_event(&instance->process, CHILD_EVENT_START);
	return true;
}

/* false: there was nothing to do, or nothing that can be done now. */
static bool
app_take_step(struct app *app)
{
	struct fleet_step step = app_next_step(app);
	struct instance *instance;

	if (step.action == FLEET_START)
		return app_start_one(app, step.number);
	app->starved = false;
	if (step.action == FLEET_DRAIN) {
		instance = app->seats[step.seat];
		supervised_end(&instance->process, CHILD_EVENT_DRAIN,
		    instance->stale != NULL ? instance->stale : "fewer instances are wanted");
	}
	return step.action != FLEET_NOTHING;
}

/* One to start or drain in a turn of the loop: a fork alone takes a part of a millisecond. */
static void
app_adjust_cb(struct later *later)
{
	struct app *app = CONTAINER_OF(later, struct app, adjust);
	struct instance *due;

	if (app->master->apps.stopping)
		return;
	due = app_due(app);
	if (due != NULL)
		instance_restart(due);
	if (due != NULL || app_take_step(app))
		app_adjust_soon(app);
	app_show(app);
	app_tell_when_ready(app);
	roll_look(app);
}

void
app_adjust_soon(struct app *app)
{
	if (!app->master->apps.stopping)
		loop_later(app->master->loop, &app->adjust, app_adjust_cb);
}

/* ---- time */

static void
apps_retry_starved(struct apps *apps)
{
	size_t i;

	for (i = 0; i < apps->count; i++)
		if (apps->all[i].starved)
			app_adjust_soon(&apps->all[i]);
}

/* Looks at some instances, in turn. */
static void
apps_tick_cb(struct timer *timer)
{
	struct apps *apps = CONTAINER_OF(timer, struct apps, tick);
	uint64_t began = clock_monotonic(), now = began;

	for (; now < began + tick_lasts; now = clock_monotonic()) {
		struct app *app = &apps->all[apps->tick_app];

		if (apps->tick_seat >= app->seat_count) {
			apps->tick_seat = 0;
			apps->tick_app = (apps->tick_app + 1) % apps->count;
			if (apps->tick_app == 0)
				break;
			continue;
		}
		instance_recycle(app->seats[apps->tick_seat++], now);
	}
	apps_retry_starved(apps);
	timer_set(timer, tick_every);
}

/* ---- what others see */

bool
master_app_get(const struct master *m, unsigned pool, struct master_app *info)
{
	const struct app *app = app_at(m, pool);

	if (app == NULL)
		return false;
	*info = (struct master_app){
		.name = app->definition.pool->name,
		.pool = pool,
		.conf = &app->definition.pool->app,
		.desired = app->desired,
		.ready = app_count(app, CHILD_READY),
		.starting = app_count(app, CHILD_STARTING) + app_count(app, CHILD_BACKOFF),
		.draining = app_count(app, CHILD_DRAINING) + app_count(app, CHILD_STOPPING),
		.failed = app_count(app, CHILD_FAILED),
		.configured = app_configured(app),
		.roll = app->roll,
	};
	return true;
}

int
master_app_find(const struct master *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->apps.count; i++)
		if (strcmp(m->apps.all[i].definition.pool->name, name) == 0)
			return (int)m->apps.all[i].pool;
	return -1;
}

static void
instance_show(const struct instance *i, struct master_instance *info)
{
	const struct scoreboard *board = i->app->master->board;
	const struct app_history *history = instance_history(i);
	uint64_t now = clock_monotonic();

	*info = (struct master_instance){
		.number = i->number,
		.seat = i->seat,
		.state = instance_state(i),
		.stale = i->stale != NULL,
		.pid = i->process.pid,
		.server = i->server,
		.age = i->process.pid != 0 ? now - i->process.started : 0,
		.until = i->process.child.state == CHILD_BACKOFF && i->process.timer_due > now ? i->process.timer_due - now : 0,
		.in_flight = i->server >= 0 ? scoreboard_server_load(board, (unsigned)i->server) : 0,
		.requests = i->server >= 0 ? scoreboard_server_requests(board, (unsigned)i->server) : 0,
		.restarts = history->restarts,
		.failed_starts = i->failed_starts,
		.memory = i->usage.memory,
		.cpu = i->cpu,
		.processes = i->usage.processes,
		.lines_lost = i->output_open ? i->output.lost : 0,
		.last_death = history->last_death,
		.why = instance_state(i) == CHILD_FAILED ? i->process.last_words : NULL,
	};
	snprintf(info->address, sizeof info->address, "%s", i->process.pid != 0 ? i->place.name : "");
}

int
master_instance_next(const struct master *m, unsigned pool, unsigned seat, struct master_instance *info)
{
	const struct app *app = app_at(m, pool);

	for (; app != NULL && seat < app->seat_count; seat++) {
		if (app->seats[seat]->process.child.state == CHILD_EMPTY)
			continue;
		instance_show(app->seats[seat], info);
		return (int)seat;
	}
	return -1;
}

struct app_journal *
master_app_journal(const struct master *m, unsigned pool)
{
	const struct app *app = app_at(m, pool);

	return app != NULL ? app->journal : NULL;
}

/* ---- verbs */

static struct app *
app_for_verb(struct master *m, unsigned pool, struct error *err)
{
	struct app *app = app_at(m, pool);

	if (m->stopping) {
		error_set(err, "drover is stopping");
		return NULL;
	}
	if (app == NULL)
		error_set(err, "there is no such app");
	return app;
}

/* They are started one by one. */
static void
app_retry_failed(struct app *app)
{
	unsigned seat;

	for (seat = 0; seat < app->seat_count; seat++) {
		struct instance *i = app->seats[seat];

		if (i->process.child.state != CHILD_FAILED || i->number >= app->desired)
			continue;
		i->failed_starts = 0;
		child_forget_deaths(&i->process.child);
		i->due = true;
	}
}

int
master_app_scale(struct master *m, unsigned pool, unsigned instances, struct error *err)
{
	struct app *app = app_for_verb(m, pool, err);

	if (app == NULL)
		return -1;
	if (instances > CONF_INSTANCES_MAX)
		return error_set(err, "the number of instances is from 0 to %d", CONF_INSTANCES_MAX);
	if (app_reserve_numbers(app, instances) < 0)
		return error_set(err, "out of memory");
	if (instances != app->desired) {
		log_notice("app %s: scaling from %u to %u instances", app->definition.pool->name, app->desired, instances);
		news_app_scaled(app, app->desired, instances);
		app->told = false;
	}
	app->desired = instances;
	master_changed(m);
	app_retry_failed(app);
	app_show(app);
	app_adjust_soon(app);
	return 0;
}

/* Whether there is one of that number, or any number will do. */
static bool
app_has(const struct app *app, int number)
{
	unsigned seat;

	for (seat = 0; seat < app->seat_count; seat++)
		if (child_is_kept(app->seats[seat]->process.child.state) && app->seats[seat]->number == (unsigned)number)
			return true;
	return number < 0;
}

int
master_app_restart(struct master *m, unsigned pool, int number, struct error *err)
{
	struct app *app = app_for_verb(m, pool, err);

	if (app == NULL)
		return -1;
	if (!app_has(app, number))
		return error_set(err, "app %s has no instance %d", app->definition.pool->name, number);
	roll_begin(app, number, "asked for");
	return 0;
}

int
master_app_signal(struct master *m, unsigned pool, int number, int signal, struct error *err)
{
	struct app *app = app_for_verb(m, pool, err);
	unsigned seat;
	int sent = 0;

	if (app == NULL)
		return -1;
	for (seat = 0; seat < app->seat_count; seat++) {
		const struct instance *i = app->seats[seat];

		if (i->process.pid != 0 && (number < 0 || i->number == (unsigned)number))
			sent += kill(i->process.pid, signal) == 0;
	}
	if (sent == 0)
		return error_set(err, "app %s has no process to send it to", app->definition.pool->name);
	return sent;
}

/* ---- another definition */

struct app_source *
app_source_new(struct conf *conf)
{
	struct app_source *source = calloc(1, sizeof *source);

	if (source != NULL)
		*source = (struct app_source){ .users = 1, .conf = conf };
	return source;
}

void
app_source_release(struct app_source *source)
{
	if (source == NULL || --source->users > 0)
		return;
	conf_free(source->conf);
	free(source);
}

int
app_adopt(struct master *m, unsigned pool, struct app_source *source, const struct conf_pool *to, struct error *err)
{
	struct app *app = app_for_verb(m, pool, err);

	if (app == NULL)
		return -1;
	if (app->before.pool == NULL) /* else a roll-out goes on that began with what is good */
		app->before = app->definition;
	else
		app_source_release(app->definition.source);
	app->definition = (struct app_definition){ source->conf, to, source };
	source->users++;
	roll_begin(app, -1, "its configuration was changed");
	return 0;
}

/* ---- begin and end */

void
apps_remember_origin(struct apps *apps)
{
	getrlimit(RLIMIT_NOFILE, &apps->origin.open_files);
	apps->origin.policy = sched_getscheduler(0);
}

static int
app_init(struct app *app, struct master *m, unsigned pool)
{
	const struct conf_pool *conf = &m->conf->pools[pool];

	app->master = m;
	app->pool = pool;
	app->definition = (struct app_definition){ m->conf, conf, NULL };
	app->desired = conf->app.instances;
	app->journal = app_journal_new(conf->name);
	app_show(app); /* before there is a worker that could be asked */
	return app->journal == NULL || app_reserve_numbers(app, app->desired) < 0 ? -1 : 0;
}

static void
apps_open_groups(void)
{
	app_groups_open();
	if (app_groups_directory() != NULL)
		log_info("processes of apps are kept together by cgroups in %s", app_groups_directory());
	else
		log_info("no cgroups can be made: processes of apps are kept together by their process group alone");
}

int
apps_init(struct master *m)
{
	struct apps *apps = &m->apps;
	size_t count = m->conf->pool_count - m->conf->first_app;

	timer_init(&apps->tick, m->loop, apps_tick_cb);
	if (count == 0)
		return 0;
	apps->all = calloc(count, sizeof *apps->all);
	if (apps->all == NULL)
		return -1;
	apps_open_groups();
	app_directories_sweep();
	for (; apps->count < count; apps->count++)
		if (app_init(&apps->all[apps->count], m, (unsigned)(m->conf->first_app + apps->count)) < 0) {
			apps->count++; /* what it has is to be freed */
			return -1;
		}
	timer_set(&apps->tick, tick_every);
	return 0;
}

void
apps_start(struct master *m)
{
	size_t i;

	for (i = 0; i < m->apps.count; i++)
		app_adjust_soon(&m->apps.all[i]);
}

void
apps_stop(struct master *m, bool graceful)
{
	unsigned seat;
	size_t i;

	m->apps.stopping = true;
	m->apps.hurried = !graceful;
	for (i = 0; i < m->apps.count; i++) {
		struct app *app = &m->apps.all[i];

		loop_later_cancel(m->loop, &app->adjust);
		for (seat = 0; seat < app->seat_count; seat++) {
			app->seats[seat]->process.why = "drover is stopping";
			if (!graceful) /* those that were told before */
				supervised_event(&app->seats[seat]->process, CHILD_EVENT_KILL_TIMEOUT);
			supervised_event(&app->seats[seat]->process, CHILD_EVENT_STOP);
		}
	}
}

bool
apps_are_gone(const struct master *m)
{
	size_t i;

	for (i = 0; i < m->apps.count; i++)
		if (app_count(&m->apps.all[i], CHILD_EMPTY) != m->apps.all[i].seat_count)
			return false;
	return true;
}

static void
app_clear(struct app *app)
{
	unsigned seat;

	loop_later_cancel(app->master->loop, &app->adjust);
	for (seat = 0; seat < app->seat_count; seat++)
		instance_free(app->seats[seat]);
	free(app->seats);
	free(app->view);
	free(app->histories);
	app_journal_free(app->journal);
	app_source_release(app->definition.source);
	if (app->before.pool != NULL)
		app_source_release(app->before.source);
}

void
apps_close(struct master *m)
{
	size_t i;

	timer_clear(&m->apps.tick);
	loop_later_cancel(m->loop, &m->apps.reap);
	for (i = 0; i < m->apps.count; i++)
		app_clear(&m->apps.all[i]);
	free(m->apps.all);
	if (m->apps.count > 0)
		app_groups_close();
	app_directory_remove(&m->apps.places.directory);
}

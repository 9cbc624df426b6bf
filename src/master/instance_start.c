/* The process of an instance: everything that it needs is made here, and undone. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/object.h"
#include "base/random.h"
#include "master/state.h"

static void
instance_check_cb(struct app_ready *check)
{
	instance_listens(OBJECT_CAST(CONTAINER_OF(check, struct instance, check), struct instance, INSTANCE_MAGIC));
}

void
instance_look_whether_listens(struct instance *i)
{
	app_ready_begin(&i->check, &i->place, instance_check_cb);
}

/* ---- a seat */

static struct instance *
instance_new(struct app *app, unsigned seat)
{
	struct instance *i = calloc(1, sizeof *i);

	if (i == NULL)
		return NULL;
	i->magic = INSTANCE_MAGIC;
	i->app = app;
	i->seat = seat;
	i->failure = i->server = -1;
	app_place_init(&i->place);
	app_ready_init(&i->check, app->master->loop);
	supervised_init(&i->process, &instance_kind, app->master->loop, NULL, NULL);
	return i;
}

/* Room for twice the seats, and for what fleet_next is told of them. -1: no memory. */
static int
app_grow_seats(struct app *app)
{
	unsigned room = app->seat_room * 2 + 8;
	struct fleet_seat *view = reallocarray(app->view, room, sizeof *view);
	struct instance **seats;

	if (view == NULL)
		return -1;
	app->view = view;
	seats = reallocarray(app->seats, room, sizeof *seats);
	if (seats == NULL)
		return -1;
	app->seats = seats;
	app->seat_room = room;
	return 0;
}

struct instance *
app_free_seat(struct app *app)
{
	struct instance *instance;
	unsigned seat;

	for (seat = 0; seat < app->seat_count; seat++)
		if (app->seats[seat]->process.child.state == CHILD_EMPTY)
			return app->seats[seat];
	if (app->seat_count == app->seat_room && app_grow_seats(app) < 0)
		return NULL;
	instance = instance_new(app, app->seat_count);
	if (instance != NULL)
		app->seats[app->seat_count++] = instance;
	return instance;
}

void
instance_free(struct instance *i)
{
	instance_clear(i);
	timer_clear(&i->process.timer);
	free(i);
}

/* ---- why it could not be started */

static void
failure_close(struct instance *i)
{
	if (i->failure < 0)
		return;
	watch_close(&i->failure_watch);
	close(i->failure);
	i->failure = -1;
}

void
instance_hear_failure(struct instance *i)
{
	struct error err;
	int heard = i->failure >= 0 ? launch_failure(i->failure, &err) : -1;

	i->failure_lasts = heard == 1 || (heard < 0 && i->failure_lasts);
	i->lacked |= heard == 3;
	if (heard > 0)
		snprintf(i->failure_text, sizeof i->failure_text, "%.190s", err.text);
	if (heard >= 0)
		failure_close(i);
}

static void
failure_cb(struct watch *watch, unsigned events)
{
	(void)events;
	instance_hear_failure(CONTAINER_OF(watch, struct instance, failure_watch));
}

/* ---- making */

static void
definition_drop(struct app_definition *definition)
{
	app_source_release(definition->source);
	*definition = (struct app_definition){ .conf = NULL };
}

static void
definition_take(struct instance *i)
{
	struct app_definition *from = &i->app->definition;

	if (from->source != NULL)
		from->source->users++;
	if (i->definition.pool != NULL)
		app_source_release(i->definition.source);
	i->definition = *from;
}

/* `amount` and up to so many percent more or less. */
static uint64_t
with_jitter(uint64_t amount, uint32_t percent)
{
	uint64_t part = amount / 100 * percent;

	return part == 0 ? amount : amount - part + random_number() % (2 * part + 1);
}

static void
instance_forget_last(struct instance *i)
{
	const struct conf_app *conf = &i->definition.pool->app;
	const struct app *app = i->app;

	snprintf(i->process.name, sizeof i->process.name, "%s/%u", app->definition.pool->name, i->number);
	i->due = i->failure_lasts = i->lacked = i->deaf = false;
	i->stale = NULL;
	i->failure_text[0] = '\0';
	i->usage = (struct app_usage){ 0 };
	i->usage_at = 0;
	i->cpu = 0;
	i->over_memory = i->silences = 0;
	i->check_seen = 0;
	i->run_seen = 0;
	i->no_recycling_before = 0;
	i->age_limit = with_jitter(conf->max_age, conf->jitter);
	i->request_limit = with_jitter(conf->max_requests, conf->jitter);
	i->roll = app->roll.state == MASTER_ROLL_RUNNING ? app->roll.number : 0;
}

static int
instance_find_place(struct instance *i, struct error *err)
{
	const struct app_definition *definition = &i->definition;

	if (i->place.kind != definition->pool->app.listen)
		app_place_close(&i->place); /* of a process that was run otherwise */
	return app_place_find(
	    &i->place, definition->conf, definition->pool, i->seat, &i->app->master->apps.places, err);
}

static int
instance_add_server(struct instance *i, struct error *err)
{
	const struct conf_pool *pool = &i->app->master->conf->pools[i->app->pool];
	struct master_server server = {
		.pool = i->app->pool,
		.name = i->place.name,
		.address = i->place.address,
		.weight = 1,
		.instance = i->number + 1,
		.max_connections = i->definition.pool->app.max_connections,
		.max_fails = pool->max_fails,
		.fail_timeout = pool->fail_timeout,
		.slow_start = pool->slow_start,
	};

	i->server = servers_add_instance(i->app->master, &server, i->number, err);
	return i->server < 0 ? -1 : 0;
}

static int
instance_launch(struct instance *i, const int ends[2], struct error *err)
{
	struct launch launch = {
		.conf = i->definition.conf,
		.app = i->definition.pool,
		.place = &i->place,
		.origin = &i->app->master->apps.origin,
		.number = i->number,
		.output = ends[0],
		.errors = ends[1],
		.group = &i->group,
	};

	app_group_begin(&i->group, i->definition.pool->name, i->seat);
	errno = 0;
	i->process.pid = launch_start(&launch, &i->failure, err);
	if (i->process.pid > 0)
		return 0;
	i->lacked = launch_is_lack(errno);
	i->process.pid = 0;
	app_group_end(&i->group);
	return -1;
}

/* Its process is there: hears what becomes of it. */
static void
instance_attend(struct instance *i)
{
	app_output_begin(&i->output, i->process.pid);
	if (watch_open_level(&i->failure_watch, i->app->master->loop, i->failure, failure_cb) < 0) {
		log_error("%s: no memory to hear why it may not start", i->process.name);
		close(i->failure);
		i->failure = -1;
	}
	if (!i->app->master->conf->pools[i->app->pool].health.wanted)
		instance_look_whether_listens(i);
}

/* -1 with a sentence, and errno tells whether it is a lack of something. */
static int
instance_prepare(struct instance *i, int ends[2], struct error *err)
{
	errno = 0;
	if (instance_find_place(i, err) < 0)
		return -1;
	return app_output_open(&i->output, i->app->master->loop, i->app->journal, i->number,
	    i->definition.pool->app.output_rate, ends, err);
}

int
instance_start(struct instance *i, struct error *err)
{
	int ends[2];

	definition_take(i);
	instance_forget_last(i);
	if (instance_prepare(i, ends, err) < 0) {
		i->lacked = launch_is_lack(errno);
		return -1;
	}
	i->output_open = true;
	if (instance_add_server(i, err) == 0 && instance_launch(i, ends, err) == 0)
		instance_attend(i);
	close(ends[0]);
	close(ends[1]);
	if (i->process.pid != 0)
		return 0;
	instance_close_output(i);
	instance_leave(i);
	return -1;
}

/* ---- undoing */

void
instance_leave(struct instance *i)
{
	if (i->server >= 0)
		servers_leave(i->app->master, (unsigned)i->server, false);
	if (i->process.pid == 0)
		i->server = -1; /* what is left on it ends with its connections; it is nobody's */
}

void
instance_close_output(struct instance *i)
{
	if (i->output_open)
		app_output_close(&i->output);
	i->output_open = false;
}

void
instance_clear(struct instance *i)
{
	app_ready_end(&i->check);
	failure_close(i);
	instance_close_output(i);
	app_place_close(&i->place);
	if (i->definition.pool != NULL)
		definition_drop(&i->definition);
	i->stale = NULL;
	i->failed_starts = 0;
}

void
apps_close_copies(struct master *m)
{
	unsigned seat;
	size_t a;

	app_directory_close_copy(&m->apps.places.directory);
	for (a = 0; a < m->apps.count; a++)
		for (seat = 0; seat < m->apps.all[a].seat_count; seat++) {
			struct instance *i = m->apps.all[a].seats[seat];

			if (i->failure >= 0)
				close(i->failure);
			app_place_close_copies(&i->place);
			if (i->output_open)
				app_output_close_copies(&i->output);
			app_ready_close_copy(&i->check);
		}
}

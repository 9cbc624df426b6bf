/* Replacing instances: all of an app one after the other, or one that has lived for long enough. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/log.h"
#include "master/state.h"

static const uint64_t look_every = CLOCK_SECOND; /* at what a process uses */
static const uint64_t recycling_pause = 60 * CLOCK_SECOND; /* behind one that came to nothing */
enum { LOOKS_OVER_MEMORY = 3 }; /* in a row */

static const char *
app_name(const struct app *app)
{
	return app->definition.pool->name;
}

static unsigned
stale_count(const struct app *app)
{
	unsigned seat, count = 0;

	for (seat = 0; seat < app->seat_count; seat++)
		count += child_is_kept(app->seats[seat]->process.child.state) && app->seats[seat]->stale != NULL;
	return count;
}

static void
make_stale(struct instance *i, const char *why, uint64_t now)
{
	if (i->stale == NULL)
		i->stale_since = now;
	i->stale = why;
}

/* ---- a roll-out */

static unsigned
mark_stale(struct app *app, int number)
{
	uint64_t now = clock_monotonic();
	unsigned seat, marked = 0;

	for (seat = 0; seat < app->seat_count; seat++) {
		struct instance *i = app->seats[seat];

		if (!child_is_kept(i->process.child.state) || (number >= 0 && i->number != (unsigned)number))
			continue;
		make_stale(i, "another takes its place", now);
		marked++;
	}
	return marked;
}

void
roll_begin(struct app *app, int number, const char *why)
{
	struct master_roll *roll = &app->roll;

	*roll = (struct master_roll){ .state = MASTER_ROLL_RUNNING, .number = roll->number + 1, .began = clock_wall() };
	roll->total = mark_stale(app, number);
	log_notice("app %s: %u instances are replaced: %s", app_name(app), roll->total, why);
	news_app(app, EVENT_ROLL_BEGUN, why);
	app_adjust_soon(app);
}

static void
roll_end(struct app *app, enum master_roll_state state)
{
	app->roll.state = state;
	app->roll.ended = clock_wall();
	app->before = (struct app_definition){ .pool = NULL };
}

/* What is good stays: of those that are run in another way, none. */
static void
keep_the_old(struct app *app)
{
	struct app_definition given_up = app->definition;
	bool other = app->before.pool != NULL;
	uint64_t now = clock_monotonic();
	unsigned seat;

	if (other)
		app->definition = app->before;
	for (seat = 0; seat < app->seat_count; seat++) {
		struct instance *i = app->seats[seat];

		if (!child_is_kept(i->process.child.state))
			continue;
		if (other && i->definition.pool != app->definition.pool)
			make_stale(i, "it goes back to what was before", now);
		else
			i->stale = NULL;
	}
	if (other)
		app_source_release(given_up.source);
}

static void
roll_back(struct app *app, const struct instance *failed)
{
	char text[EVENT_TEXT_MAX];

	snprintf(app->roll.reason, sizeof app->roll.reason, "%s", failed->process.last_words);
	keep_the_old(app);
	roll_end(app, MASTER_ROLL_BACK);
	snprintf(text, sizeof text, "instance %u %s: %s", failed->number,
	    failed->process.ready == 0 ? "did not get ready" : "ended as soon as it was ready", failed->process.last_words);
	log_error("app %s: rolled back, the old instances stay: %s", app_name(app), text);
	news_app(app, EVENT_ROLLED_BACK, text);
	app_adjust_soon(app);
}

/* The one that was to be replaced by it, which may stay. */
static struct instance *
instance_before(const struct instance *i)
{
	const struct app *app = i->app;
	unsigned seat;

	for (seat = 0; seat < app->seat_count; seat++) {
		struct instance *other = app->seats[seat];

		if (other != i && other->number == i->number && other->stale != NULL && child_is_kept(other->process.child.state))
			return other;
	}
	return NULL;
}

/* That a port is open does not say that the program works. Who was killed by somebody may be as good as those before. */
static bool
has_not_worked(const struct instance *i)
{
	int status = instance_history(i)->last_death.death.wait_status;

	return i->process.ready == 0 ||
	    (supervised_worked(&i->process) < child_short_life && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
}

bool
roll_failed(struct instance *i, bool given_up)
{
	struct app *app = i->app;
	struct instance *before = instance_before(i);

	if (i->stale != NULL)
		return false;
	if (app->roll.state == MASTER_ROLL_RUNNING && i->roll == app->roll.number && has_not_worked(i)) {
		roll_back(app, i);
	} else if (given_up && i->process.ready == 0 && before != NULL) {
		before->stale = NULL;
		before->no_recycling_before = clock_monotonic() + recycling_pause;
		log_error("%s is not replaced: another one in its stead %s", i->process.name, i->process.last_words);
	} else {
		return false;
	}
	news_instance(&i->process, EVENT_INSTANCE_DIED, i->process.last_words);
	supervised_event(&i->process, CHILD_EVENT_DRAIN);
	return true;
}

static bool
all_have_come(const struct app *app)
{
	unsigned seat, ready = 0;

	for (seat = 0; seat < app->seat_count; seat++) {
		enum child_state state = instance_state(app->seats[seat]);

		if (state == CHILD_STARTING || state == CHILD_BACKOFF)
			return false;
		ready += state == CHILD_READY || state == CHILD_FAILED;
	}
	return ready >= app->desired;
}

void
roll_count(const struct instance *i)
{
	struct master_roll *roll = &i->app->roll;

	if (roll->state == MASTER_ROLL_RUNNING && i->roll == roll->number && roll->replaced < roll->total)
		roll->replaced++;
}

void
roll_look(struct app *app)
{
	char text[64];

	if (app->roll.state != MASTER_ROLL_RUNNING || stale_count(app) > 0 || !all_have_come(app))
		return;
	if (app->before.pool != NULL)
		app_source_release(app->before.source);
	roll_end(app, MASTER_ROLL_DONE);
	snprintf(text, sizeof text, "%u instances were replaced", app->roll.replaced);
	log_notice("app %s: %s", app_name(app), text);
	news_app(app, EVENT_ROLL_DONE, text);
}

/* ---- one that has lived for long enough */

static void
instance_look(struct instance *i, uint64_t now)
{
	struct app_usage usage;
	uint64_t limit = i->definition.pool->app.max_memory;

	if (now < i->usage_at + look_every || !app_group_usage(&i->group, &usage))
		return;
	if (i->usage_at != 0 && usage.cpu >= i->usage.cpu)
		i->cpu = 100.0 * (double)(usage.cpu - i->usage.cpu) / (double)(now - i->usage_at);
	i->usage = usage;
	i->usage_at = now;
	i->over_memory = limit != 0 && usage.memory > limit ? i->over_memory + 1 : 0;
}

/* Why one that has a server is to be replaced, or NULL. */
static const char *
recycle_reason(const struct instance *i, uint64_t now)
{
	const struct scoreboard *board = i->app->master->board;

	if (i->deaf)
		return "it accepts no connections any more";
	if (i->over_memory >= LOOKS_OVER_MEMORY)
		return "it uses more than max-memory";
	if (i->age_limit != 0 && now - i->process.ready > i->age_limit)
		return "it has lived for max-age";
	if (i->request_limit != 0 && scoreboard_server_requests(board, (unsigned)i->server) >= i->request_limit)
		return "it has had max-requests";
	return NULL;
}

void
instance_recycle(struct instance *i, uint64_t now)
{
	const char *why;

	if (i->process.pid == 0)
		return;
	instance_look(i, now);
	instance_look_at_health(i);
	if (i->process.child.state != CHILD_READY || i->stale != NULL || i->server < 0 || now < i->no_recycling_before)
		return;
	why = recycle_reason(i, now);
	if (why == NULL)
		return;
	log_notice("%s (pid %d) is replaced: %s", i->process.name, (int)i->process.pid, why);
	make_stale(i, why, now);
	app_adjust_soon(i->app);
}

#include "master/news.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"
#include "ipc/health.h"
#include "master/state.h"

enum { EVENTS_A_LOOK = 128 }; /* at servers */

static const uint64_t limit_pause = 10 * CLOCK_SECOND; /* between two events of one limit */
static const unsigned calm_ticks = 3; /* then errors are normal again */

/* ---- single events */

void
news_worker(struct supervised *process, enum event_type type, const char *text)
{
	const struct worker *w = CONTAINER_OF(process, struct worker, process);
	struct master_event event = { .type = type, .worker = w->slot, .pid = process->last_pid };

	snprintf(event.text, sizeof event.text, "%s", text);
	master_event_add(w->master, &event);
}

void
news_prober(struct supervised *process, enum event_type type, const char *text)
{
	struct master_event event = { .type = type, .pid = process->last_pid };

	snprintf(event.text, sizeof event.text, "%s", text);
	master_event_add(CONTAINER_OF(process, struct master, prober.process), &event);
}

void
news_instance(struct supervised *process, enum event_type type, const char *text)
{
	const struct instance *i = CONTAINER_OF(process, struct instance, process);
	struct master_event event = { .type = type, .instance = i->number, .pid = process->last_pid };

	if (type == EVENT_INSTANCE_DIED)
		app_journal_say(i->app->journal, i->number, process->last_pid, text);

	snprintf(event.pool, sizeof event.pool, "%s", i->app->definition.pool->name);
	snprintf(event.text, sizeof event.text, "%s", text);
	master_event_add(i->app->master, &event);
}

static struct master_event
event_of_app(const struct app *app, enum event_type type)
{
	const struct events *events = &app->master->events;
	struct master_event event = { .type = type, .uid = events->uid, .by_pid = events->by_pid };

	snprintf(event.pool, sizeof event.pool, "%s", app->definition.pool->name);
	return event;
}

void
news_app(const struct app *app, enum event_type type, const char *text)
{
	struct master_event event = event_of_app(app, type);

	snprintf(event.text, sizeof event.text, "%s", text);
	master_event_add(app->master, &event);
}

void
news_app_scaled(const struct app *app, unsigned from, unsigned to)
{
	struct master_event event = event_of_app(app, EVENT_APP_SCALED);

	event.from = from;
	event.to = to;
	master_event_add(app->master, &event);
}

void
news_server(struct master *m, unsigned server, enum event_type type, const char *text)
{
	const struct scoreboard_server *row = &m->board->servers[server];
	struct master_event event = { .type = type };

	/* workers can write there: nothing of it is believed */
	if (row->pool < m->conf->pool_count)
		snprintf(event.pool, sizeof event.pool, "%s", m->conf->pools[row->pool].name);
	snprintf(event.server, sizeof event.server, "%.*s", (int)sizeof row->name - 1, row->name);
	snprintf(event.text, sizeof event.text, "%s", text);
	master_event_add(m, &event);
}

void
news_name(struct master *m, const struct master_name *name, enum event_type type, const char *text)
{
	struct master_event event = { .type = type };

	snprintf(event.pool, sizeof event.pool, "%s", m->conf->pools[name->options.pool].name);
	snprintf(event.server, sizeof event.server, "%s", name->text);
	snprintf(event.text, sizeof event.text, "%s", text);
	master_event_add(m, &event);
}

void
news_scaled(struct master *m, unsigned from, unsigned to)
{
	struct master_event event = {
		.type = EVENT_SCALED,
		.uid = m->events.uid,
		.by_pid = m->events.by_pid,
		.from = from,
		.to = to,
	};

	master_event_add(m, &event);
}

void
news_reload(struct master *m, enum event_type type, const char *text)
{
	struct master_event event = { .type = type, .uid = m->events.uid, .by_pid = m->events.by_pid };

	snprintf(event.text, sizeof event.text, "%s", text);
	master_event_add(m, &event);
}

void
news_stopping(struct master *m, bool graceful)
{
	struct master_event event = { .type = EVENT_STOPPING };

	snprintf(event.text, sizeof event.text, "%s",
	    graceful ? "requests in progress are finished, within shutdown-timeout" : "at once");
	master_event_add(m, &event);
}

/* ---- servers */

static bool
is_checked_up(const struct master *m, unsigned server)
{
	struct health_check check;

	return health_check_get(m->board, server, &check) && check.verdict == HEALTH_UP;
}

static struct news_server
server_find(const struct master *m, unsigned server, uint64_t now)
{
	const struct scoreboard_server *row = &m->board->servers[server];
	const struct scoreboard_check *check = &m->board->checks[server];
	struct news_server found = { .id = row->id };

	/* counts first: they are written after the server is down */
	if (atomic_load(&check->id) == row->id)
		found.checked_downs = atomic_load(&check->downs);
	found.downs = atomic_load(&row->downs);
	found.down = scoreboard_get(&row->down_until) != 0;
	found.checked_down = health_is_refused(row, now);
	found.checked_up = is_checked_up(m, server);
	return found;
}

static bool
is_no_news(const struct news_server *a, const struct news_server *b)
{
	return a->id == b->id && a->downs == b->downs && a->checked_downs == b->checked_downs &&
	    a->down == b->down && a->checked_down == b->checked_down && a->checked_up == b->checked_up;
}

static void
server_went_down(struct master *m, unsigned server)
{
	const struct scoreboard_server *row = &m->board->servers[server];
	char text[96], time[32];

	text_from_duration(row->fail_timeout, time, sizeof time);
	snprintf(text, sizeof text, "%s; tried again in %s", health_reason_word(scoreboard_get(&row->down_why)),
	    time);
	news_server(m, server, EVENT_SERVER_DOWN, text);
}

/* "check: status 503, 3 in a row": what decided, however long ago that was */
static void
server_tell_check(struct master *m, unsigned server, enum event_type type)
{
	char text[96], result[HEALTH_CHECK_TEXT];
	struct health_check check;

	health_check_decided(m->board, server, type == EVENT_SERVER_DOWN ? HEALTH_DOWN : HEALTH_UP, &check);
	snprintf(text, sizeof text, "check: %s, %u in a row", health_check_text(&check, result), check.run);
	news_server(m, server, type, text);
}

static void
server_came_up(struct master *m, unsigned server, bool checked)
{
	struct health_check check;

	health_check_get(m->board, server, &check);
	if (checked && check.verdict == HEALTH_UP) {
		server_tell_check(m, server, EVENT_SERVER_UP);
	} else if (checked && check.verdict == HEALTH_DOWN) {
		news_server(m, server, EVENT_SERVER_UP,
		    "the prober has been silent for too long: what it found last counts no more");
		health_changed(m->board);
	} else {
		news_server(m, server, EVENT_SERVER_UP, "it has answered, or was set ready");
	}
}

/*
 * The counts tell of one that went down and came up between two looks. One that
 * fails its trial is still down: that is no news.
 */
static void
server_compare(struct master *m, unsigned server, const struct news_server *found)
{
	struct news_server *last = &m->news.servers[server];
	bool failed, checked, was_out, judged, again;

	if (last->id != found->id) /* whatever was said of the one before it */
		*last = (struct news_server){ .id = found->id };
	again = found->down && found->downs != last->downs;
	failed = !last->down && found->downs != last->downs;
	checked = !last->checked_down && (found->checked_down || found->checked_downs > last->checked_downs);
	was_out = last->down || last->checked_down || failed || checked;
	if (failed)
		server_went_down(m, server);
	if (checked)
		server_tell_check(m, server, EVENT_SERVER_DOWN);
	if (was_out && !found->down && !found->checked_down)
		server_came_up(m, server, last->checked_down || checked);
	if (failed || checked || (was_out && !found->down && !found->checked_down))
		wakers_call(m);
	judged = found->checked_up != last->checked_up || checked;
	failed |= last->down;
	*last = *found;
	last->down = found->down && failed;
	if (judged)
		apps_health_changed(m, server);
	if (again)
		apps_server_failed(m, server);
}

static void news_look_cb(struct later *later);

void
news_expect(struct master *m)
{
	loop_later(m->loop, &m->news.look, news_look_cb);
}

/* When there is much to tell, the rest is left for the next turn. */
static void
news_servers(struct master *m)
{
	unsigned slots = scoreboard_server_slots(m->board), server;
	uint64_t last = master_event_newest(m) + EVENTS_A_LOOK, now = clock_monotonic();

	for (server = 0; server < slots; server++) {
		struct news_server found = server_find(m, server, now);

		if (!is_no_news(&found, &m->news.servers[server]))
			server_compare(m, server, &found);
		if (master_event_newest(m) >= last) {
			news_expect(m);
			return;
		}
	}
}

static void
news_look_cb(struct later *later)
{
	struct news *news = CONTAINER_OF(later, struct news, look);

	news_servers(CONTAINER_OF(news, struct master, news));
}

/* ---- limits */

static const struct {
	const char *text;
	enum counter counter; /* that workers count it with; COUNTER_COUNT: the master tells */
} limit_table[LIMITS] = {
	[LIMIT_WORKER_CONNECTIONS] = { "worker-connections: all workers have as many; more connections wait",
	    COUNTER_COUNT },
	[LIMIT_OPEN_FILES] = { "open-files: no descriptors or memory to accept connections; they wait",
	    COUNTER_COUNT },
	[LIMIT_CONTROL] = { "control connections: too many are open; more are refused", COUNTER_COUNT },
	[LIMIT_CLIENT_REFUSED] = { "client-refused: a worker had no descriptor or memory for a connection",
	    COUNTER_CLIENT_REFUSED },
	[LIMIT_NO_SERVER] = { "no-server: a request was answered 503, as no server was usable",
	    COUNTER_NO_SERVER },
	[LIMIT_LOG_LINES_LOST] = { "log-lines-lost: a line of the access log could not be written",
	    COUNTER_LOG_LINES_LOST },
};

static void
limit_tell(struct master *m, enum master_limit limit, uint64_t now)
{
	struct news *news = &m->news;
	struct master_event event = { .type = EVENT_LIMIT, .count = news->limits[limit].count };

	if (event.count == 0 || (news->limits[limit].told != 0 && now < news->limits[limit].told + limit_pause))
		return;
	news->limits[limit].told = now;
	news->limits[limit].count = 0;
	snprintf(event.text, sizeof event.text, "%s", limit_table[limit].text);
	master_event_add(m, &event);
}

void
master_limit_hit(struct master *m, enum master_limit limit)
{
	m->news.limits[limit].count++;
	limit_tell(m, limit, clock_monotonic());
}

/* How much a total has grown since the last look; 0 when nonsense was written there. */
static uint64_t
growth(const struct master *m, enum counter counter, uint64_t *last)
{
	uint64_t total = scoreboard_total(m->board, counter), before = *last;

	*last = total;
	return total > before ? total - before : 0;
}

static void
news_limits(struct master *m, uint64_t now)
{
	enum master_limit limit;

	for (limit = 0; limit < LIMITS; limit++) {
		if (limit_table[limit].counter != COUNTER_COUNT)
			m->news.limits[limit].count +=
			    growth(m, limit_table[limit].counter, &m->news.counted[limit]);
		limit_tell(m, limit, now);
	}
}

/* ---- queues */

static void
news_queues(struct master *m)
{
	unsigned pools = scoreboard_get(&m->board->queue_slots), pool;

	for (pool = 0; pool < pools && pool < m->conf->pool_count; pool++) {
		uint64_t full = scoreboard_get(&m->board->queues[pool].full), before = m->news.queues_full[pool];
		struct master_event event = { .type = EVENT_QUEUE_FULL, .count = full - before };

		m->news.queues_full[pool] = full;
		if (full <= before)
			continue;
		snprintf(event.pool, sizeof event.pool, "%s", m->conf->pools[pool].name);
		master_event_add(m, &event);
	}
}

/* ---- errors */

static void
errors_tell(struct master *m, bool high, uint64_t rate)
{
	struct master_event event = {
		.type = high ? EVENT_ERRORS_HIGH : EVENT_ERRORS_NORMAL,
		.rate = rate,
		.threshold = m->conf->alert_errors,
	};

	m->news.errors_high = high;
	m->news.calm = 0;
	master_event_add(m, &event);
}

static void
news_errors(struct master *m, uint64_t took)
{
	struct news *news = &m->news;
	uint64_t grown = growth(m, COUNTER_RESPONSES_5XX, &news->errors);
	uint64_t rate = (grown * CLOCK_SECOND + took / 2) / took; /* to the nearest: a tick is never just a second */

	if (m->conf->alert_errors == 0)
		return;
	if (rate >= m->conf->alert_errors) {
		news->calm = 0;
		if (!news->errors_high)
			errors_tell(m, true, rate);
	} else if (news->errors_high && ++news->calm >= calm_ticks) {
		errors_tell(m, false, rate);
	}
}

/* ---- */

void
news_init(struct master *m)
{
	m->news.last_tick = clock_monotonic();
}

void
news_close(struct master *m)
{
	loop_later_cancel(m->loop, &m->news.look);
}

void
news_tick(struct master *m, uint64_t now)
{
	if (now <= m->news.last_tick)
		return;
	news_servers(m);
	news_limits(m, now);
	news_queues(m);
	news_errors(m, now - m->news.last_tick);
	m->news.last_tick = now;
}

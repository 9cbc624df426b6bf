/* master/news: what the scoreboard says, as events. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ipc/health.h"
#include "master/state.h"
#include "run.h"
#include "waiting.h"

enum { SERVERS = 3, THRESHOLD = 10 };

static char web[] = "web", api[] = "api";
static struct conf_pool pools[] = { { .name = web }, { .name = api } };
static struct conf conf;
static struct master *master;
static uint64_t now;
static uint64_t seen; /* number of the last event that was looked at */

static void
server_write(unsigned place, unsigned pool, uint32_t id)
{
	struct scoreboard_server *row = &master->board->servers[place];

	memset(row, 0, sizeof *row);
	snprintf(row->name, sizeof row->name, "10.0.0.%u:80", id);
	row->pool = pool;
	row->id = id;
	row->fail_timeout = 10 * CLOCK_SECOND;
}

static void
setup(void)
{
	struct error err = { .text = "" };
	unsigned place;

	conf = (struct conf){
		.pools = pools,
		.pool_count = 2,
		.balance = &balance_round_robin,
		.worker_connections = 2,
		.alert_errors = THRESHOLD,
	};
	master = calloc(1, sizeof *master);
	ck_assert_ptr_nonnull(master);
	master->magic = MASTER_MAGIC;
	master->conf = &conf;
	master->board = scoreboard_new(&err);
	ck_assert_msg(master->board != NULL, "%s", err.text);
	master->loop = loop_new(&err);
	ck_assert_msg(master->loop != NULL, "%s", err.text);
	for (place = 0; place < SERVERS; place++)
		server_write(place, place % 2, place + 1);
	scoreboard_set(&master->board->server_slots, SERVERS);
	scoreboard_worker_reset(master->board, 0);
	seen = 0;
	news_init(master);
	now = master->news.last_tick;
}

static void
teardown(void)
{
	news_close(master);
	loop_free(master->loop);
	scoreboard_free(master->board);
	free(master);
}

static void
tick(void)
{
	now += CLOCK_SECOND + CLOCK_SECOND / 500; /* a timer is never early */
	news_tick(master, now);
}

/* The next event, which is to be of that type; "" when it has no text. */
static const struct master_event *
expect(enum event_type type, const char *text)
{
	const struct master_event *event = master_event(master, ++seen);

	ck_assert_ptr_nonnull(event);
	ck_assert_str_eq(event_table[event->type].name, event_table[type].name);
	ck_assert_msg(strstr(event->text, text) == event->text, "%s", event->text);
	return event;
}

static void
expect_nothing(void)
{
	ck_assert_uint_eq(master_event_newest(master), seen);
}

static void
set_down(unsigned place)
{
	struct scoreboard_server *row = &master->board->servers[place];

	scoreboard_set(&row->down_until, now + CLOCK_SECOND);
	scoreboard_add(&row->downs, 1);
}

static void
set_up(unsigned place)
{
	scoreboard_set(&master->board->servers[place].down_until, 0);
}

START_TEST(a_server_goes_down_and_comes_up)
{
	const struct master_event *event;
	char text[64];

	tick();
	expect_nothing();
	set_down(1);
	tick();
	snprintf(text, sizeof text, "%s; tried again in 10s", health_reason_word(0));
	event = expect(EVENT_SERVER_DOWN, text);
	ck_assert_str_eq(event->pool, "api");
	ck_assert_str_eq(event->server, "10.0.0.2:80");
	tick();
	expect_nothing();
	set_up(1);
	tick();
	event = expect(EVENT_SERVER_UP, "");
	ck_assert_str_eq(event->server, "10.0.0.2:80");
	tick();
	expect_nothing();
}
END_TEST

static void
set_checks(unsigned place, enum health_verdict verdict, uint32_t run, uint32_t downs, uint64_t until)
{
	struct health_check check = {
		.verdict = verdict,
		.result = verdict == HEALTH_DOWN ? HEALTH_REASON_STATUS : HEALTH_REASON_OK,
		.status = verdict == HEALTH_DOWN ? 503 : 0,
		.run = run,
		.downs = downs,
	};

	health_check_set(master->board, place, master->board->servers[place].id, &check, until);
}

static void
set_checked(unsigned place, enum health_verdict verdict, uint32_t downs, uint64_t until)
{
	set_checks(place, verdict, 2, downs, until);
}

START_TEST(checks_are_told)
{
	set_checked(0, HEALTH_UP, 0, 0);
	tick();
	expect_nothing();
	set_checked(0, HEALTH_DOWN, 1, UINT64_MAX);
	tick();
	expect(EVENT_SERVER_DOWN, "check: status 503, 2 in a row");
	set_checked(0, HEALTH_DOWN, 1, UINT64_MAX);
	tick();
	expect_nothing();
	set_checked(0, HEALTH_UP, 1, 0);
	tick();
	expect(EVENT_SERVER_UP, "check: ok, 2 in a row");
	expect_nothing();
}
END_TEST

START_TEST(what_decided_is_told_however_late)
{
	set_checked(0, HEALTH_UP, 0, 0);
	tick();
	expect_nothing();
	set_checks(0, HEALTH_DOWN, 3, 1, UINT64_MAX);
	set_checks(0, HEALTH_DOWN, 4, 1, UINT64_MAX);
	tick();
	expect(EVENT_SERVER_DOWN, "check: status 503, 3 in a row");
	set_checks(0, HEALTH_UP, 2, 1, 0);
	set_checks(0, HEALTH_DOWN, 5, 2, UINT64_MAX);
	set_checks(0, HEALTH_UP, 2, 2, 0);
	set_checks(0, HEALTH_UP, 3, 2, 0);
	tick();
	expect(EVENT_SERVER_UP, "check: ok, 2 in a row");
	expect_nothing();
	set_checks(0, HEALTH_DOWN, 6, 3, UINT64_MAX);
	set_checks(0, HEALTH_UP, 2, 3, 0); /* it was down for a moment */
	tick();
	expect(EVENT_SERVER_DOWN, "check: status 503, 6 in a row");
	expect(EVENT_SERVER_UP, "check: ok, 2 in a row");
	expect_nothing();
}
END_TEST

START_TEST(checks_that_fall_silent_are_told)
{
	uint32_t version;

	set_checked(0, HEALTH_DOWN, 1, UINT64_MAX);
	tick();
	expect(EVENT_SERVER_DOWN, "check: ");
	version = scoreboard_get(&master->board->health_version);
	set_checked(0, HEALTH_DOWN, 1, 1); /* long ago */
	tick();
	expect(EVENT_SERVER_UP, "the prober has been silent");
	ck_assert_uint_ne(scoreboard_get(&master->board->health_version), version);
	tick();
	expect_nothing();
}
END_TEST

START_TEST(a_server_is_up_when_requests_and_checks_say_so)
{
	set_down(0);
	tick();
	expect(EVENT_SERVER_DOWN, "bad-response");
	set_checked(0, HEALTH_DOWN, 1, UINT64_MAX);
	tick();
	expect(EVENT_SERVER_DOWN, "check: status 503");
	set_up(0);
	tick();
	expect_nothing();
	set_checked(0, HEALTH_UP, 1, 0);
	tick();
	expect(EVENT_SERVER_UP, "check: ok");
	expect_nothing();
}
END_TEST

START_TEST(a_flap_between_two_looks_is_told)
{
	set_down(0);
	set_up(0);
	tick();
	expect(EVENT_SERVER_DOWN, "");
	expect(EVENT_SERVER_UP, "");
	expect_nothing();
	set_down(0);
	set_up(0);
	set_down(0);
	tick();
	expect(EVENT_SERVER_DOWN, "");
	expect_nothing();
}
END_TEST

START_TEST(a_failed_trial_is_no_news)
{
	set_down(2);
	tick();
	expect(EVENT_SERVER_DOWN, "");
	set_down(2);
	tick();
	expect_nothing();
	set_up(2);
	tick();
	expect(EVENT_SERVER_UP, "");
}
END_TEST

/* A worker has written the one figure, and not yet the other. */
START_TEST(many_servers_are_told_by_and_by)
{
	unsigned place;

	scoreboard_set(&master->board->server_slots, 400);
	for (place = 0; place < 400; place++)
		set_down(place);
	tick();
	ck_assert_uint_gt(master_event_newest(master), 0);
	ck_assert_uint_lt(master_event_newest(master), 200);
	while (master_event_newest(master) < 400)
		wait_a_turn(master->loop);
	seen = 400;
	tick();
	expect_nothing();
}
END_TEST

START_TEST(half_a_change_waits_for_the_rest)
{
	scoreboard_set(&master->board->servers[0].down_until, now + CLOCK_SECOND);
	tick();
	expect_nothing();
	scoreboard_add(&master->board->servers[0].downs, 1);
	tick();
	expect(EVENT_SERVER_DOWN, "");
	expect_nothing();
}
END_TEST

START_TEST(another_server_in_the_place_begins_anew)
{
	set_down(0);
	tick();
	expect(EVENT_SERVER_DOWN, "");
	server_write(0, 1, 77);
	tick();
	expect_nothing();
	set_down(0);
	tick();
	ck_assert_str_eq(expect(EVENT_SERVER_DOWN, "")->server, "10.0.0.77:80");
	expect_nothing();
}
END_TEST

START_TEST(another_server_in_the_place_goes_down_before_the_next_look)
{
	set_down(0);
	tick();
	expect(EVENT_SERVER_DOWN, "");
	server_write(0, 1, 77);
	set_down(0); /* the place looks as it did: down, once */
	tick();
	ck_assert_str_eq(expect(EVENT_SERVER_DOWN, "")->server, "10.0.0.77:80");
	expect_nothing();
}
END_TEST

START_TEST(what_workers_write_is_not_believed)
{
	memset(master->board->servers[0].name, 'x', SCOREBOARD_NAME);
	master->board->servers[0].pool = UINT32_MAX;
	scoreboard_set(&master->board->servers[0].down_why, UINT32_MAX);
	set_down(0);
	tick();
	ck_assert_str_eq(expect(EVENT_SERVER_DOWN, "")->pool, "");
	scoreboard_set(&master->board->workers[0].counters[COUNTER_RESPONSES_5XX], UINT64_MAX);
	scoreboard_set(&master->board->workers[0].counters[COUNTER_NO_SERVER], UINT64_MAX);
	tick();
	scoreboard_set(&master->board->workers[0].counters[COUNTER_RESPONSES_5XX], 0);
	scoreboard_set(&master->board->workers[0].counters[COUNTER_NO_SERVER], 0);
	tick();
}
END_TEST

START_TEST(errors_are_high_and_normal_again)
{
	_Atomic uint64_t *errors = &master->board->workers[0].counters[COUNTER_RESPONSES_5XX];
	const struct master_event *event;
	int i;

	scoreboard_add(errors, THRESHOLD - 1);
	tick();
	expect_nothing();
	for (i = 0; i < 3; i++) {
		scoreboard_add(errors, THRESHOLD);
		tick();
	}
	event = expect(EVENT_ERRORS_HIGH, "");
	ck_assert_uint_eq(event->rate, THRESHOLD);
	ck_assert_uint_eq(event->threshold, THRESHOLD);
	tick();
	tick();
	scoreboard_add(errors, THRESHOLD); /* the calm is over */
	tick();
	tick();
	tick();
	expect_nothing();
	scoreboard_add(errors, 3);
	tick();
	ck_assert_uint_eq(expect(EVENT_ERRORS_NORMAL, "")->rate, 3);
	tick();
	expect_nothing();
}
END_TEST

START_TEST(errors_are_counted_by_the_second)
{
	scoreboard_add(&master->board->workers[0].counters[COUNTER_RESPONSES_5XX], 3 * THRESHOLD);
	now += 3 * CLOCK_SECOND;
	tick();
	expect_nothing();
	conf.alert_errors = 0;
	scoreboard_add(&master->board->workers[0].counters[COUNTER_RESPONSES_5XX], 1000000);
	tick();
	expect_nothing();
}
END_TEST

START_TEST(a_limit_is_told_once_in_ten_seconds)
{
	_Atomic uint64_t *refused = &master->board->workers[0].counters[COUNTER_NO_SERVER];
	int i;

	scoreboard_add(refused, 5);
	tick();
	ck_assert_uint_eq(expect(EVENT_LIMIT, "no-server: ")->count, 5);
	for (i = 0; i < 9; i++) {
		scoreboard_add(refused, 2);
		tick();
		expect_nothing();
	}
	tick();
	ck_assert_uint_eq(expect(EVENT_LIMIT, "no-server: ")->count, 18);
	for (i = 0; i < 20; i++)
		tick();
	expect_nothing();
}
END_TEST

START_TEST(each_limit_is_told_for_itself)
{
	master_limit_hit(master, LIMIT_OPEN_FILES);
	master_limit_hit(master, LIMIT_OPEN_FILES);
	master_limit_hit(master, LIMIT_CONTROL);
	ck_assert_uint_eq(expect(EVENT_LIMIT, "open-files: ")->count, 1);
	ck_assert_uint_eq(expect(EVENT_LIMIT, "control connections: ")->count, 1);
	expect_nothing();
	now += 20 * CLOCK_SECOND;
	tick();
	ck_assert_uint_eq(expect(EVENT_LIMIT, "open-files: ")->count, 1);
	expect_nothing();
}
END_TEST

START_TEST(a_tick_may_be_a_little_behind)
{
	now = clock_monotonic() - CLOCK_MILLISECOND; /* when this turn of the loop began */
	master->news.last_tick = now - CLOCK_SECOND;
	master_limit_hit(master, LIMIT_CONTROL);
	master_limit_hit(master, LIMIT_CONTROL);
	expect(EVENT_LIMIT, "control connections: ");
	news_tick(master, now);
	expect_nothing();
}
END_TEST

START_TEST(who_scales_is_told)
{
	const struct master_event *event;

	master_act_for(master, 1000, 4711);
	news_scaled(master, 2, 8);
	master_act_for(master, 0, 0);
	news_scaled(master, 8, 7);
	event = expect(EVENT_SCALED, "");
	ck_assert_uint_eq(event->uid, 1000);
	ck_assert_int_eq(event->by_pid, 4711);
	ck_assert_uint_eq(event->from, 2);
	ck_assert_uint_eq(event->to, 8);
	ck_assert_int_eq(expect(EVENT_SCALED, "")->by_pid, 0);
}
END_TEST

START_TEST(a_worker_that_cannot_start_is_told)
{
	struct worker *w = &master->workers.slots[0];
	const struct master_event *event;

	workers_init(master);
	master->notify.fd = -1;
	master->workers.used = 1;
	master->workers.ever_ready = true;
	w->process.child.state = CHILD_STARTING;
	w->process.last_pid = 4711;
	snprintf(w->process.last_words, sizeof w->process.last_words, "exited with status 2 after 0.1 s");
	supervised_event(&w->process, CHILD_EVENT_EXITED_WRONG);
	ck_assert_int_eq(expect(EVENT_WORKER_DIED, "exited with status 2")->pid, 4711);
	event = expect(EVENT_WORKER_FAILED, "exited with status 2");
	ck_assert_int_eq(event->pid, 4711);
	ck_assert_uint_eq(event->worker, 0);
	expect_nothing();
	timer_clear(&master->workers.tick);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("news");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_server_goes_down_and_comes_up);
	tcase_add_test(tests, checks_are_told);
	tcase_add_test(tests, what_decided_is_told_however_late);
	tcase_add_test(tests, checks_that_fall_silent_are_told);
	tcase_add_test(tests, a_server_is_up_when_requests_and_checks_say_so);
	tcase_add_test(tests, a_flap_between_two_looks_is_told);
	tcase_add_test(tests, a_failed_trial_is_no_news);
	tcase_add_test(tests, many_servers_are_told_by_and_by);
	tcase_add_test(tests, half_a_change_waits_for_the_rest);
	tcase_add_test(tests, another_server_in_the_place_begins_anew);
	tcase_add_test(tests, another_server_in_the_place_goes_down_before_the_next_look);
	tcase_add_test(tests, what_workers_write_is_not_believed);
	tcase_add_test(tests, errors_are_high_and_normal_again);
	tcase_add_test(tests, errors_are_counted_by_the_second);
	tcase_add_test(tests, a_limit_is_told_once_in_ten_seconds);
	tcase_add_test(tests, each_limit_is_told_for_itself);
	tcase_add_test(tests, a_tick_may_be_a_little_behind);
	tcase_add_test(tests, who_scales_is_told);
	tcase_add_test(tests, a_worker_that_cannot_start_is_told);
	return run_case(tests);
}

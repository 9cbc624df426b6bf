/* control/watch: which events a connection is told, as what, and what it is told to have lost. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/watch.h"
#include "master/state.h"
#include "run.h"

static struct master *master;
static struct watcher watcher;
static struct buffer out;

static void
setup(void)
{
	master = calloc(1, sizeof *master);
	ck_assert_ptr_nonnull(master);
	master->magic = MASTER_MAGIC;
	memset(&watcher, 0, sizeof watcher);
}

static void
teardown(void)
{
	buffer_free(&out);
	free(master);
}

static void
add(enum event_type type, unsigned count)
{
	struct master_event event = { .type = type, .count = 1 };

	while (count-- > 0)
		master_event_add(master, &event);
}

static uint64_t
types_of(const char *names)
{
	struct fault fault = { 0 };
	uint64_t types;

	ck_assert_msg(watcher_types(&types, names, &fault), "%s", fault.message);
	return types;
}

static void
watch(const char *names)
{
	watcher_start(&watcher, master, types_of(names));
}

/* The next line of what was made: its params; NULL: there is none. The caller's reference. */
static json_t *
next_line(const char *method)
{
	const char *first = buffer_first(&out), *end;
	json_t *line, *params;

	if (buffer_length(&out) == 0)
		return NULL;
	end = memchr(first, '\n', buffer_length(&out));
	ck_assert_ptr_nonnull(end);
	line = json_loadb(first, (size_t)(end - first), JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(line);
	buffer_drop(&out, (size_t)(end - first) + 1);
	ck_assert_uint_eq(json_object_size(line), 3);
	ck_assert_str_eq(json_string_value(json_object_get(line, "jsonrpc")), "2.0");
	ck_assert_str_eq(json_string_value(json_object_get(line, "method")), method);
	params = json_incref(json_object_get(line, "params"));
	json_decref(line);
	return params;
}

static void
make_all(void)
{
	while (watcher_step(&watcher, master, &out) == WATCHER_MORE)
		continue;
}

static void
expect_event(uint64_t number)
{
	json_t *params = next_line("event");

	ck_assert_ptr_nonnull(params);
	ck_assert_int_eq(json_integer_value(json_object_get(params, "number")), (json_int_t)number);
	json_decref(params);
}

static void
expect_lost(uint64_t from, uint64_t to)
{
	json_t *params = next_line("lost");
	json_t *wanted = json_pack("{s:I,s:I,s:I,s:b}", "from", (json_int_t)from, "to", (json_int_t)to, "count",
	    (json_int_t)(to - from + 1), "restarted", 0);

	ck_assert(json_equal(params, wanted));
	json_decref(params);
	json_decref(wanted);
}

static void
expect_restarted(void)
{
	json_t *params = next_line("lost");

	ck_assert(json_is_null(json_object_get(params, "from")));
	ck_assert(json_is_null(json_object_get(params, "count")));
	ck_assert(json_is_true(json_object_get(params, "restarted")));
	json_decref(params);
}

/* ---- names */

START_TEST(names_and_patterns)
{
	const uint64_t all = (UINT64_C(1) << EVENT_TYPES) - 1;

	ck_assert_uint_eq(types_of(NULL), all);
	ck_assert_uint_eq(types_of("*"), all);
	ck_assert_uint_eq(types_of("stopping"), UINT64_C(1) << EVENT_STOPPING);
	ck_assert_uint_eq(types_of("server-up, server-down ,limit"),
	    UINT64_C(1) << EVENT_SERVER_UP | UINT64_C(1) << EVENT_SERVER_DOWN | UINT64_C(1) << EVENT_LIMIT);
	ck_assert_uint_eq(types_of("errors-*,errors-high"),
	    UINT64_C(1) << EVENT_ERRORS_HIGH | UINT64_C(1) << EVENT_ERRORS_NORMAL);
}
END_TEST

static const struct {
	const char *names, *message, *hint;
} wrong_names[] = {
	{ "wroker-died", "There is no event 'wroker-died'.", "Did you mean worker-died?" },
	{ "stopping,xyz*", "There is no event 'xyz*'.", "The events are worker-started, " },
	{ "", "There is no event ''.", "The events are " },
	{ "limit,", "There is no event ''.", "The events are " },
	{ "limit,,limit", "There is no event ''.", "The events are " },
};

START_TEST(wrong_names_are_told)
{
	struct fault fault = { 0 };
	uint64_t types;

	ck_assert(!watcher_types(&types, wrong_names[_i].names, &fault));
	ck_assert_int_eq(fault.code, REPLY_ERROR_PARAMS);
	ck_assert_str_eq(fault.message, wrong_names[_i].message);
	ck_assert_msg(strncmp(fault.hint, wrong_names[_i].hint, strlen(wrong_names[_i].hint)) == 0, "%s",
	    fault.hint);
	ck_assert_msg(fault.hint[strlen(fault.hint) - 1] != ',' && strlen(fault.hint) < sizeof fault.hint - 1,
	    "the hint is cut: %s", fault.hint);
}
END_TEST

START_TEST(a_long_list_is_read_to_its_end)
{
	char names[513];

	memset(names, '*', sizeof names - 1);
	memcpy(names + sizeof names - 4, "xyz", 4);
	ck_assert(!watcher_types(&(uint64_t){ 0 }, names, &(struct fault){ 0 }));
}
END_TEST

/* ---- events */

START_TEST(from_now_on)
{
	add(EVENT_LIMIT, 3);
	watch(NULL);
	make_all();
	ck_assert_uint_eq(buffer_length(&out), 0);
	add(EVENT_LIMIT, 2);
	make_all();
	expect_event(4);
	expect_event(5);
	ck_assert_ptr_null(next_line("event"));
}
END_TEST

START_TEST(nothing_without_a_watch)
{
	add(EVENT_LIMIT, 3);
	ck_assert_int_eq(watcher_step(&watcher, master, &out), WATCHER_IDLE);
	ck_assert_uint_eq(buffer_length(&out), 0);
}
END_TEST

START_TEST(only_what_is_wanted)
{
	watch("stopping");
	add(EVENT_LIMIT, 100);
	add(EVENT_STOPPING, 1);
	add(EVENT_LIMIT, 100);
	make_all();
	expect_event(101);
	ck_assert_ptr_null(next_line("event"));
}
END_TEST

START_TEST(since_replays)
{
	add(EVENT_LIMIT, 5);
	watch(NULL);
	watcher_rewind(&watcher, master, 3);
	make_all();
	expect_event(4);
	expect_event(5);
	watcher_rewind(&watcher, master, 5);
	make_all();
	ck_assert_ptr_null(next_line("event"));
	watcher_rewind(&watcher, master, 0);
	make_all();
	expect_event(1);
}
END_TEST

START_TEST(since_too_long_ago_is_told)
{
	add(EVENT_LIMIT, EVENTS_KEPT + 10);
	watch(NULL);
	watcher_rewind(&watcher, master, 4);
	make_all();
	expect_lost(5, 10);
	expect_event(11);
}
END_TEST

START_TEST(since_of_an_earlier_drover)
{
	add(EVENT_LIMIT, 2);
	watch(NULL);
	watcher_rewind(&watcher, master, 3);
	make_all();
	expect_restarted();
	expect_event(1);
	expect_event(2);
	add(EVENT_LIMIT, EVENTS_KEPT);
	watcher_rewind(&watcher, master, INT64_MAX);
	make_all();
	expect_restarted();
	expect_event(3);
}
END_TEST

START_TEST(since_before_the_first_event)
{
	watch(NULL);
	watcher_rewind(&watcher, master, 0);
	make_all();
	ck_assert_ptr_null(next_line("event"));
	watcher_rewind(&watcher, master, 1);
	make_all();
	expect_restarted();
	add(EVENT_LIMIT, 1);
	make_all();
	expect_event(1);
}
END_TEST

/* ---- slow readers */

START_TEST(a_slow_reader_is_bounded_and_told)
{
	size_t most;
	uint64_t n, last = 0;
	json_t *line;

	watch(NULL);
	for (n = 0; n < 20; n++) {
		add(EVENT_WORKER_DIED, EVENTS_KEPT);
		make_all();
	}
	most = buffer_length(&out);
	ck_assert_uint_gt(most, WATCHER_UNSENT_MAX);
	ck_assert_uint_lt(most, WATCHER_UNSENT_MAX + 8192);
	ck_assert_int_eq(watcher_step(&watcher, master, &out), WATCHER_IDLE);
	ck_assert_uint_eq(buffer_length(&out), most);
	while (buffer_length(&out) > 0) {
		line = next_line("event");
		ck_assert_int_eq(json_integer_value(json_object_get(line, "number")), (json_int_t)++last);
		json_decref(line);
	}
	make_all();
	expect_lost(last + 1, 19 * EVENTS_KEPT);
	expect_event(19 * EVENTS_KEPT + 1);
}
END_TEST

START_TEST(a_step_is_short)
{
	unsigned lines = 0;

	watch("worker-died");
	add(EVENT_WORKER_DIED, EVENTS_KEPT);
	ck_assert_int_eq(watcher_step(&watcher, master, &out), WATCHER_MORE);
	while (buffer_length(&out) > 0) {
		json_decref(next_line("event"));
		lines++;
	}
	ck_assert_uint_le(lines, 32);
}
END_TEST

/* ---- members */

static const struct {
	struct master_event event;
	const char *members; /* behind number and time */
} shown[] = {
	{ { .type = EVENT_WORKER_STARTED, .worker = 3, .pid = 4711 },
	    "{\"event\":\"worker-started\",\"worker\":3,\"pid\":4711}" },
	{ { .type = EVENT_WORKER_DIED, .worker = 0, .text = "cannot be started" },
	    "{\"event\":\"worker-died\",\"worker\":0,\"pid\":null,\"text\":\"cannot be started\"}" },
	{ { .type = EVENT_SERVER_DOWN, .pool = "web", .server = "10.0.0.1:80", .text = "a \"b\"\n" },
	    "{\"event\":\"server-down\",\"pool\":\"web\",\"server\":\"10.0.0.1:80\",\"text\":\"a \\\"b\\\"\\n\"}" },
	{ { .type = EVENT_SERVER_UP, .pool = "\xff", .server = "unix:/\xfe", .text = "check: ok" },
	    "{\"event\":\"server-up\",\"pool\":\"?\",\"server\":\"unix:/?\",\"text\":\"check: ok\"}" },
	{ { .type = EVENT_SCALED, .uid = 1000, .by_pid = 99, .from = 2, .to = 8 },
	    "{\"event\":\"scaled\",\"by\":{\"uid\":1000,\"pid\":99},\"from\":2,\"to\":8}" },
	{ { .type = EVENT_SCALED, .from = 8, .to = 7 },
	    "{\"event\":\"scaled\",\"by\":null,\"from\":8,\"to\":7}" },
	{ { .type = EVENT_LIMIT, .count = 5, .text = "full" },
	    "{\"event\":\"limit\",\"count\":5,\"text\":\"full\"}" },
	{ { .type = EVENT_ERRORS_HIGH, .rate = 70, .threshold = 10 },
	    "{\"event\":\"errors-high\",\"rate\":70,\"threshold\":10}" },
	{ { .type = EVENT_STOPPING, .text = "at once" }, "{\"event\":\"stopping\",\"text\":\"at once\"}" },
};

START_TEST(the_members_of_each_kind)
{
	json_t *params, *wanted = json_loads(shown[_i].members, 0, NULL);

	watch(NULL);
	master_event_add(master, &shown[_i].event);
	make_all();
	params = next_line("event");
	ck_assert_int_eq(json_integer_value(json_object_get(params, "number")), 1);
	ck_assert_uint_eq(strlen(json_string_value(json_object_get(params, "time"))), 24);
	json_object_del(params, "number");
	json_object_del(params, "time");
	ck_assert(json_equal(params, wanted));
	json_decref(params);
	json_decref(wanted);
}
END_TEST

static TCase *
tests_make(void)
{
	TCase *tests = tcase_create("watch");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, names_and_patterns);
	tcase_add_loop_test(tests, wrong_names_are_told, 0, (int)(sizeof wrong_names / sizeof wrong_names[0]));
	tcase_add_test(tests, a_long_list_is_read_to_its_end);
	tcase_add_test(tests, from_now_on);
	tcase_add_test(tests, nothing_without_a_watch);
	tcase_add_test(tests, only_what_is_wanted);
	tcase_add_test(tests, since_replays);
	tcase_add_test(tests, since_too_long_ago_is_told);
	tcase_add_test(tests, since_of_an_earlier_drover);
	tcase_add_test(tests, since_before_the_first_event);
	tcase_add_test(tests, a_slow_reader_is_bounded_and_told);
	tcase_add_test(tests, a_step_is_short);
	tcase_add_loop_test(tests, the_members_of_each_kind, 0, (int)(sizeof shown / sizeof shown[0]));
	return tests;
}

int
main(void)
{
	Suite *suite = suite_create("watch");

	suite_add_tcase(suite, tests_make());
	return run_suite(suite);
}

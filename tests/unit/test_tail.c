/* control/tail: which lines a follower is told, as what, and what it is told to have lost. */
#include <check.h>
#include <string.h>

#include "control/tail.h"
#include "run.h"

static struct app_journal *journal;
static struct tail tail;
static struct buffer out;

static void
setup(void)
{
	journal = app_journal_new("web");
	ck_assert_ptr_nonnull(journal);
	tail = (struct tail){ .active = true, .instance = TAIL_ALL_INSTANCES, .next = 1 };
}

static void
teardown(void)
{
	buffer_free(&out);
	app_journal_free(journal);
}

static void
add_bytes(unsigned instance, const char *text, size_t length)
{
	struct app_line line = { .instance = instance, .pid = 12, .stream = APP_STREAM_ERR, .length = length, .text = text };

	app_journal_add(journal, &line);
}

static void
add(unsigned instance, const char *text)
{
	add_bytes(instance, text, strlen(text));
}

/* The params of the next notification, which is of that method. The caller's reference. */
static json_t *
next(const char *method)
{
	const char *first = buffer_first(&out), *end;
	json_t *line, *params;

	ck_assert_uint_gt(buffer_length(&out), 0);
	end = memchr(first, '\n', buffer_length(&out));
	ck_assert_ptr_nonnull(end);
	line = json_loadb(first, (size_t)(end - first), JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	ck_assert_ptr_nonnull(line);
	buffer_drop(&out, (size_t)(end - first) + 1);
	ck_assert_str_eq(json_string_value(json_object_get(line, "method")), method);
	params = json_incref(json_object_get(line, "params"));
	json_decref(line);
	return params;
}

static json_int_t
number_of(json_t *params, const char *name)
{
	ck_assert(json_is_integer(json_object_get(params, name)));
	return json_integer_value(json_object_get(params, name));
}

static void
expect_line(json_int_t number, json_int_t instance, const char *text)
{
	json_t *params = next("line");

	ck_assert_int_eq(number_of(params, "number"), number);
	ck_assert_int_eq(number_of(params, "instance"), instance);
	ck_assert_str_eq(json_string_value(json_object_get(params, "app")), "web");
	ck_assert_str_eq(json_string_value(json_object_get(params, "text")), text);
	json_decref(params);
}

static void
step(void)
{
	while (tail_step(&tail, journal, &out) == WATCHER_MORE)
		continue;
}

START_TEST(lines_are_told_as_they_come)
{
	json_t *params;

	step();
	ck_assert_uint_eq(buffer_length(&out), 0);
	add(0, "one");
	add(3, "two");
	step();
	expect_line(1, 0, "one");
	params = next("line");
	ck_assert_str_eq(json_string_value(json_object_get(params, "stream")), "stderr");
	ck_assert_int_eq(number_of(params, "pid"), 12);
	ck_assert(json_is_false(json_object_get(params, "part")));
	ck_assert(json_is_string(json_object_get(params, "time")));
	ck_assert_uint_eq(json_object_size(params), 8);
	json_decref(params);
	step();
	ck_assert_uint_eq(buffer_length(&out), 0);
	app_journal_say(journal, 4, 0, "cannot be started");
	step();
	params = next("line");
	ck_assert(json_is_null(json_object_get(params, "pid")));
	json_decref(params);
}
END_TEST

START_TEST(any_bytes_are_told)
{
	json_t *params;

	add_bytes(0, "a\0\033\xc3\xa4", 5);
	add_bytes(0, "b\xff\xc3\xa4\xc3", 5);
	step();
	params = next("line");
	ck_assert_uint_eq(json_string_length(json_object_get(params, "text")), 5);
	ck_assert_mem_eq(json_string_value(json_object_get(params, "text")), "a\0\033\xc3\xa4", 5);
	json_decref(params);
	expect_line(2, 0, "b?\xc3\xa4?");
}
END_TEST

START_TEST(one_instance_is_told_of_alone)
{
	add(0, "no");
	add(1, "yes");
	tail.instance = 1;
	step();
	expect_line(2, 1, "yes");
	ck_assert_uint_eq(buffer_length(&out), 0);
	ck_assert_uint_eq(tail.next, 3);
}
END_TEST

START_TEST(who_does_not_read_costs_no_more_memory)
{
	json_t *params;
	char text[APP_LINE_MAX];
	int i;

	memset(text, 'x', sizeof text);
	for (i = 0; i < 3000; i++) {
		add_bytes(0, text, sizeof text);
		step();
	}
	ck_assert_uint_lt(buffer_length(&out), WATCHER_UNSENT_MAX + 20 * 1200);
	ck_assert_uint_lt(tail.next, 200);
	buffer_drop(&out, buffer_length(&out));
	i = (int)tail.next;
	step();
	params = next("lost");
	ck_assert_int_eq(number_of(params, "from"), i);
	ck_assert_uint_eq((uint64_t)number_of(params, "to"), app_journal_oldest(journal) - 1);
	ck_assert_int_eq(number_of(params, "count"), number_of(params, "to") - i + 1);
	i = (int)number_of(params, "to") + 1;
	json_decref(params);
	params = next("line");
	ck_assert_int_eq(number_of(params, "number"), i);
	json_decref(params);
}
END_TEST

START_TEST(a_step_is_short)
{
	int i;

	for (i = 0; i < 100; i++)
		add(0, "x");
	ck_assert_int_eq(tail_step(&tail, journal, &out), WATCHER_MORE);
	ck_assert_uint_le(tail.next, 20);
}
END_TEST

START_TEST(who_follows_nothing_is_told_nothing)
{
	add(0, "x");
	ck_assert_int_eq(tail_step(&tail, NULL, &out), WATCHER_IDLE);
	tail.active = false;
	ck_assert_int_eq(tail_step(&tail, journal, &out), WATCHER_IDLE);
	ck_assert_uint_eq(buffer_length(&out), 0);
}
END_TEST

START_TEST(the_last_lines_begin_where_there_are_enough)
{
	int i;

	ck_assert_uint_eq(tail_begin(journal, TAIL_ALL_INSTANCES, 0, 10), 1);
	for (i = 1; i <= 20; i++)
		add(i % 2, "x");
	ck_assert_uint_eq(tail_begin(journal, TAIL_ALL_INSTANCES, 0, 10), 11);
	ck_assert_uint_eq(tail_begin(journal, TAIL_ALL_INSTANCES, 0, 100), 1);
	ck_assert_uint_eq(tail_begin(journal, TAIL_ALL_INSTANCES, 0, 0), 21);
	ck_assert_uint_eq(tail_begin(journal, TAIL_ALL_INSTANCES, 18, 10), 19);
	ck_assert_uint_eq(tail_begin(journal, TAIL_ALL_INSTANCES, 20, 10), 21);
	ck_assert_uint_eq(tail_begin(journal, 0, 0, 3), 16);
	ck_assert_uint_eq(tail_begin(journal, 5, 0, 3), 21);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("tail");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, lines_are_told_as_they_come);
	tcase_add_test(tests, any_bytes_are_told);
	tcase_add_test(tests, one_instance_is_told_of_alone);
	tcase_add_test(tests, who_does_not_read_costs_no_more_memory);
	tcase_add_test(tests, a_step_is_short);
	tcase_add_test(tests, who_follows_nothing_is_told_nothing);
	tcase_add_test(tests, the_last_lines_begin_where_there_are_enough);
	return run_case(tests);
}

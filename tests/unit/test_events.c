/* master/events: numbers, what is kept of them, and who is told. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "master/state.h"
#include "run.h"

static struct master *master;
static unsigned told;
static uint64_t newest_when_told;

static void
setup(void)
{
	master = calloc(1, sizeof *master);
	ck_assert_ptr_nonnull(master);
	master->magic = MASTER_MAGIC;
	told = 0;
}

static void
teardown(void)
{
	free(master);
}

static void
add(unsigned count)
{
	struct master_event event = { .type = EVENT_LIMIT };

	while (count-- > 0) {
		event.count = master_event_newest(master) + 1;
		master_event_add(master, &event);
	}
}

static void
listen_cb(void *arg)
{
	ck_assert_ptr_eq(arg, &told);
	told++;
	newest_when_told = master_event_newest(master);
}

START_TEST(nothing_yet)
{
	ck_assert_uint_eq(master_event_newest(master), 0);
	ck_assert_uint_eq(master_event_oldest(master), 0);
	ck_assert_ptr_null(master_event(master, 0));
	ck_assert_ptr_null(master_event(master, 1));
	ck_assert_ptr_null(master_event(master, UINT64_MAX));
}
END_TEST

START_TEST(a_copy_is_kept)
{
	struct master_event event = { .number = 77, .type = EVENT_SERVER_DOWN, .text = "connect" };

	snprintf(event.pool, sizeof event.pool, "web");
	master_event_add(master, &event);
	memset(&event, 0, sizeof event);
	ck_assert_uint_eq(master_event_newest(master), 1);
	ck_assert_uint_eq(master_event_oldest(master), 1);
	ck_assert_uint_eq(master_event(master, 1)->number, 1);
	ck_assert_uint_gt(master_event(master, 1)->when, UINT64_C(1500000000000000));
	ck_assert_int_eq(master_event(master, 1)->type, EVENT_SERVER_DOWN);
	ck_assert_str_eq(master_event(master, 1)->pool, "web");
	ck_assert_str_eq(master_event(master, 1)->text, "connect");
	ck_assert_ptr_null(master_event(master, 2));
}
END_TEST

START_TEST(the_last_are_kept)
{
	uint64_t n;

	add(EVENTS_KEPT);
	ck_assert_uint_eq(master_event_oldest(master), 1);
	ck_assert_uint_eq(master_event(master, 1)->count, 1);
	add(1);
	ck_assert_uint_eq(master_event_oldest(master), 2);
	ck_assert_ptr_null(master_event(master, 1));
	add(3 * EVENTS_KEPT);
	ck_assert_uint_eq(master_event_newest(master), 4 * EVENTS_KEPT + 1);
	for (n = master_event_oldest(master); n <= master_event_newest(master); n++) {
		ck_assert_uint_eq(master_event(master, n)->number, n);
		ck_assert_uint_eq(master_event(master, n)->count, n);
	}
	ck_assert_uint_eq(master_event_newest(master) - master_event_oldest(master) + 1, EVENTS_KEPT);
}
END_TEST

START_TEST(the_listener_is_told)
{
	master_on_event(master, listen_cb, &told);
	add(3);
	ck_assert_uint_eq(told, 3);
	ck_assert_uint_eq(newest_when_told, 3);
	master_on_event(master, NULL, NULL);
	add(1);
	ck_assert_uint_eq(told, 3);
}
END_TEST

/* What a watcher shows is chosen by these bits; names are patterns' words. */
START_TEST(the_table_is_whole)
{
	const unsigned known = EVENT_HAS_INSTANCE * 2 - 1;
	size_t i, k;

	for (i = 0; i < EVENT_TYPES; i++) {
		ck_assert_uint_ne(event_table[i].fields, 0);
		ck_assert_uint_eq(event_table[i].fields & ~known, 0);
		ck_assert_uint_eq(strspn(event_table[i].name, "abcdefghijklmnopqrstuvwxyz-"),
		    strlen(event_table[i].name));
		for (k = 0; k < i; k++)
			ck_assert_str_ne(event_table[i].name, event_table[k].name);
	}
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("events");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, nothing_yet);
	tcase_add_test(tests, a_copy_is_kept);
	tcase_add_test(tests, the_last_are_kept);
	tcase_add_test(tests, the_listener_is_told);
	tcase_add_test(tests, the_table_is_whole);
	return run_case(tests);
}

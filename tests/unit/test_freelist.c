/* base/freelist: objects of one size that are kept for the next use. */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/freelist.h"
#include "run.h"

enum { SIZE = 64, KEEP = 3, MANY = 10 };

START_TEST(what_is_given_out_is_counted)
{
	struct freelist list = FREELIST(SIZE, KEEP);
	void *objects[MANY];
	size_t i;

	for (i = 0; i < MANY; i++) {
		objects[i] = freelist_get(&list);
		ck_assert_ptr_nonnull(objects[i]);
		ck_assert_uint_eq(list.used, i + 1);
	}
	for (i = 0; i < MANY; i++) {
		freelist_put(&list, objects[i]);
		ck_assert_uint_eq(list.used, MANY - 1 - i);
		ck_assert_uint_le(list.free, KEEP);
	}
	freelist_clear(&list);
	ck_assert_uint_eq(list.free, 0);
	ck_assert_ptr_null(list.first);
}
END_TEST

START_TEST(objects_are_distinct_and_whole)
{
	struct freelist list = FREELIST(SIZE, KEEP);
	char *objects[MANY];
	int round, i, b;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < MANY; i++) {
			objects[i] = freelist_get(&list);
			memset(objects[i], i, SIZE);
		}
		for (i = 0; i < MANY; i++)
			for (b = 0; b < SIZE; b++)
				ck_assert_int_eq(objects[i][b], i);
		for (i = 0; i < MANY; i++)
			freelist_put(&list, objects[i]);
	}
	freelist_clear(&list);
}
END_TEST

START_TEST(a_used_object_comes_back_zeroed)
{
	static const char zeros[SIZE];
	struct freelist list = FREELIST(SIZE, KEEP);
	char *object = freelist_get(&list);

	memset(object, 'x', SIZE);
	freelist_put(&list, object);
	object = freelist_get_zeroed(&list);
	ck_assert_mem_eq(object, zeros, SIZE);
	freelist_put(&list, object);
	freelist_clear(&list);
}
END_TEST

START_TEST(nothing_may_be_given_back)
{
	struct freelist list = FREELIST(SIZE, KEEP);

	freelist_put(&list, NULL);
	ck_assert_uint_eq(list.used, 0);
	ck_assert_uint_eq(list.free, 0);
}
END_TEST

/* Under AddressSanitizer nothing is kept, so that it sees each use after free. */
START_TEST(as_many_are_kept_as_it_was_told)
{
	struct freelist list = FREELIST(SIZE, KEEP);
	void *objects[MANY], *again;
	size_t i, kept;

	for (i = 0; i < MANY; i++)
		objects[i] = freelist_get(&list);
	freelist_put(&list, objects[0]);
	kept = list.free;
	again = freelist_get(&list);
	ck_assert(kept == 0 || again == objects[0]);
	objects[0] = again;
	for (i = 0; i < MANY; i++)
		freelist_put(&list, objects[i]);
	ck_assert_uint_eq(list.free, kept * KEEP);
	freelist_clear(&list);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("freelist");

	tcase_add_test(tests, what_is_given_out_is_counted);
	tcase_add_test(tests, objects_are_distinct_and_whole);
	tcase_add_test(tests, a_used_object_comes_back_zeroed);
	tcase_add_test(tests, nothing_may_be_given_back);
	tcase_add_test(tests, as_many_are_kept_as_it_was_told);
	return run_case(tests);
}

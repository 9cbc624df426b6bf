/* balance: what each algorithm promises, on arrays. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "balance/balance.h"
#include "base/object.h"

enum { SET_MAX = 64 };

struct set {
	struct balance_candidate candidates[SET_MAX];
	size_t count;
	unsigned chosen[SET_MAX];
	uint64_t turn;
};

static void
set_init(struct set *set, size_t count)
{
	size_t i;

	memset(set, 0, sizeof *set);
	set->count = count;
	for (i = 0; i < count; i++)
		set->candidates[i] = (struct balance_candidate){ .weight = 1, .usable = true };
}

/* Chooses `times` times; what is chosen carries one more. */
static void
set_choose(struct set *set, const struct balance_algorithm *algorithm, unsigned times)
{
	while (times-- > 0) {
		int i = algorithm->pick(set->candidates, set->count, set->turn++);

		ck_assert_int_ge(i, 0);
		ck_assert_uint_lt((size_t)i, set->count);
		ck_assert(set->candidates[i].usable);
		set->candidates[i].load++;
		set->chosen[i]++;
	}
}

static unsigned
spread(const unsigned *counts, size_t count)
{
	unsigned least = counts[0], most = counts[0];
	size_t i;

	for (i = 1; i < count; i++) {
		least = counts[i] < least ? counts[i] : least;
		most = counts[i] > most ? counts[i] : most;
	}
	return most - least;
}

START_TEST(equal_ones_differ_by_one_at_most)
{
	const struct balance_algorithm *const *a;
	unsigned times;

	for (a = balance_algorithms; *a != NULL; a++) {
		struct set set;

		set_init(&set, 7);
		for (times = 0; times < 100; times++) {
			set_choose(&set, *a, 1);
			ck_assert_uint_le(spread(set.chosen, set.count), 1);
		}
	}
}
END_TEST

START_TEST(weights_are_kept)
{
	const struct balance_algorithm *const *a;

	for (a = balance_algorithms; *a != NULL; a++) {
		struct set set;

		set_init(&set, 3);
		set.candidates[0].weight = 5;
		set.candidates[1].weight = 2;
		set_choose(&set, *a, 80);
		ck_assert_uint_eq(set.chosen[0], 50);
		ck_assert_uint_eq(set.chosen[1], 20);
		ck_assert_uint_eq(set.chosen[2], 10);
	}
}
END_TEST

START_TEST(round_robin_spreads_the_turns_of_a_heavy_one)
{
	struct set set;
	unsigned i, in_a_row = 0, most = 0;

	set_init(&set, 6);
	set.candidates[0].weight = 5;
	for (i = 0; i < 100; i++) {
		unsigned before = set.chosen[0];

		set_choose(&set, &balance_round_robin, 1);
		in_a_row = set.chosen[0] > before ? in_a_row + 1 : 0;
		most = in_a_row > most ? in_a_row : most;
	}
	ck_assert_uint_le(most, 2);
}
END_TEST

START_TEST(the_turn_may_wrap)
{
	struct set set;

	set_init(&set, 4);
	set.turn = UINT64_MAX - 7; /* a multiple of 4 */
	set_choose(&set, &balance_round_robin, 16);
	ck_assert_uint_eq(spread(set.chosen, set.count), 0);
}
END_TEST

START_TEST(only_usable_ones_are_chosen)
{
	const struct balance_algorithm *const *a;

	for (a = balance_algorithms; *a != NULL; a++) {
		struct set set;

		set_init(&set, 5);
		set.candidates[0].usable = set.candidates[3].usable = false;
		set_choose(&set, *a, 30); /* asserts usable */
		ck_assert_uint_eq(set.chosen[1], 10);
		ck_assert_uint_eq(set.chosen[2], 10);
		ck_assert_uint_eq(set.chosen[4], 10);
	}
}
END_TEST

START_TEST(the_names_are_those_of_the_table)
{
	size_t i;

	for (i = 0; balance_algorithms[i] != NULL; i++)
		ck_assert_str_eq(balance_names[i], balance_algorithms[i]->name);
	ck_assert_ptr_null(balance_names[i]);
}
END_TEST

START_TEST(none_is_chosen_of_none)
{
	const struct balance_algorithm *const *a;

	for (a = balance_algorithms; *a != NULL; a++) {
		struct set set;

		set_init(&set, 2);
		ck_assert_int_eq((*a)->pick(set.candidates, 0, 3), BALANCE_NONE);
		set.candidates[0].usable = set.candidates[1].usable = false;
		ck_assert_int_eq((*a)->pick(set.candidates, 2, 3), BALANCE_NONE);
	}
}
END_TEST

START_TEST(least_connections_fills_the_emptier_first)
{
	struct set set;

	set_init(&set, 4);
	set.candidates[0].load = set.candidates[1].load = set.candidates[3].load = 10;
	set_choose(&set, &balance_least_connections, 10);
	ck_assert_uint_eq(set.chosen[2], 10);
	set_choose(&set, &balance_least_connections, 8);
	ck_assert_uint_eq(set.candidates[0].load, 12);
	ck_assert_uint_eq(set.candidates[2].load, 12);
}
END_TEST

START_TEST(least_connections_takes_equals_in_turn)
{
	struct set set;
	unsigned i;

	set_init(&set, 4);
	for (i = 0; i < 40; i++) {
		int chosen = balance_least_connections.pick(set.candidates, set.count, set.turn++);

		ck_assert_int_eq(chosen, (int)(i % 4)); /* each ends before the next begins: all stay idle */
	}
}
END_TEST

START_TEST(least_connections_takes_equals_as_often_as_they_weigh)
{
	unsigned i, chosen[2] = { 0, 0 };
	struct set set;

	set_init(&set, 2);
	set.candidates[0].weight = 2;
	for (i = 0; i < 30; i++)
		chosen[balance_least_connections.pick(set.candidates, set.count, set.turn++)]++;
	ck_assert_uint_eq(chosen[0], 20);
	ck_assert_uint_eq(chosen[1], 10);
}
END_TEST

START_TEST(great_loads_and_weights_do_not_overflow)
{
	struct set set;

	set_init(&set, 2);
	set.candidates[0] = (struct balance_candidate){ .load = UINT32_MAX, .weight = 256, .usable = true };
	set.candidates[1] = (struct balance_candidate){ .load = UINT32_MAX, .weight = 1, .usable = true };
	ck_assert_int_eq(balance_least_connections.pick(set.candidates, 2, 1), 0);
	ck_assert_int_ge(balance_round_robin.pick(set.candidates, 2, UINT64_MAX), 0);
}
END_TEST

START_TEST(algorithms_are_found_by_name)
{
	ck_assert_ptr_eq(balance_find("round-robin"), &balance_round_robin);
	ck_assert_ptr_eq(balance_find("least-connections"), &balance_least_connections);
	ck_assert_ptr_null(balance_find("random"));
	ck_assert_ptr_null(balance_find(""));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("balance");
	TCase *tests = tcase_create("balance");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_test(tests, equal_ones_differ_by_one_at_most);
	tcase_add_test(tests, weights_are_kept);
	tcase_add_test(tests, round_robin_spreads_the_turns_of_a_heavy_one);
	tcase_add_test(tests, the_turn_may_wrap);
	tcase_add_test(tests, only_usable_ones_are_chosen);
	tcase_add_test(tests, the_names_are_those_of_the_table);
	tcase_add_test(tests, none_is_chosen_of_none);
	tcase_add_test(tests, least_connections_fills_the_emptier_first);
	tcase_add_test(tests, least_connections_takes_equals_in_turn);
	tcase_add_test(tests, least_connections_takes_equals_as_often_as_they_weigh);
	tcase_add_test(tests, great_loads_and_weights_do_not_overflow);
	tcase_add_test(tests, algorithms_are_found_by_name);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

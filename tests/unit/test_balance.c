/* balance: what each algorithm promises, on arrays. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balance/balance.h"
#include "balance/loads.h"
#include "balance/ring.h"
#include "base/object.h"
#include "run.h"

enum { SET_MAX = 1024 };

struct set {
	uint32_t weights[SET_MAX], loads[SET_MAX];
	size_t count;
	unsigned chosen[SET_MAX];
	uint64_t turn;
	struct balance_set prepared;
	struct balance_ring *ring;
};

static struct set set;

static void
set_init(size_t count)
{
	size_t i;

	memset(&set, 0, sizeof set);
	set.count = count;
	for (i = 0; i < SET_MAX; i++)
		set.loads[i] = BALANCE_FULL;
	for (i = 0; i < count; i++) {
		set.weights[i] = 1;
		set.loads[i] = 0;
	}
}

static void
ring_prepare(void)
{
	struct ring_owner wanted[RING_OWNERS] = { 0 };
	unsigned i;

	set.ring = ring_new();
	ck_assert_ptr_nonnull(set.ring);
	for (i = 0; i < set.count; i++) {
		char name[32];
		int length = snprintf(name, sizeof name, "10.0.0.1:%u", 8000 + i);

		wanted[i].hash = ring_hash(0, name, (size_t)length);
		wanted[i].points = ring_share(set.weights[i], set.prepared.places, set.count);
		set.ring->owners[i].active = wanted[i].points;
		set.ring->owners[i].member = (uint16_t)i;
	}
	ck_assert_int_eq(ring_update(set.ring, wanted), 0);
	set.prepared.ring = set.ring;
}

static void
set_prepare(void)
{
	size_t i;

	ck_assert_int_eq(balance_set_reserve(&set.prepared, set.count), 0);
	balance_set_clear(&set.prepared);
	for (i = 0; i < set.count; i++)
		balance_set_add(&set.prepared, set.weights[i]);
	balance_set_finish(&set.prepared);
	ring_prepare();
}

static void
set_end(void)
{
	balance_set_free(&set.prepared);
	ring_free(set.ring);
}

/* What an algorithm chooses now; keys differ from turn to turn, without a bound. */
static int
set_ask(const struct balance_algorithm *algorithm, uint32_t bound)
{
	struct balance_array array;
	struct balance_question question = { .turn = set.turn, .key = balance_mix(set.turn), .bound = bound };

	balance_array_init(&array, set.loads, (uint32_t)set.count);
	question.loads = &array.loads;
	set.turn++;
	return algorithm->choose(&set.prepared, &question);
}

/* Chooses `times` times; what is chosen carries one more. */
static void
set_choose_bound(const struct balance_algorithm *algorithm, unsigned times, uint32_t bound)
{
	while (times-- > 0) {
		int i = set_ask(algorithm, bound);

		ck_assert_int_ge(i, 0);
		ck_assert_uint_lt((size_t)i, set.count);
		ck_assert_uint_lt(set.loads[i], BALANCE_FULL);
		set.loads[i]++;
		set.chosen[i]++;
	}
}

static void
set_choose(const struct balance_algorithm *algorithm, unsigned times)
{
	set_choose_bound(algorithm, times, 0);
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

/* Those that keep shares exactly. */
static const struct balance_algorithm *const exact[] = { &balance_round_robin, &balance_least_connections };

START_TEST(equal_ones_differ_by_one_at_most)
{
	unsigned times;

	set_init(7);
	set_prepare();
	for (times = 0; times < 100; times++) {
		set_choose(exact[_i], 1);
		ck_assert_uint_le(spread(set.chosen, set.count), 1);
	}
	set_end();
}
END_TEST

START_TEST(weights_are_kept)
{
	set_init(3);
	set.weights[0] = 5;
	set.weights[1] = 2;
	set_prepare();
	set_choose(exact[_i], 80);
	ck_assert_uint_eq(set.chosen[0], 50);
	ck_assert_uint_eq(set.chosen[1], 20);
	ck_assert_uint_eq(set.chosen[2], 10);
	set_end();
}
END_TEST

START_TEST(round_robin_spreads_the_turns_of_a_heavy_one)
{
	unsigned i, in_a_row = 0, most = 0;

	set_init(6);
	set.weights[0] = 5;
	set_prepare();
	for (i = 0; i < 100; i++) {
		unsigned before = set.chosen[0];

		set_choose(&balance_round_robin, 1);
		in_a_row = set.chosen[0] > before ? in_a_row + 1 : 0;
		most = in_a_row > most ? in_a_row : most;
	}
	ck_assert_uint_le(most, 2);
	set_end();
}
END_TEST

START_TEST(the_turn_may_wrap)
{
	set_init(4);
	set_prepare();
	set.turn = UINT64_MAX - 7; /* a multiple of 4 */
	set_choose(&balance_round_robin, 16);
	ck_assert_uint_eq(spread(set.chosen, set.count), 0);
	set.turn = UINT32_MAX - 7;
	set_choose(&balance_round_robin, 16);
	ck_assert_uint_eq(spread(set.chosen, set.count), 0);
	set_end();
}
END_TEST

/* What full ones do not take is shared out evenly, wherever they are. */
START_TEST(round_robin_leaves_out_full_ones_evenly)
{
	unsigned full, i;

	for (full = 1; full < 31; full++) {
		set_init(5);
		set_prepare();
		for (i = 0; i < 5; i++)
			if (full & 1u << i)
				set.loads[i] = BALANCE_FULL;
		set_choose(&balance_round_robin, 1200);
		for (i = 0; i < 5; i++)
			if (set.loads[i] != BALANCE_FULL)
				ck_assert_uint_le(abs((int)set.chosen[i] - 1200 / (5 - __builtin_popcount(full))), 8);
		set_end();
	}
}
END_TEST

START_TEST(full_ones_are_never_chosen)
{
	unsigned i;

	set_init(70);
	for (i = 0; i < 70; i++)
		set.weights[i] = 1 + i % 3;
	set_prepare();
	for (i = 0; i < 70; i++)
		set.loads[i] = i % 5 == 2 ? 3 : BALANCE_FULL;
	set_choose(balance_algorithms[_i], 500); /* asserts that they are not */
	ck_assert_uint_gt(set.chosen[2], 0);
	set_end();
}
END_TEST

START_TEST(none_is_chosen_of_none)
{
	const struct balance_algorithm *a = balance_algorithms[_i];

	set_init(0);
	set_prepare();
	ck_assert_int_eq(set_ask(a, 0), BALANCE_NONE);
	ck_assert_int_eq(set_ask(a, 125), BALANCE_NONE);
	set_end();
	set_init(20);
	set_prepare();
	for (unsigned i = 0; i < 20; i++)
		set.loads[i] = BALANCE_FULL;
	ck_assert_int_eq(set_ask(a, 0), BALANCE_NONE);
	ck_assert_int_eq(set_ask(a, 125), BALANCE_NONE);
	set_end();
	set_init(1);
	set_prepare();
	ck_assert_int_eq(set_ask(a, 0), 0);
	ck_assert_int_eq(set_ask(a, 125), 0);
	set_end();
}
END_TEST

START_TEST(the_same_question_has_the_same_answer)
{
	unsigned i;

	set_init(50);
	set_prepare();
	for (i = 0; i < 50; i++)
		set.loads[i] = i * 7 % 5;
	for (i = 0; i < 20; i++) {
		int first;

		set.turn = i * 1000;
		first = set_ask(balance_algorithms[_i], 125);
		set.turn = i * 1000;
		ck_assert_int_eq(set_ask(balance_algorithms[_i], 125), first);
	}
	set_end();
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

START_TEST(least_connections_fills_the_emptier_first)
{
	set_init(4);
	set_prepare();
	set.loads[0] = set.loads[1] = set.loads[3] = 10;
	set_choose(&balance_least_connections, 10);
	ck_assert_uint_eq(set.chosen[2], 10);
	set_choose(&balance_least_connections, 8);
	ck_assert_uint_eq(set.loads[0], 12);
	ck_assert_uint_eq(set.loads[2], 12);
	set_end();
}
END_TEST

START_TEST(least_connections_takes_equals_in_turn)
{
	unsigned i;

	set_init(4);
	set_prepare();
	for (i = 0; i < 40; i++)
		ck_assert_int_eq(set_ask(&balance_least_connections, 0), (int)(i % 4)); /* each ends before the next begins */
	set_end();
}
END_TEST

START_TEST(least_connections_takes_busy_equals_in_turn)
{
	unsigned i, turns;

	set_init(200);
	set_prepare();
	for (i = 0; i < 200; i++)
		set.loads[i] = i % 3 == 1 ? 2 : 3;
	for (turns = 0; turns < 67 * 4; turns++)
		set.chosen[set_ask(&balance_least_connections, 0)]++;
	for (i = 0; i < 200; i++)
		ck_assert_uint_eq(set.chosen[i], i % 3 == 1 ? 4 : 0);
	set_end();
}
END_TEST

START_TEST(least_connections_takes_equals_as_often_as_they_weigh)
{
	unsigned i, busy;

	for (busy = 0; busy < 2; busy++) {
		set_init(2);
		set.weights[0] = 2;
		set_prepare();
		set.loads[0] = busy * 4;
		set.loads[1] = busy * 2;
		for (i = 0; i < 30; i++)
			set.chosen[set_ask(&balance_least_connections, 0)]++;
		ck_assert_uint_eq(set.chosen[0], 20);
		ck_assert_uint_eq(set.chosen[1], 10);
		set_end();
	}
}
END_TEST

/* The one with the least of all, whatever stands in the array, found by looking at each. */
START_TEST(least_connections_is_the_least)
{
	unsigned round, i;

	for (round = 1; round < 300; round++) {
		int best, chosen;

		set_init(round);
		for (i = 0; i < round; i++)
			set.weights[i] = _i == 0 ? 3 : 1 + i * 31 % 7;
		set_prepare();
		for (i = 0, best = 0; i < round; i++) {
			set.loads[i] = 1 + (uint32_t)(balance_mix(round * 1000 + i) % 1000);
			if ((uint64_t)set.loads[i] * set.weights[best] < (uint64_t)set.loads[best] * set.weights[i])
				best = (int)i;
		}
		chosen = set_ask(&balance_least_connections, 0);
		ck_assert_uint_eq((uint64_t)set.loads[chosen] * set.weights[best], (uint64_t)set.loads[best] * set.weights[chosen]);
		set_end();
	}
}
END_TEST

START_TEST(two_choices_levels_loads)
{
	unsigned i;

	set_init(100);
	for (i = 0; i < 100; i++)
		set.weights[i] = 1 + i % 2;
	set_prepare();
	set_choose(&balance_two_choices, 15000);
	for (i = 0; i < 100; i++) {
		ck_assert_uint_ge(set.loads[i], 92 * set.weights[i]);
		ck_assert_uint_le(set.loads[i], 108 * set.weights[i]);
	}
	set_end();
}
END_TEST

START_TEST(two_choices_draws_idle_ones_by_weight)
{
	unsigned i;

	set_init(3);
	set.weights[1] = 4;
	set_prepare();
	for (i = 0; i < 60000; i++)
		set.chosen[set_ask(&balance_two_choices, 0)]++;
	ck_assert_uint_ge(set.chosen[1], 39000);
	ck_assert_uint_le(set.chosen[1], 41000);
	ck_assert_uint_le(abs((int)set.chosen[0] - (int)set.chosen[2]), 800);
	set_end();
}
END_TEST

START_TEST(consistent_hash_shares_by_weight)
{
	unsigned i;

	set_init(20);
	set.weights[3] = 10;
	set_prepare();
	for (i = 0; i < 29000; i++)
		set.chosen[set_ask(&balance_consistent_hash, 0)]++;
	ck_assert_uint_ge(set.chosen[3], 8500); /* of 10000 */
	ck_assert_uint_le(set.chosen[3], 11500);
	for (i = 0; i < 20; i++)
		ck_assert_uint_ge(set.chosen[i], 500); /* of 1000: those of little weight have few points */
	set_end();
}
END_TEST

START_TEST(consistent_hash_goes_to_the_next_when_one_is_full)
{
	int before[2000], after;
	unsigned i, moved = 0;

	set_init(10);
	set_prepare();
	for (i = 0; i < 2000; i++)
		before[i] = set_ask(&balance_consistent_hash, 0);
	set.loads[4] = BALANCE_FULL;
	set.turn = 0;
	for (i = 0; i < 2000; i++) {
		after = set_ask(&balance_consistent_hash, 0);
		ck_assert(after != 4);
		ck_assert(after == before[i] || before[i] == 4);
		moved += after != before[i];
		set.chosen[after] += before[i] == 4;
	}
	ck_assert_uint_ge(moved, 120);
	ck_assert_uint_le(moved, 280);
	for (i = 0; i < 10; i++) /* they do not all go to the same one */
		ck_assert_uint_le(set.chosen[i], moved / 3);
	set_end();
}
END_TEST

START_TEST(consistent_hash_keeps_the_bound)
{
	unsigned i, times;

	set_init(10);
	set.weights[2] = 3;
	set_prepare();
	for (times = 1; times <= 1200; times++) {
		set_choose_bound(&balance_consistent_hash, 1, 125);
		for (i = 0; i < 10; i++) /* rounded up */
			ck_assert_uint_le(set.loads[i] * 1200, times * 125 * set.weights[i] + 1200);
	}
	set_end();
}
END_TEST

START_TEST(consistent_hash_bounds_one_hot_key)
{
	struct balance_array array;
	struct balance_question question = { .key = 12345, .bound = 150 };
	unsigned i;

	set_init(4);
	set_prepare();
	balance_array_init(&array, set.loads, 4);
	question.loads = &array.loads;
	for (i = 0; i < 400; i++)
		set.loads[balance_consistent_hash.choose(&set.prepared, &question)]++;
	for (i = 0; i < 4; i++)
		ck_assert_uint_le(set.loads[i], 151);
	set_end();
}
END_TEST

START_TEST(great_loads_and_weights_do_not_overflow)
{
	set_init(2);
	set.weights[0] = BALANCE_WEIGHT_MAX * BALANCE_PARTS;
	set_prepare();
	set.loads[0] = set.loads[1] = BALANCE_FULL - 1;
	ck_assert_int_eq(set_ask(&balance_least_connections, 0), 0);
	set.turn = UINT64_MAX;
	ck_assert_int_ge(set_ask(&balance_round_robin, 0), 0);
	ck_assert_int_ge(set_ask(&balance_two_choices, 0), 0);
	ck_assert_int_ge(set_ask(&balance_consistent_hash, UINT16_MAX), 0);
	set_end();
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
	TCase *tests = tcase_create("balance");

	tcase_add_loop_test(tests, equal_ones_differ_by_one_at_most, 0, ARRAY_LENGTH(exact));
	tcase_add_loop_test(tests, weights_are_kept, 0, ARRAY_LENGTH(exact));
	tcase_add_test(tests, round_robin_spreads_the_turns_of_a_heavy_one);
	tcase_add_test(tests, the_turn_may_wrap);
	tcase_add_test(tests, round_robin_leaves_out_full_ones_evenly);
	tcase_add_loop_test(tests, full_ones_are_never_chosen, 0, (int)balance_count);
	tcase_add_loop_test(tests, none_is_chosen_of_none, 0, (int)balance_count);
	tcase_add_loop_test(tests, the_same_question_has_the_same_answer, 0, (int)balance_count);
	tcase_add_test(tests, the_names_are_those_of_the_table);
	tcase_add_test(tests, least_connections_fills_the_emptier_first);
	tcase_add_test(tests, least_connections_takes_equals_in_turn);
	tcase_add_test(tests, least_connections_takes_busy_equals_in_turn);
	tcase_add_test(tests, least_connections_takes_equals_as_often_as_they_weigh);
	tcase_add_loop_test(tests, least_connections_is_the_least, 0, 2);
	tcase_add_test(tests, two_choices_levels_loads);
	tcase_add_test(tests, two_choices_draws_idle_ones_by_weight);
	tcase_add_test(tests, consistent_hash_shares_by_weight);
	tcase_add_test(tests, consistent_hash_goes_to_the_next_when_one_is_full);
	tcase_add_test(tests, consistent_hash_keeps_the_bound);
	tcase_add_test(tests, consistent_hash_bounds_one_hot_key);
	tcase_add_test(tests, great_loads_and_weights_do_not_overflow);
	tcase_add_test(tests, algorithms_are_found_by_name);
	return run_case(tests);
}

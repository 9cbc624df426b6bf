/* supervise/fleet: how many instances there are, and how they are replaced. */
#include <check.h>
#include <stdint.h>

#include "base/object.h"
#include "supervise/fleet.h"
#include "run.h"

enum { SEATS = 40 };

static struct fleet_seat seats[SEATS];
static uint32_t thrown;

/* The same numbers each time. */
static uint32_t
dice(void)
{
	thrown = thrown * 1664525 + 1013904223;
	return thrown >> 8;
}

static void
seats_clear(void)
{
	size_t i;

	for (i = 0; i < SEATS; i++)
		seats[i] = (struct fleet_seat){ .state = CHILD_EMPTY };
}

static unsigned
count(enum child_state state)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < SEATS; i++)
		n += seats[i].state == state;
	return n;
}

static size_t
free_seat(void)
{
	size_t i;

	for (i = 0; i < SEATS && seats[i].state != CHILD_EMPTY; i++)
		;
	ck_assert_uint_lt(i, SEATS);
	return i;
}

/* Does all that is to be done now. How many steps that were. */
static unsigned
settle(const struct fleet_wish *wish)
{
	struct fleet_step step;
	unsigned steps;

	for (steps = 0; (step = fleet_next(wish, seats, SEATS)).action != FLEET_NOTHING; steps++) {
		ck_assert_uint_lt(steps, 1000);
		if (step.action == FLEET_START) {
			seats[free_seat()] = (struct fleet_seat){ .number = step.number, .state = CHILD_STARTING };
		} else {
			ck_assert_uint_eq(seats[step.seat].number, step.number);
			seats[step.seat].state =
			    seats[step.seat].state == CHILD_READY ? CHILD_DRAINING : CHILD_STOPPING;
		}
	}
	return steps;
}

static void
all_become(enum child_state from, enum child_state to)
{
	size_t i;

	for (i = 0; i < SEATS; i++)
		if (seats[i].state == from)
			seats[i].state = to;
}

static void
all_stale(void)
{
	size_t i;

	for (i = 0; i < SEATS; i++)
		seats[i].stale = seats[i].state != CHILD_EMPTY;
}

START_TEST(up_and_down)
{
	struct fleet_wish wish = { .instances = 4, .surge = 1 };

	seats_clear();
	settle(&wish);
	ck_assert_uint_eq(count(CHILD_STARTING), 4);
	all_become(CHILD_STARTING, CHILD_READY);
	ck_assert_uint_eq(settle(&wish), 0);
	wish.instances = 8;
	settle(&wish);
	ck_assert_uint_eq(count(CHILD_STARTING), 4);
	wish.instances = 1;
	settle(&wish);
	ck_assert_uint_eq(count(CHILD_READY), 1);
	ck_assert_uint_eq(count(CHILD_DRAINING), 3);
	ck_assert_uint_eq(count(CHILD_STOPPING), 4);
	wish.instances = 0;
	settle(&wish);
	ck_assert_uint_eq(count(CHILD_READY), 0);
}
END_TEST

START_TEST(down_while_those_that_stay_are_not_ready)
{
	struct fleet_wish wish = { .instances = 3, .surge = 1 };

	seats_clear();
	settle(&wish);
	all_become(CHILD_STARTING, CHILD_READY);
	seats[0].state = CHILD_BACKOFF;
	wish.instances = 1;
	ck_assert_uint_eq(settle(&wish), 1); /* one of the two that are ready stays as long as number 0 is not */
	ck_assert_uint_eq(count(CHILD_READY), 1);
	seats[0].state = CHILD_READY;
	ck_assert_uint_eq(settle(&wish), 1);
	ck_assert_uint_eq(count(CHILD_READY), 1);
	ck_assert_int_eq(seats[0].state, CHILD_READY);
}
END_TEST

START_TEST(a_new_one_comes_first)
{
	struct fleet_wish wish = { .instances = 2, .surge = 1 };

	seats_clear();
	settle(&wish);
	all_become(CHILD_STARTING, CHILD_READY);
	all_stale();
	ck_assert_uint_eq(settle(&wish), 1);
	ck_assert_uint_eq(count(CHILD_READY), 2);
	ck_assert_uint_eq(count(CHILD_STARTING), 1);
	all_become(CHILD_STARTING, CHILD_BACKOFF); /* it does not get ready: the old ones stay */
	ck_assert_uint_eq(settle(&wish), 0);
	all_become(CHILD_BACKOFF, CHILD_READY);
	ck_assert_uint_eq(settle(&wish), 2);
	ck_assert_uint_eq(count(CHILD_READY), 2);
	ck_assert_uint_eq(count(CHILD_DRAINING), 1);
	ck_assert_uint_eq(count(CHILD_STARTING), 1);
}
END_TEST

START_TEST(what_serves_nobody_goes_at_once)
{
	struct fleet_wish wish = { .instances = 2, .surge = 1 };

	seats_clear();
	settle(&wish);
	all_become(CHILD_STARTING, CHILD_BACKOFF);
	all_stale();
	settle(&wish);
	ck_assert_uint_eq(count(CHILD_STOPPING), 2);
	ck_assert_uint_eq(count(CHILD_STARTING), 2);
}
END_TEST

/* An old one dies while another is started in its place; started again, it is as new as that. */
START_TEST(two_in_one_place)
{
	struct fleet_wish wish = { .instances = 2, .surge = 1 };
	size_t i;

	seats_clear();
	settle(&wish);
	all_become(CHILD_STARTING, CHILD_READY);
	all_stale();
	settle(&wish);
	ck_assert_uint_eq(count(CHILD_STARTING), 1);
	for (i = 0; i < SEATS; i++)
		if (seats[i].state == CHILD_READY && seats[i].number == 0)
			seats[i] = (struct fleet_seat){ 0, CHILD_STARTING, false, 0 };
	settle(&wish);
	ck_assert_uint_eq(count(CHILD_STARTING) + count(CHILD_READY), 2 + wish.surge);
	all_become(CHILD_STARTING, CHILD_READY);
	settle(&wish);
	all_become(CHILD_DRAINING, CHILD_EMPTY);
	all_become(CHILD_STOPPING, CHILD_EMPTY);
	all_become(CHILD_STARTING, CHILD_READY);
	settle(&wish);
	ck_assert_uint_eq(count(CHILD_READY), 2);
}
END_TEST

/* The one that serves stays, wherever it has its seat. */
START_TEST(two_of_which_one_is_ready)
{
	struct fleet_wish wish = { .instances = 1, .surge = 1 };

	seats_clear();
	seats[0] = (struct fleet_seat){ 0, CHILD_STARTING, false, 0 };
	seats[1] = (struct fleet_seat){ 0, CHILD_READY, false, 0 };
	ck_assert_uint_eq(settle(&wish), 1);
	ck_assert_int_eq(seats[0].state, CHILD_STOPPING);
	ck_assert_int_eq(seats[1].state, CHILD_READY);
}
END_TEST

START_TEST(as_many_less_as_may_be)
{
	struct fleet_wish wish = { .instances = 4, .max_unavailable = 2 };

	seats_clear();
	settle(&wish);
	all_become(CHILD_STARTING, CHILD_READY);
	all_stale();
	settle(&wish);
	ck_assert_uint_eq(count(CHILD_READY), 2);
	ck_assert_uint_eq(count(CHILD_DRAINING), 2);
	ck_assert_uint_eq(count(CHILD_STARTING), 2);
}
END_TEST

/* Those that were given up: nobody waits until they are ready. */
START_TEST(none_is_waited_for_in_vain)
{
	struct fleet_wish wish = { .instances = 2, .surge = 1 };

	seats_clear();
	seats[0] = (struct fleet_seat){ 0, CHILD_FAILED, false, 0 };
	seats[1] = (struct fleet_seat){ 1, CHILD_READY, true, 1 };
	seats[2] = (struct fleet_seat){ 1, CHILD_READY, false, 0 };
	ck_assert_uint_eq(settle(&wish), 1);
	ck_assert_int_eq(seats[1].state, CHILD_DRAINING);

	seats_clear(); /* fewer are wanted */
	seats[0] = (struct fleet_seat){ 0, CHILD_FAILED, false, 0 };
	seats[1] = (struct fleet_seat){ 1, CHILD_READY, false, 0 };
	seats[2] = (struct fleet_seat){ 2, CHILD_READY, false, 0 };
	ck_assert_uint_eq(settle(&wish), 1);
	ck_assert_int_eq(seats[2].state, CHILD_DRAINING);

	seats_clear(); /* another is coming in its place: that one is waited for */
	seats[0] = (struct fleet_seat){ 0, CHILD_FAILED, true, 1 };
	seats[1] = (struct fleet_seat){ 0, CHILD_STARTING, false, 0 };
	seats[2] = (struct fleet_seat){ 1, CHILD_READY, true, 1 };
	seats[3] = (struct fleet_seat){ 1, CHILD_READY, false, 0 };
	ck_assert_uint_eq(settle(&wish), 0);
}
END_TEST

/* The one that was replaced last is stale again before the next turn: it is not its turn. */
START_TEST(who_has_waited_longest_is_next)
{
	struct fleet_wish wish = { .instances = 3, .surge = 1 };
	unsigned turns[3] = { 0 }, turn;
	size_t i;

	seats_clear();
	settle(&wish);
	for (turn = 0; turn < 30; turn++) {
		all_become(CHILD_STARTING, CHILD_READY);
		settle(&wish);
		all_become(CHILD_DRAINING, CHILD_EMPTY);
		for (i = 0; i < SEATS; i++) {
			turns[seats[i].number] += seats[i].state == CHILD_STARTING && seats[i].since == 0;
			if (seats[i].state == CHILD_READY && !seats[i].stale)
				seats[i] = (struct fleet_seat){ seats[i].number, CHILD_READY, true, turn + 1 };
		}
		settle(&wish);
	}
	ck_assert_uint_ge(turns[0], 9);
	ck_assert_uint_ge(turns[1], 9);
	ck_assert_uint_ge(turns[2], 9);
}
END_TEST

/* All are replaced, whatever dies meanwhile, and there are never fewer than allowed because of a drain, nor more. */
START_TEST(replaced_at_random)
{
	struct fleet_wish wish = { .instances = 1 + (unsigned)_i % 9, .surge = (unsigned)_i / 9 % 3 };
	unsigned turn, stale, kept, ready;
	size_t i;

	wish.max_unavailable = wish.surge == 0 ? 1 : (unsigned)_i / 27 % 3;
	thrown = (uint32_t)_i;
	seats_clear();
	settle(&wish);
	all_become(CHILD_STARTING, CHILD_READY);
	all_stale();
	for (turn = 0, stale = 1; stale > 0; turn++) {
		ck_assert_uint_lt(turn, 10000);
		ready = count(CHILD_READY);
		settle(&wish);
		if (count(CHILD_READY) < ready)
			ck_assert_uint_ge(count(CHILD_READY) + wish.max_unavailable, wish.instances);
		kept = count(CHILD_READY) + count(CHILD_STARTING) + count(CHILD_BACKOFF);
		ck_assert_uint_le(kept, wish.instances + wish.surge);
		i = dice() % SEATS;
		if (seats[i].state == CHILD_STARTING)
			seats[i].state = dice() % 4 == 0 ? CHILD_BACKOFF : CHILD_READY;
		else if (seats[i].state == CHILD_BACKOFF)
			seats[i] = (struct fleet_seat){ seats[i].number, CHILD_STARTING, false, 0 };
		else if (seats[i].state == CHILD_READY && dice() % 20 == 0)
			seats[i].state = CHILD_BACKOFF;
		else if (seats[i].state == CHILD_DRAINING || seats[i].state == CHILD_STOPPING)
			seats[i].state = CHILD_EMPTY;
		for (i = 0, stale = 0; i < SEATS; i++)
			stale += seats[i].state != CHILD_EMPTY && seats[i].stale;
	}
	all_become(CHILD_STARTING, CHILD_READY);
	all_become(CHILD_BACKOFF, CHILD_READY);
	settle(&wish);
	ck_assert_uint_eq(count(CHILD_READY), wish.instances);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("fleet");

	tcase_add_test(tests, up_and_down);
	tcase_add_test(tests, down_while_those_that_stay_are_not_ready);
	tcase_add_test(tests, a_new_one_comes_first);
	tcase_add_test(tests, what_serves_nobody_goes_at_once);
	tcase_add_test(tests, two_in_one_place);
	tcase_add_test(tests, two_of_which_one_is_ready);
	tcase_add_test(tests, as_many_less_as_may_be);
	tcase_add_test(tests, none_is_waited_for_in_vain);
	tcase_add_test(tests, who_has_waited_longest_is_next);
	tcase_add_loop_test(tests, replaced_at_random, 0, 81);
	return run_case(tests);
}

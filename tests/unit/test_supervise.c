/* supervise/child: the table cell by cell, the pauses, the words. */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/object.h"
#include "supervise/child.h"
#include "run.h"

/* The table once more, written for the eye: next state, action. Columns are the events in their order. */
static const char state_letters[] = "ESRDPBF"; /* EMPTY STARTING READY DRAINING STOPPING BACKOFF FAILED */
static const char action_letters[] =
    "-sudtkbgr"; /* NONE SPAWN USE DRAIN TERMINATE KILL BACK_OFF GIVE_UP RELEASE */
static const char *const expected[CHILD_STATES] = {
	/* START    READY    WRONG    STIMEOUT DRAIN    KTIMEOUT
	 *    SPAWNF   EXITED   HUNG     BACKOFFOVER STOP  RESET  */
	[CHILD_EMPTY] = "Ss E- E- E- E- E- E- E- E- E- E- E-",
	[CHILD_STARTING] = "S- Bb Ru Bb Fg Sk Sk S- Pt Pt S- S-",
	[CHILD_READY] = "R- R- R- Bb Fg Rk R- R- Dd Pt R- R-",
	[CHILD_DRAINING] = "D- D- D- Er Er Pk D- D- D- Pt Pt D-",
	[CHILD_STOPPING] = "P- P- P- Er Er Pk P- P- P- P- Pk P-",
	[CHILD_BACKOFF] = "B- B- B- B- B- B- B- Ss Er Er B- B-",
	[CHILD_FAILED] = "F- F- F- F- F- F- F- F- Er Er F- Ss",
};

enum { CELLS = CHILD_STATES * CHILD_EVENTS, CELL_WIDTH = 3 };
static const uint32_t no_jitter = 200;

START_TEST(each_cell_is_as_expected)
{
	enum child_state state = (enum child_state)(_i / CHILD_EVENTS);
	enum child_event event = (enum child_event)(_i % CHILD_EVENTS);
	const char *cell = expected[state] + CELL_WIDTH * event;
	_Atomic uint32_t shown = 99;
	struct child child = { .state = state, .shown = &shown };
	enum child_action action = child_event(&child, event);

	ck_assert_msg(state_letters[child.state] == cell[0], "state %s, event %d: goes to %s, expected %c",
	    child_state_names[state], (int)event, child_state_names[child.state], cell[0]);
	ck_assert_msg(action_letters[action] == cell[1], "state %s, event %d: does %c, expected %c",
	    child_state_names[state], (int)event, action_letters[action], cell[1]);
	ck_assert_uint_eq(atomic_load(&shown), (unsigned)child.state);
}
END_TEST

START_TEST(the_expectation_covers_the_table)
{
	size_t state;

	ck_assert_uint_eq(strlen(state_letters), CHILD_STATES);
	ck_assert_uint_eq(strlen(action_letters), CHILD_ACTIONS);
	for (state = 0; state < CHILD_STATES; state++)
		ck_assert_uint_eq(strlen(expected[state]), CHILD_EVENTS * CELL_WIDTH - 1);
}
END_TEST

START_TEST(a_child_without_a_place_to_show_works)
{
	struct child child = { .state = CHILD_EMPTY };

	ck_assert_int_eq(child_event(&child, CHILD_EVENT_START), CHILD_ACTION_SPAWN);
	ck_assert_int_eq(child.state, CHILD_STARTING);
}
END_TEST

START_TEST(a_child_that_was_ready_comes_back_soon)
{
	static const unsigned seconds[] = { 0, 1, 1, 1, 1 };
	struct child child = { .state = CHILD_BACKOFF };
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(seconds); i++)
		ck_assert_uint_eq(
		    child_backoff(&child, CLOCK_SECOND, true, no_jitter), seconds[i] * CLOCK_SECOND);
}
END_TEST

START_TEST(one_that_dies_as_soon_as_it_is_ready_waits_longer_and_longer)
{
	static const unsigned seconds[] = { 0, 1, 2, 4, 8, 16, 30, 30 };
	struct child child = { .state = CHILD_BACKOFF, .ready_is_little = true };
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(seconds); i++)
		ck_assert_uint_eq(
		    child_backoff(&child, CLOCK_SECOND - 1, true, no_jitter), seconds[i] * CLOCK_SECOND);
	/* one that has worked for a second is missed again, and behind a long life comes back at once */
	ck_assert_uint_eq(child_backoff(&child, CLOCK_SECOND, true, no_jitter), CLOCK_SECOND);
	ck_assert_uint_eq(child_backoff(&child, CLOCK_SECOND, true, no_jitter), CLOCK_SECOND);
	ck_assert_uint_eq(child_backoff(&child, 0, true, no_jitter), CLOCK_SECOND);
	ck_assert_uint_eq(child_backoff(&child, 0, true, no_jitter), 2 * CLOCK_SECOND);
	ck_assert_uint_eq(child_backoff(&child, 10 * CLOCK_SECOND, true, no_jitter), 0);
}
END_TEST

START_TEST(failed_starts_behind_a_life_begin_at_a_second)
{
	struct child child = { .state = CHILD_BACKOFF };

	child_backoff(&child, 0, false, no_jitter);
	child_backoff(&child, 0, false, no_jitter);
	ck_assert_uint_eq(child_backoff(&child, CLOCK_SECOND, true, no_jitter), CLOCK_SECOND);
	ck_assert_uint_eq(child_backoff(&child, 0, false, no_jitter), CLOCK_SECOND);
	ck_assert_uint_eq(child_backoff(&child, 0, false, no_jitter), 2 * CLOCK_SECOND);
}
END_TEST

START_TEST(a_failed_start_always_has_a_pause)
{
	static const unsigned seconds[] = { 1, 2, 4, 8, 16, 30, 30 };
	struct child child = { .state = CHILD_BACKOFF };
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(seconds); i++)
		ck_assert_uint_eq(child_backoff(&child, 0, false, no_jitter), seconds[i] * CLOCK_SECOND);
}
END_TEST

START_TEST(a_long_life_begins_anew)
{
	struct child child = { .state = CHILD_BACKOFF };

	child_backoff(&child, CLOCK_SECOND, true, no_jitter);
	ck_assert_uint_eq(child_backoff(&child, 10 * CLOCK_SECOND - 1, true, no_jitter), CLOCK_SECOND);
	ck_assert_uint_eq(child_backoff(&child, 0, true, no_jitter), CLOCK_SECOND);
	ck_assert_uint_eq(child_backoff(&child, 10 * CLOCK_SECOND, true, no_jitter), 0);
	ck_assert_uint_eq(child_backoff(&child, CLOCK_SECOND, true, no_jitter), CLOCK_SECOND);
}
END_TEST

START_TEST(long_but_never_ready_is_no_life)
{
	struct child child = { .state = CHILD_BACKOFF };

	child_backoff(&child, 20 * CLOCK_SECOND, false, no_jitter);
	ck_assert_uint_eq(child_backoff(&child, 20 * CLOCK_SECOND, false, no_jitter), 2 * CLOCK_SECOND);
}
END_TEST

START_TEST(forgotten_deaths_do_not_count)
{
	struct child child = { .state = CHILD_BACKOFF };

	child_backoff(&child, 0, true, no_jitter);
	child_backoff(&child, 0, true, no_jitter);
	child_forget_deaths(&child);
	ck_assert_uint_eq(child_backoff(&child, 0, true, no_jitter), 0);
}
END_TEST

START_TEST(jitter_is_a_fifth_either_way)
{
	uint64_t least = UINT64_MAX, most = 0;
	uint32_t random;

	for (random = 0; random < 1000; random++) {
		struct child child = { .state = CHILD_BACKOFF };
		uint64_t pause = child_backoff(&child, 0, false, random * 7919u);

		least = pause < least ? pause : least;
		most = pause > most ? pause : most;
	}
	ck_assert_uint_eq(least, 800 * CLOCK_MILLISECOND);
	ck_assert_uint_eq(most, 1200 * CLOCK_MILLISECOND);
}
END_TEST

/* Whatever the child does, starts are rare: one that is ready and dies at once, for ten minutes. */
START_TEST(there_is_no_storm_of_restarts)
{
	struct child child = { .state = CHILD_EMPTY };
	enum child_action action = child_event(&child, CHILD_EVENT_START);
	uint64_t now = 0;
	unsigned starts = 0;

	while (now < 600 * CLOCK_SECOND) {
		ck_assert_int_eq(action, CHILD_ACTION_SPAWN);
		starts++;
		child_event(&child, CHILD_EVENT_READY);
		ck_assert_int_eq(child_event(&child, CHILD_EVENT_EXITED), CHILD_ACTION_BACK_OFF);
		ck_assert_int_eq(child_event(&child, CHILD_EVENT_START), CHILD_ACTION_NONE);
		now += child_backoff(&child, 0, true, 0);
		action = child_event(&child, CHILD_EVENT_BACKOFF_OVER);
	}
	ck_assert_uint_lt(starts, 600 * 10 / 8 + 3); /* one in 0.8 s */
}
END_TEST

START_TEST(an_end_is_told_in_words)
{
	char text[120];

	ck_assert_str_eq(child_describe_end(2 << 8, 0, NULL, text, sizeof text), "exited with status 2 after 0.0 s");
	ck_assert_str_eq(child_describe_end(SIGKILL, 1230 * CLOCK_MILLISECOND, "it was hung", text, sizeof text),
	    "killed by signal 9 (Killed) after 1.2 s: it was hung");
	ck_assert_str_eq(child_describe_end(SIGSEGV | 0x80, 75 * CLOCK_SECOND, NULL, text, sizeof text),
	    "killed by signal 11 (Segmentation fault), core dumped after 75.0 s");
	ck_assert_str_eq(child_describe_end(SIGKILL, 0, "it was hung", text, 13), "killed by si");
}
END_TEST

START_TEST(a_pause_is_told_in_words)
{
	char text[48];

	ck_assert_str_eq(child_describe_pause(0, text, sizeof text), "restarting at once");
	ck_assert_str_eq(child_describe_pause(1160 * CLOCK_MILLISECOND, text, sizeof text), "restarting in 1.2 s");
}
END_TEST

START_TEST(one_status_means_that_something_is_wrong)
{
	ck_assert(child_exited_wrong(2 << 8));
	ck_assert(!child_exited_wrong(0));
	ck_assert(!child_exited_wrong(1 << 8));
	ck_assert(!child_exited_wrong(SIGINT));
	ck_assert(!child_exited_wrong(SIGINT << 8 | 0x7f)); /* stopped by it */
}
END_TEST

START_TEST(those_on_their_way_out_are_not_kept)
{
	const char *letter;
	size_t state;

	for (state = 0; state < CHILD_STATES; state++) {
		letter = strchr("SRBF", state_letters[state]);
		ck_assert_msg(child_is_kept((enum child_state)state) == (letter != NULL), "state %s", child_state_names[state]);
	}
}
END_TEST

/* Where a time limit is set its end does something; elsewhere nothing. */
START_TEST(time_means_what_the_state_says)
{
	static const char does[] = "-k-tks-"; /* in the order of state_letters */
	size_t state;

	for (state = 0; state < CHILD_STATES; state++) {
		enum child_event event = child_event_of_time((enum child_state)state);
		char action = action_letters[child_table[state][event].action];

		ck_assert_msg(action == does[state], "state %s: does %c", child_state_names[state], action);
	}
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("supervise");

	tcase_add_loop_test(tests, each_cell_is_as_expected, 0, CELLS);
	tcase_add_test(tests, the_expectation_covers_the_table);
	tcase_add_test(tests, a_child_without_a_place_to_show_works);
	tcase_add_test(tests, a_child_that_was_ready_comes_back_soon);
	tcase_add_test(tests, one_that_dies_as_soon_as_it_is_ready_waits_longer_and_longer);
	tcase_add_test(tests, failed_starts_behind_a_life_begin_at_a_second);
	tcase_add_test(tests, a_failed_start_always_has_a_pause);
	tcase_add_test(tests, a_long_life_begins_anew);
	tcase_add_test(tests, long_but_never_ready_is_no_life);
	tcase_add_test(tests, forgotten_deaths_do_not_count);
	tcase_add_test(tests, jitter_is_a_fifth_either_way);
	tcase_add_test(tests, there_is_no_storm_of_restarts);
	tcase_add_test(tests, an_end_is_told_in_words);
	tcase_add_test(tests, a_pause_is_told_in_words);
	tcase_add_test(tests, one_status_means_that_something_is_wrong);
	tcase_add_test(tests, those_on_their_way_out_are_not_kept);
	tcase_add_test(tests, time_means_what_the_state_says);
	return run_case(tests);
}

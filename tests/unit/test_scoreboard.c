/* ipc/scoreboard: loads, totals, and what a death leaves behind. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ipc/scoreboard.h"
#include "run.h"

static struct scoreboard *board;

static void
setup(void)
{
	struct error err = { .text = "" };

	board = scoreboard_new(&err);
	ck_assert_msg(board != NULL, "%s", err.text);
}

static void
teardown(void)
{
	scoreboard_free(board);
}

START_TEST(a_new_one_is_zero_and_knows_when_it_began)
{
	ck_assert_uint_gt(board->started_wall, 0);
	ck_assert_uint_gt(board->started_monotonic, 0);
	ck_assert_uint_eq(scoreboard_worker_load(board, SCOREBOARD_WORKERS - 1), 0);
	ck_assert_uint_eq(scoreboard_server_load(board, SCOREBOARD_SERVERS - 1), 0);
	ck_assert_uint_eq(scoreboard_total(board, COUNTER_REQUESTS), 0);
}
END_TEST

START_TEST(a_worker_carries_what_was_handed_over_and_has_not_ended)
{
	scoreboard_add(&board->workers[3].handed, 10);
	scoreboard_add(&board->workers[3].ended, 4);
	ck_assert_uint_eq(scoreboard_worker_load(board, 3), 6);
	ck_assert_uint_eq(scoreboard_worker_load(board, 2), 0);
	/* an end that is seen before its beginning is no load of 2^64 */
	scoreboard_add(&board->workers[3].ended, 7);
	ck_assert_uint_eq(scoreboard_worker_load(board, 3), 0);
}
END_TEST

START_TEST(a_server_carries_what_all_workers_hold)
{
	scoreboard_worker_reset(board, 5);
	atomic_store(&board->held[0][7], 2);
	atomic_store(&board->held[5][7], 3);
	atomic_store(&board->held[5][8], 100);
	ck_assert_uint_eq(scoreboard_server_load(board, 7), 5);
	scoreboard_add(&board->share[0][7].requests, 40);
	scoreboard_add(&board->share[5][7].requests, 2);
	scoreboard_add(&board->share[5][8].requests, 100);
	ck_assert_uint_eq(scoreboard_server_requests(board, 7), 42);
}
END_TEST

START_TEST(the_dead_hold_nothing_and_their_counts_stay)
{
	scoreboard_worker_reset(board, 1);
	atomic_store(&board->held[0][7], 2);
	atomic_store(&board->held[1][7], 3);
	atomic_store(&board->held[1][SCOREBOARD_SERVERS - 1], 1);
	scoreboard_add(&board->workers[1].handed, 9);
	scoreboard_add(&board->workers[1].counters[COUNTER_REQUESTS], 40);
	scoreboard_add(&board->workers[0].counters[COUNTER_REQUESTS], 2);
	scoreboard_add(&board->workers[1].counters[COUNTER_REQUESTS_ACTIVE], 5);
	histogram_add(&board->workers[1].lag, 3);
	scoreboard_set(&board->server_slots, SCOREBOARD_SERVERS);
	scoreboard_set(&board->workers[1].heartbeat, 77);

	scoreboard_worker_reset(board, 1);
	ck_assert_uint_eq(scoreboard_server_load(board, 7), 2);
	ck_assert_uint_eq(scoreboard_server_load(board, SCOREBOARD_SERVERS - 1), 0);
	ck_assert_uint_eq(scoreboard_worker_load(board, 1), 0);
	ck_assert_uint_eq(scoreboard_total(board, COUNTER_REQUESTS), 42);
	ck_assert_uint_eq(scoreboard_total(board, COUNTER_REQUESTS_ACTIVE), 0);
	ck_assert_uint_eq(scoreboard_get(&board->workers[1].lag.buckets[0]), 0);
	ck_assert_uint_eq(scoreboard_get(&board->workers[1].heartbeat), 0);

	scoreboard_worker_reset(board, 1); /* once more changes nothing */
	ck_assert_uint_eq(scoreboard_total(board, COUNTER_REQUESTS), 42);
}
END_TEST

/* Who maps the scoreboard can write there: the master does not count to four thousand million. */
START_TEST(as_many_pools_are_looked_at_as_there_can_be)
{
	clock_t began;

	scoreboard_worker_reset(board, 1);
	scoreboard_add(&board->workers[1].counters[COUNTER_QUEUED], 1);
	scoreboard_set(&board->queue_slots, UINT32_MAX);
	began = clock();
	scoreboard_worker_reset(board, 1);
	ck_assert_int_lt(clock() - began, CLOCKS_PER_SEC / 4); /* of the processor, not of the day */
}
END_TEST

START_TEST(requests_and_failures_outlive_a_worker)
{
	scoreboard_worker_reset(board, 1);
	scoreboard_add(&board->share[0][4].requests, 10);
	scoreboard_add(&board->share[1][4].requests, 5);
	scoreboard_add(&board->share[1][4].failures, 2);
	scoreboard_worker_reset(board, 1);
	ck_assert_uint_eq(scoreboard_get(&board->share[0][4].requests), 10);
	ck_assert_uint_eq(scoreboard_get(&board->share[1][4].requests), 5);
	ck_assert_uint_eq(scoreboard_get(&board->share[1][4].failures), 2);
}
END_TEST

START_TEST(sums_reach_as_far_as_slots_were_used)
{
	scoreboard_worker_reset(board, SCOREBOARD_WORKERS - 1);
	ck_assert_uint_eq(scoreboard_get(&board->worker_slots), SCOREBOARD_WORKERS);
	scoreboard_worker_reset(board, 0);
	ck_assert_uint_eq(scoreboard_get(&board->worker_slots), SCOREBOARD_WORKERS);
	scoreboard_add(&board->workers[SCOREBOARD_WORKERS - 1].counters[COUNTER_RETRIES], 1);
	ck_assert_uint_eq(scoreboard_total(board, COUNTER_RETRIES), 1);
}
END_TEST

START_TEST(the_last_deaths_are_kept)
{
	int i;

	for (i = 0; i < SCOREBOARD_DEATHS + 5; i++)
		scoreboard_death_add(board, &(struct scoreboard_death){ .pid = i });
	ck_assert_uint_eq(scoreboard_get(&board->deaths_seen), SCOREBOARD_DEATHS + 5);
	ck_assert_int_eq(board->deaths[5].pid, 5);
	ck_assert_int_eq(board->deaths[4].pid, SCOREBOARD_DEATHS + 4);
}
END_TEST

START_TEST(a_child_and_its_parent_see_the_same)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		scoreboard_add(&board->workers[2].ended, 3);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_uint_eq(scoreboard_get(&board->workers[2].ended), 3);
}
END_TEST

START_TEST(each_writer_has_cache_lines_of_its_own)
{
	ck_assert_uint_eq(sizeof(struct scoreboard_worker) % SCOREBOARD_LINE, 0);
	ck_assert_uint_eq(offsetof(struct scoreboard_worker, ended) % SCOREBOARD_LINE, 0);
	ck_assert_uint_eq(offsetof(struct scoreboard_worker, counters) % SCOREBOARD_LINE, 0);
	ck_assert_uint_eq(sizeof board->held[0] % SCOREBOARD_LINE, 0);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("scoreboard");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_new_one_is_zero_and_knows_when_it_began);
	tcase_add_test(tests, a_worker_carries_what_was_handed_over_and_has_not_ended);
	tcase_add_test(tests, a_server_carries_what_all_workers_hold);
	tcase_add_test(tests, the_dead_hold_nothing_and_their_counts_stay);
	tcase_add_test(tests, as_many_pools_are_looked_at_as_there_can_be);
	tcase_add_test(tests, requests_and_failures_outlive_a_worker);
	tcase_add_test(tests, sums_reach_as_far_as_slots_were_used);
	tcase_add_test(tests, the_last_deaths_are_kept);
	tcase_add_test(tests, a_child_and_its_parent_see_the_same);
	tcase_add_test(tests, each_writer_has_cache_lines_of_its_own);
	return run_case(tests);
}

/* ipc/queue: places, and those who wait for them. */
#include <check.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "queue_board.h"
#include "run.h"

/* ---- places */

START_TEST(places_are_counted)
{
	ck_assert(queue_has_room(board, FIRST));
	enter(0, FIRST);
	enter(1, FIRST);
	ck_assert(!queue_has_room(board, FIRST));
	ck_assert(queue_has_room(board, SECOND));
	ck_assert_uint_eq(taken(FIRST), 2);
	ck_assert_uint_eq(scoreboard_server_load(board, FIRST), 2);
	ck_assert_int_eq(leave(0, FIRST, true), QUEUE_NOBODY);
	ck_assert(queue_has_room(board, FIRST));
	ck_assert_int_eq(leave(1, FIRST, true), QUEUE_NOBODY);
	scoreboard_set(&board->servers[FIRST].max_connections, 0);
	enter(0, FIRST);
	enter(0, FIRST);
	enter(0, FIRST);
	ck_assert(queue_has_room(board, FIRST)); /* no limit */
	ck_assert_uint_eq(taken(FIRST), 3);
}
END_TEST

START_TEST(what_was_taken_before_the_first_limit_counts)
{
	scoreboard_set(&board->held[2][FIRST], 2);
	queue_make_dirty(board, POOL);
	look(0);
	ck_assert_uint_eq(taken(FIRST), 2);
	ck_assert(!queue_has_room(board, FIRST));
}
END_TEST

START_TEST(until_all_workers_know_each_counts_anew)
{
	scoreboard_worker_reset(board, 0);
	scoreboard_set(&board->workers[2].child.pid, 4711);
	queue->settled = false;
	scoreboard_set(&queue->version, 9);
	queue_make_dirty(board, POOL);
	look(0);
	scoreboard_add(&board->held[2][FIRST], 1); /* without the lock */
	look(0);
	ck_assert_uint_eq(taken(FIRST), 1);
	ck_assert(!queue->settled);
	scoreboard_set(&board->workers[2].servers_seen, 8);
	look(0);
	ck_assert(!queue->settled);
	scoreboard_set(&board->workers[2].servers_seen, 9);
	look(0);
	ck_assert(queue->settled);
	ck_assert_uint_eq(scoreboard_get(&queue->dirty), 0);
	ck_assert_uint_eq(taken(FIRST), 1);
}
END_TEST

/* ---- the queue */

/* The scoreboard as that of an app: its requests can wait, and its servers have no limits. */
static void
forget_limits(void)
{
	*queue = (struct queue){ .open = 0 };
	scoreboard_set(&board->servers[FIRST].max_connections, 0);
	scoreboard_set(&board->servers[SECOND].max_connections, 0);
	ck_assert_int_eq(queue_open(board, POOL), 0);
}

START_TEST(without_limits_nothing_is_counted)
{
	uint32_t entries[3];
	unsigned i;

	forget_limits();
	ck_assert(queue_is_open(queue) && !queue_is_counted(queue));
	for (i = 0; i < 3; i++)
		entries[i] = join(i);
	ck_assert_uint_eq(queue_waiting(board, POOL), 3);
	for (i = 0; i < 3; i++) /* the first instance is there, and takes all of them */
		ck_assert_int_eq(give(3, FIRST), (int)i);
	ck_assert_int_eq(give(3, FIRST), QUEUE_NOBODY);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(part(i, entries[i]), FIRST);
		scoreboard_set(&board->held[i][FIRST], 0); /* given back without the lock */
	}
	ck_assert_int_eq((int)queue->settled, 0);
	ck_assert_uint_eq(scoreboard_get(&queue->dirty), 0);
}
END_TEST

START_TEST(the_first_limit_of_a_list_counts_what_there_is)
{
	forget_limits();
	look(0);
	scoreboard_set(&board->held[1][FIRST], 2);
	scoreboard_set(&board->servers[FIRST].taken, 77); /* nobody has kept it */
	scoreboard_set(&board->servers[FIRST].max_connections, 2);
	ck_assert_int_eq(queue_count(board, POOL, 1), 0);
	ck_assert(queue_is_counted(queue));
	look(0);
	ck_assert_uint_eq(taken(FIRST), 2);
	ck_assert(queue->settled);
	ck_assert_int_eq(give(3, FIRST), QUEUE_NOBODY);
}
END_TEST

START_TEST(first_come_first_served_over_workers)
{
	uint32_t entries[12];
	unsigned i;

	enter(0, SECOND);
	for (i = 0; i < 12; i++)
		ck_assert_uint_ne(entries[i] = join(i * 7 % WORKERS), 0);
	ck_assert_uint_eq(queue_waiting(board, POOL), 12);
	ck_assert(queue_must_wait(queue));
	ck_assert_int_eq(leave(0, SECOND, true), 0);
	for (i = 0; i < 12; i++) {
		unsigned slot = i * 7 % WORKERS;

		ck_assert(is_granted(slot, entries[i]));
		ck_assert(!queue_has_room(board, SECOND)); /* it is nobody else's */
		ck_assert_uint_eq(queue_waiting(board, POOL), 11 - i);
		ck_assert_int_eq(part(slot, entries[i]), SECOND);
		ck_assert_uint_eq(scoreboard_get(&board->held[slot][SECOND]), 1);
		ck_assert_int_eq(leave(slot, SECOND, true), i == 11 ? QUEUE_NOBODY : (int)((i + 1) * 7 % WORKERS));
	}
	expect_empty();
}
END_TEST

START_TEST(whoever_leaves_is_out_wherever_it_stands)
{
	uint32_t entries[9];
	unsigned i;

	enter(0, SECOND);
	for (i = 0; i < 9; i++)
		entries[i] = join(i % WORKERS);
	ck_assert_int_eq(part(0, entries[0]), -1); /* the first, one in the middle, the last */
	ck_assert_int_eq(part(0, entries[4]), -1);
	ck_assert_int_eq(part(0, entries[8]), -1);
	ck_assert_uint_eq(queue_waiting(board, POOL), 6);
	ck_assert_int_eq(leave(0, SECOND, true), 1);
	ck_assert(is_granted(1, entries[1]));
	/* with a place it was granted and does not want: that goes to the next */
	ck_assert_int_eq(part(1, entries[1]), SECOND);
	ck_assert_int_eq(leave(1, SECOND, true), 2);
	ck_assert(is_granted(2, entries[2]));
	for (i = 2; i < 8; i++)
		if (i != 4) {
			ck_assert_int_eq(part(i % WORKERS, entries[i]), SECOND);
			leave(i % WORKERS, SECOND, true);
		}
	expect_empty();
}
END_TEST

START_TEST(an_unusable_server_gives_nothing)
{
	uint32_t entry;

	enter(0, SECOND);
	entry = join(2);
	ck_assert_int_eq(leave(0, SECOND, false), QUEUE_NOBODY);
	ck_assert(!is_granted(2, entry));
	ck_assert_uint_eq(taken(SECOND), 0);
	ck_assert_int_eq(give(3, SECOND), 2);
	ck_assert_uint_eq(taken(SECOND), 1);
	ck_assert_int_eq(give(3, SECOND), QUEUE_NOBODY); /* it is full */
	ck_assert_int_eq(part(2, entry), SECOND);
	ck_assert_int_eq(give(3, FIRST), QUEUE_NOBODY); /* nobody waits */
	leave(2, SECOND, true);
	expect_empty();
}
END_TEST

START_TEST(a_limit_that_was_lowered_is_waited_for)
{
	uint32_t entry;

	enter(0, FIRST);
	enter(0, FIRST);
	entry = join(2);
	scoreboard_set(&board->servers[FIRST].max_connections, 1);
	ck_assert_int_eq(leave(0, FIRST, true), QUEUE_NOBODY);
	ck_assert_uint_eq(taken(FIRST), 1);
	ck_assert_int_eq(leave(0, FIRST, true), 2);
	ck_assert_int_eq(part(2, entry), FIRST);
	leave(2, FIRST, true);
	expect_empty();
}
END_TEST

START_TEST(some_avoid_a_server)
{
	const uint32_t avoid[] = { 1, 100 + FIRST, 100 + SECOND }; /* the last ones count */
	uint32_t neither = join_picky(0, avoid, 3), only_first = join_picky(1, avoid + 2, 1), any = join(2);

	ck_assert(queue_must_wait(queue));
	ck_assert_int_eq(give(3, SECOND), 2);
	ck_assert(!queue_must_wait(queue)); /* who is left would not have had what is free */
	ck_assert_int_eq(give(3, SECOND), QUEUE_NOBODY);
	ck_assert_int_eq(give(3, FIRST), 1);
	ck_assert_int_eq(give(3, FIRST), QUEUE_NOBODY);
	ck_assert_int_eq(part(2, any), SECOND);
	ck_assert_int_eq(part(1, only_first), FIRST);
	ck_assert_int_eq(part(0, neither), -1);
	leave(2, SECOND, true);
	leave(1, FIRST, true);
	expect_empty();
}
END_TEST

START_TEST(a_grant_that_is_of_no_use_is_refused)
{
	uint32_t first = join(1), second = join(2);

	ck_assert_int_eq(give(0, SECOND), 1);
	queue_lock(board, POOL, 1);
	ck_assert_int_eq(queue_granted(&books[1], first), SECOND);
	queue_refuse(&books[1], POOL, first);
	queue_unlock(board, POOL);
	ck_assert(!is_granted(1, first));
	ck_assert_uint_eq(taken(SECOND), 0);
	ck_assert_uint_eq(queue_waiting(board, POOL), 2);
	ck_assert_int_eq(give(0, FIRST), 1); /* it is still the first */
	ck_assert_int_eq(give(0, FIRST), 2);
	ck_assert_int_eq(part(2, second), FIRST);
	ck_assert_int_eq(part(1, first), FIRST);
	leave(1, FIRST, true);
	leave(2, FIRST, true);
	expect_empty();
}
END_TEST

START_TEST(a_place_on_a_server_that_is_gone_is_none)
{
	uint32_t first = join(1), second = join(2);

	ck_assert_int_eq(give(0, FIRST), 1);
	ck_assert_int_eq(give(0, FIRST), 2);
	scoreboard_set(&board->servers[FIRST].state, SERVER_FREE);
	ck_assert_int_eq(part(1, first), -1);
	/* another one in that place */
	board->servers[FIRST].id++;
	scoreboard_set(&board->servers[FIRST].state, SERVER_READY);
	scoreboard_set(&board->servers[FIRST].taken, 0);
	queue_make_dirty(board, POOL);
	ck_assert_int_eq(part(2, second), -1);
	ck_assert_uint_eq(scoreboard_server_load(board, FIRST), 0);
	expect_empty();
}
END_TEST

START_TEST(it_is_bounded)
{
	uint32_t i, entry;

	for (i = 0; i < SIZE; i++)
		ck_assert_uint_ne(join(i % WORKERS), 0);
	ck_assert_uint_eq(join(0), 0);
	queue_lock(board, POOL, 2);
	for (i = 0; i < QUEUE_ENTRIES - SIZE / WORKERS; i++)
		ck_assert_uint_ne(entry = queue_join(&books[2], POOL, 65535, NULL, 0), 0);
	ck_assert_uint_eq(queue_join(&books[2], POOL, 65535, NULL, 0), 0);
	ck_assert_uint_ne(queue_join(&books[3], POOL, 65535, NULL, 0), 0);
	ck_assert_int_eq(queue_part(&books[2], POOL, entry), -1);
	ck_assert_uint_eq(queue_join(&books[2], POOL, 65535, NULL, 0), entry);
	queue_unlock(board, POOL);
}
END_TEST

START_TEST(the_wait_is_told)
{
	uint64_t sums[HISTOGRAM_BUCKETS] = { 0 };

	ck_assert_uint_eq(queue_oldest(board, POOL, 0), 0);
	join(0);
	queue_lock(board, POOL, 0);
	queue_note_wait(queue, 7000);
	queue_note_wait(queue, 5000);
	queue_unlock(board, POOL);
	histogram_sum(&queue->waits, sums);
	ck_assert_uint_ge(histogram_percentile(sums, 1000), 7000);
}
END_TEST

START_TEST(the_dead_leave_queue_and_places)
{
	uint32_t entries[8];
	unsigned i;

	enter(VICTIM, FIRST);
	enter(VICTIM, SECOND);
	enter(0, FIRST);
	for (i = 0; i < 8; i++)
		entries[i] = join(i % WORKERS);
	leave(0, FIRST, true); /* to entry 0, and its place to entry 1: that is the victim's */
	ck_assert_int_eq(part(0, entries[0]), FIRST);
	leave(0, FIRST, true);
	ck_assert(is_granted(VICTIM, entries[1]));
	die(VICTIM);
	look(2);
	ck_assert_uint_eq(taken(FIRST) + taken(SECOND), 0);
	ck_assert_uint_eq(queue_waiting(board, POOL), 5);
	ck_assert_int_eq(give(0, FIRST), 2);
	ck_assert_int_eq(give(0, FIRST), 3);
	/* a new process in its slot has all entries to itself again, and none is in the list twice */
	queue_book_open(&books[VICTIM], board, VICTIM);
	for (i = 0; i < 8; i++)
		join(VICTIM);
	ck_assert_uint_eq(queue_waiting(board, POOL), 11);
}
END_TEST

/* ---- many at once */

enum { ROUNDS = 3000 };

static void
worker_rounds(unsigned slot)
{
	unsigned i;

	for (i = 0; i < ROUNDS; i++) {
		uint32_t entry = 0;
		int server = FIRST;

		queue_lock(board, POOL, slot);
		if (!queue_must_wait(queue) && queue_has_room(board, FIRST))
			queue_enter(board, slot, FIRST);
		else
			entry = queue_join(&books[slot], POOL, SIZE, NULL, 0);
		queue_unlock(board, POOL);
		if (entry != 0) {
			while (i % 5 != 0 && !is_granted(slot, entry))
				sched_yield();
			server = part(slot, entry);
		}
		if (server < 0)
			continue; /* it gave up */
		if (scoreboard_server_load(board, FIRST) > 2)
			_exit(1);
		leave(slot, FIRST, true);
	}
	_exit(0);
}

START_TEST(processes_in_a_crowd)
{
	pid_t pids[WORKERS];
	unsigned slot;
	int status;

	for (slot = 0; slot < WORKERS; slot++)
		if ((pids[slot] = fork()) == 0)
			worker_rounds(slot);
	for (slot = 0; slot < WORKERS; slot++) {
		waitpid(pids[slot], &status, 0);
		ck_assert_int_eq(status, 0);
	}
	expect_empty();
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("queue");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, places_are_counted);
	tcase_add_test(tests, what_was_taken_before_the_first_limit_counts);
	tcase_add_test(tests, until_all_workers_know_each_counts_anew);
	tcase_add_test(tests, without_limits_nothing_is_counted);
	tcase_add_test(tests, the_first_limit_of_a_list_counts_what_there_is);
	tcase_add_test(tests, first_come_first_served_over_workers);
	tcase_add_test(tests, whoever_leaves_is_out_wherever_it_stands);
	tcase_add_test(tests, an_unusable_server_gives_nothing);
	tcase_add_test(tests, a_limit_that_was_lowered_is_waited_for);
	tcase_add_test(tests, some_avoid_a_server);
	tcase_add_test(tests, a_grant_that_is_of_no_use_is_refused);
	tcase_add_test(tests, a_place_on_a_server_that_is_gone_is_none);
	tcase_add_test(tests, it_is_bounded);
	tcase_add_test(tests, the_wait_is_told);
	tcase_add_test(tests, the_dead_leave_queue_and_places);
	tcase_add_test(tests, processes_in_a_crowd);
	return run_case(tests);
}

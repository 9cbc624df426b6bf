/* ipc/clients: rates and connections by address, in a table that does not grow. */
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/clients.h"
#include "ipc/scoreboard.h"
#include "run.h"

static struct scoreboard *board;

static void
setup(void)
{
	struct error err;

	board = scoreboard_new(&err);
	ck_assert_ptr_nonnull(board);
	ck_assert_int_eq(clients_open(board, 1024), 0);
	scoreboard_worker_reset(board, 0);
	scoreboard_worker_reset(board, 1);
}

static void
teardown(void)
{
	scoreboard_free(board);
}

static struct client_key
key_of(uint32_t address)
{
	uint8_t bytes[16] = { (uint8_t)(address >> 24), (uint8_t)(address >> 16), (uint8_t)(address >> 8), (uint8_t)address };
	struct client_key key;

	clients_key(board, &key, 7, AF_INET, bytes, 32);
	return key;
}

/* Ten a second, `burst` at once. */
static enum client_answer
request_at(uint32_t address, uint32_t burst, uint64_t now, uint64_t *wait)
{
	const struct client_rate rate = { 100000000, burst };
	const struct client_key key = key_of(address);

	return clients_request(board, &key, &rate, now, 0, wait);
}

static enum client_answer
connection(uint32_t address, uint32_t most, unsigned slot, int fd)
{
	const struct client_key key = key_of(address);

	return clients_connection(board, &key, most, 1, slot, fd);
}

START_TEST(as_many_as_the_burst_and_then_the_rate)
{
	uint64_t now = 5000000, wait = 0, i, passed = 0;

	for (i = 0; i < 10; i++)
		passed += request_at(1, 4, now, &wait) == CLIENT_PASSES;
	ck_assert_uint_eq(passed, 4);
	ck_assert_uint_eq(wait, 100000);
	ck_assert_int_eq(request_at(1, 4, now + 99999, &wait), CLIENT_OVER);
	ck_assert_uint_eq(wait, 1);
	ck_assert_int_eq(request_at(1, 4, now + 100000, &wait), CLIENT_PASSES);
	ck_assert_int_eq(request_at(1, 4, now + 100000, &wait), CLIENT_OVER);
	/* all of the burst is there again when nothing has come for as long as it takes */
	for (passed = 0, i = 0; i < 10; i++)
		passed += request_at(1, 4, now + 10000000, &wait) == CLIENT_PASSES;
	ck_assert_uint_eq(passed, 4);
}
END_TEST

START_TEST(over_a_long_time_it_is_the_rate)
{
	uint64_t now, wait, passed = 0;

	for (now = 1000000; now < 61000000; now += 7000)
		passed += request_at(1, 10, now, &wait) == CLIENT_PASSES;
	ck_assert_uint_ge(passed, 608);
	ck_assert_uint_le(passed, 610);
}
END_TEST

START_TEST(each_address_for_itself)
{
	uint64_t wait;

	ck_assert_int_eq(request_at(1, 1, 10, &wait), CLIENT_PASSES);
	ck_assert_int_eq(request_at(2, 1, 10, &wait), CLIENT_PASSES);
	ck_assert_int_eq(request_at(1, 1, 10, &wait), CLIENT_OVER);
	ck_assert_int_eq(request_at(2, 1, 10, &wait), CLIENT_OVER);
}
END_TEST

START_TEST(bits_that_do_not_count_are_not_looked_at)
{
	uint8_t a[16] = { 0x20, 1, 0xd, 0xb8, 1, 2, 3, 0xff, 9 }, b[16] = { 0x20, 1, 0xd, 0xb8, 1, 2, 3, 0xf0, 8 };
	struct client_key one, two;

	clients_key(board, &one, 1, AF_INET6, a, 60);
	clients_key(board, &two, 1, AF_INET6, b, 60);
	ck_assert_uint_eq(one.hash, two.hash);
	clients_key(board, &one, 1, AF_INET6, a, 64);
	clients_key(board, &two, 1, AF_INET6, b, 64);
	ck_assert_uint_ne(one.hash, two.hash);
	clients_key(board, &two, 2, AF_INET6, a, 64);
	ck_assert_uint_ne(one.hash, two.hash);
}
END_TEST

START_TEST(connections_are_counted_over_workers)
{
	ck_assert_int_eq(connection(1, 2, 0, 5), CLIENT_PASSES);
	ck_assert_int_eq(connection(1, 2, 1, 5), CLIENT_PASSES);
	ck_assert_int_eq(connection(1, 2, 0, 6), CLIENT_OVER);
	clients_connection_gone(board, 0, 6); /* was not counted */
	ck_assert_int_eq(connection(1, 2, 0, 6), CLIENT_OVER);
	clients_connection_gone(board, 1, 5);
	ck_assert_int_eq(connection(1, 2, 0, 6), CLIENT_PASSES);
	ck_assert_int_eq(connection(1, 0, 0, 7), CLIENT_PASSES); /* whatever there is */
	ck_assert_int_eq(connection(1, 3, 0, 8), CLIENT_OVER);
}
END_TEST

START_TEST(a_dead_worker_gives_back_what_it_held)
{
	ck_assert_int_eq(connection(1, 3, 0, 5), CLIENT_PASSES);
	ck_assert_int_eq(connection(1, 3, 0, 6), CLIENT_PASSES);
	ck_assert_int_eq(connection(1, 3, 1, 5), CLIENT_PASSES);
	scoreboard_worker_reset(board, 0);
	ck_assert_int_eq(connection(1, 3, 1, 6), CLIENT_PASSES);
	ck_assert_int_eq(connection(1, 3, 1, 7), CLIENT_PASSES);
	ck_assert_int_eq(connection(1, 3, 1, 8), CLIENT_OVER);
}
END_TEST

/* A worker that was taken over may write anything where it writes how far it has come. */
START_TEST(what_a_worker_says_of_itself_is_not_believed)
{
	scoreboard_set(&board->holds[0].used, UINT32_MAX);
	scoreboard_worker_reset(board, 0);
	ck_assert_uint_eq(scoreboard_get(&board->holds[0].used), 0);
	ck_assert_int_eq(connection(1, 1, 0, 5), CLIENT_PASSES);
	ck_assert_int_eq(connection(1, 1, 1, 5), CLIENT_OVER);
}
END_TEST

/* The connections of all entries, which nothing but this test has made. */
static unsigned
connections_counted(void)
{
	unsigned sum = 0;
	uint32_t i;

	for (i = 0; i < clients_entries(board); i++)
		sum += scoreboard_get(&board->clients.entries[i].connections);
	return sum;
}

/* Killed at some moment while it counts, again and again. */
START_TEST(killed_at_any_moment_nothing_is_lost)
{
	unsigned round, i;

	for (round = 0; round < 20; round++) {
		pid_t pid = fork();

		ck_assert_int_ge(pid, 0);
		for (i = 0; pid == 0; i++) {
			connection(1 + i % 3, 0, 0, 10 + (int)(i % 50));
			clients_connection_gone(board, 0, 10 + (int)(i % 50));
		}
		while (scoreboard_get(&board->holds[0].used) == 0)
			;
		for (i = 0; i < 2000 * (round + 1); i++) {
			connection(1 + i % 3, 0, 1, 10 + (int)(i % 50));
			clients_connection_gone(board, 1, 10 + (int)(i % 50));
		}
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		scoreboard_worker_reset(board, 0);
		for (i = 0; i < 3; i++) {
			ck_assert_int_eq(connection(1 + i, 1, 1, 100 + (int)i), CLIENT_PASSES);
			ck_assert_int_eq(connection(1 + i, 1, 1, 200), CLIENT_OVER);
		}
		ck_assert_uint_eq(connections_counted(), 3);
		for (i = 0; i < 3; i++)
			clients_connection_gone(board, 1, 100 + (int)i);
		ck_assert_uint_eq(connections_counted(), 0);
	}
}
END_TEST

START_TEST(a_full_table_lets_newcomers_pass_and_keeps_who_is_in)
{
	uint64_t wait;
	uint32_t i, unknown = 0;

	ck_assert_int_eq(connection(1, 1, 0, 5), CLIENT_PASSES);
	ck_assert_int_eq(request_at(2, 1, 1, &wait), CLIENT_PASSES);
	for (i = 0; i < 20000; i++)
		unknown += request_at(1000 + i, 1, 1, &wait) == CLIENT_UNKNOWN;
	ck_assert_uint_ge(unknown, 20000 - 1024);
	ck_assert_int_eq(connection(1, 1, 0, 6), CLIENT_OVER);
	ck_assert_int_eq(request_at(2, 1, 1, &wait), CLIENT_OVER);
	/* who did nothing for long enough makes room */
	for (i = 0; i < 100; i++)
		ck_assert_int_eq(request_at(50000 + i * 10, 1, 2000000 + i * 200000, &wait), CLIENT_PASSES);
	ck_assert_int_eq(connection(1, 1, 0, 6), CLIENT_OVER);
}
END_TEST

enum { THREADS = 4, TRIES = 20000 };
static _Atomic unsigned passed_all;

static void *
try_often(void *arg)
{
	unsigned slot = *(unsigned *)arg, i;
	uint64_t wait;
	const struct client_rate rate = { 1000000000, 5000 };
	const struct client_key key = key_of(9);

	for (i = 0; i < TRIES; i++)
		if (clients_request(board, &key, &rate, 1000, slot, &wait) == CLIENT_PASSES)
			atomic_fetch_add(&passed_all, 1);
	return NULL;
}

START_TEST(exact_when_all_come_at_once)
{
	unsigned slots[THREADS], i;
	pthread_t threads[THREADS];

	for (i = 0; i < THREADS; i++) {
		slots[i] = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, try_often, &slots[i]), 0);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(passed_all, 5000);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("clients");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, as_many_as_the_burst_and_then_the_rate);
	tcase_add_test(tests, over_a_long_time_it_is_the_rate);
	tcase_add_test(tests, each_address_for_itself);
	tcase_add_test(tests, bits_that_do_not_count_are_not_looked_at);
	tcase_add_test(tests, connections_are_counted_over_workers);
	tcase_add_test(tests, a_dead_worker_gives_back_what_it_held);
	tcase_add_test(tests, what_a_worker_says_of_itself_is_not_believed);
	tcase_add_test(tests, killed_at_any_moment_nothing_is_lost);
	tcase_add_test(tests, a_full_table_lets_newcomers_pass_and_keeps_who_is_in);
	tcase_add_test(tests, exact_when_all_come_at_once);
	return run_case(tests);
}

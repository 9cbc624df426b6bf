/* worker/membership: what a worker takes from the scoreboard when servers change there. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lone_worker.h"
#include "run.h"

static char web[] = "web", api[] = "api";
static struct conf_pool pools[] = {
	{ .name = web, .balance = &balance_round_robin },
	{ .name = api, .balance = &balance_round_robin },
};
static struct conf conf = { .pools = pools, .pool_count = 2 };

static void
setup(void)
{
	lone_worker_open(&conf);
	place_set(0, 1, 0, SERVER_READY);
	place_set(1, 2, 0, SERVER_READY);
	place_set(2, 3, 1, SERVER_READY);
	lone_worker_begin();
}

/* Which servers are chosen from, and with what weight: "1*1 2*2 ". */
static const char *
members(unsigned pool)
{
	static char text[1024];
	const struct pool *p = &worker->pools[pool];
	size_t i, length = 0;

	membership_sync(worker);
	text[0] = '\0';
	for (i = 0; i < p->count; i++)
		length += (size_t)snprintf(text + length, sizeof text - length, "%u*%u ",
		    p->servers[i]->id, p->servers[i]->weight);
	return text;
}

START_TEST(it_begins_with_what_is_there)
{
	ck_assert(!membership_is_old(worker));
	ck_assert_uint_eq(
	    scoreboard_get(&worker->me->servers_seen), scoreboard_get(&board->servers_version));
	ck_assert_str_eq(members(0), "1*1 2*2 ");
	ck_assert_str_eq(members(1), "3*3 ");
}
END_TEST

START_TEST(what_is_new_is_taken_and_said)
{
	place_set(3, 4, 1, SERVER_READY);
	ck_assert(membership_is_old(worker));
	ck_assert_uint_ne(
	    scoreboard_get(&worker->me->servers_seen), scoreboard_get(&board->servers_version));
	ck_assert_str_eq(members(1), "3*3 4*4 ");
	ck_assert(!membership_is_old(worker));
	ck_assert_uint_eq(
	    scoreboard_get(&worker->me->servers_seen), scoreboard_get(&board->servers_version));
}
END_TEST

START_TEST(only_ready_servers_are_chosen_from)
{
	static const enum server_state others[] = { SERVER_DRAIN, SERVER_MAINTENANCE, SERVER_LEAVING, SERVER_CUT };
	size_t i;

	for (i = 0; i < 4; i++) {
		place_set(0, 1, 0, others[i]);
		ck_assert_str_eq(members(0), "2*2 ");
		ck_assert_int_eq((int)worker->servers[0]->state, (int)others[i]);
		place_set(0, 1, 0, SERVER_READY);
		ck_assert_str_eq(members(0), "1*1 2*2 ");
	}
}
END_TEST

START_TEST(an_instance_that_starts_is_unknown)
{
	place_set(3, 4, 1, SERVER_STARTING);
	ck_assert_str_eq(members(1), "3*3 ");
	ck_assert_ptr_null(worker->servers[3]);
	ck_assert(!membership_is_old(worker));
	place_set(3, 4, 1, SERVER_READY);
	ck_assert_str_eq(members(1), "3*3 4*4 ");
	place_set(3, 4, 1, SERVER_FREE);
	place_set(3, 5, 1, SERVER_STARTING); /* the next one in its place */
	ck_assert_str_eq(members(1), "3*3 ");
	ck_assert_ptr_null(worker->servers[3]);
}
END_TEST

START_TEST(what_is_coming_is_known)
{
	ck_assert(!worker->pools[1].coming);
	ck_assert(worker->pools[1].queue == NULL && !worker->pools[1].counted);
	ck_assert_int_eq(queue_open(board, 1), 0);
	scoreboard_set(&board->pools[1].coming, 1);
	scoreboard_add(&board->servers_version, 1);
	membership_sync(worker);
	ck_assert(worker->pools[1].coming && !worker->pools[0].coming);
	ck_assert(worker->pools[1].queue == &board->queues[1] && !worker->pools[1].counted);
	ck_assert_int_eq(queue_count(board, 1, 1), 0);
	scoreboard_add(&board->servers_version, 1);
	membership_sync(worker);
	ck_assert(worker->pools[1].counted && !worker->pools[0].counted);
}
END_TEST

START_TEST(one_that_is_gone_lives_as_long_as_somebody_uses_it)
{
	struct server *old = server_hold(worker->servers[0]);

	place_set(0, 1, 0, SERVER_FREE);
	ck_assert_str_eq(members(0), "2*2 ");
	ck_assert_ptr_null(worker->servers[0]);
	ck_assert_str_eq(old->name, "10.0.0.0:80");
	ck_assert_uint_eq(old->users, 1);
	server_release(old);
}
END_TEST

START_TEST(another_server_in_the_same_place_is_another)
{
	struct server *old = server_hold(worker->servers[0]);

	place_set(0, 9, 1, SERVER_READY); /* its end and the other's begin are seen at once */
	ck_assert_str_eq(members(0), "2*2 ");
	ck_assert_str_eq(members(1), "9*9 3*3 ");
	ck_assert_ptr_ne(worker->servers[0], old);
	ck_assert_int_eq((int)old->state, SERVER_FREE);
	server_release(old);
}
END_TEST

START_TEST(changes_of_the_same_server_keep_it)
{
	struct server *server = worker->servers[1];

	scoreboard_set(&board->servers[1].weight, 7);
	scoreboard_set(&board->servers[1].max_connections, 11);
	place_set(3, 4, 0, SERVER_READY);
	ck_assert_str_eq(members(0), "1*1 2*7 4*4 ");
	ck_assert_ptr_eq(worker->servers[1], server);
	ck_assert_uint_eq(server->max_connections, 11);
}
END_TEST

START_TEST(an_algorithm_is_changed_for_one_pool)
{
	scoreboard_set(&board->pools[1].balance, balance_index(&balance_least_connections));
	scoreboard_add(&board->servers_version, 1);
	membership_sync(worker);
	ck_assert_ptr_eq(worker->pools[1].balance, &balance_least_connections);
	ck_assert_ptr_eq(worker->pools[0].balance, &balance_round_robin);
}
END_TEST

START_TEST(nonsense_on_the_scoreboard_changes_nothing)
{
	scoreboard_set(&board->pools[1].balance, 12345);
	place_set(3, 4, 77, SERVER_READY);
	membership_sync(worker);
	ck_assert_ptr_eq(worker->pools[1].balance, &balance_round_robin);
	ck_assert_ptr_null(worker->servers[3]);
	ck_assert(worker->servers_missed);
}
END_TEST

START_TEST(all_places_can_be_used)
{
	unsigned i;

	for (i = 3; i < SCOREBOARD_SERVERS; i++)
		place_set(i, i + 1, 0, SERVER_READY);
	membership_sync(worker);
	ck_assert_uint_eq(worker->pools[0].count, SCOREBOARD_SERVERS - 1);
}
END_TEST

static void
turn_cb(void *arg, uint64_t took)
{
	(void)arg;
	(void)took;
	loop_stop(worker->loop);
}

static void
session_end(struct session *session)
{
	membership_forget(session);
	TAILQ_REMOVE(&worker->open, session, link);
	free(session);
}

START_TEST(many_sessions_are_looked_at_by_and_by)
{
	enum { SESSIONS = 30000 };
	struct session *session;
	unsigned turns = 0, i;

	for (i = 0; i < SESSIONS; i++) {
		session = calloc(1, sizeof *session);
		ck_assert_ptr_nonnull(session);
		session->worker = worker;
		TAILQ_INSERT_TAIL(&worker->open, session, link);
	}
	place_set(0, 1, 0, SERVER_CUT);
	membership_sync(worker);
	loop_on_turn(worker->loop, turn_cb, NULL);
	for (; worker->cut_next != NULL; turns++) {
		loop_run(worker->loop);
		if (worker->cut_next != NULL)
			session_end(worker->cut_next); /* it ends before it was looked at */
	}
	ck_assert_uint_gt(turns, 2);
	ck_assert_uint_lt(turns, 100);
	while ((session = TAILQ_FIRST(&worker->open)) != NULL)
		session_end(session);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("membership");

	tcase_add_checked_fixture(tests, setup, lone_worker_close);
	tcase_add_test(tests, it_begins_with_what_is_there);
	tcase_add_test(tests, what_is_new_is_taken_and_said);
	tcase_add_test(tests, only_ready_servers_are_chosen_from);
	tcase_add_test(tests, an_instance_that_starts_is_unknown);
	tcase_add_test(tests, what_is_coming_is_known);
	tcase_add_test(tests, one_that_is_gone_lives_as_long_as_somebody_uses_it);
	tcase_add_test(tests, another_server_in_the_same_place_is_another);
	tcase_add_test(tests, changes_of_the_same_server_keep_it);
	tcase_add_test(tests, an_algorithm_is_changed_for_one_pool);
	tcase_add_test(tests, nonsense_on_the_scoreboard_changes_nothing);
	tcase_add_test(tests, all_places_can_be_used);
	tcase_add_test(tests, many_sessions_are_looked_at_by_and_by);
	return run_case(tests);
}

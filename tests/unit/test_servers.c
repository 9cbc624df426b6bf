/* master/servers: servers come, change and leave; the one worker is only what it says on the scoreboard. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "master/state.h"
#include "run.h"
#include "waiting.h"

static char first_name[] = "127.0.0.1:1", second_name[] = "127.0.0.1:2", other_name[] = "127.0.0.1:3";
static char web[] = "web", api[] = "api";
static struct conf_server web_servers[2], api_servers[1];
static struct conf_pool pools[2];
static struct conf conf;
static struct master *master;

static void
server_fill(struct conf_server *server, char *name)
{
	server->name = name;
	server->weight = 1;
	ck_assert_int_eq(address_parse(&server->address, name, ADDRESS_CONNECT, NULL), 0);
}

static void
conf_fill(void)
{
	server_fill(&web_servers[0], first_name);
	server_fill(&web_servers[1], second_name);
	server_fill(&api_servers[0], other_name);
	pools[0] = (struct conf_pool){
		.name = web, .servers = web_servers, .server_count = 2, .balance = &balance_round_robin
	};
	pools[1] = (struct conf_pool){
		.name = api, .servers = api_servers, .server_count = 1, .first_server = 2, .balance = &balance_round_robin
	};
	conf = (struct conf){
		.pools = pools, .pool_count = 2, .server_count = 3, .shutdown_timeout = 10 * CLOCK_SECOND
	};
}

/*
 * Has the master publish what has changed, and look at those that leave. What one
 * look brings the next must see: after a stall all that is due comes in one turn.
 */
static void
master_looks(void)
{
	int i;

	for (i = 0; i < 3; i++)
		wait_for_time(master->loop, 25 * CLOCK_MILLISECOND);
}

/* What a worker does when it has heard of a change. */
static void
worker_looks(void)
{
	master_looks();
	scoreboard_set(&master->board->workers[0].servers_seen, scoreboard_get(&master->board->servers_version));
}

static void
setup(void)
{
	struct error err = { .text = "" };

	ck_assert_int_eq(log_open("/dev/null", LOG_LEVEL_ERROR, &err), 0);
	conf_fill();
	master = calloc(1, sizeof *master);
	ck_assert_ptr_nonnull(master);
	master->magic = MASTER_MAGIC;
	master->conf = &conf;
	master->board = scoreboard_new(&err);
	master->loop = loop_new(&err);
	ck_assert_msg(master->board != NULL && master->loop != NULL, "%s", err.text);
	servers_init(master);
	scoreboard_worker_reset(master->board, 0);
	master->workers.used = 1;
	master->workers.slots[0].process.pid = 1;
	master->workers.slots[0].channel = -1;
	worker_looks();
}

static void
teardown(void)
{
	servers_close(master);
	loop_free(master->loop);
	scoreboard_free(master->board);
	free(master);
}

static int
add(const char *name)
{
	struct master_server server = { .pool = 0, .name = name, .weight = 1 };
	struct error err;

	ck_assert_int_eq(address_parse(&server.address, name, ADDRESS_CONNECT, &err), 0);
	return master_server_add(master, &server, &err);
}

static enum server_state
state(unsigned slot)
{
	return scoreboard_server_state(master->board, slot);
}

START_TEST(it_begins_with_the_configuration)
{
	const struct scoreboard_server *row = &master->board->servers[2];

	ck_assert_uint_eq(scoreboard_server_slots(master->board), 3);
	ck_assert_str_eq(row->name, "127.0.0.1:3");
	ck_assert_uint_eq(row->pool, 1);
	ck_assert_uint_eq(scoreboard_get(&row->weight), 1);
	ck_assert_int_eq((int)state(2), SERVER_READY);
	ck_assert(master_servers_settled(master));
}
END_TEST

START_TEST(a_change_is_settled_when_the_worker_has_seen_it)
{
	ck_assert_int_eq(add("127.0.0.1:4"), 3);
	ck_assert_int_eq((int)state(3), SERVER_READY);
	ck_assert(!master_servers_settled(master));
	worker_looks();
	ck_assert(master_servers_settled(master));
	master_server_set_weight(master, 3, 7);
	ck_assert(!master_servers_settled(master));
	ck_assert_uint_eq(scoreboard_get(&master->board->servers[3].weight), 7);
}
END_TEST

START_TEST(a_server_is_known_once_in_a_pool)
{
	ck_assert_int_eq(add("127.0.0.1:1"), -1);
	ck_assert_int_eq(add("127.0.0.1:3"), 3); /* another pool has it */
	ck_assert_int_eq(add("127.0.0.1:3"), -1);
}
END_TEST

START_TEST(a_server_that_is_ready_again_is_forgiven)
{
	master_server_set_state(master, 0, CONF_SERVER_MAINTENANCE);
	scoreboard_set(&master->board->servers[0].fails, 3);
	scoreboard_set(&master->board->servers[0].down_until, UINT64_MAX);
	master_server_set_state(master, 0, CONF_SERVER_READY);
	ck_assert_uint_eq(scoreboard_get(&master->board->servers[0].fails), 0);
	ck_assert_uint_eq(scoreboard_get(&master->board->servers[0].down_until), 0);
}
END_TEST

START_TEST(an_algorithm_is_changed_for_one_pool)
{
	master_set_pool_balance(master, 1, &balance_least_connections);
	ck_assert(!master_servers_settled(master));
	ck_assert_ptr_eq(master_pool_balance(master, 0), &balance_round_robin);
	ck_assert_ptr_eq(master_pool_balance(master, 1), &balance_least_connections);
}
END_TEST

START_TEST(the_last_server_of_a_pool_stays)
{
	struct error err;

	ck_assert_int_eq(master_server_remove(master, 2, true, &err), -1);
	ck_assert_str_eq(err.text, "127.0.0.1:3 is the last server of pool api");
	ck_assert_int_eq(master_server_remove(master, 0, false, &err), 0);
	ck_assert_int_eq(master_server_remove(master, 1, false, &err), -1); /* one that leaves does not count */
}
END_TEST

START_TEST(a_server_leaves_when_nobody_can_have_it)
{
	_Atomic uint32_t *held = &master->board->held[0][0];

	atomic_store(held, 1);
	ck_assert_int_eq(master_server_remove(master, 0, false, NULL), 0);
	atomic_store(held, 0);
	master_looks();
	/* nothing is held, but the worker may still choose it */
	ck_assert_int_eq((int)state(0), SERVER_LEAVING);
	atomic_store(held, 1);
	worker_looks();
	master_looks();
	ck_assert_int_eq((int)state(0), SERVER_LEAVING);
	atomic_store(held, 0);
	master_looks();
	ck_assert_int_eq((int)state(0), SERVER_FREE);
	ck_assert_int_eq(
	    master_event(master, master_event_newest(master))->type, (int)EVENT_SERVER_REMOVED);
}
END_TEST

START_TEST(a_worker_that_starts_is_waited_for)
{
	master->workers.used = 2;
	master->workers.slots[1].process.pid = 2;
	master->workers.slots[1].channel = -1;
	ck_assert_int_eq(master_server_remove(master, 0, false, NULL), 0);
	worker_looks();
	master_looks();
	ck_assert_int_eq((int)state(0), SERVER_LEAVING);
	master->workers.slots[1].process.pid = 0; /* it has died */
	master_looks();
	ck_assert_int_eq((int)state(0), SERVER_FREE);
}
END_TEST

START_TEST(a_place_is_used_again_when_all_have_seen_it_free)
{
	scoreboard_add(&master->board->share[0][0].requests, 9);
	histogram_add(&master->board->latency[0][0], 100);
	ck_assert_int_eq(master_server_remove(master, 0, false, NULL), 0);
	worker_looks();
	master_looks();
	ck_assert_int_eq((int)state(0), SERVER_FREE);
	ck_assert_int_eq(add("127.0.0.1:1"), 3); /* the worker has not looked yet */
	worker_looks();
	ck_assert_int_eq(add("127.0.0.1:5"), 0);
	ck_assert_uint_eq(scoreboard_get(&master->board->share[0][0].requests), 0);
	ck_assert_uint_eq(
	    scoreboard_get(&master->board->latency[0][0].buckets[histogram_bucket(100)]), 0);
}
END_TEST

START_TEST(what_does_not_end_in_time_is_cut)
{
	conf.shutdown_timeout = 0;
	atomic_store(&master->board->held[0][0], 1);
	ck_assert_int_eq(master_server_remove(master, 0, false, NULL), 0);
	ck_assert_int_eq((int)state(0), SERVER_LEAVING);
	master_looks();
	ck_assert_int_eq((int)state(0), SERVER_CUT);
	atomic_store(&master->board->held[0][0], 0);
	worker_looks();
	master_looks();
	ck_assert_int_eq((int)state(0), SERVER_FREE);
}
END_TEST

START_TEST(force_cuts_at_once_also_what_leaves_already)
{
	ck_assert_int_eq(master_server_remove(master, 0, false, NULL), 0);
	ck_assert_int_eq((int)state(0), SERVER_LEAVING);
	ck_assert_int_eq(master_server_remove(master, 0, true, NULL), 0);
	ck_assert_int_eq((int)state(0), SERVER_CUT);
	worker_looks();
	master_looks();
	ck_assert_int_eq((int)state(0), SERVER_FREE);
	ck_assert_uint_eq(master->servers.leaving, 0);
}
END_TEST

START_TEST(all_places_can_be_used_and_no_more)
{
	char name[32];
	unsigned i;

	for (i = 3; i < SCOREBOARD_SERVERS; i++) {
		snprintf(name, sizeof name, "10.0.%u.%u:80", i / 256, i % 256);
		ck_assert_int_eq(add(name), (int)i);
	}
	ck_assert_int_eq(add("10.1.0.1:80"), -1);
}
END_TEST

static unsigned left, at_once; /* servers that are leaving, and those of them that went in one turn of the loop */

static void
turn_cb(void *arg, uint64_t took)
{
	(void)arg;
	(void)took;
	if (left - master->servers.leaving > at_once)
		at_once = left - master->servers.leaving;
	left = master->servers.leaving;
}

START_TEST(many_leave_by_and_by)
{
	char name[32];
	unsigned i;

	for (i = 3; i < 1000; i++) {
		snprintf(name, sizeof name, "10.0.%u.%u:80", i / 256, i % 256);
		ck_assert_int_eq(add(name), (int)i);
	}
	for (i = 3; i < 1000; i++)
		ck_assert_int_eq(master_server_remove(master, i, false, NULL), 0);
	left = master->servers.leaving;
	ck_assert_uint_eq(left, 997);
	atomic_store(&master->board->held[0][500], 1); /* it does not keep the others waiting */
	worker_looks();
	at_once = 0;
	loop_on_turn(master->loop, turn_cb, NULL);
	while (left > 1)
		master_looks();
	ck_assert_uint_gt(at_once, 0);
	ck_assert_uint_le(at_once, 100); /* the master has more to do */
	atomic_store(&master->board->held[0][500], 0);
	master_looks();
	ck_assert_uint_eq(left, 0);
}
END_TEST

START_TEST(what_workers_write_is_not_believed)
{
	struct error err;
	int slot = add("127.0.0.1:5");

	memset(master->board->servers[slot].name, 'x', SCOREBOARD_NAME);
	master->board->servers[slot].pool = UINT32_MAX;
	scoreboard_set(&master->board->pools[0].balance, UINT32_MAX);
	ck_assert_ptr_eq(master_pool_balance(master, 0), &balance_round_robin);
	ck_assert_int_eq(add("127.0.0.1:6"), slot + 1);
	ck_assert_int_eq(master_server_remove(master, 0, false, &err), 0);
	ck_assert_int_eq(master_server_remove(master, 1, false, &err), 0);
	ck_assert_int_eq(master_server_remove(master, (unsigned)slot + 1, false, &err), 0);
	ck_assert_int_eq(master_server_remove(master, (unsigned)slot, false, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "x is the last server of pool web"));
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("servers");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, it_begins_with_the_configuration);
	tcase_add_test(tests, a_change_is_settled_when_the_worker_has_seen_it);
	tcase_add_test(tests, a_server_is_known_once_in_a_pool);
	tcase_add_test(tests, a_server_that_is_ready_again_is_forgiven);
	tcase_add_test(tests, an_algorithm_is_changed_for_one_pool);
	tcase_add_test(tests, the_last_server_of_a_pool_stays);
	tcase_add_test(tests, a_server_leaves_when_nobody_can_have_it);
	tcase_add_test(tests, a_worker_that_starts_is_waited_for);
	tcase_add_test(tests, a_place_is_used_again_when_all_have_seen_it_free);
	tcase_add_test(tests, what_does_not_end_in_time_is_cut);
	tcase_add_test(tests, force_cuts_at_once_also_what_leaves_already);
	tcase_add_test(tests, all_places_can_be_used_and_no_more);
	tcase_add_test(tests, many_leave_by_and_by);
	tcase_add_test(tests, what_workers_write_is_not_believed);
	return run_case(tests);
}

/* ipc/names: answers in parts, and how long they hold. master/names, master/follow: what becomes of them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/object.h"
#include "master/follow.h"
#include "master/state.h"
#include "run.h"

/* ---- parts */

static struct dns_answer answer, whole;

static void
fill(unsigned count)
{
	unsigned i;

	dns_answer_clear(&answer);
	answer.ttl = 30;
	for (i = 0; i < count; i++) {
		struct dns_address address = { .bytes = { 10, 0, (uint8_t)(i >> 8), (uint8_t)i }, .family = AF_INET, .port = 80 };

		dns_answer_add(&answer, &address);
	}
}

START_TEST(answers_come_in_parts)
{
	static const unsigned counts[] = { 0, 1, NAMES_ROWS - 1, NAMES_ROWS, NAMES_ROWS + 1, DNS_ADDRESSES_MAX };
	unsigned next = 0, parts = 0;
	struct names_part part;
	int rc;

	memset(&part, 0, sizeof part);
	fill(counts[_i]);
	do {
		next = names_part_fill(&part, &answer, next);
		ck_assert(names_part_is_sound(&part));
		ck_assert_uint_le(names_part_length(&part), sizeof part);
		rc = names_part_take(&part, &whole);
		ck_assert_int_eq(rc, next == answer.count ? 1 : 0);
		parts++;
	} while (rc == 0);
	ck_assert_uint_eq(parts, answer.count == 0 ? 1 : (answer.count + NAMES_ROWS - 1) / NAMES_ROWS);
	ck_assert_uint_eq(whole.count, answer.count);
	ck_assert_uint_eq(whole.ttl, 30);
	ck_assert_mem_eq(whole.addresses, answer.addresses, answer.count * sizeof answer.addresses[0]);
}
END_TEST

START_TEST(nonsense_is_no_part)
{
	struct names_part part = { .id = 1, .first = 1, .last = 1, .count = 1 };
	unsigned i;

	part.addresses[0] = (struct dns_address){ .family = AF_INET, .port = 80 };
	ck_assert(names_part_is_sound(&part));
	part.count = NAMES_ROWS + 1;
	ck_assert(!names_part_is_sound(&part));
	part.count = 1;
	part.addresses[0].family = AF_UNIX;
	ck_assert(!names_part_is_sound(&part));
	part.addresses[0] = (struct dns_address){ .family = AF_INET, .port = 0 };
	ck_assert(!names_part_is_sound(&part));
	part.count = 0;
	memset(part.why, 'x', sizeof part.why);
	ck_assert(!names_part_is_sound(&part));
	snprintf(part.why, sizeof part.why, "%s", "a\nb");
	ck_assert(!names_part_is_sound(&part));
	part.why[0] = '\0';
	part.last = 0;
	fill(NAMES_ROWS);
	names_part_fill(&part, &answer, 0);
	part.last = 0;
	for (i = 0; i < DNS_ADDRESSES_MAX / NAMES_ROWS; i++, part.first = 0)
		ck_assert_int_eq(names_part_take(&part, &whole), 0);
	ck_assert_int_eq(names_part_take(&part, &whole), -1);
}
END_TEST

START_TEST(how_long_an_answer_holds)
{
	const uint64_t second = CLOCK_SECOND;

	fill(1);
	ck_assert_uint_eq(names_interval(&answer, second, 60 * second), 30 * second);
	ck_assert_uint_eq(names_interval(&answer, 40 * second, 60 * second), 40 * second);
	ck_assert_uint_eq(names_interval(&answer, second, 20 * second), 20 * second);
	answer.ttl = 0;
	ck_assert_uint_eq(names_interval(&answer, second, 60 * second), second);
	answer.ttl = UINT32_MAX;
	ck_assert_uint_eq(names_interval(&answer, second, 60 * second), 60 * second);
	answer.ttl = 0;
	answer.fixed = true;
	ck_assert_uint_eq(names_interval(&answer, second, 60 * second), 60 * second);
	ck_assert_uint_eq(names_retry(1, second, 60 * second), second);
	ck_assert_uint_eq(names_retry(3, second, 60 * second), 4 * second);
	ck_assert_uint_eq(names_retry(7, second, 60 * second), 60 * second);
	ck_assert_uint_eq(names_retry(1000000, second, 60 * second), 60 * second);
}
END_TEST

/* ---- what becomes of them */

static char web[] = "web", app_name[] = "app.internal:80", own_name[] = "10.0.0.9:80", static_name[] = "10.0.0.8:80";
static struct conf_server servers[2];
static struct conf_listener listener;
static struct conf_pool pool;
static struct conf conf;
static struct master *master;
static const struct master_name *name;

static void
conf_fill(void)
{
	servers[0] = (struct conf_server){ .name = app_name, .weight = 2, .question = { .name = "app.internal", .port = 80 } };
	servers[1] = (struct conf_server){ .name = static_name, .weight = 1 };
	listener = (struct conf_listener){ .name = own_name };
	ck_assert_int_eq(address_parse(&listener.address, own_name, ADDRESS_LISTEN, NULL), 0);
	ck_assert_int_eq(address_parse(&servers[1].address, static_name, ADDRESS_CONNECT, NULL), 0);
	pool = (struct conf_pool){ .name = web, .servers = servers, .server_count = 2, .balance = &balance_round_robin };
	conf = (struct conf){ .pools = &pool, .pool_count = 1, .server_count = 2, .listeners = &listener, .listener_count = 1,
		.shutdown_timeout = CLOCK_SECOND, .resolve = { .interval_min = CLOCK_SECOND, .interval_max = 60 * CLOCK_SECOND } };
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
	master->prober.channel = -1;
	master->board = scoreboard_new(&err);
	master->loop = loop_new(&err);
	ck_assert_msg(master->board != NULL && master->loop != NULL, "%s", err.text);
	servers_init(master);
	ck_assert_int_eq(names_init(master), 0);
	name = master_name_find(master, 0, app_name);
	ck_assert_ptr_nonnull(name);
}

static void
teardown(void)
{
	names_close(master);
	servers_close(master);
	loop_free(master->loop);
	scoreboard_free(master->board);
	free(master);
}

/* The prober says `answer`; all of it is carried out. */
static void
say(void)
{
	struct names_part part = { .id = name->id, .wait = CLOCK_SECOND };
	unsigned next = 0;

	do {
		next = names_part_fill(&part, &answer, next);
		ck_assert(names_take(master, &part));
	} while (!part.last);
	follow_all(master);
}

static unsigned
ready(void)
{
	unsigned slots = scoreboard_server_slots(master->board), slot, count = 0;

	for (slot = 0; slot < slots; slot++)
		count += scoreboard_server_state(master->board, slot) == SERVER_READY;
	return count;
}

START_TEST(a_pool_follows)
{
	fill(5);
	say();
	ck_assert_uint_eq(ready(), 6);
	ck_assert_uint_eq(master_name_servers(master, name), 5);
	ck_assert_uint_eq(scoreboard_get(&master->board->servers[1].weight), 2);
	ck_assert_str_eq(master->board->servers[1].name, "10.0.0.0:80");
	ck_assert_ptr_eq(master_name_of_server(master, 1), name);
	ck_assert_ptr_null(master_name_of_server(master, 0));
	fill(2);
	say();
	ck_assert_uint_eq(ready(), 3);
	fill(5);
	say();
	ck_assert_uint_eq(ready(), 6);
	ck_assert_uint_eq(scoreboard_server_slots(master->board), 6); /* those that were leaving came back */
}
END_TEST

START_TEST(nothing_and_a_part_take_nothing_away)
{
	fill(5);
	say();
	fill(0);
	snprintf(answer.why, sizeof answer.why, "%s", "there is no such name");
	say();
	ck_assert_uint_eq(ready(), 6);
	ck_assert_str_eq(name->why, "there is no such name");
	ck_assert_uint_eq(name->failures, 1);
	fill(1);
	snprintf(answer.why, sizeof answer.why, "%s", "the rest is not known");
	say();
	ck_assert_uint_eq(ready(), 6);
	fill(1);
	say();
	ck_assert_uint_eq(ready(), 2);
	ck_assert_str_eq(name->why, "");
}
END_TEST

/* 10.0.0.8 is a server of its own, and drover itself listens on 10.0.0.9. */
START_TEST(what_is_there_already_is_left_out)
{
	fill(12);
	say();
	ck_assert_uint_eq(ready(), 11);
	ck_assert_uint_eq(master_name_servers(master, name), 10);
	ck_assert_ptr_nonnull(strstr(name->problem, "10.0.0.9:80"));
}
END_TEST

START_TEST(an_answer_of_nobody_is_ignored)
{
	struct names_part part = { .id = name->id, .first = 1, .last = 1 };

	part.id = name->id + 1;
	ck_assert(!names_take(master, &part));
	part.id = 0;
	ck_assert(!names_take(master, &part));
	part.id = name->id;
	part.first = 0;
	ck_assert(!names_take(master, &part)); /* it has not begun */
}
END_TEST

START_TEST(a_name_goes_with_its_servers)
{
	uint32_t id = name->id, load;
	struct error err;

	fill(3);
	say();
	ck_assert_int_eq(master_server_remove(master, 1, false, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, app_name));
	ck_assert_int_eq(master_name_remove(master, id, false, &err), 0);
	ck_assert_uint_eq(ready(), 1);
	ck_assert_uint_eq(master_name_left(master, id, &load), 3);
	ck_assert_ptr_null(master_name_find(master, 0, app_name));
	ck_assert_int_eq(master_server_remove(master, 0, false, &err), -1); /* the last */
	ck_assert(names_take(master, &(struct names_part){ .id = id, .first = 1, .last = 1 }));
}
END_TEST

START_TEST(the_configuration_has_the_name)
{
	struct conf *now;

	fill(3);
	say();
	now = master_conf_now(master);
	ck_assert_ptr_nonnull(now);
	ck_assert_uint_eq(now->server_count, 2);
	ck_assert_str_eq(now->pools[0].servers[0].name, static_name);
	ck_assert_str_eq(now->pools[0].servers[1].name, app_name);
	ck_assert_uint_eq(now->pools[0].servers[1].weight, 2);
	master_conf_now_free(now);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("names");
	TCase *parts = tcase_create("parts"), *follow = tcase_create("follow");

	tcase_add_loop_test(parts, answers_come_in_parts, 0, 6);
	tcase_add_test(parts, nonsense_is_no_part);
	tcase_add_test(parts, how_long_an_answer_holds);
	tcase_add_checked_fixture(follow, setup, teardown);
	tcase_add_test(follow, a_pool_follows);
	tcase_add_test(follow, nothing_and_a_part_take_nothing_away);
	tcase_add_test(follow, what_is_there_already_is_left_out);
	tcase_add_test(follow, an_answer_of_nobody_is_ignored);
	tcase_add_test(follow, a_name_goes_with_its_servers);
	tcase_add_test(follow, the_configuration_has_the_name);
	suite_add_tcase(suite, parts);
	suite_add_tcase(suite, follow);
	return run_suite(suite);
}

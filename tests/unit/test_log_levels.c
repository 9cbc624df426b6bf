/* master/log_levels: who is meant, for how long, and what comes after. */
#include <check.h>
#include <stdlib.h>

#include "base/clock.h"
#include "master/state.h"
#include "run.h"
#include "waiting.h"

static struct conf conf;
static struct master *master;

static void
setup(void)
{
	struct error err = { .text = "" };

	conf = (struct conf){ .log_level = LOG_LEVEL_NOTICE };
	master = calloc(1, sizeof *master);
	ck_assert_ptr_nonnull(master);
	master->magic = MASTER_MAGIC;
	master->conf = &conf;
	master->board = scoreboard_new(&err);
	ck_assert_msg(master->board != NULL, "%s", err.text);
	master->loop = loop_new(&err);
	ck_assert_msg(master->loop != NULL, "%s", err.text);
	log_levels_init(master);
}

static void
teardown(void)
{
	log_levels_close(master);
	loop_free(master->loop);
	scoreboard_free(master->board);
	free(master);
}

START_TEST(all_begin_with_the_level_of_the_configuration)
{
	ck_assert_int_eq(master_log_level(master, MASTER_LOG_MASTER), LOG_LEVEL_NOTICE);
	ck_assert_int_eq(master_log_level(master, 0), LOG_LEVEL_NOTICE);
	ck_assert_int_eq(master_log_level(master, SCOREBOARD_WORKERS - 1), LOG_LEVEL_NOTICE);
	ck_assert(log_enabled(LOG_LEVEL_NOTICE) && !log_enabled(LOG_LEVEL_INFO));
}
END_TEST

START_TEST(one_worker_alone)
{
	master_set_log_level(master, 3, LOG_LEVEL_DEBUG, 0);
	ck_assert_int_eq(master_log_level(master, 3), LOG_LEVEL_DEBUG);
	ck_assert_uint_eq(scoreboard_get(&master->board->workers[3].log_level), LOG_LEVEL_DEBUG);
	ck_assert_int_eq(master_log_level(master, 2), LOG_LEVEL_NOTICE);
	ck_assert_int_eq(master_log_level(master, MASTER_LOG_MASTER), LOG_LEVEL_NOTICE);
	scoreboard_worker_reset(master->board, 3);
	ck_assert_int_eq(master_log_level(master, 3), LOG_LEVEL_DEBUG);
	scoreboard_set(&master->board->workers[2].log_level, UINT32_MAX); /* by the worker */
	ck_assert_int_eq(master_log_level(master, 2), LOG_LEVEL_NOTICE);
}
END_TEST

START_TEST(the_master_alone)
{
	master_set_log_level(master, MASTER_LOG_MASTER, LOG_LEVEL_INFO, 0);
	ck_assert(log_enabled(LOG_LEVEL_INFO));
	ck_assert_int_eq(master_log_level(master, 0), LOG_LEVEL_NOTICE);
	ck_assert_uint_eq(master_changes(master), 1);
	master_set_log_level(master, MASTER_LOG_MASTER, LOG_LEVEL_INFO, 0);
	ck_assert_uint_eq(master_changes(master), 1);
}
END_TEST

START_TEST(each_comes_back_in_its_own_time)
{
	uint64_t before = clock_monotonic();

	master_set_log_level(master, 5, LOG_LEVEL_WARN, 0);
	master_set_log_level(master, MASTER_LOG_ALL, LOG_LEVEL_DEBUG, 20 * CLOCK_MILLISECOND);
	master_set_log_level(master, 1, LOG_LEVEL_INFO, 3600 * CLOCK_SECOND);
	ck_assert_int_eq(master_log_level(master, 5), LOG_LEVEL_DEBUG);
	ck_assert_int_eq(master_log_level_lasting(master, 5), LOG_LEVEL_WARN);
	ck_assert_uint_gt(master_log_level_until(master, 5), before + 10 * CLOCK_MILLISECOND);
	wait_for_time(master->loop, 40 * CLOCK_MILLISECOND);
	ck_assert_int_eq(master_log_level(master, 5), LOG_LEVEL_WARN);
	ck_assert_uint_eq(master_log_level_until(master, 5), 0);
	ck_assert_int_eq(master_log_level(master, 0), LOG_LEVEL_NOTICE);
	ck_assert_int_eq(master_log_level(master, MASTER_LOG_MASTER), LOG_LEVEL_NOTICE);
	ck_assert_int_eq(master_log_level(master, 1), LOG_LEVEL_INFO);
	ck_assert_uint_ne(master_log_level_until(master, 1), 0);
}
END_TEST

START_TEST(for_good_ends_for_a_time)
{
	master_set_log_level(master, 1, LOG_LEVEL_DEBUG, 10 * CLOCK_MILLISECOND);
	master_set_log_level(master, 1, LOG_LEVEL_INFO, 0);
	ck_assert_uint_eq(master_log_level_until(master, 1), 0);
	wait_for_time(master->loop, 20 * CLOCK_MILLISECOND);
	ck_assert_int_eq(master_log_level(master, 1), LOG_LEVEL_INFO);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("log levels");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, all_begin_with_the_level_of_the_configuration);
	tcase_add_test(tests, one_worker_alone);
	tcase_add_test(tests, the_master_alone);
	tcase_add_test(tests, each_comes_back_in_its_own_time);
	tcase_add_test(tests, for_good_ends_for_a_time);
	return run_case(tests);
}

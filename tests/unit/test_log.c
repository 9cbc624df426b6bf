/* base/log: which messages a level lets through, and who sets it. */
#include <check.h>

#include "base/log.h"
#include "run.h"

START_TEST(a_level_lets_the_graver_through)
{
	ck_assert_int_eq(log_open("stderr", LOG_LEVEL_NOTICE, NULL), 0);
	ck_assert(log_enabled(LOG_LEVEL_ERROR) && log_enabled(LOG_LEVEL_NOTICE));
	ck_assert(!log_enabled(LOG_LEVEL_INFO));
}
END_TEST

START_TEST(a_level_that_is_followed_changes_at_once)
{
	_Atomic uint32_t level = LOG_LEVEL_ERROR;

	ck_assert_int_eq(log_open("stderr", LOG_LEVEL_NOTICE, NULL), 0);
	log_follow(&level);
	ck_assert(log_enabled(LOG_LEVEL_ERROR) && !log_enabled(LOG_LEVEL_WARN));
	level = LOG_LEVEL_DEBUG;
	ck_assert(log_enabled(LOG_LEVEL_DEBUG));
	ck_assert_int_eq(log_open("stderr", LOG_LEVEL_INFO, NULL), 0);
	ck_assert(log_enabled(LOG_LEVEL_DEBUG));
	log_follow(NULL);
	ck_assert(log_enabled(LOG_LEVEL_INFO) && !log_enabled(LOG_LEVEL_DEBUG));
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("log");

	tcase_add_test(tests, a_level_lets_the_graver_through);
	tcase_add_test(tests, a_level_that_is_followed_changes_at_once);
	return run_case(tests);
}

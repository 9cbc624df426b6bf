/* ipc/health: when a server counts as down. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "ipc/health.h"
#include "run.h"

static const uint64_t start = 1000 * CLOCK_SECOND;
static const uint64_t timeout = 10 * CLOCK_SECOND;
enum { MAX_FAILS = 3 };

START_TEST(enough_failures_take_it_down)
{
	struct scoreboard_server server = { .fails = 0 };

	ck_assert(health_is_up(&server, start));
	ck_assert(!health_failed(&server, start, MAX_FAILS, timeout, HEALTH_REASON_CONNECT_REFUSED));
	ck_assert(!health_failed(&server, start + 1, MAX_FAILS, timeout, HEALTH_REASON_CONNECT_REFUSED));
	ck_assert(health_is_up(&server, start + 1));
	ck_assert(health_failed(&server, start + 2, MAX_FAILS, timeout, HEALTH_REASON_CONNECT_REFUSED));
	ck_assert(!health_is_up(&server, start + 2));
	ck_assert(!health_is_up(&server, start + 1 + timeout));
	ck_assert(health_is_up(&server, start + 2 + timeout));
}
END_TEST

START_TEST(only_the_one_that_took_it_down_is_told)
{
	struct scoreboard_server server = { .fails = 0 };

	ck_assert(health_failed(&server, start, 1, timeout, HEALTH_REASON_CONNECT_REFUSED));
	ck_assert(!health_failed(&server, start + 1, 1, timeout, HEALTH_REASON_CONNECT_REFUSED));
	ck_assert(health_is_up(&server, start + timeout)); /* the late one did not make it longer */
}
END_TEST

START_TEST(failures_far_apart_do_not_add_up)
{
	struct scoreboard_server server = { .fails = 0 };
	unsigned i;

	for (i = 0; i < 10; i++) {
		ck_assert(!health_failed(&server, start + i * 2 * timeout, 2, timeout, HEALTH_REASON_CONNECT_REFUSED));
		ck_assert(health_is_up(&server, start + i * 2 * timeout));
	}
	ck_assert(health_failed(&server, start + 18 * timeout + 1, 2, timeout, HEALTH_REASON_CONNECT_REFUSED));
}
END_TEST

START_TEST(on_trial_one_failure_is_enough)
{
	struct scoreboard_server server = { .fails = 0 };
	uint64_t trial = start + timeout + 1;
	int i;

	for (i = 0; i < MAX_FAILS; i++)
		health_failed(&server, start, MAX_FAILS, timeout, HEALTH_REASON_CONNECT_REFUSED);
	ck_assert(health_is_up(&server, trial));
	ck_assert(health_failed(&server, trial, MAX_FAILS, timeout, HEALTH_REASON_CONNECT_REFUSED));
	ck_assert(!health_is_up(&server, trial + timeout - 1));
	ck_assert(health_is_up(&server, trial + timeout));
}
END_TEST

START_TEST(an_answer_makes_it_good_again)
{
	struct scoreboard_server server = { .fails = 0 };
	int i;

	ck_assert(!health_worked(&server));
	health_failed(&server, start, MAX_FAILS, timeout, HEALTH_REASON_CONNECT_REFUSED);
	ck_assert(!health_worked(&server)); /* it had not been down */
	for (i = 0; i < MAX_FAILS - 1; i++)
		ck_assert(!health_failed(&server, start, MAX_FAILS, timeout, HEALTH_REASON_CONNECT_REFUSED));
	ck_assert(health_failed(&server, start, MAX_FAILS, timeout, HEALTH_REASON_CONNECT_REFUSED));
	ck_assert(health_worked(&server));
	ck_assert(health_is_up(&server, start));
	ck_assert(!health_worked(&server));
	ck_assert(!health_failed(&server, start + 1, MAX_FAILS, timeout, HEALTH_REASON_CONNECT_REFUSED)); /* it counts from one again */
}
END_TEST

START_TEST(zero_means_never)
{
	struct scoreboard_server server = { .fails = 0 };
	int i;

	for (i = 0; i < 100; i++)
		ck_assert(!health_failed(&server, start, 0, timeout, HEALTH_REASON_CONNECT_REFUSED));
	ck_assert(health_is_up(&server, start));
}
END_TEST

START_TEST(the_word_of_checks_holds_for_its_time)
{
	struct scoreboard_server server = { .checked_down_until = start + timeout };

	ck_assert(!health_is_up(&server, start));
	ck_assert(health_is_refused(&server, start));
	ck_assert_uint_eq(health_down_until(&server), start + timeout);
	ck_assert(health_is_up(&server, start + timeout));
	ck_assert(!health_is_refused(&server, start + timeout));
}
END_TEST

START_TEST(failures_alone_refuse_nothing)
{
	struct scoreboard_server server = { .checked_down_until = start + 1 };

	ck_assert(health_failed(&server, start, 1, timeout, HEALTH_REASON_CONNECT_REFUSED));
	ck_assert(health_is_refused(&server, start));
	ck_assert(!health_is_refused(&server, start + 1));
	ck_assert(!health_is_up(&server, start + 1));
	ck_assert_uint_eq(health_down_until(&server), start + timeout);
}
END_TEST

START_TEST(what_checks_say_is_of_one_server)
{
	struct error err;
	struct scoreboard *board = scoreboard_new(&err);
	struct health_check said = {
		.verdict = HEALTH_DOWN,
		.result = HEALTH_REASON_STATUS,
		.status = 503,
		.run = 3,
		.downs = 1,
		.checked = 7,
		.took = 8,
		.changed = 9,
	}, read;
	char text[HEALTH_CHECK_TEXT];

	ck_assert_ptr_nonnull(board);
	ck_assert(!health_check_get(board, 5, &read));
	board->servers[5].id = 77;
	ck_assert(!health_check_get(board, 5, &read));
	health_check_set(board, 5, 77, &said, UINT64_MAX);
	ck_assert_uint_eq(scoreboard_get(&board->health_version), 1);
	health_check_set(board, 5, 77, &said, UINT64_MAX);
	ck_assert_uint_eq(scoreboard_get(&board->health_version), 1);
	ck_assert(health_check_get(board, 5, &read));
	ck_assert_int_eq(read.verdict, HEALTH_DOWN);
	ck_assert_uint_eq(read.run, 3);
	ck_assert_uint_eq(read.checked, 7);
	ck_assert_uint_eq(read.took, 8);
	ck_assert_uint_eq(read.changed, 9);
	ck_assert_str_eq(health_check_text(&read, text), "status 503");
	ck_assert(health_is_refused(&board->servers[5], start - 1));
	board->servers[5].id = 78;
	ck_assert(!health_check_get(board, 5, &read));
	ck_assert_int_eq(read.verdict, HEALTH_UNKNOWN);
	board->servers[5].id = 77;
	health_check_clear(board, 5);
	ck_assert(!health_check_get(board, 5, &read) && !health_is_refused(&board->servers[5], start - 1));
	scoreboard_free(board);
}
END_TEST

START_TEST(errors_have_words)
{
	ck_assert_int_eq(health_reason_of_errno(ECONNREFUSED, HEALTH_REASON_SEND_FAILED), HEALTH_REASON_CONNECT_REFUSED);
	ck_assert_int_eq(health_reason_of_errno(EIO, HEALTH_REASON_SEND_FAILED), HEALTH_REASON_SEND_FAILED);
	ck_assert_str_eq(health_reason_word(HEALTH_REASON_BODY_MISMATCH), "body-mismatch");
	ck_assert_str_eq(health_reason_word(9999), "bad-response");
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("health");

	tcase_add_test(tests, enough_failures_take_it_down);
	tcase_add_test(tests, only_the_one_that_took_it_down_is_told);
	tcase_add_test(tests, failures_far_apart_do_not_add_up);
	tcase_add_test(tests, on_trial_one_failure_is_enough);
	tcase_add_test(tests, an_answer_makes_it_good_again);
	tcase_add_test(tests, zero_means_never);
	tcase_add_test(tests, the_word_of_checks_holds_for_its_time);
	tcase_add_test(tests, failures_alone_refuse_nothing);
	tcase_add_test(tests, what_checks_say_is_of_one_server);
	tcase_add_test(tests, errors_have_words);
	return run_case(tests);
}

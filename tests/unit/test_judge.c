/* prober/judge: what results of checks make of a server, and when the next one is due. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "prober/judge.h"
#include "run.h"

static const struct conf_health conf = {
	.interval = 2 * CLOCK_SECOND,
	.fast_interval = 500 * CLOCK_MILLISECOND,
	.timeout = CLOCK_SECOND,
	.jitter = 10,
	.rise = 2,
	.fall = 3,
};

/* Results as letters: g for a good one, f for a failed one. After each, the verdict: u, d, and in upper case when it changed. */
static void
expect(const char *results, const char *verdicts)
{
	struct judge judge = { .run = 0 };
	size_t i;

	for (i = 0; results[i] != '\0'; i++) {
		bool changed = judge_add(&judge, &conf, results[i] == 'g');
		char verdict = judge.verdict == HEALTH_UP ? 'u' : judge.verdict == HEALTH_DOWN ? 'd' : '?';

		ck_assert_msg((changed ? verdict - 'a' + 'A' : verdict) == verdicts[i], "%s: result %zu: %c, %d",
		    results, i, verdict, changed);
	}
}

START_TEST(the_first_result_decides)
{
	expect("g", "U");
	expect("f", "D");
	expect("gf", "Uu");
	expect("fg", "Dd");
}
END_TEST

START_TEST(rise_and_fall_are_exact)
{
	expect("gffgffgfff", "UuuuuuuuuD");
	expect("gfffff", "UuuDdd");
	expect("ffffgfgfgg", "DddddddddU");
	expect("fgggf", "DdUuu");
}
END_TEST

START_TEST(runs_are_counted)
{
	struct judge judge = { .run = 0 };
	unsigned i;

	for (i = 1; i <= 5; i++) {
		judge_add(&judge, &conf, true);
		ck_assert_uint_eq(judge.run, i);
	}
	judge_add(&judge, &conf, false);
	ck_assert_uint_eq(judge.run, 1);
	judge.run = UINT32_MAX;
	judge_add(&judge, &conf, false);
	ck_assert_uint_eq(judge.run, UINT32_MAX);
}
END_TEST

START_TEST(one_that_starts_is_up_at_its_first_good_answer_and_never_down)
{
	struct judge judge = { .starting = true };
	int i;

	for (i = 0; i < 5; i++) {
		ck_assert(!judge_add(&judge, &conf, false));
		ck_assert_int_eq(judge.verdict, HEALTH_UNKNOWN);
		ck_assert(judge_is_awaited(&judge));
	}
	ck_assert_uint_eq(judge.run, 5);
	ck_assert(judge_add(&judge, &conf, true));
	ck_assert_int_eq(judge.verdict, HEALTH_UP);
	ck_assert(!judge_is_awaited(&judge));
	for (i = 0; i < 5; i++)
		ck_assert(!judge_add(&judge, &conf, false));
	ck_assert_int_eq(judge.verdict, HEALTH_UP);
}
END_TEST

START_TEST(one_that_has_started_is_judged_like_all)
{
	struct judge judge = { .starting = true };

	judge_add(&judge, &conf, true);
	judge.starting = false;
	ck_assert(!judge_add(&judge, &conf, false));
	ck_assert(!judge_add(&judge, &conf, false));
	ck_assert(judge_add(&judge, &conf, false));
	ck_assert_int_eq(judge.verdict, HEALTH_DOWN);
	judge = (struct judge){ .starting = true };
	judge_add(&judge, &conf, false);
	judge.starting = false; /* it takes requests, and was not seen to answer yet */
	ck_assert(!judge_is_awaited(&judge));
	ck_assert(judge_add(&judge, &conf, false));
	ck_assert_int_eq(judge.verdict, HEALTH_DOWN);
}
END_TEST

START_TEST(one_that_is_awaited_is_checked_often_at_first)
{
	struct conf_health often = conf;

	ck_assert_uint_eq(judge_awaited_interval(&conf, 0), 5 * CLOCK_MILLISECOND);
	ck_assert_uint_eq(judge_awaited_interval(&conf, 40 * CLOCK_MILLISECOND), 5 * CLOCK_MILLISECOND);
	ck_assert_uint_eq(judge_awaited_interval(&conf, 800 * CLOCK_MILLISECOND), 100 * CLOCK_MILLISECOND);
	ck_assert_uint_eq(judge_awaited_interval(&conf, 60 * CLOCK_SECOND), conf.fast_interval);
	often.fast_interval = 3 * CLOCK_SECOND;
	ck_assert_uint_eq(judge_awaited_interval(&often, 60 * CLOCK_SECOND), conf.interval);
	often.interval = CLOCK_MILLISECOND;
	ck_assert_uint_eq(judge_awaited_interval(&often, 0), CLOCK_MILLISECOND);
}
END_TEST

START_TEST(doubts_ask_for_more)
{
	struct judge judge = { .run = 0 };

	ck_assert(!judge_doubts(&judge));
	judge_add(&judge, &conf, true);
	ck_assert(!judge_doubts(&judge));
	judge_add(&judge, &conf, false);
	ck_assert(judge_doubts(&judge));
	judge_add(&judge, &conf, false);
	judge_add(&judge, &conf, false);
	ck_assert(!judge_doubts(&judge));
	judge_add(&judge, &conf, true);
	ck_assert(judge_doubts(&judge));
}
END_TEST

START_TEST(intervals_vary_by_the_jitter)
{
	struct conf_health steady = conf;
	uint64_t least = UINT64_MAX, most = 0, interval;
	uint32_t random;

	for (random = 0; random < 1000; random++) {
		interval = judge_interval(&conf, false, random);
		least = interval < least ? interval : least;
		most = interval > most ? interval : most;
	}
	ck_assert_uint_eq(least, 1800 * CLOCK_MILLISECOND);
	ck_assert_uint_eq(most, 2200 * CLOCK_MILLISECOND);
	ck_assert_uint_eq(judge_interval(&conf, true, 100), 500 * CLOCK_MILLISECOND);
	steady.jitter = 0;
	for (random = 0; random < 1000; random++)
		ck_assert_uint_eq(judge_interval(&steady, false, random), 2 * CLOCK_SECOND);
	steady.jitter = 100;
	ck_assert_uint_eq(judge_interval(&steady, false, 0), 0);
	ck_assert_uint_eq(judge_interval(&steady, false, 2000), 4 * CLOCK_SECOND);
}
END_TEST

START_TEST(first_checks_are_spread)
{
	struct conf_health often = conf;
	unsigned i;

	ck_assert_uint_eq(judge_first(&conf, 0, 1), 0);
	ck_assert_uint_eq(judge_first(&conf, 1, 2), 5 * CLOCK_MILLISECOND);
	for (i = 0; i < 1000; i++)
		ck_assert_uint_eq(judge_first(&conf, i, 1000), i * CLOCK_MILLISECOND);
	often.interval = 100 * CLOCK_MILLISECOND;
	ck_assert_uint_eq(judge_first(&often, 999, 1000), 99900);
}
END_TEST

START_TEST(a_verdict_holds_for_three_intervals)
{
	struct conf_health slow = conf;

	ck_assert_uint_eq(judge_validity(&conf), 7600 * CLOCK_MILLISECOND);
	slow.fast_interval = 4 * CLOCK_SECOND;
	slow.jitter = 0;
	ck_assert_uint_eq(judge_validity(&slow), 13 * CLOCK_SECOND);
}
END_TEST

START_TEST(statuses_fit_ranges)
{
	struct conf_status_range ranges[] = { { 200, 200 }, { 301, 303 } };
	struct conf_health http = conf;

	http.statuses = ranges;
	http.status_count = 2;
	ck_assert(judge_status(&http, 200));
	ck_assert(!judge_status(&http, 201) && !judge_status(&http, 300));
	ck_assert(judge_status(&http, 301) && judge_status(&http, 302) && judge_status(&http, 303));
	ck_assert(!judge_status(&http, 304) && !judge_status(&http, 599));
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("judge");

	tcase_add_test(tests, the_first_result_decides);
	tcase_add_test(tests, rise_and_fall_are_exact);
	tcase_add_test(tests, runs_are_counted);
	tcase_add_test(tests, one_that_starts_is_up_at_its_first_good_answer_and_never_down);
	tcase_add_test(tests, one_that_has_started_is_judged_like_all);
	tcase_add_test(tests, one_that_is_awaited_is_checked_often_at_first);
	tcase_add_test(tests, doubts_ask_for_more);
	tcase_add_test(tests, intervals_vary_by_the_jitter);
	tcase_add_test(tests, first_checks_are_spread);
	tcase_add_test(tests, a_verdict_holds_for_three_intervals);
	tcase_add_test(tests, statuses_fit_ranges);
	return run_case(tests);
}

/* ctl/figures, ctl/sheet, ctl/screen: rates and percentiles of the moment, sorting, sharing lines out. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/object.h"
#include "ctl/figures.h"
#include "ctl/screen.h"
#include "run.h"

static json_t *
parse(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	ck_assert_msg(json != NULL, "%s", text);
	return json;
}

/* A round with one pool, two servers and two workers, in which `requests` were counted. */
static void
round_of(struct figures *f, const char *started, int requests, int pid, const char *buckets, uint64_t now)
{
	json_t *replies[QUESTIONS] = { NULL };
	size_t i;

	replies[QUESTION_STATUS] = json_pack(
	    "{s:s,s:s,s:i,s:{s:i,s:i},s:{s:i,s:i}}", "version", "9.9", "started", started, "uptime-ms", 5000, "workers",
	    "desired", 2, "ready", 1, "totals", "requests", requests, "client-open", 7);
	replies[QUESTION_WORKERS] = json_pack("{s:[{s:i,s:s,s:i,s:i},{s:i,s:s,s:i}]}", "workers", "worker", 0, "state",
	    "ready", "pid", pid, "requests", requests, "worker", 1, "state", "failed", "requests", 0);
	replies[QUESTION_SERVERS] = json_pack("{s:[{s:s,s:s,s:s,s:b,s:i},{s:s,s:s,s:s,s:b,s:i}]}", "servers", "pool", "p",
	    "server", "b", "state", "ready", "up", 1, "requests", requests, "pool", "p", "server", "a", "state", "ready",
	    "up", 0, "requests", 5);
	replies[QUESTION_HISTOGRAMS] = json_pack("{s:[{s:s,s:s,s:o},{s:s,s:s,s:s,s:o}]}", "histograms", "of", "pool", "pool",
	    "p", "buckets", parse("[[1,1000]]"), "of", "server", "pool", "p", "server", "b", "buckets", parse(buckets));
	replies[QUESTION_APPS] = json_pack("{s:[{s:s,s:i,s:i,s:s,s:i,s:f,s:{s:s}}]}", "instances", "app", "a", "instance", 0,
	    "pid", pid, "state", "ready", "requests", requests, "cpu-percent", 12.5, "last-death", "text", "killed");
	ck_assert_ptr_nonnull(replies[QUESTION_APPS]);
	for (i = 0; i <= QUESTION_HISTOGRAMS; i++)
		ck_assert(i == QUESTION_POOLS || replies[i] != NULL);
	figures_update(f, replies, now);
	for (i = 0; i < QUESTIONS; i++)
		json_decref(replies[i]);
}

/* The value of a column, by its title, in the row whose first text or number is `name`. */
static double
value(const struct figures *f, enum list list, const char *name, const char *title)
{
	const struct sheet *s = &f->lists[list];
	char text[SHEET_CELL_MAX];
	size_t column, i;

	for (column = 0; strcmp(s->kind->columns[column].title, title) != 0; column++)
		;
	for (i = 0; i < s->count; i++)
		if (strcmp(sheet_cell(s, &s->rows[i], 0, true, text), name) == 0)
			return s->rows[i].values[column].number;
	ck_abort_msg("there is no row %s", name);
	return 0;
}

START_TEST(rates_are_differences)
{
	struct figures f = { 0 };

	round_of(&f, "t1", 1000, 7, "[[1,10],[5,1]]", CLOCK_SECOND);
	ck_assert(isnan(figures_total(&f, TOTAL_REQUESTS)));
	ck_assert(isnan(value(&f, LIST_SERVERS, "b", "req/s")));
	ck_assert(isnan(value(&f, LIST_SERVERS, "b", "p99")));
	round_of(&f, "t1", 1500, 7, "[[1,10],[5,2],[9,99],[null,1]]", CLOCK_SECOND * 3);
	ck_assert_double_eq(figures_total(&f, TOTAL_REQUESTS), 250);
	ck_assert_double_eq(figures_total(&f, TOTAL_OPEN), 7);
	ck_assert_double_eq(value(&f, LIST_SERVERS, "b", "req/s"), 250);
	ck_assert_double_eq(value(&f, LIST_SERVERS, "b", "requests"), 1500);
	ck_assert_double_eq(value(&f, LIST_SERVERS, "a", "req/s"), 0);
	ck_assert_double_eq(value(&f, LIST_WORKERS, "0", "req/s"), 250);
	ck_assert_double_eq(value(&f, LIST_SERVERS, "b", "p50"), 9);
	ck_assert(isnan(value(&f, LIST_SERVERS, "b", "fail/s")));
	ck_assert_double_eq(value(&f, LIST_INSTANCES, "0", "req/s"), 250);
	ck_assert_double_eq(value(&f, LIST_INSTANCES, "0", "cpu%"), 12.5);
	figures_free(&f);
}
END_TEST

START_TEST(nothing_absurd_after_a_restart)
{
	struct figures f = { 0 };

	round_of(&f, "t1", 1000, 7, "[[1,10]]", CLOCK_SECOND);
	round_of(&f, "t1", 1500, 7, "[[1,20]]", CLOCK_SECOND * 2);
	round_of(&f, "t2", 1000000, 7, "[[1,5]]", CLOCK_SECOND * 3); /* another drover, which has counted more */
	ck_assert(isnan(figures_total(&f, TOTAL_REQUESTS)));
	ck_assert(isnan(value(&f, LIST_WORKERS, "0", "req/s")));
	ck_assert(isnan(value(&f, LIST_SERVERS, "b", "p50")));
	round_of(&f, "t2", 3, 8, "[[1,2]]", CLOCK_SECOND * 4); /* less than before: begun anew */
	ck_assert(isnan(value(&f, LIST_WORKERS, "0", "req/s")));
	ck_assert(isnan(value(&f, LIST_INSTANCES, "0", "req/s"))); /* another process */
	ck_assert(isnan(value(&f, LIST_SERVERS, "b", "p50")));
	round_of(&f, "t2", 5, 8, "[[1,3]]", CLOCK_SECOND * 5);
	ck_assert_double_eq(value(&f, LIST_WORKERS, "0", "req/s"), 2);
	ck_assert_double_eq(value(&f, LIST_SERVERS, "b", "p50"), 1);
	figures_free(&f);
}
END_TEST

START_TEST(a_server_that_is_not_up_is_down)
{
	struct figures f = { 0 };
	char text[SHEET_CELL_MAX];

	round_of(&f, "t1", 1, 7, "[]", 1);
	ck_assert_str_eq(sheet_cell(&f.lists[LIST_SERVERS], &f.lists[LIST_SERVERS].rows[0], 2, true, text), "ready");
	ck_assert_str_eq(sheet_cell(&f.lists[LIST_SERVERS], &f.lists[LIST_SERVERS].rows[1], 2, true, text), "down");
	figures_free(&f);
}
END_TEST

START_TEST(replies_that_are_missing)
{
	struct figures f = { 0 };
	json_t *replies[QUESTIONS] = { NULL };

	figures_update(&f, replies, 5);
	figures_update(&f, replies, 6);
	ck_assert(isnan(figures_total(&f, TOTAL_REQUESTS)));
	ck_assert(isnan(f.workers_ready));
	ck_assert_uint_eq(f.lists[LIST_SERVERS].count, 0);
	figures_free(&f);
}
END_TEST

static const struct {
	const char *now, *before;
	double share, wanted;
} percentiles[] = {
	{ "[[1,50],[2,49],[3,1]]", "[]", 0.5, 1 },
	{ "[[1,50],[2,49],[3,1]]", "[]", 0.99, 2 },
	{ "[[1,50],[2,49],[3,1]]", "[]", 1.0, 3 },
	{ "[[1,50],[2,49],[3,1]]", "[[1,50]]", 0.5, 2 },
	{ "[[1,50],[null,9]]", "[[1,50]]", 0.5, 1 }, /* longer than all that has a bound */
	{ "[[1,50]]", "[[1,50]]", 0.5, NAN }, /* nothing since */
	{ "[[1,40]]", "[[1,50]]", 0.5, NAN }, /* less: begun anew */
	{ "[[2,40]]", "[[1,50]]", 0.5, NAN },
	{ "[[1,90]]", "[[1,50],[2,1]]", 0.5, NAN },
	{ "[]", "[]", 0.5, NAN },
	{ "[[1],7,[\"x\",\"y\"]]", "[]", 0.5, NAN },
};

START_TEST(percentiles_of_the_time_between)
{
	json_t *now = parse(percentiles[_i].now), *before = parse(percentiles[_i].before);
	double found = buckets_percentile(now, before, percentiles[_i].share);

	if (isnan(percentiles[_i].wanted))
		ck_assert(isnan(found));
	else
		ck_assert_double_eq(found, percentiles[_i].wanted);
	json_decref(now);
	json_decref(before);
}
END_TEST

/* The first column of all rows, one after another. */
static void
check_order(struct sheet *s, int column, bool turned, const char *wanted)
{
	char text[SHEET_CELL_MAX], all[64] = "";
	size_t i, used = 0;

	sheet_sort(s, column, turned);
	for (i = 0; i < s->count; i++)
		used += (size_t)snprintf(all + used, sizeof all - used, "%s ", sheet_cell(s, &s->rows[i], 0, true, text));
	ck_assert_str_eq(all, wanted);
}

START_TEST(sorting)
{
	json_t *rows = parse("[{\"pool\":\"b\",\"load\":1,\"balance\":\"z\"},{\"pool\":\"c\",\"load\":30,\"balance\":null},"
			     "{\"pool\":\"a\",\"load\":1,\"balance\":\"x\"},{\"pool\":\"d\",\"balance\":\"y\"}]");
	struct sheet s;

	sheet_read(&s, &list_kinds[LIST_POOLS], rows, NULL, NULL, 0);
	check_order(&s, 0, false, "a b c d ");
	check_order(&s, 0, true, "d c b a ");
	check_order(&s, 3, false, "c b a d "); /* equals as they came, what is not known last */
	check_order(&s, 3, true, "b a c d ");
	check_order(&s, 10, false, "a d b c ");
	check_order(&s, 10, true, "b d a c ");
	check_order(&s, -1, false, "b c a d ");
	ck_assert_ptr_nonnull(sheet_find(&s, "\"a\"\n"));
	ck_assert_ptr_null(sheet_find(&s, "\"x\"\n"));
	sheet_free(&s);
	json_decref(rows);
}
END_TEST

START_TEST(lines_are_shared_out)
{
	const size_t wanted[3] = { 4, 2, 100 };
	size_t got[3];

	screen_share(20, wanted, got, 3);
	ck_assert_uint_eq(got[0], 4);
	ck_assert_uint_eq(got[1], 2);
	ck_assert_uint_eq(got[2], 14);
	screen_share(7, wanted, got, 3);
	ck_assert_uint_eq(got[0], 3);
	ck_assert_uint_eq(got[1], 2);
	ck_assert_uint_eq(got[2], 2);
	screen_share(500, wanted, got, 3);
	ck_assert_uint_eq(got[2], 100);
	screen_share(0, wanted, got, 3);
	ck_assert_uint_eq(got[0] + got[1] + got[2], 0);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("figures");

	tcase_add_test(tc, rates_are_differences);
	tcase_add_test(tc, nothing_absurd_after_a_restart);
	tcase_add_test(tc, a_server_that_is_not_up_is_down);
	tcase_add_test(tc, replies_that_are_missing);
	tcase_add_loop_test(tc, percentiles_of_the_time_between, 0, ARRAY_LENGTH(percentiles));
	tcase_add_test(tc, sorting);
	tcase_add_test(tc, lines_are_shared_out);
	return run_case(tc);
}

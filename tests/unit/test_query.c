/* ipc/query: what a worker answers is looked through before it is believed. */
#include "ipc/query.h"
#include "run.h"

#include <check.h>
#include <string.h>

enum { LISTENERS = 2, POOLS = 3, SERVERS = 4 };

static struct query_answer answer;

static void
setup(void)
{
	memset(&answer, 0, sizeof answer);
	answer.count = QUERY_ROWS;
	answer.rows[QUERY_ROWS - 1].listener = LISTENERS - 1;
	answer.rows[QUERY_ROWS - 1].pool = POOLS - 1;
	answer.rows[QUERY_ROWS - 1].server = SERVERS - 1;
	answer.rows[QUERY_ROWS - 1].state = QUERY_STATES - 1;
	answer.rows[0].pool = answer.rows[0].server = -1;
	memset(answer.rows[0].request.target, 'x', QUERY_TARGET_MAX - 1);
}

static bool
sound(void)
{
	return query_answer_is_sound(&answer, LISTENERS, POOLS, SERVERS);
}

START_TEST(what_is_in_range_is_sound)
{
	ck_assert(sound());
	answer.count = 0;
	ck_assert(sound());
}
END_TEST

START_TEST(too_many_rows_are_not)
{
	answer.count = QUERY_ROWS + 1;
	ck_assert(!sound());
	answer.count = UINT16_MAX;
	ck_assert(!sound());
}
END_TEST

START_TEST(what_is_out_of_range_is_not)
{
	struct query_row *row = &answer.rows[3], good = *row;

	row->listener = LISTENERS;
	ck_assert(!sound());
	*row = good;
	row->state = QUERY_STATES;
	ck_assert(!sound());
	*row = good;
	row->pool = POOLS;
	ck_assert(!sound());
	row->pool = -2;
	ck_assert(!sound());
	*row = good;
	row->server = SERVERS;
	ck_assert(!sound());
	row->server = INT32_MIN;
	ck_assert(!sound());
	*row = good;
	ck_assert(sound());
}
END_TEST

START_TEST(texts_without_an_end_are_not)
{
	struct query_request *request = &answer.rows[QUERY_ROWS - 1].request;

	memset(request->method, 'm', sizeof request->method);
	ck_assert(!sound());
	request->method[0] = '\0';
	memset(request->host, 'h', sizeof request->host);
	ck_assert(!sound());
	request->host[QUERY_HOST_MAX - 1] = '\0';
	ck_assert(sound());
	memset(request->target, 't', sizeof request->target);
	ck_assert(!sound());
	answer.count--; /* a row that is not there says nothing */
	ck_assert(sound());
}
END_TEST

START_TEST(every_state_has_a_name)
{
	int i;

	for (i = 0; i < QUERY_STATES; i++)
		ck_assert_ptr_nonnull(query_state_names[i]);
	ck_assert_ptr_null(query_state_names[i]);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("query");

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, what_is_in_range_is_sound);
	tcase_add_test(tests, too_many_rows_are_not);
	tcase_add_test(tests, what_is_out_of_range_is_not);
	tcase_add_test(tests, texts_without_an_end_are_not);
	tcase_add_test(tests, every_state_has_a_name);
	return run_case(tests);
}

/* master/queries: questions and answers, with workers that are only the far ends of channels. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "master/state.h"
#include "run.h"

enum { WORKERS = 3, NOBODY = 0x3fffffff /* no process has this pid */ };

static struct conf conf;
static struct master *master;

/* What came to those who asked. */
static unsigned answers[WORKERS], ends[WORKERS];
static uint32_t last_matched;

static struct worker *
worker(unsigned slot)
{
	return &master->workers.slots[slot];
}

static void
setup(void)
{
	struct error err = { .text = "" };
	unsigned slot;

	ck_assert_int_eq(log_open("/dev/null", LOG_LEVEL_ERROR, &err), 0);
	memset(answers, 0, sizeof answers);
	memset(ends, 0, sizeof ends);
	conf = (struct conf){ .workers = WORKERS, .balance = &balance_round_robin, .listener_count = 1, .pool_count = 1 };
	master = calloc(1, sizeof *master);
	ck_assert_ptr_nonnull(master);
	master->magic = MASTER_MAGIC;
	master->conf = &conf;
	master->notify.fd = -1;
	master->board = scoreboard_new(&err);
	master->loop = loop_new(&err);
	ck_assert(master->board != NULL && master->loop != NULL);
	workers_init(master);
	dispatch_init(master);
	master->workers.used = WORKERS;
	for (slot = 0; slot < WORKERS; slot++) {
		int fds[2];

		ck_assert_int_eq(channel_pair(fds, NULL), 0);
		worker(slot)->channel = fds[0];
		worker(slot)->far_end = fds[1];
		worker(slot)->process.pid = NOBODY;
		worker(slot)->process.child.state = CHILD_READY;
	}
}

static void
teardown(void)
{
	unsigned slot;

	queries_close(master);
	for (slot = 0; slot < WORKERS; slot++) {
		close(worker(slot)->channel);
		close(worker(slot)->far_end);
		timer_clear(&worker(slot)->process.timer);
	}
	timer_clear(&master->dispatch.retry);
	timer_clear(&master->workers.tick);
	loop_free(master->loop);
	scoreboard_free(master->board);
	free(master);
}

static void
listen_to(void *arg, unsigned slot, const struct query_answer *answer)
{
	ck_assert_ptr_eq(arg, &conf);
	ck_assert_uint_lt(slot, WORKERS);
	if (answer == NULL) {
		ends[slot]++;
		return;
	}
	answers[slot]++;
	last_matched = answer->matched;
}

static struct master_query *
ask(enum query_kind kind, int slot)
{
	struct query query = { .kind = (uint16_t)kind, .limit = 100 };
	struct error err;

	return master_query_begin(master, &query, slot, listen_to, &conf, &err);
}

/* What the worker is told next; kind -1: nothing. */
struct told {
	int kind;
	struct query query;
};

static struct told
told(unsigned slot)
{
	struct channel_message message;

	if (channel_receive(worker(slot)->far_end, &message) != 1)
		return (struct told){ .kind = -1 };
	ck_assert_int_eq(message.type, CHANNEL_QUERY);
	return (struct told){ message.query.kind, message.query };
}

static bool
says(unsigned slot, uint32_t id, bool last)
{
	struct query_answer answer = { .id = id, .last = last, .matched = 7 };

	return queries_answer(worker(slot), &answer);
}

static bool
nothing_is_left(void)
{
	unsigned i;

	for (i = 0; i < QUERIES_MAX; i++)
		if (master->queries.all[i] != NULL)
			return false;
	return true;
}

START_TEST(each_worker_is_asked_and_heard)
{
	struct master_query *query = ask(QUERY_SESSIONS, -1);
	uint32_t id = told(0).query.id;
	unsigned slot;

	ck_assert_ptr_nonnull(query);
	ck_assert_uint_ne(id, 0);
	ck_assert_uint_eq(told(1).query.id, id);
	ck_assert_uint_eq(told(2).query.limit, 100);
	ck_assert_uint_eq(master_query_left(query), WORKERS);
	for (slot = 0; slot < WORKERS; slot++) {
		ck_assert(master_query_awaits(query, slot));
		ck_assert(says(slot, id, false));
		ck_assert(says(slot, id, true));
		ck_assert(answers[slot] == 2 && ends[slot] == 1 && last_matched == 7);
		ck_assert_uint_eq(master_query_left(query), WORKERS - 1 - slot);
		ck_assert(!says(slot, id, true)); /* it has said all */
	}
	master_query_end(query);
	ck_assert(nothing_is_left());
}
END_TEST

START_TEST(one_alone_is_asked)
{
	struct master_query *query = ask(QUERY_SESSIONS, 1);

	ck_assert_int_eq(told(0).kind, -1);
	ck_assert_int_eq(told(1).kind, QUERY_SESSIONS);
	ck_assert_uint_eq(master_query_left(query), 1);
	master_query_end(query);
	ck_assert_int_eq(told(1).kind, QUERY_CANCEL);
	ck_assert(nothing_is_left());
}
END_TEST

START_TEST(those_that_cannot_tell_are_not_asked)
{
	struct master_query *query;

	worker(0)->process.child.state = CHILD_STARTING;
	worker(1)->process.pid = 0;
	worker(2)->process.killed = true;
	query = ask(QUERY_SESSIONS, -1);
	ck_assert_ptr_nonnull(query);
	ck_assert_uint_eq(master_query_left(query), 0);
	master_query_end(query);
	ck_assert(nothing_is_left());
}
END_TEST

START_TEST(no_more_answers_come_than_were_asked_for)
{
	struct master_query *query = ask(QUERY_SESSIONS, 0);
	uint32_t id = told(0).query.id;
	unsigned i;
	struct told more;

	for (i = 0; i < QUERY_WINDOW; i++)
		ck_assert(says(0, id, false));
	ck_assert(!says(0, id, false));
	master_query_more(query, 0, 42);
	more = told(0);
	ck_assert(more.kind == QUERY_MORE && more.query.id == id);
	ck_assert(more.query.answers == 1 && more.query.limit == 42);
	ck_assert(says(0, id, false));
	ck_assert(!says(0, id, false));
	ck_assert_uint_eq(answers[0], QUERY_WINDOW + 1);
	master_query_end(query);
}
END_TEST

START_TEST(answers_to_nobody_are_nonsense_but_late_ones_are_not)
{
	struct master_query *query = ask(QUERY_SESSIONS, 0);
	uint32_t id = told(0).query.id;

	ck_assert(!says(0, 0, true));
	ck_assert(!says(0, id + 1, true));
	ck_assert(!says(1, id, true)); /* was not asked */
	master_query_end(query);
	ck_assert(says(0, id, false)); /* crossed the cancel */
	ck_assert(says(0, id, true));
	ck_assert_uint_eq(answers[0] + ends[0], 0);
}
END_TEST

START_TEST(a_bad_answer_is_not_passed_on)
{
	struct master_query *query = ask(QUERY_SESSIONS, 0);
	struct query_answer bad = { .id = told(0).query.id, .count = 1, .rows = { { .listener = 1 } } };

	ck_assert(!queries_answer(worker(0), &bad));
	bad.rows[0].listener = 0;
	ck_assert(queries_answer(worker(0), &bad));
	ck_assert_uint_eq(answers[0], 1);
	master_query_end(query);
}
END_TEST

START_TEST(a_dead_worker_has_said_all)
{
	struct master_query *query = ask(QUERY_SESSIONS, -1), *other = ask(QUERY_CLOSE, 1);

	queries_worker_gone(worker(1));
	ck_assert_uint_eq(ends[1], 2);
	ck_assert_uint_eq(master_query_left(query), WORKERS - 1);
	ck_assert_uint_eq(master_query_left(other), 0);
	queries_worker_gone(worker(1));
	ck_assert_uint_eq(ends[1], 2);
	master_query_end(query);
	master_query_end(other);
	ck_assert(nothing_is_left());
}
END_TEST

START_TEST(a_close_goes_on_without_the_one_who_asked)
{
	struct master_query *query = ask(QUERY_CLOSE, 0);
	uint32_t id = told(0).query.id;

	master_query_end(query);
	ck_assert_int_eq(told(0).kind, -1);
	ck_assert(!nothing_is_left());
	ck_assert(!says(0, id, false)); /* there is one answer */
	ck_assert(says(0, id, true));
	ck_assert(nothing_is_left());
	ck_assert_uint_eq(answers[0] + ends[0], 0);
}
END_TEST

START_TEST(there_is_an_end_to_it)
{
	struct master_query *queries[QUERIES_MAX];
	unsigned i;

	for (i = 0; i < QUERIES_MAX; i++)
		ck_assert_ptr_nonnull(queries[i] = ask(QUERY_SESSIONS, -1));
	ck_assert_ptr_null(ask(QUERY_SESSIONS, -1));
	master_query_end(queries[3]);
	ck_assert_ptr_nonnull(queries[3] = ask(QUERY_SESSIONS, -1));
	for (i = 0; i < QUERIES_MAX; i++)
		master_query_end(queries[i]);
	ck_assert(nothing_is_left());
}
END_TEST

/* The worker's channel is full: it is told when there is room, the cancel before what is new. */
START_TEST(a_full_channel_is_waited_for)
{
	struct channel_message word = { .type = CHANNEL_NEWS };
	struct master_query *query = ask(QUERY_SESSIONS, 0), *other;
	struct channel_message got;

	while (channel_send(worker(0)->channel, &word) == 0)
		;
	ck_assert_int_eq(errno, EAGAIN);
	other = ask(QUERY_SESSIONS, 0);
	master_query_end(query);
	ck_assert(!nothing_is_left() && worker(0)->owed == WORKER_OWED_QUERIES);
	ck_assert(timer_is_set(&master->dispatch.retry));
	ck_assert_int_eq(told(0).kind, QUERY_SESSIONS);
	while (channel_receive(worker(0)->far_end, &got) == 1)
		ck_assert_int_eq(got.type, CHANNEL_NEWS);
	worker_send_owed(worker(0));
	ck_assert_int_eq(told(0).kind, QUERY_CANCEL);
	ck_assert_int_eq(told(0).kind, QUERY_SESSIONS);
	ck_assert_uint_eq(worker(0)->owed, 0);
	master_query_end(other);
	ck_assert(nothing_is_left());
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("queries");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, each_worker_is_asked_and_heard);
	tcase_add_test(tests, one_alone_is_asked);
	tcase_add_test(tests, those_that_cannot_tell_are_not_asked);
	tcase_add_test(tests, no_more_answers_come_than_were_asked_for);
	tcase_add_test(tests, answers_to_nobody_are_nonsense_but_late_ones_are_not);
	tcase_add_test(tests, a_bad_answer_is_not_passed_on);
	tcase_add_test(tests, a_dead_worker_has_said_all);
	tcase_add_test(tests, a_close_goes_on_without_the_one_who_asked);
	tcase_add_test(tests, there_is_an_end_to_it);
	tcase_add_test(tests, a_full_channel_is_waited_for);
	return run_case(tests);
}

/* control/connection: what it does about time, and at its end, with a socket pair for the client. */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "control/connection.h"
#include "master/state.h"
#include "run.h"

static struct conf conf;
static struct master *master;
static struct connection *connection;
static int client;
static char received[1 << 20];

static void
wake_cb(struct connection *c)
{
	(void)c;
}

static void
setup(void)
{
	struct peer peer = { .pid = 4711, .permission = CONF_PERMISSION_ADMIN };
	struct error err = { .text = "" };
	int ends[2], small = 4096;

	conf = (struct conf){ .balance = &balance_round_robin };
	master = calloc(1, sizeof *master);
	ck_assert_ptr_nonnull(master);
	master->magic = MASTER_MAGIC;
	master->conf = &conf;
	master->board = scoreboard_new(&err);
	ck_assert_msg(master->board != NULL, "%s", err.text);
	master->loop = loop_new(&err);
	ck_assert_msg(master->loop != NULL, "%s", err.text);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	ck_assert_int_eq(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
	client = ends[1];
	connection = connection_new(ends[0], &peer, master, wake_cb, NULL);
	ck_assert_ptr_nonnull(connection);
}

static void
teardown(void)
{
	connection_free(connection);
	close(client);
	loop_free(master->loop);
	scoreboard_free(master->board);
	free(master);
}

static void
ask(const char *line)
{
	ck_assert_int_eq(write(client, line, strlen(line)), (ssize_t)strlen(line));
	connection->readable = true;
}

static enum connection_step
work(void)
{
	enum connection_step step;

	while ((step = connection_step(connection)) == CONNECTION_AGAIN)
		continue;
	return step;
}

/* What the client has to read now. */
static const char *
take(void)
{
	ssize_t n = read(client, received, sizeof received - 1);

	received[n < 0 ? 0 : n] = '\0';
	return received;
}

static void
happen(unsigned count)
{
	struct master_event event = { .type = EVENT_WORKER_STARTED };

	while (count-- > 0)
		master_event_add(master, &event);
}

static unsigned
events_in(const char *text)
{
	unsigned count = 0;

	while ((text = strstr(text, "\"method\":\"event\"")) != NULL) {
		text++;
		count++;
	}
	return count;
}

static uint64_t
later(uint64_t seconds)
{
	return clock_monotonic() + seconds * CLOCK_SECOND;
}

/* It waits for so many seconds, a second less or more; `begun` is before it began. */
static void
must_wait_for(uint64_t seconds, uint64_t begun)
{
	ck_assert_int_ne(connection_tick(connection, begun + (seconds - 1) * CLOCK_SECOND), CONNECTION_OVER);
	ck_assert_int_eq(connection_tick(connection, later(seconds + 1)), CONNECTION_OVER);
}

START_TEST(a_client_that_does_not_read_has_a_minute)
{
	uint64_t begun = clock_monotonic();
	unsigned i;

	for (i = 0; i < 200; i++)
		ask("{\"method\":\"help\"}\n");
	ck_assert_int_eq(work(), CONNECTION_IDLE);
	ck_assert(connection_is_waiting(connection));
	must_wait_for(60, begun);
}
END_TEST

START_TEST(one_that_watches_has_five)
{
	uint64_t begun = clock_monotonic();

	ask("{\"method\":\"watch\"}\n");
	work();
	happen(EVENTS_KEPT);
	ck_assert_int_eq(work(), CONNECTION_IDLE);
	ck_assert(connection_is_waiting(connection));
	must_wait_for(300, begun);
}
END_TEST

START_TEST(one_that_has_read_all_may_stay)
{
	ask("{\"method\":\"watch\"}\n");
	work();
	take();
	ck_assert(!connection_is_waiting(connection));
	ck_assert(!connection_is_idle(connection)); /* or it would be closed to make room */
	ck_assert_int_ne(connection_tick(connection, later(100000)), CONNECTION_OVER);
}
END_TEST

START_TEST(the_end_tells_what_is_still_to_be_told)
{
	ask("{\"method\":\"watch\"}\n");
	work();
	take();
	happen(3);
	connection_finish(connection);
	ck_assert_uint_eq(events_in(take()), 3);
}
END_TEST

START_TEST(a_batch_that_was_begun_is_answered_whole)
{
	const char *reply;

	ask("[{\"method\":\"version\"},{\"method\":\"log-level\"},{\"method\":\"version\"}]\n");
	while (connection->next < 1)
		connection_step(connection);
	connection_finish(connection);
	reply = take();
	ck_assert_msg(strlen(reply) > 2 && strcmp(reply + strlen(reply) - 2, "]\n") == 0, "%s", reply);
}
END_TEST

/* The other end of a half-closed connection still reads; that of a closed one does not. */
START_TEST(who_is_gone_is_noticed_without_writing)
{
	ask("{\"method\":\"watch\"}\n");
	work();
	ck_assert_int_eq(shutdown(client, SHUT_WR), 0);
	connection->readable = true;
	ck_assert_int_eq(work(), CONNECTION_IDLE);
	take();
	close(client);
	client = open("/dev/null", O_RDONLY);
	connection->readable = true;
	ck_assert_int_eq(work(), CONNECTION_OVER);
}
END_TEST

START_TEST(an_event_asks_only_those_who_wait)
{
	ask("{\"method\":\"watch\",\"params\":{\"events\":\"worker-*\"}}\n");
	work();
	take();
	happen(2);
	connection_event(connection);
	ck_assert(!connection->poll_due);
	ck_assert_int_eq(work(), CONNECTION_IDLE);
	ck_assert_uint_eq(events_in(take()), 2);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("connection");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_batch_that_was_begun_is_answered_whole);
	tcase_add_test(tests, a_client_that_does_not_read_has_a_minute);
	tcase_add_test(tests, one_that_watches_has_five);
	tcase_add_test(tests, one_that_has_read_all_may_stay);
	tcase_add_test(tests, the_end_tells_what_is_still_to_be_told);
	tcase_add_test(tests, who_is_gone_is_noticed_without_writing);
	tcase_add_test(tests, an_event_asks_only_those_who_wait);
	return run_case(tests);
}

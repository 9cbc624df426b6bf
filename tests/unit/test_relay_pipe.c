/*
 * worker/relay, with the bodies that go through a pipe: between real sockets, as
 * only the kernel can splice. The test holds the far end of both and decides what
 * comes and what is taken.
 */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/object.h"
#include "worker/relay.h"
#include "run.h"

enum { LENGTH = 400000, LEAST = 1000, MOST = 30000, RUNS_MAX = 100000 };

static struct worker worker;
static struct scoreboard_worker figures;
static struct stream from, to;
static int source, sink; /* their far ends; -1: closed */
static struct block in;
static struct relay relay;
static const struct relay_path path = { &from, &in, &to, COUNTER_SERVER_BYTES_IN, COUNTER_CLIENT_BYTES_OUT };
static char text[LENGTH], output[LENGTH + 1000];
static size_t output_length;

static void
pair(struct stream *stream, int *far)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	stream_init(stream, fds[0]);
	*far = fds[1];
}

static void
setup(void)
{
	struct error err;
	size_t i;

	for (i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + i * 7 % 26 + i / 1000 % 3);
	output_length = 0;
	memset(&figures, 0, sizeof figures);
	memset(&relay, 0, sizeof relay);
	worker.me = &figures;
	worker.loop = loop_new(&err);
	ck_assert_ptr_nonnull(worker.loop);
	worker.buffers.small = (struct freelist)FREELIST(512, 4);
	worker.buffers.large = (struct freelist)FREELIST(2048, 4);
	pipe_pool_init(&worker.pipes);
	worker.pipes.least = LEAST;
	worker.pipes.most = MOST;
	pair(&from, &source);
	pair(&to, &sink);
}

static void
far_close(int *far)
{
	if (*far >= 0)
		close(*far);
	*far = -1;
}

static void
teardown(void)
{
	relay_end(&relay, &worker);
	block_release(&in, &worker.buffers);
	ck_assert_uint_eq(worker.pipes.count, worker.pipes.kept_count);
	pipe_pool_clear(&worker.pipes);
	ck_assert_uint_eq(worker.pipes.count, 0);
	block_pool_clear(&worker.buffers);
	stream_close(&from, false);
	stream_close(&to, false);
	far_close(&source);
	far_close(&sink);
	loop_free(worker.loop);
}

/* Says as much as the socket takes of the bytes, at most `most`. Returns how much. */
static size_t
source_says(const char *bytes, size_t length, size_t most)
{
	ssize_t n = length > 0 ? send(source, bytes, length < most ? length : most, MSG_NOSIGNAL) : 0;

	from.readable = true;
	return n > 0 ? (size_t)n : 0;
}

static void
sink_takes(size_t most)
{
	ssize_t n = recv(sink, output + output_length, most, 0);

	to.writable = true;
	if (n > 0)
		output_length += (size_t)n;
	ck_assert_uint_lt(output_length, sizeof output);
}

/* Runs it to its end: the source says `give` bytes at a time, then ends; the sink takes `take`. */
static enum relay_result
run(const char *bytes, size_t length, size_t give, size_t take)
{
	enum relay_result result;
	size_t said = 0;
	int runs;

	for (runs = 0; runs < RUNS_MAX; runs++) {
		said += source_says(bytes + said, length - said, give);
		if (said == length)
			shutdown(source, SHUT_WR);
		result = relay_run(&relay, &worker, &path);
		if (result != RELAY_WAIT_SOURCE && result != RELAY_WAIT_SINK && result != RELAY_YIELD)
			return result;
		if (result == RELAY_WAIT_SOURCE)
			ck_assert_ptr_null(relay.pipe);
		sink_takes(take);
	}
	ck_abort_msg("no end");
	return RELAY_DONE;
}

static void
assert_output(const char *wanted, size_t length)
{
	while (output_length < length)
		sink_takes(LENGTH);
	ck_assert_uint_eq(output_length, length);
	ck_assert(memcmp(output, wanted, length) == 0);
	ck_assert_uint_eq(relay.bytes, length);
	ck_assert_uint_eq(to.sent, length);
	ck_assert_uint_eq(scoreboard_get(&figures.counters[COUNTER_SERVER_BYTES_IN]), from.received);
	ck_assert_uint_eq(scoreboard_get(&figures.counters[COUNTER_CLIENT_BYTES_OUT]), length);
}

static const size_t steps[] = { 999, 4096, 30001, LENGTH };

START_TEST(a_long_body_goes_through_a_pipe)
{
	size_t give = steps[_i / 4], take = steps[_i % 4];

	relay_begin(&relay, H1_FRAMING_LENGTH, LENGTH, false, 0);
	ck_assert_int_eq(run(text, LENGTH, give, take), RELAY_DONE);
	ck_assert(relay_is_done(&relay));
	assert_output(text, LENGTH);
	ck_assert_uint_eq(worker.pipes.kept_count, 1);
}
END_TEST

START_TEST(what_stands_behind_a_body_stays_behind)
{
	const size_t length = 100000;

	worker.pipes.least = 1; /* all of it */
	relay_begin(&relay, H1_FRAMING_LENGTH, length, false, 0);
	ck_assert_int_eq(run(text, LENGTH, LENGTH, 5000), RELAY_DONE);
	assert_output(text, length);
	ck_assert_uint_eq(from.received, length);
	ck_assert(stream_is_unread(&from));
}
END_TEST

START_TEST(the_data_of_a_long_chunk_goes_through_a_pipe)
{
	const char size[] = "186a0;x\r\n", end[] = "\r\n3\r\nend\r\n0\r\nA: b\r\n\r\nGET";
	const size_t data = 100000, whole = sizeof size - 1 + data + sizeof end - 1;
	static char message[LENGTH], wanted[LENGTH];
	bool dechunk = _i == 1;

	memcpy(message, size, sizeof size - 1);
	memcpy(message + sizeof size - 1, text, data);
	memcpy(message + sizeof size - 1 + data, end, sizeof end - 1);
	memcpy(wanted, text, data);
	memcpy(wanted + data, "end", 3);
	relay_begin(&relay, H1_FRAMING_CHUNKED, 0, dechunk, 0);
	ck_assert_int_eq(run(message, whole, 20000, 7000), RELAY_DONE);
	ck_assert_uint_eq(worker.pipes.kept_count, 1);
	assert_output(dechunk ? wanted : message, dechunk ? data + 3 : whole - 3);
	ck_assert_uint_eq(relay.body.data, data + 3);
	ck_assert_uint_eq(block_length(&in), 3);
	ck_assert_mem_eq(block_first(&in), "GET", 3);
}
END_TEST

START_TEST(a_body_without_length_takes_to_the_pipe_when_it_flows)
{
	relay_begin(&relay, H1_FRAMING_CLOSE, 0, false, 0);
	ck_assert_int_eq(run(text, LENGTH, 20000, 20000), RELAY_DONE);
	assert_output(text, LENGTH);
	ck_assert_uint_eq(worker.pipes.kept_count, 1);
}
END_TEST

START_TEST(small_talk_is_copied)
{
	relay_begin(&relay, H1_FRAMING_TUNNEL, 0, false, 0);
	ck_assert_int_eq(run(text, 20000, 400, 400), RELAY_DONE);
	assert_output(text, 20000);
	ck_assert_uint_eq(worker.pipes.count, 0);
}
END_TEST

START_TEST(what_is_wrapped_is_copied)
{
	relay_begin(&relay, H1_FRAMING_CLOSE, 0, false, 0);
	relay.enchunk = true;
	ck_assert_int_eq(run(text, 100000, 20000, 20000), RELAY_DONE);
	ck_assert_uint_eq(worker.pipes.count, 0);
}
END_TEST

START_TEST(a_body_that_ends_early_is_truncated)
{
	relay_begin(&relay, H1_FRAMING_LENGTH, LENGTH, false, 0);
	ck_assert_int_eq(run(text, LENGTH - 100000, LENGTH, LENGTH), RELAY_TRUNCATED);
	assert_output(text, LENGTH - 100000);
}
END_TEST

START_TEST(a_full_sink_stops_the_reading)
{
	enum relay_result result;
	uint64_t received;
	size_t said = 0;

	relay_begin(&relay, H1_FRAMING_LENGTH, LENGTH, false, 0);
	do {
		said += source_says(text + said, LENGTH - said, LENGTH);
		result = relay_run(&relay, &worker, &path);
	} while (result == RELAY_WAIT_SOURCE || result == RELAY_YIELD);
	ck_assert_int_eq(result, RELAY_WAIT_SINK);
	ck_assert(relay_pending(&relay) && relay.piped > 0 && relay.piped <= MOST);
	ck_assert_uint_eq(from.received, to.sent + relay.piped);
	/* it is asked again only when it says so */
	received = from.received;
	ck_assert_int_eq(relay_run(&relay, &worker, &path), RELAY_WAIT_SINK);
	ck_assert_uint_eq(from.received, received);
	ck_assert_int_eq(run(text + said, LENGTH - said, LENGTH, LENGTH), RELAY_DONE);
	assert_output(text, LENGTH);
}
END_TEST

START_TEST(a_pipe_with_bytes_in_it_is_not_kept)
{
	relay_begin(&relay, H1_FRAMING_LENGTH, LENGTH, false, 0);
	do
		source_says(text, LENGTH, LENGTH);
	while (relay_run(&relay, &worker, &path) != RELAY_WAIT_SINK);
	ck_assert_uint_eq(worker.pipes.count, 1);
	if (_i == 0)
		relay_end(&relay, &worker);
	else
		relay_discard(&relay, &worker, &in);
	ck_assert_uint_eq(worker.pipes.count, 0);
	ck_assert(!relay_pending(&relay));
}
END_TEST

START_TEST(a_sink_that_is_gone_fails)
{
	enum relay_result result;

	signal(SIGPIPE, SIG_IGN);
	relay_begin(&relay, H1_FRAMING_LENGTH, LENGTH, false, 0);
	source_says(text, LENGTH, 60000);
	ck_assert_int_eq(relay_run(&relay, &worker, &path), RELAY_WAIT_SOURCE);
	far_close(&sink);
	source_says(text, LENGTH, 60000);
	result = relay_run(&relay, &worker, &path);
	ck_assert_int_eq(result, RELAY_SINK_FAILED);
	ck_assert_int_eq(errno, EPIPE);
}
END_TEST

/* ---- when there is no pipe, or no use for one */

START_TEST(without_descriptors_it_is_copied)
{
	struct rlimit limit, none;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)sink + 1;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	relay_begin(&relay, H1_FRAMING_LENGTH, LENGTH, false, 0);
	ck_assert_int_eq(run(text, LENGTH, LENGTH, LENGTH), RELAY_DONE);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_output(text, LENGTH);
	ck_assert_uint_eq(worker.pipes.count, 0);
	/* it is not tried again at once */
	ck_assert_ptr_null(pipe_get(&worker.pipes, worker.pipes.refused_at + 1));
	ck_assert_ptr_nonnull(relay.pipe = pipe_get(&worker.pipes, worker.pipes.refused_at + 2000000));
}
END_TEST

START_TEST(more_than_the_most_are_not_lent)
{
	struct pipe *pipes[PIPES_MAX];
	unsigned i;

	for (i = 0; i < PIPES_MAX; i++)
		ck_assert_ptr_nonnull(pipes[i] = pipe_get(&worker.pipes, 1));
	ck_assert_ptr_null(pipe_get(&worker.pipes, 1));
	relay_begin(&relay, H1_FRAMING_LENGTH, LENGTH, false, 0);
	ck_assert_int_eq(run(text, LENGTH, LENGTH, LENGTH), RELAY_DONE);
	assert_output(text, LENGTH);
	for (i = 0; i < PIPES_MAX; i++)
		pipe_put(&worker.pipes, pipes[i], true);
	ck_assert_uint_eq(worker.pipes.count, PIPES_KEPT);
	ck_assert_uint_eq(worker.pipes.kept_count, PIPES_KEPT);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("relay_pipe");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, a_long_body_goes_through_a_pipe, 0, 16);
	tcase_add_test(tests, what_stands_behind_a_body_stays_behind);
	tcase_add_loop_test(tests, the_data_of_a_long_chunk_goes_through_a_pipe, 0, 2);
	tcase_add_test(tests, a_body_without_length_takes_to_the_pipe_when_it_flows);
	tcase_add_test(tests, small_talk_is_copied);
	tcase_add_test(tests, what_is_wrapped_is_copied);
	tcase_add_test(tests, a_body_that_ends_early_is_truncated);
	tcase_add_test(tests, a_full_sink_stops_the_reading);
	tcase_add_loop_test(tests, a_pipe_with_bytes_in_it_is_not_kept, 0, 2);
	tcase_add_test(tests, a_sink_that_is_gone_fails);
	tcase_add_test(tests, without_descriptors_it_is_copied);
	tcase_add_test(tests, more_than_the_most_are_not_lent);
	return run_case(tests);
}

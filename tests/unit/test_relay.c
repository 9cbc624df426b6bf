/*
 * worker/relay: bodies in motion. The two streams are played here instead of
 * by the kernel, so that every cut is tried: they give and take as many bytes
 * at a time as the test says, and the test sees what was asked of them.
 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "base/object.h"
#include "worker/relay.h"
#include "run.h"

enum { OUTPUT_MAX = 8192, BLOCK_TINY = 64, BLOCK_LESS_TINY = 128, RUNS_MAX = 100000 };

/* ck_assert reports to the parent even when all is well: too slow for what is done a million times. */
#define assert_fast(condition) \
	do { \
		if (!(condition)) \
			ck_abort_msg(#condition); \
	} while (0)

static struct {
	const char *bytes; /* what the source has to say */
	size_t length, used;
	size_t allowed; /* bytes of it that have come so far */
	size_t read_most; /* bytes in one read */
	int error; /* what ends it, 0: its sender ends it */
	unsigned reads;
} source;

static struct {
	char bytes[OUTPUT_MAX];
	size_t length;
	size_t room; /* bytes that it takes before it is full */
	int error;
	unsigned writes;
} sink;

static struct worker worker;
static struct scoreboard_worker figures;
static struct stream from, to;
static struct block in;
static struct relay relay;
static const struct relay_path path = { &from, &in, &to, COUNTER_SERVER_BYTES_IN, COUNTER_CLIENT_BYTES_OUT };

/* In place of net/stream.c. */
ssize_t
stream_read(struct stream *stream, void *bytes, size_t size)
{
	size_t there = source.allowed - source.used, n = there;

	assert_fast(stream == &from);
	assert_fast(size > 0); /* it would be taken for the end */
	assert_fast(relay.ready == 0); /* nothing is read that cannot be written on */
	source.reads++;
	n = n < size ? n : size;
	n = n < source.read_most ? n : source.read_most;
	memcpy(bytes, source.bytes + source.used, n);
	source.used += n;
	if (n > 0) {
		stream->readable = n == size || n < there || stream->ending;
		return (ssize_t)n;
	}
	if (source.used == source.length && stream->ending) {
		errno = source.error;
		return source.error != 0 ? -1 : 0;
	}
	stream->readable = false;
	errno = EAGAIN;
	return -1;
}

ssize_t
stream_write(struct stream *stream, const struct iovec *iov, int count)
{
	size_t wanted = 0, taken = 0;
	int i;

	assert_fast(stream == &to);
	assert_fast(stream->writable);
	sink.writes++;
	if (sink.error != 0) {
		errno = sink.error;
		return -1;
	}
	for (i = 0; i < count; i++) {
		size_t n = iov[i].iov_len < sink.room - taken ? iov[i].iov_len : sink.room - taken;

		assert_fast(iov[i].iov_len > 0);
		assert_fast(sink.length + n <= sizeof sink.bytes);
		memcpy(sink.bytes + sink.length, iov[i].iov_base, n);
		sink.length += n;
		taken += n;
		wanted += iov[i].iov_len;
	}
	sink.room -= taken;
	stream->writable = taken == wanted;
	if (taken == 0)
		errno = EAGAIN;
	return taken > 0 ? (ssize_t)taken : -1;
}

/* Pipes are not played: see test_relay_pipe.c. There is never one to be had. */
ssize_t
stream_splice_in(struct stream *stream, int pipe, size_t most)
{
	ck_abort_msg("%p %d %zu", (void *)stream, pipe, most);
	return -1;
}

ssize_t
stream_splice_out(struct stream *stream, int pipe, size_t most)
{
	return stream_splice_in(stream, pipe, most);
}

uint64_t
loop_now(struct loop *loop)
{
	(void)loop;
	return 1;
}

/* A source of these bytes, read as they are, and a sink that takes all. */
static void
play(const char *bytes, size_t length)
{
	memset(&source, 0, sizeof source);
	memset(&sink, 0, sizeof sink);
	memset(&figures, 0, sizeof figures);
	source.bytes = bytes;
	source.length = source.allowed = length;
	source.read_most = SIZE_MAX;
	sink.room = OUTPUT_MAX;
	worker.me = &figures;
	from = (struct stream){ .readable = true, .writable = true, .ending = true };
	to = (struct stream){ .readable = true, .writable = true };
}

static void
setup(void)
{
	worker.buffers.small = (struct freelist)FREELIST(BLOCK_TINY, 4);
	worker.buffers.large = (struct freelist)FREELIST(BLOCK_LESS_TINY, 4);
	worker.pipes.count = PIPES_MAX;
}

static void
teardown(void)
{
	block_release(&in, &worker.buffers);
	ck_assert_uint_eq(worker.buffers.small.used, 0);
	ck_assert_uint_eq(worker.buffers.large.used, 0);
	block_pool_clear(&worker.buffers);
}

/* Runs to the end: `give` more bytes come whenever the source is waited for, `take` more fit when the sink is. */
static enum relay_result
run(size_t give, size_t take)
{
	enum relay_result result;
	int runs;

	source.allowed = give < source.length ? give : source.length;
	from.ending = false;
	sink.room = take;
	for (runs = 0; runs < RUNS_MAX; runs++) {
		result = relay_run(&relay, &worker, &path);
		if (result == RELAY_WAIT_SOURCE) {
			assert_fast(!relay_pending(&relay));
			from.readable = true;
			if (source.allowed == source.length)
				from.ending = true;
			source.allowed =
			    source.length - source.allowed < give ? source.length : source.allowed + give;
		} else if (result == RELAY_WAIT_SINK) {
			assert_fast(relay_pending(&relay));
			to.writable = true;
			sink.room += take;
		} else if (result != RELAY_YIELD) {
			return result;
		}
	}
	ck_abort_msg("no end");
	return result;
}

static void
assert_output(const char *wanted, size_t length)
{
	ck_assert_uint_eq(sink.length, length);
	ck_assert_mem_eq(sink.bytes, wanted, length);
	ck_assert_uint_eq(relay.bytes, length);
	ck_assert_uint_eq(scoreboard_get(&figures.counters[COUNTER_SERVER_BYTES_IN]), source.used);
	ck_assert_uint_eq(scoreboard_get(&figures.counters[COUNTER_CLIENT_BYTES_OUT]), length);
}

/* A body longer than all blocks together. */
static const char *
long_text(size_t length)
{
	static char text[OUTPUT_MAX];
	size_t i;

	ck_assert_uint_le(length, sizeof text);
	for (i = 0; i < length; i++)
		text[i] = (char)('a' + i * 7 % 26);
	return text;
}

struct example {
	enum h1_framing framing;
	uint64_t length;
	bool dechunk;
	const char *bytes, *goes_on, *left;
};

static const struct example examples[] = {
	{ H1_FRAMING_NONE, 0, false, "", "", "" },
	{ H1_FRAMING_LENGTH, 11, false, "hello, body", "hello, body", "" },
	{ H1_FRAMING_LENGTH, 5, false, "helloHTTP/1.1 200 OK", "hello", "HTTP/1.1 200 OK" },
	{ H1_FRAMING_CHUNKED, 0, false, "5;x\r\nhello\r\n1\r\n,\r\n0\r\nA: b\r\n\r\n",
	    "5;x\r\nhello\r\n1\r\n,\r\n0\r\nA: b\r\n\r\n", "" },
	{ H1_FRAMING_CHUNKED, 0, false, "1\r\nx\r\n0\r\n\r\nGET", "1\r\nx\r\n0\r\n\r\n", "GET" },
	{ H1_FRAMING_CHUNKED, 0, true, "5;x\r\nhello\r\n1\r\n,\r\n0\r\nA: b\r\n\r\n", "hello,", "" },
	{ H1_FRAMING_CHUNKED, 0, true, "1\r\nx\r\n0\r\n\r\nGET", "x", "GET" },
	{ H1_FRAMING_CHUNKED, 0, true, "0\r\n\r\n", "", "" },
	{ H1_FRAMING_CLOSE, 0, false, "all there is", "all there is", "" },
	{ H1_FRAMING_CLOSE, 0, false, "", "", "" },
};

START_TEST(each_framing_goes_on_whole_however_it_is_cut)
{
	size_t i, give, take;

	for (i = 0; i < ARRAY_LENGTH(examples); i++) {
		const struct example *e = &examples[i];
		size_t length = strlen(e->bytes);

		for (give = 1; give <= length + 1; give++)
			for (take = 1; take <= length + 1; take++) {
				play(e->bytes, length);
				relay_begin(&relay, e->framing, e->length, e->dechunk, 0);
				ck_assert_int_eq(run(give, take), RELAY_DONE);
				assert_output(e->goes_on, strlen(e->goes_on));
				/* what stands behind the body is not lost */
				ck_assert_uint_eq(
				    block_length(&in) + source.length - source.used, strlen(e->left));
				ck_assert(block_length(&in) == 0 ||
					  memcmp(block_first(&in), e->left, block_length(&in)) == 0);
				block_release(&in, &worker.buffers);
			}
	}
}
END_TEST

START_TEST(long_bodies_go_through_small_blocks)
{
	const size_t length = 5000;
	const char *text = long_text(length);
	size_t give, take;

	for (give = 1; give < 300; give += 13)
		for (take = 1; take < 300; take += 17) {
			play(text, length);
			relay_begin(&relay, H1_FRAMING_LENGTH, length, false, 0);
			ck_assert_int_eq(run(give, take), RELAY_DONE);
			assert_output(text, length);
			play(text, length);
			relay_begin(&relay, H1_FRAMING_CLOSE, 0, false, 0);
			ck_assert_int_eq(run(give, take), RELAY_DONE);
			assert_output(text, length);
		}
}
END_TEST

/* Takes the chunks off. Returns the length of what was in them, or SIZE_MAX when they are not whole. */
static size_t
unwrap(const char *bytes, size_t length, char *data)
{
	struct h1_chunked chunked = { 0 };
	size_t used = 0, unwrapped = 0, part;
	const char *run_of_data;
	bool done = false;
	ptrdiff_t n;

	while (used < length && !done) {
		n = h1_chunked_decode(&chunked, bytes + used, length - used, &run_of_data, &part, &done);
		assert_fast(n > 0);
		if (part > 0)
			memcpy(data + unwrapped, run_of_data, part);
		unwrapped += part;
		used += (size_t)n;
	}
	ck_assert_uint_eq(used, length);
	return done ? unwrapped : SIZE_MAX;
}

START_TEST(a_body_without_length_is_wrapped_in_chunks)
{
	const char *text = long_text(300);
	char data[OUTPUT_MAX];
	size_t length, give, take;

	for (length = 0; length <= 300; length += length < 20 ? 1 : 70)
		for (give = 1; give <= length + 1; give += give < 20 ? 1 : 60)
			for (take = 1; take <= 40; take++) {
				play(text, length);
				relay_begin(&relay, H1_FRAMING_CLOSE, 0, false, 0);
				relay.enchunk = true;
				ck_assert_int_eq(run(give, take), RELAY_DONE);
				ck_assert_uint_eq(unwrap(sink.bytes, sink.length, data), length);
				ck_assert_mem_eq(data, text, length);
				ck_assert_uint_eq(relay.bytes, sink.length);
				ck_assert(!relay_pending(&relay));
			}
}
END_TEST

START_TEST(a_wrapped_body_that_was_cut_off_has_no_last_chunk)
{
	const char *text = long_text(100);
	char data[OUTPUT_MAX];

	play(text, 100);
	source.error = ECONNRESET;
	relay_begin(&relay, H1_FRAMING_CLOSE, 0, false, 0);
	relay.enchunk = true;
	ck_assert_int_eq(run(30, 7), RELAY_SOURCE_FAILED);
	ck_assert_uint_eq(unwrap(sink.bytes, sink.length, data), SIZE_MAX);
}
END_TEST

START_TEST(a_body_that_ends_early_is_truncated)
{
	const char chunked[] = "5\r\nhello\r\n0\r\n\r\n", plain[] = "hello";
	size_t cut;

	for (cut = 0; cut < sizeof chunked - 1; cut++) {
		play(chunked, cut);
		relay_begin(&relay, H1_FRAMING_CHUNKED, 0, false, 0);
		ck_assert_int_eq(run(3, 3), RELAY_TRUNCATED);
		assert_output(chunked, cut);
		play(chunked, cut);
		relay_begin(&relay, H1_FRAMING_CHUNKED, 0, true, 0);
		ck_assert_int_eq(run(3, 3), RELAY_TRUNCATED);
	}
	for (cut = 0; cut < sizeof plain - 1; cut++) {
		play(plain, cut);
		relay_begin(&relay, H1_FRAMING_LENGTH, sizeof plain - 1, false, 0);
		ck_assert_int_eq(run(3, 3), RELAY_TRUNCATED);
		assert_output(plain, cut);
	}
}
END_TEST

START_TEST(malformed_chunks_do_not_go_on)
{
	const char good[] = "5\r\nhello\r\n", bad[] = "5\r\nhello\r\nx\r\n";

	play(bad, sizeof bad - 1);
	relay_begin(&relay, H1_FRAMING_CHUNKED, 0, false, 0);
	ck_assert_int_eq(run(sizeof good - 1, OUTPUT_MAX), RELAY_MALFORMED);
	assert_output(good, sizeof good - 1);
	block_release(&in, &worker.buffers);
	play(bad, sizeof bad - 1);
	relay_begin(&relay, H1_FRAMING_CHUNKED, 0, true, 0);
	ck_assert_int_eq(run(1, 1), RELAY_MALFORMED);
	assert_output("hello", 5);
}
END_TEST

START_TEST(failures_are_told_apart)
{
	play("hello", 5);
	source.error = ECONNRESET;
	relay_begin(&relay, H1_FRAMING_LENGTH, 6, false, 0);
	ck_assert_int_eq(run(5, 5), RELAY_SOURCE_FAILED);
	ck_assert_int_eq(errno, ECONNRESET);
	assert_output("hello", 5);
	play("hello", 5);
	sink.error = EPIPE;
	relay_begin(&relay, H1_FRAMING_LENGTH, 6, false, 0);
	ck_assert_int_eq(run(5, 5), RELAY_SINK_FAILED);
	ck_assert_int_eq(errno, EPIPE);
	assert_output("", 0);
}
END_TEST

START_TEST(a_full_sink_stops_the_reading)
{
	const char *text = long_text(1000);
	unsigned reads;

	play(text, 1000);
	sink.room = 10;
	relay_begin(&relay, H1_FRAMING_CLOSE, 0, false, 0);
	ck_assert_int_eq(relay_run(&relay, &worker, &path), RELAY_WAIT_SINK);
	ck_assert_uint_eq(sink.length, 10);
	ck_assert_uint_le(source.used, BLOCK_LESS_TINY);
	ck_assert(relay_pending(&relay));
	/* as long as it is full nothing is asked of anybody */
	reads = source.reads;
	ck_assert_int_eq(relay_run(&relay, &worker, &path), RELAY_WAIT_SINK);
	ck_assert_uint_eq(source.reads, reads);
	ck_assert_uint_eq(sink.writes, 1);
	to.writable = true;
	sink.room = 20;
	ck_assert_int_eq(relay_run(&relay, &worker, &path), RELAY_WAIT_SINK);
	ck_assert_uint_eq(source.reads, reads);
	ck_assert_mem_eq(sink.bytes, text, 30);
}
END_TEST

START_TEST(who_waits_for_the_source_holds_no_block)
{
	play("hello", 5);
	from.ending = false;
	relay_begin(&relay, H1_FRAMING_LENGTH, 6, false, 0);
	ck_assert_int_eq(relay_run(&relay, &worker, &path), RELAY_WAIT_SOURCE);
	ck_assert_ptr_null(in.bytes);
	ck_assert_uint_eq(sink.length, 5);
}
END_TEST

START_TEST(others_have_their_turn)
{
	const char *text = long_text(4000);
	enum relay_result result;
	int yields = 0;

	play(text, 4000);
	source.read_most = 4;
	from.ending = false;
	relay_begin(&relay, H1_FRAMING_LENGTH, 4000, false, 0);
	while ((result = relay_run(&relay, &worker, &path)) == RELAY_YIELD) {
		ck_assert_uint_le(source.reads, 100U * ++yields);
		ck_assert(from.readable);
	}
	ck_assert_int_eq(result, RELAY_DONE);
	ck_assert_int_gt(yields, 5);
	assert_output(text, 4000);
}
END_TEST

/* What may be an error behind the bytes is read, though the last read was short. */
START_TEST(a_doubt_is_settled_before_waiting)
{
	play("hello", 5);
	source.error = ECONNRESET;
	from.ending = false;
	relay_begin(&relay, H1_FRAMING_LENGTH, 6, false, 0);
	ck_assert_int_eq(relay_run(&relay, &worker, &path), RELAY_WAIT_SOURCE);
	ck_assert(!from.readable);
	from.unsure = from.ending = true;
	ck_assert_int_eq(relay_run(&relay, &worker, &path), RELAY_SOURCE_FAILED);
}
END_TEST

static void
begin_held(const char *message, uint32_t head, enum h1_framing framing, uint64_t length, uint32_t there)
{
	ck_assert(block_reserve(&in, &worker.buffers));
	memcpy(in.bytes, message, there);
	in.end = there;
	play(message + there, strlen(message) - there);
	relay_begin(&relay, framing, length, false, head);
}

START_TEST(what_is_held_can_be_sent_again)
{
	const char message[] = "PUT / HTTP/1.1\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET";
	const uint32_t head = 18, body = 15;
	uint32_t there;

	for (there = head; there < sizeof message; there++) {
		struct body fresh;
		int attempt;

		begin_held(message, head, H1_FRAMING_CHUNKED, 0, there);
		fresh = relay.body;
		ck_assert_int_eq(run(2, 3), RELAY_DONE);
		for (attempt = 0; attempt < 3; attempt++) {
			assert_output(message + head, body);
			ck_assert_uint_eq(relay.held, head + body);
			ck_assert_mem_eq(block_first(&in), message, relay.held);
			/* once more */
			relay.body = fresh;
			relay.held = head;
			relay.ready = 0;
			relay.bytes = sink.length = sink.writes = 0;
			memset(&figures, 0, sizeof figures);
			scoreboard_set(&figures.counters[COUNTER_SERVER_BYTES_IN], source.used);
			ck_assert_int_eq(run(source.length, OUTPUT_MAX), RELAY_DONE);
		}
		relay_forget(&relay, &in);
		ck_assert_uint_eq(relay.held, 0);
		ck_assert(block_length(&in) <= 3 && memcmp(block_first(&in), "GET", block_length(&in)) == 0);
		block_release(&in, &worker.buffers);
	}
}
END_TEST

START_TEST(part_of_the_body_may_be_sent_by_the_caller)
{
	const char message[] = "HEAD12345rest";

	begin_held(message, 4, H1_FRAMING_LENGTH, 9, 9);
	ck_assert_int_eq(relay_accept(&relay, &in), 0);
	ck_assert_uint_eq(relay.ready, 5);
	ck_assert_mem_eq(relay_ready(&relay, &in), "12345", 5);
	relay_sent(&relay, &in, 3);
	ck_assert_mem_eq(relay_ready(&relay, &in), "45", 2);
	ck_assert_int_eq(relay_accept(&relay, &in), 0); /* not twice */
	ck_assert_uint_eq(relay.ready, 2);
	ck_assert(relay_pending(&relay));
	ck_assert_int_eq(run(1, 1), RELAY_DONE);
	ck_assert_uint_eq(sink.length, 6);
	ck_assert_mem_eq(sink.bytes, "45rest", 6);
	ck_assert_uint_eq(relay.bytes, 9);
}
END_TEST

START_TEST(what_does_not_fit_is_no_longer_held)
{
	static char message[1000];
	const size_t length = 900;

	memcpy(message, "HEAD", 4);
	memcpy(message + 4, long_text(length), length);
	begin_held(message, 4, H1_FRAMING_LENGTH, length, BLOCK_TINY);
	ck_assert_int_eq(run(50, 50), RELAY_DONE);
	ck_assert_uint_eq(relay.held, 0);
	assert_output(message + 4, length);
}
END_TEST

START_TEST(a_tunnel_goes_on_until_its_sender_ends)
{
	const char message[] = "HEADright behind it";

	begin_held(message, 4, H1_FRAMING_TUNNEL, 0, 10);
	relay_forget(&relay, &in);
	ck_assert_int_eq(run(1, 1), RELAY_DONE);
	assert_output(message + 4, sizeof message - 5);
	ck_assert_int_eq(relay_run(&relay, &worker, &path), RELAY_DONE);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("relay");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, each_framing_goes_on_whole_however_it_is_cut);
	tcase_add_test(tests, long_bodies_go_through_small_blocks);
	tcase_add_test(tests, a_body_without_length_is_wrapped_in_chunks);
	tcase_add_test(tests, a_wrapped_body_that_was_cut_off_has_no_last_chunk);
	tcase_add_test(tests, a_body_that_ends_early_is_truncated);
	tcase_add_test(tests, malformed_chunks_do_not_go_on);
	tcase_add_test(tests, failures_are_told_apart);
	tcase_add_test(tests, a_full_sink_stops_the_reading);
	tcase_add_test(tests, who_waits_for_the_source_holds_no_block);
	tcase_add_test(tests, others_have_their_turn);
	tcase_add_test(tests, a_doubt_is_settled_before_waiting);
	tcase_add_test(tests, what_is_held_can_be_sent_again);
	tcase_add_test(tests, part_of_the_body_may_be_sent_by_the_caller);
	tcase_add_test(tests, what_does_not_fit_is_no_longer_held);
	tcase_add_test(tests, a_tunnel_goes_on_until_its_sender_ends);
	return run_case(tests);
}

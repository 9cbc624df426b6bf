/* net/stream: what is known of a socket without asking the kernel. Over TCP on the loopback, as resets need it. */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/stream.h"
#include "run.h"

static struct loop *loop;
static struct stream stream;
static int peer;

/* A connected pair of TCP sockets: stream, which does not block, and peer. */
static void
setup(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd;
	struct error err;

	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	peer = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(peer, (struct sockaddr *)&address, sizeof address), 0);
	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	ck_assert_int_ge(fd, 0);
	close(listener);
	stream_init(&stream, fd);
	loop = loop_new(&err);
	ck_assert_ptr_nonnull(loop);
}

static void
teardown(void)
{
	stream_close(&stream, false);
	loop_free(loop);
	if (peer >= 0)
		close(peer);
}

static void
peer_says(const char *text)
{
	ck_assert_int_eq(send(peer, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void
peer_resets(void)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(peer, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	close(peer);
	peer = -1;
}

static unsigned wanted;

static void
event_cb(struct watch *watch, unsigned events)
{
	(void)watch;
	stream_note(&stream, events);
	wanted &= ~events;
	if (wanted == 0)
		loop_stop(loop);
}

/* Waits until these events have been told. */
static void
wait_for(unsigned events)
{
	wanted = events;
	ck_assert_int_eq(stream_watch(&stream, loop, event_cb), 0);
	loop_run(loop);
}

/* What the kernel holds now is all that has come: nothing is on its way on the loopback. */
static ssize_t
read_some(char *bytes, size_t size)
{
	return stream_read(&stream, bytes, size);
}

START_TEST(a_short_read_shows_that_nothing_is_left)
{
	char bytes[10];

	ck_assert(stream.readable && stream.writable && !stream.ending);
	peer_says("hello");
	ck_assert_int_eq(read_some(bytes, 5), 5);
	ck_assert(stream.readable); /* there may be more */
	ck_assert_int_eq(read_some(bytes, 5), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert(!stream.readable);
	peer_says("hello");
	wait_for(WATCH_READ);
	ck_assert(stream.readable);
	ck_assert_int_eq(read_some(bytes, sizeof bytes), 5);
	ck_assert(!stream.readable);
}
END_TEST

START_TEST(the_end_behind_the_bytes_is_found)
{
	char bytes[10];

	peer_says("hello");
	shutdown(peer, SHUT_WR);
	wait_for(WATCH_READ | WATCH_CLOSED);
	ck_assert(stream.ending);
	ck_assert_int_eq(read_some(bytes, sizeof bytes), 5);
	ck_assert(stream_has_more(&stream));
	ck_assert_int_eq(read_some(bytes, sizeof bytes), 0);
}
END_TEST

START_TEST(the_reset_behind_the_bytes_is_found)
{
	char bytes[10];

	peer_says("hello");
	peer_resets();
	wait_for(WATCH_READ);
	ck_assert_int_eq(read_some(bytes, sizeof bytes), 5);
	ck_assert(stream_has_more(&stream));
	ck_assert_int_eq(read_some(bytes, sizeof bytes), -1);
	ck_assert_int_eq(errno, ECONNRESET);
}
END_TEST

START_TEST(the_next_message_begins_without_doubt)
{
	char bytes[10];

	peer_says("hello");
	wait_for(WATCH_READ | WATCH_WRITE);
	ck_assert_int_eq(read_some(bytes, sizeof bytes), 5);
	stream_message_end(&stream);
	ck_assert(!stream_has_more(&stream));
}
END_TEST

START_TEST(bytes_are_counted)
{
	char bytes[8];

	ck_assert(stream.received == 0 && stream.sent == 0);
	peer_says("hello");
	ck_assert_int_eq(stream_read(&stream, bytes, 3), 3);
	ck_assert_int_eq(stream_read(&stream, bytes, sizeof bytes), 2);
	ck_assert_int_eq(stream_read(&stream, bytes, sizeof bytes), -1);
	ck_assert_int_eq(stream_write(&stream, &(struct iovec){ bytes, 4 }, 1), 4);
	ck_assert(stream.received == 5 && stream.sent == 4);
}
END_TEST

START_TEST(a_full_socket_is_not_writable_until_it_is)
{
	static char bytes[1 << 20];
	struct iovec iov[2] = { { bytes, sizeof bytes / 2 }, { bytes, sizeof bytes / 2 } };
	size_t sent = 0, got = 0;
	ssize_t n;

	while ((n = stream_write(&stream, iov, 2)) > 0) {
		sent += (size_t)n;
		ck_assert(stream.writable == (n == (ssize_t)sizeof bytes));
	}
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert(!stream.writable);
	while (got < sent) {
		n = recv(peer, bytes, sizeof bytes, 0);
		ck_assert_int_gt(n, 0);
		got += (size_t)n;
	}
	wait_for(WATCH_WRITE);
	ck_assert(stream.writable);
	ck_assert_int_eq(stream_write(&stream, &(struct iovec){ bytes, 1 }, 1), 1);
	ck_assert(stream.writable);
}
END_TEST

START_TEST(writing_to_one_who_is_gone_is_an_error)
{
	peer_resets();
	wait_for(WATCH_READ);
	ck_assert_int_eq(stream_error(&stream), ECONNRESET);
	ck_assert_int_eq(stream_error(&stream), 0);
	ck_assert_int_eq(stream_write(&stream, &(struct iovec){ (void *)(uintptr_t) "x", 1 }, 1), -1);
	ck_assert_int_eq(errno, EPIPE);
}
END_TEST

START_TEST(unread_bytes_are_seen_and_left)
{
	char bytes[10];

	ck_assert(!stream_is_unread(&stream));
	peer_says("hello");
	ck_assert(stream_is_unread(&stream));
	ck_assert_int_eq(read_some(bytes, sizeof bytes), 5);
	ck_assert(!stream_is_unread(&stream));
}
END_TEST

START_TEST(a_half_closed_stream_still_reads)
{
	char bytes[10];

	stream_shutdown(&stream);
	ck_assert_int_eq(recv(peer, bytes, sizeof bytes, 0), 0);
	peer_says("late");
	ck_assert_int_eq(read_some(bytes, sizeof bytes), 4);
}
END_TEST

START_TEST(a_closed_stream_ends_or_resets_its_peer)
{
	char byte;

	stream_close(&stream, false);
	ck_assert(!stream_is_open(&stream));
	ck_assert_int_eq(recv(peer, &byte, 1, 0), 0);
	close(peer);
	loop_free(loop);
	setup();
	stream_close(&stream, true);
	stream_close(&stream, true);
	ck_assert_int_eq(recv(peer, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, ECONNRESET);
}
END_TEST

START_TEST(a_descriptor_can_be_given_away)
{
	int fd;

	wait_for(WATCH_WRITE);
	fd = stream_release(&stream);
	ck_assert(!stream_is_open(&stream));
	ck_assert(!watch_is_open(&stream.watch));
	ck_assert_int_eq(send(fd, "x", 1, 0), 1);
	close(fd);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("stream");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_short_read_shows_that_nothing_is_left);
	tcase_add_test(tests, the_end_behind_the_bytes_is_found);
	tcase_add_test(tests, the_reset_behind_the_bytes_is_found);
	tcase_add_test(tests, the_next_message_begins_without_doubt);
	tcase_add_test(tests, bytes_are_counted);
	tcase_add_test(tests, a_full_socket_is_not_writable_until_it_is);
	tcase_add_test(tests, writing_to_one_who_is_gone_is_an_error);
	tcase_add_test(tests, unread_bytes_are_seen_and_left);
	tcase_add_test(tests, a_half_closed_stream_still_reads);
	tcase_add_test(tests, a_closed_stream_ends_or_resets_its_peer);
	tcase_add_test(tests, a_descriptor_can_be_given_away);
	return run_case(tests);
}

/* ipc/channel: messages and descriptors arrive whole, and nonsense does no harm. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/channel.h"
#include "run.h"

static int ends[2];

static void
setup(void)
{
	ck_assert_int_eq(channel_pair(ends, NULL), 0);
}

static void
teardown(void)
{
	close(ends[0]);
	close(ends[1]);
}

/* A descriptor to send; which one is told by the inode of the pipe behind it. */
static int
pipe_end(ino_t *inode)
{
	int pipe_ends[2];
	struct stat st;

	ck_assert_int_eq(pipe(pipe_ends), 0);
	ck_assert_int_eq(fstat(pipe_ends[0], &st), 0);
	close(pipe_ends[1]);
	*inode = st.st_ino;
	return pipe_ends[0];
}

static unsigned
open_descriptors(void)
{
	unsigned count = 0;
	int fd;

	for (fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

START_TEST(a_full_batch_arrives_whole)
{
	struct channel_message sent = { .type = CHANNEL_CONNECTIONS }, got;
	ino_t inodes[CHANNEL_BATCH];
	int i;

	for (i = 0; i < CHANNEL_BATCH; i++) {
		sent.connections[i] =
		    (struct channel_connection){ .listener = 7, .port = (uint16_t)i, .family = AF_INET };
		memset(sent.connections[i].address, i, 16);
		sent.fds[i] = pipe_end(&inodes[i]);
	}
	sent.count = CHANNEL_BATCH;
	sent.fd_count = CHANNEL_BATCH;
	ck_assert_int_eq(channel_send(ends[0], &sent), 0);
	channel_close_fds(&sent);
	ck_assert_int_eq(sent.fd_count, 0);

	ck_assert_int_eq(channel_receive(ends[1], &got), 1);
	ck_assert_int_eq(got.type, CHANNEL_CONNECTIONS);
	ck_assert_int_eq(got.count, CHANNEL_BATCH);
	ck_assert_int_eq(got.fd_count, CHANNEL_BATCH);
	for (i = 0; i < CHANNEL_BATCH; i++) {
		struct stat st;

		ck_assert_int_eq(fstat(got.fds[i], &st), 0);
		ck_assert_uint_eq(st.st_ino, inodes[i]);
		ck_assert_int_eq(fcntl(got.fds[i], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
		ck_assert_int_eq(got.connections[i].port, i);
		ck_assert_int_eq(got.connections[i].address[15], i);
	}
	channel_close_fds(&got);
}
END_TEST

START_TEST(messages_stay_apart)
{
	struct channel_message word = { .type = CHANNEL_READY }, logs = { .type = CHANNEL_LOGS, .logs = 3 },
			       got;
	ino_t inode;

	logs.fds[0] = pipe_end(&inode);
	logs.fd_count = 1;
	ck_assert_int_eq(channel_send(ends[1], &word), 0);
	ck_assert_int_eq(channel_send(ends[1], &logs), 0);
	channel_close_fds(&logs);
	ck_assert_int_eq(channel_receive(ends[0], &got), 1);
	ck_assert_int_eq(got.type, CHANNEL_READY);
	ck_assert_int_eq(got.fd_count, 0);
	ck_assert_int_eq(channel_receive(ends[0], &got), 1);
	ck_assert_int_eq(got.type, CHANNEL_LOGS);
	ck_assert_uint_eq(got.logs, 3);
	ck_assert_int_eq(got.fd_count, 1);
	channel_close_fds(&got);
}
END_TEST

START_TEST(an_empty_one_says_later_and_a_closed_one_ends)
{
	struct channel_message word = { .type = CHANNEL_DRAIN }, got;

	ck_assert_int_eq(channel_receive(ends[1], &got), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(channel_send(ends[0], &word), 0);
	close(ends[0]);
	ck_assert_int_eq(channel_receive(ends[1], &got), 1);
	ck_assert_int_eq(channel_receive(ends[1], &got), 0);
	ck_assert_int_eq(channel_send(ends[1], &word), -1);
	ck_assert_int_eq(errno, EPIPE);
	ends[0] = dup(ends[1]);
}
END_TEST

START_TEST(queries_and_answers_arrive_as_far_as_they_go)
{
	struct channel_message asked = { .type = CHANNEL_QUERY }, answered = { .type = CHANNEL_ANSWER }, got;
	unsigned rows;

	asked.query = (struct query){ .id = 5, .kind = QUERY_MORE, .limit = 9, .filter = { .min_age = 77 } };
	ck_assert_int_eq(channel_send(ends[0], &asked), 0);
	ck_assert_int_eq(channel_receive(ends[1], &got), 1);
	ck_assert_int_eq(got.type, CHANNEL_QUERY);
	ck_assert_mem_eq(&got.query, &asked.query, sizeof got.query);
	for (rows = 0; rows <= QUERY_ROWS; rows++) {
		answered.answer.id = 5;
		answered.answer.count = (uint16_t)rows;
		if (rows > 0)
			answered.answer.rows[rows - 1].number = rows * UINT64_C(0x100000000);
		ck_assert_int_eq(channel_send(ends[1], &answered), 0);
		memset(&got, 0xff, sizeof got);
		ck_assert_int_eq(channel_receive(ends[0], &got), 1);
		ck_assert_int_eq(got.type, CHANNEL_ANSWER);
		ck_assert_mem_eq(&got.answer, &answered.answer, query_answer_length(&answered.answer));
	}
}
END_TEST

/* What was unread at the other end when it closed does not hide that it closed. */
START_TEST(a_reset_is_an_end)
{
	struct channel_message word = { .type = CHANNEL_READY }, got;

	ck_assert_int_eq(channel_send(ends[1], &word), 0);
	close(ends[0]);
	ck_assert_int_eq(channel_receive(ends[1], &got), 0);
	ends[0] = dup(ends[1]);
}
END_TEST

START_TEST(a_full_one_says_later)
{
	struct channel_message message = { .type = CHANNEL_CONNECTIONS }, got;
	unsigned sent = 0, received = 0;
	ino_t inode;

	message.fds[0] = pipe_end(&inode);
	message.count = 1;
	message.fd_count = 1;
	while (channel_send(ends[0], &message) == 0)
		sent++;
	ck_assert(errno == EAGAIN || errno == ETOOMANYREFS);
	ck_assert_uint_gt(sent, 0);
	while (channel_receive(ends[1], &got) == 1) {
		received++;
		channel_close_fds(&got);
	}
	ck_assert_uint_eq(received, sent);
	ck_assert_int_eq(channel_send(ends[0], &message), 0);
	channel_close_fds(&message);
}
END_TEST

static void
send_raw(const void *bytes, size_t length, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = length };
	struct msghdr header = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&header);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	ck_assert_int_eq(sendmsg(ends[0], &header, 0), (ssize_t)length);
}

START_TEST(nonsense_is_refused_and_its_descriptors_are_closed)
{
	struct channel_message too_many = { .type = CHANNEL_CONNECTIONS, .count = CHANNEL_BATCH + 1 };
	struct channel_message cut = { .type = CHANNEL_CONNECTIONS, .count = 2 };
	struct channel_message long_word = { .type = CHANNEL_READY }, query = { .type = CHANNEL_QUERY };
	struct channel_message answer = { .type = CHANNEL_ANSWER, .answer = { .count = 2 } };
	struct channel_message rows = { .type = CHANNEL_ANSWER, .answer = { .count = QUERY_ROWS + 1 } }, got;
	size_t head = offsetof(struct channel_message, connections);
	unsigned before = open_descriptors();

	send_raw("x", 1, ends[0]);
	send_raw(&too_many, sizeof too_many, ends[0]);
	send_raw(&cut, head + sizeof cut.connections[0], ends[0]);
	send_raw(&long_word, head + 1, ends[0]);
	send_raw(&query, head + sizeof query.query - 1, ends[0]);
	send_raw(&query, head, ends[0]);
	send_raw(&answer, head, ends[0]);
	send_raw(&answer, head + query_answer_length(&answer.answer) - 1, ends[0]);
	send_raw(&answer, head + query_answer_length(&answer.answer) + 1, ends[0]);
	send_raw(&rows, sizeof rows, ends[0]);
	while (channel_receive(ends[1], &got) != -1 || errno != EAGAIN) {
		ck_assert_int_eq(errno, EBADMSG);
		ck_assert_int_eq(got.fd_count, 0);
		errno = 0;
	}
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("channel");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_full_batch_arrives_whole);
	tcase_add_test(tests, messages_stay_apart);
	tcase_add_test(tests, an_empty_one_says_later_and_a_closed_one_ends);
	tcase_add_test(tests, queries_and_answers_arrive_as_far_as_they_go);
	tcase_add_test(tests, a_reset_is_an_end);
	tcase_add_test(tests, a_full_one_says_later);
	tcase_add_test(tests, nonsense_is_refused_and_its_descriptors_are_closed);
	return run_case(tests);
}

#include "ipc/channel.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

union channel_control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int) * CHANNEL_BATCH)];
};

static const size_t head_length = offsetof(struct channel_message, connections);

/* A message is sent as far as what it carries goes. */
static size_t
channel_length(const struct channel_message *message)
{
	switch (message->type) {
	case CHANNEL_CONNECTIONS:
	case CHANNEL_RETURNED:
		return head_length + message->count * sizeof message->connections[0];
	case CHANNEL_QUERY:
		return head_length + sizeof message->query;
	case CHANNEL_ANSWER:
		return head_length + query_answer_length(&message->answer);
	case CHANNEL_NAME:
		return head_length + sizeof message->name;
	case CHANNEL_NAME_PART:
		return head_length + names_part_length(&message->name_part);
	default:
		return head_length;
	}
}

/* Whether a message of so many bytes is as long as it says. */
static bool
channel_is_whole(const struct channel_message *message, size_t length)
{
	if (length < head_length || message->count > CHANNEL_BATCH)
		return false;
	if (message->type == CHANNEL_ANSWER &&
	    (length < head_length + offsetof(struct query_answer, rows) || message->answer.count > QUERY_ROWS))
		return false;
	if (message->type == CHANNEL_NAME_PART &&
	    (length < head_length + offsetof(struct names_part, addresses) ||
		message->name_part.count > NAMES_ROWS))
		return false;
	return length == channel_length(message);
}

int
channel_pair(int fds[2], struct error *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		return error_errno(err, "cannot make a channel");
	return 0;
}

int
channel_send(int fd, const struct channel_message *message)
{
	union channel_control control;
	struct iovec iov = { .iov_base = (void *)(uintptr_t)message, .iov_len = channel_length(message) };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	ssize_t n;

	if (message->fd_count > 0) {
		size_t size = sizeof(int) * (size_t)message->fd_count;

		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(size);
		c = CMSG_FIRSTHDR(&header);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(c), message->fds, size);
	}
	do
		n = sendmsg(fd, &header, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

/* Takes the descriptors out of the control data. */
static void
channel_take_fds(struct msghdr *header, struct channel_message *message)
{
	struct cmsghdr *c;

	message->fd_count = 0;
	for (c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
		size_t size;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size = c->cmsg_len - CMSG_LEN(0);
		memcpy(message->fds, CMSG_DATA(c), size);
		message->fd_count = (int)(size / sizeof(int));
	}
}

int
channel_receive(int fd, struct channel_message *message)
{
	union channel_control control;
	struct iovec iov = { .iov_base = message, .iov_len = offsetof(struct channel_message, fds) };
	struct msghdr header = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
	};
	ssize_t n;

	do
		n = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? 0 : -1;
	channel_take_fds(&header, message);
	if (n == 0 && message->fd_count == 0)
		return 0;
	if (!channel_is_whole(message, (size_t)n)) {
		channel_close_fds(message);
		errno = EBADMSG;
		return -1;
	}
	return 1;
}

void
channel_close_fds(struct channel_message *message)
{
	while (message->fd_count > 0)
		close(message->fds[--message->fd_count]);
}

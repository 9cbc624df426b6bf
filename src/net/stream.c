#include "net/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

void
stream_init(struct stream *stream, int fd)
{
	stream->watch.callback = NULL;
	stream->received = stream->sent = 0;
	stream->fd = fd;
	stream->readable = true;
	stream->writable = true;
	stream->ending = false;
	stream->unsure = false;
}

int
stream_watch(struct stream *stream, struct loop *loop, watch_fn *callback)
{
	if (watch_is_open(&stream->watch))
		return 0;
	return watch_open(&stream->watch, loop, stream->fd, callback);
}

void
stream_note(struct stream *stream, unsigned events)
{
	if (events & WATCH_READ)
		stream->readable = true;
	if (events & WATCH_WRITE)
		stream->writable = true;
	if (events & WATCH_CLOSED) {
		stream->readable = true;
		stream->ending = true;
	}
	stream->unsure = (events & (WATCH_READ | WATCH_WRITE | WATCH_CLOSED)) == (WATCH_READ | WATCH_WRITE);
}

ssize_t
stream_read(struct stream *stream, void *bytes, size_t size)
{
	ssize_t n;

	do
		n = recv(stream->fd, bytes, size, 0);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		stream->received += (uint64_t)n;
	if (n < 0 && errno == EAGAIN)
		stream->readable = stream->unsure = false;
	else if (n > 0 && (size_t)n < size && !stream->ending)
		stream->readable = false; /* drained: the next byte is a new edge */
	return n;
}

ssize_t
stream_write(struct stream *stream, const struct iovec *iov, int count)
{
	size_t wanted = 0;
	ssize_t n;
	int i;

	for (i = 0; i < count; i++)
		wanted += iov[i].iov_len;
	do
		n = count == 1 ? send(stream->fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL)
			       : writev(stream->fd, iov, count);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		stream->sent += (uint64_t)n;
	if (n < 0 ? errno == EAGAIN : (size_t)n < wanted)
		stream->writable = false;
	return n;
}

/* Whatever it moved, there may be more: the pipe may have been full before the socket was empty. */
ssize_t
stream_splice_in(struct stream *stream, int pipe, size_t most)
{
	ssize_t n;

	do
		n = splice(stream->fd, NULL, pipe, NULL, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		stream->received += (uint64_t)n;
	if (n < 0 && errno == EAGAIN)
		stream->readable = stream->unsure = false;
	return n;
}

/* A short one may also be due to a signal: only EAGAIN says for certain that an event will come. */
ssize_t
stream_splice_out(struct stream *stream, int pipe, size_t most)
{
	ssize_t n;

	do
		n = splice(pipe, NULL, stream->fd, NULL, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		stream->sent += (uint64_t)n;
	if (n < 0 && errno == EAGAIN)
		stream->writable = false;
	return n;
}

void
stream_shutdown(struct stream *stream)
{
	shutdown(stream->fd, SHUT_WR);
}

void
stream_close(struct stream *stream, bool reset)
{
	int fd = stream_release(stream);

	if (fd < 0)
		return;
	if (reset) {
		struct linger linger = { .l_onoff = 1, .l_linger = 0 };

		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	}
	close(fd);
}

int
stream_release(struct stream *stream)
{
	int fd = stream->fd;

	watch_close(&stream->watch);
	stream->fd = -1;
	return fd;
}

bool
stream_is_unread(const struct stream *stream)
{
	char byte;

	return recv(stream->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

int
stream_error(const struct stream *stream)
{
	int error = 0;
	socklen_t size = sizeof error;

	if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return errno;
	return error;
}

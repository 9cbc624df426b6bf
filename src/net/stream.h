/*
 * One connected byte stream: a client's connection or one to a server. It knows
 * whether reading and writing would block, so that nobody asks the kernel in
 * vain. Runs in workers and in the control plane.
 */
#ifndef DROVER_NET_STREAM_H
#define DROVER_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "net/loop.h"

struct stream {
	struct watch watch;
	uint64_t received, sent; /* bytes */
	int fd;
	bool readable : 1; /* a read may give something */
	bool writable : 1;
	bool ending : 1; /* the peer sends no more: reads go on until 0 */
	bool unsure : 1; /* the last event may have been an error, which stands behind the bytes: see stream_has_more */
};

/*
 * Takes over a connected, non-blocking descriptor. It is thought readable and
 * writable until a call shows otherwise, and is not watched yet: a short
 * connection may live and die without an epoll_ctl.
 */
void stream_init(struct stream *stream, int fd);

/* Starts watching, if it is not watched: needed before waiting. -1: no memory. */
int stream_watch(struct stream *stream, struct loop *loop, watch_fn *callback);

/* In the watch callback, first: takes note of what the kernel says. */
void stream_note(struct stream *stream, unsigned events);

/*
 * Reads once. > 0: bytes. 0: the peer sends no more. -1: errno; EAGAIN means
 * wait for the next event.
 */
ssize_t stream_read(struct stream *stream, void *bytes, size_t size);

/* Writes once, what fits; the same results, without 0. SIGPIPE must be ignored. */
ssize_t stream_write(struct stream *stream, const struct iovec *iov, int count);

/*
 * Moves bytes into a pipe, and out of one, without copying them: at most `most`.
 * Results as those of stream_read and stream_write. The pipe must be empty and
 * non-blocking, and hold that many bytes, respectively. EINVAL: this kind of socket cannot.
 */
ssize_t stream_splice_in(struct stream *stream, int pipe, size_t most);
ssize_t stream_splice_out(struct stream *stream, int pipe, size_t most);

/* Ends the write side; what was written is sent. */
void stream_shutdown(struct stream *stream);

/* Stops watching and closes. With `reset` what was not sent is thrown away and the peer sees an error. */
void stream_close(struct stream *stream, bool reset);

/* Stops watching and gives the descriptor away: the stream is closed without its descriptor. */
int stream_release(struct stream *stream);

/* Whether the kernel holds bytes that have not been read. */
bool stream_is_unread(const struct stream *stream);

/* The error that the kernel keeps for the socket, 0: none. Clears it. */
int stream_error(const struct stream *stream);

/*
 * Whether a read may tell something, for those who would wait otherwise. libevent
 * shows an error as readable and writable, like any good connection; when bytes and
 * a reset come together, a read gives the bytes and no further event tells the
 * reset. So who has not got all that it needs reads once more before it waits.
 */
static inline bool
stream_has_more(const struct stream *stream)
{
	return stream->readable || stream->unsure;
}

/* A whole message has been read: what stands behind it is for the next one to find out. */
static inline void
stream_message_end(struct stream *stream)
{
	stream->unsure = false;
}

static inline bool
stream_is_open(const struct stream *stream)
{
	return stream->fd >= 0;
}

#endif

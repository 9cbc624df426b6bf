#include "worker/relay.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	RELAY_ROUNDS = 16, /* reads in one turn of the loop */
	RELAY_TURN = 1 << 20, /* bytes in one turn, about */
	FLOW_LEAST = 4096 /* bytes at once: with less a body without a length does not flow */
};

/* Where the chunk that wraps the ready bytes stands. */
enum frame_state {
	FRAME_NONE,
	FRAME_OPEN, /* size line, data, CRLF */
	FRAME_LAST, /* the last chunk */
	FRAME_ENDED
};

void
relay_begin(struct relay *relay, enum h1_framing framing, uint64_t length, bool dechunk, uint32_t head)
{
	memset(relay, 0, sizeof *relay);
	body_begin(&relay->body, framing, length, dechunk);
	relay->held = head;
}

int
relay_accept(struct relay *relay, struct block *in)
{
	size_t skip, ready;

	if (relay->ready > 0 || relay->body.done || in->bytes == NULL)
		return 0;
	if (body_accept(&relay->body, block_first(in) + relay->held, block_length(in) - relay->held, &skip, &ready) < 0)
		return -1;
	if (skip > 0) {
		relay_forget(relay, in);
		in->start += (uint32_t)skip;
	}
	relay->ready = (uint32_t)ready;
	return 0;
}

const char *
relay_ready(const struct relay *relay, const struct block *in)
{
	return block_first(in) + relay->held;
}

void
relay_sent(struct relay *relay, struct block *in, size_t sent)
{
	relay->bytes += sent;
	relay->ready -= (uint32_t)sent;
	if (relay->held > 0)
		relay->held += (uint32_t)sent;
	else
		in->start += (uint32_t)sent;
}

void
relay_forget(struct relay *relay, struct block *in)
{
	in->start += relay->held;
	relay->held = 0;
}

bool
relay_pending(const struct relay *relay)
{
	return relay->ready > 0 || relay->piped > 0 || relay->frame_state == FRAME_OPEN ||
	    relay->frame_state == FRAME_LAST;
}

bool
relay_is_done(const struct relay *relay)
{
	return relay->body.done && relay->ready == 0 && relay->piped == 0;
}

/* A pipe with bytes in it is of no use to anybody else. */
static void
relay_release_pipe(struct relay *relay, struct worker *worker)
{
	pipe_put(&worker->pipes, relay->pipe, relay->piped == 0);
	relay->pipe = NULL;
	relay->piped = 0;
}

void
relay_discard(struct relay *relay, struct worker *worker, struct block *in)
{
	relay_sent(relay, in, relay->ready);
	relay_release_pipe(relay, worker);
}

void
relay_end(struct relay *relay, struct worker *worker)
{
	relay_release_pipe(relay, worker);
}

/* Opens the chunk for what is ready, or the last one. Returns whether there is anything to write. */
static bool
frame_open(struct relay *relay)
{
	if (relay->frame_state == FRAME_NONE && relay->ready > 0) {
		relay->frame_length = (uint8_t)snprintf(relay->frame, sizeof relay->frame, "%x\r\n", relay->ready);
		relay->frame_used = 0;
		relay->frame_tail = 2;
		relay->frame_state = FRAME_OPEN;
	} else if (relay->frame_state == FRAME_NONE && relay->body.done) {
		relay->frame_length = (uint8_t)snprintf(relay->frame, sizeof relay->frame, "0\r\n\r\n");
		relay->frame_used = 0;
		relay->frame_tail = 0;
		relay->frame_state = FRAME_LAST;
	}
	return relay->frame_state == FRAME_OPEN || relay->frame_state == FRAME_LAST;
}

/* Takes note of what was written of the chunk. */
static void
frame_sent(struct relay *relay, struct block *in, size_t sent)
{
	size_t part = (size_t)(relay->frame_length - relay->frame_used);

	part = part < sent ? part : sent;
	relay->frame_used = (uint8_t)(relay->frame_used + part);
	relay->bytes += part;
	sent -= part;
	part = relay->ready < sent ? relay->ready : sent;
	relay_sent(relay, in, part);
	sent -= part;
	relay->frame_tail = (uint8_t)(relay->frame_tail - sent);
	relay->bytes += sent;
	if (relay->frame_used == relay->frame_length && relay->ready == 0 && relay->frame_tail == 0)
		relay->frame_state = relay->frame_state == FRAME_LAST ? FRAME_ENDED : FRAME_NONE;
}

static ssize_t
frame_write(struct relay *relay, struct block *in, struct stream *to)
{
	static char end[] = "\r\n";
	struct iovec iov[3];
	int n = 0;
	ssize_t sent;

	if (relay->frame_used < relay->frame_length)
		iov[n++] = (struct iovec){ relay->frame + relay->frame_used,
			(size_t)(relay->frame_length - relay->frame_used) };
	if (relay->ready > 0)
		iov[n++] = (struct iovec){ block_first(in) + relay->held, relay->ready };
	if (relay->frame_tail > 0)
		iov[n++] = (struct iovec){ end + 2 - relay->frame_tail, relay->frame_tail };
	sent = stream_write(to, iov, n);
	if (sent > 0)
		frame_sent(relay, in, (size_t)sent);
	return sent;
}

static ssize_t
plain_write(struct relay *relay, struct block *in, struct stream *to)
{
	struct iovec iov = { block_first(in) + relay->held, relay->ready };
	ssize_t sent = stream_write(to, &iov, 1);

	if (sent > 0)
		relay_sent(relay, in, (size_t)sent);
	return sent;
}

static ssize_t
pipe_write(struct relay *relay, struct stream *to)
{
	ssize_t sent = stream_splice_out(to, relay->pipe->out, relay->piped);

	if (sent > 0) {
		relay->piped -= (uint32_t)sent;
		relay->bytes += (uint64_t)sent;
	}
	return sent;
}

static bool
relay_has_output(struct relay *relay)
{
	return relay->enchunk ? frame_open(relay) : relay->ready > 0 || relay->piped > 0;
}

static ssize_t
relay_write(struct relay *relay, const struct relay_path *path)
{
	if (relay->piped > 0)
		return pipe_write(relay, path->to);
	return relay->enchunk ? frame_write(relay, path->in, path->to) : plain_write(relay, path->in, path->to);
}

/* Writes what is ready. RELAY_DONE here means: all of that is written. */
static enum relay_result
relay_flush(struct relay *relay, struct worker *worker, const struct relay_path *path)
{
	ssize_t sent;

	while (relay_has_output(relay)) {
		if (!path->to->writable)
			return RELAY_WAIT_SINK;
		sent = relay_write(relay, path);
		if (sent < 0)
			return errno == EAGAIN ? RELAY_WAIT_SINK : RELAY_SINK_FAILED;
		scoreboard_add(&worker->me->counters[path->bytes_written], (uint64_t)sent);
		relay->moved_out = true;
	}
	return RELAY_DONE;
}

/* A read that brought n bytes. RELAY_DONE means, here and below: go on. */
static enum relay_result
relay_took(struct relay *relay, struct worker *worker, const struct relay_path *path, ssize_t n)
{
	if (n < 0)
		return errno == EAGAIN ? RELAY_WAIT_SOURCE : RELAY_SOURCE_FAILED;
	if (n == 0)
		return body_end(&relay->body) ? RELAY_DONE : RELAY_TRUNCATED;
	scoreboard_add(&worker->me->counters[path->bytes_read], (uint64_t)n);
	relay->moved_in = true;
	return RELAY_DONE;
}

/* Reads once into the source's buffer. */
static enum relay_result
relay_fill(struct relay *relay, struct worker *worker, const struct relay_path *path)
{
	enum relay_result result;
	ssize_t n;

	if (path->in->bytes != NULL && relay->held > 0 && block_room(path->in) == 0)
		relay_forget(relay, path->in);
	if (!block_reserve(path->in, &worker->buffers))
		return RELAY_NO_MEMORY;
	if (relay->body.kind != BODY_LENGTH || relay->body.left > path->in->size)
		block_enlarge(path->in, &worker->buffers);
	n = stream_read(path->from, path->in->bytes + path->in->end, block_room(path->in));
	result = relay_took(relay, worker, path, n);
	if (n > 0)
		path->in->end += (uint32_t)n;
	relay->flows = n > 0 && block_room(path->in) == 0;
	return result;
}

/* Whether a pipe is better than the buffer for what comes next; then there is one. */
static bool
relay_may_splice(struct relay *relay, struct worker *worker, const struct relay_path *path)
{
	uint64_t plain;

	if (relay->enchunk || relay->copied || relay->held > 0 || block_length(path->in) > 0)
		return false;
	plain = body_plain(&relay->body);
	if (plain < worker->pipes.least || (plain == UINT64_MAX && !relay->flows))
		return false;
	if (relay->pipe == NULL)
		relay->pipe = pipe_get(&worker->pipes, loop_now(worker->loop));
	return relay->pipe != NULL;
}

/* Reads once into the pipe, which is empty: never more than what belongs to the body. */
static enum relay_result
relay_splice(struct relay *relay, struct worker *worker, const struct relay_path *path)
{
	uint64_t plain = body_plain(&relay->body);
	ssize_t n = stream_splice_in(path->from, relay->pipe->in,
	    plain < worker->pipes.most ? (size_t)plain : worker->pipes.most);

	if (n < 0 && errno == EINVAL) {
		relay->copied = true;
		return RELAY_DONE;
	}
	if (n > 0) {
		relay->piped = (uint32_t)n;
		relay->flows = n >= FLOW_LEAST;
		body_skip(&relay->body, (uint64_t)n);
	}
	return relay_took(relay, worker, path, n);
}

static enum relay_result
relay_move(struct relay *relay, struct worker *worker, const struct relay_path *path)
{
	uint64_t until = relay->bytes + RELAY_TURN;
	enum relay_result result;
	int rounds;

	for (rounds = 0; rounds < RELAY_ROUNDS && relay->bytes < until; rounds++) {
		do {
			if (relay_accept(relay, path->in) < 0)
				return RELAY_MALFORMED;
			result = relay_flush(relay, worker, path);
			if (result != RELAY_DONE)
				return result;
		} while (relay->held == 0 && !relay->body.done && block_length(path->in) > 0);
		if (relay->body.done)
			return RELAY_DONE;
		if (!stream_has_more(path->from))
			return RELAY_WAIT_SOURCE;
		result = relay_may_splice(relay, worker, path) ? relay_splice(relay, worker, path) :
								  relay_fill(relay, worker, path);
		if (result != RELAY_DONE)
			return result;
	}
	return RELAY_YIELD;
}

enum relay_result
relay_run(struct relay *relay, struct worker *worker, const struct relay_path *path)
{
	enum relay_result result = relay_move(relay, worker, path);

	block_release_empty(path->in, &worker->buffers);
	if (relay->pipe != NULL && relay->piped == 0)
		relay_release_pipe(relay, worker);
	return result;
}

/*
 * Bodies in motion, with back-pressure: nothing is read that cannot be written on.
 * Small ones go through the source's buffer; what is long, and need not be looked at
 * or wrapped, through a pipe. Runs in workers.
 */
#ifndef DROVER_WORKER_RELAY_H
#define DROVER_WORKER_RELAY_H

#include "worker/internal.h"

enum relay_result {
	RELAY_DONE,	     /* the whole body has gone on */
	RELAY_WAIT_SOURCE,   /* for bytes to read */
	RELAY_WAIT_SINK,     /* for the receiver to take more */
	RELAY_YIELD,	     /* it could go on, but others are to have their turn */
	RELAY_TRUNCATED,     /* the sender ended its stream before the end of the body */
	RELAY_SOURCE_FAILED, /* errno */
	RELAY_SINK_FAILED,   /* errno */
	RELAY_MALFORMED,
	RELAY_NO_MEMORY
};

/* The two ends of a relay, and what is counted. */
struct relay_path {
	struct stream *from;
	struct block *in;
	struct stream *to;
	enum counter bytes_read, bytes_written;
};

/*
 * Begins a body whose head is the first `head` bytes in the source's buffer.
 * The head and what follows it are kept there (held) until relay_forget.
 */
void relay_begin(struct relay *relay, enum h1_framing framing, uint64_t length, bool dechunk, uint32_t head);

/* Looks at what is in the buffer: afterwards `ready` tells how much can be written. -1: malformed. */
int relay_accept(struct relay *relay, struct block *in);

/* The first `ready` bytes of the body that are still to be written; only when they go on unwrapped. */
const char *relay_ready(const struct relay *relay, const struct block *in);

/* So many of the ready bytes have been written by the caller. */
void relay_sent(struct relay *relay, struct block *in, size_t sent);

/* Whether something is still to be written of what was read, the wrapping of a chunk counted. */
bool relay_pending(const struct relay *relay);

/* Whether the last byte of the body has gone on. */
bool relay_is_done(const struct relay *relay);

/* Throws away what was accepted and has not gone on. */
void relay_discard(struct relay *relay, struct worker *worker, struct block *in);

/* Ends it, wherever it stands: gives back what it holds. */
void relay_end(struct relay *relay, struct worker *worker);

/* Drops what is held: it can not be sent again. */
void relay_forget(struct relay *relay, struct block *in);

/* Moves as much as goes without waiting. */
enum relay_result relay_run(struct relay *relay, struct worker *worker, const struct relay_path *path);

#endif

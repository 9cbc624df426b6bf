/*
 * How far a message body goes, and which of its bytes go on to the other side.
 * Pure. Runs in workers.
 */
#ifndef DROVER_HTTP_BODY_H
#define DROVER_HTTP_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/h1.h"

enum body_kind {
	BODY_NONE,
	BODY_LENGTH,
	BODY_CHUNKED,	/* goes on as it is, chunk by chunk */
	BODY_DECHUNKED, /* only the data goes on: the receiver cannot read chunks */
	BODY_UNTIL_END	/* all, until the sender ends the stream */
};

struct body {
	uint8_t kind;
	bool done; /* the last byte has been accepted */
	uint64_t left;
	uint64_t data; /* bytes of it that were accepted, the framing of chunks not counted */
	struct h1_chunked chunked;
};

/* Begins a body as the head says. `dechunk` turns BODY_CHUNKED into BODY_DECHUNKED. */
void body_begin(struct body *body, enum h1_framing framing, uint64_t length, bool dechunk);

/*
 * Looks at the next bytes: *skip of them are to be dropped, the *ready after those
 * go on. Bytes after that were not looked at: call again with them, unless the
 * body is done. -1: the body is malformed.
 */
int body_accept(struct body *body, const char *bytes, size_t length, size_t *skip, size_t *ready);

/*
 * How many of the next bytes go on as they are, whatever they are: they need not
 * be looked at. UINT64_MAX: all there will be.
 */
uint64_t body_plain(const struct body *body);

/* So many of those, at least 1, have gone by unseen. */
void body_skip(struct body *body, uint64_t length);

/* The sender ended the stream: whether that is a proper end of this body. */
bool body_end(struct body *body);

#endif

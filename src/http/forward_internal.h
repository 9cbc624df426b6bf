/*
 * What the files that put heads together share among themselves: pieces of a
 * head, runs of received bytes, what is left out. Nobody else includes it. Runs in workers.
 */
#ifndef DROVER_HTTP_FORWARD_INTERNAL_H
#define DROVER_HTTP_FORWARD_INTERNAL_H

#include <string.h>

#include "http/forward.h"
#include "http/h1_internal.h"

enum {
	FORWARD_COPY = 512, /* the longest run of bytes that is copied */
	FORWARD_OWN = 1536  /* room for what drover adds to a head, at most */
};

static inline void
forward_begin(struct forward *forward)
{
	forward->count = 0;
	forward->length = 0;
	forward->text_used = 0;
}

/* Adds a piece that stays where it is until the head is written. */
static inline void
forward_point(struct forward *forward, const char *bytes, size_t length)
{
	forward->length += length;
	if (forward->count == FORWARD_PIECES) /* cannot happen: see FORWARD_PIECES */
		return;
	forward->pieces[forward->count].iov_base = (void *)(uintptr_t)bytes;
	forward->pieces[forward->count].iov_len = length;
	forward->count++;
}

/* Adds bytes that will not stay where they are; cut off where the room for them ends. */
static inline void
forward_copy(struct forward *forward, const char *bytes, size_t length)
{
	char *to = forward->text + forward->text_used;
	size_t room = FORWARD_TEXT - forward->text_used;
	struct iovec *last;

	if (length > room)
		length = room;
	memcpy(to, bytes, length);
	forward->text_used += length;
	if (forward->count > 0) {
		last = &forward->pieces[forward->count - 1];
		if ((const char *)last->iov_base + last->iov_len == to) {
			last->iov_len += length;
			forward->length += length;
			return;
		}
	}
	forward_point(forward, to, length);
}

static inline void
forward_put(struct forward *forward, const char *bytes, size_t length)
{
	if (length == 0)
		return;
	/* for the kernel another piece costs more than copying some bytes; the room at the end is for drover's own words */
	if (length <= FORWARD_COPY && forward->text_used + length <= FORWARD_TEXT - FORWARD_OWN)
		forward_copy(forward, bytes, length);
	else
		forward_point(forward, bytes, length);
}

/* Adds a string literal. */
#define forward_literal(forward, words) forward_copy(forward, words, sizeof words - 1)

static inline void
forward_words(struct forward *forward, const char *words)
{
	forward_copy(forward, words, strlen(words));
}

static inline void
forward_span(struct forward *forward, const char *head, struct h1_span span)
{
	forward_put(forward, head + span.offset, span.length);
}

/* Parts of the received head that go on as they stand: what is in one run there is added as a whole. */
struct run {
	const char *start;
	size_t length;
};

static inline void
run_end(struct run *run, struct forward *forward)
{
	forward_put(forward, run->start, run->length);
	run->length = 0;
}

static inline void
run_add(struct run *run, struct forward *forward, const char *bytes, size_t length)
{
	if (run->start + run->length != bytes) {
		run_end(run, forward);
		run->start = bytes;
	}
	run->length += length;
}

static inline void
run_add_field(struct run *run, struct forward *forward, const char *head, const struct h1_field *field)
{
	run_add(run, forward, head + field->line, field->line_length);
}

/* RFC 9110 7.6.3. */
static inline void
forward_via(struct forward *forward, unsigned minor, const char *name)
{
	forward_words(forward, minor == 1 ? "Via: 1.1 " : "Via: 1.0 ");
	forward_words(forward, name);
	forward_literal(forward, "\r\n");
}

/* Whether a field that was received is not to go on. */
bool forward_changes_drop(const struct forward_changes *changes, const char *head, const struct h1_field *field);

/* Whether the edits take the field out. What frames the message, or names its host, is not theirs. */
static inline bool
forward_edits_drop(const struct edits *edits, const char *head, const struct h1_field *field)
{
	enum { FIXED = 1 << H1_NAME_CONTENT_LENGTH | 1 << H1_NAME_HOST | 1 << H1_NAME_EXPECT | 1 << H1_NAME_UPGRADE };

	return (FIXED >> field->name & 1) == 0 && edits_drop(edits, head + field->line, field->name_length);
}

static inline bool
field_is_dropped(const struct forward_changes *changes, const struct edits *edits, const char *head,
    const struct h1_field *field)
{
	return (changes != NULL && forward_changes_drop(changes, head, field)) ||
	    (edits != NULL && forward_edits_drop(edits, head, field));
}

/* The lines that the changes add, as far as the edits leave them. */
static inline void
forward_changes_add(struct forward *forward, const struct forward_changes *changes, const struct edits *edits)
{
	struct text left, line;

	if (changes == NULL)
		return;
	left = changes->more;
	if (edits == NULL)
		forward_put(forward, left.bytes, left.length);
	else
		while (edits_next_line(edits, &left, &line))
			forward_put(forward, line.bytes, line.length);
}

/* Whether the edits leave a field of drover's own as it is. */
static inline bool
own_stays(const struct edits *edits, const char *name)
{
	return edits == NULL || !edits_drop(edits, name, strlen(name));
}

#endif

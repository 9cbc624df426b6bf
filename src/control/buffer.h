/*
 * Bytes on their way in or out of a control connection: appended at the end,
 * taken from the start. An empty one holds no memory. Master.
 */
#ifndef DROVER_CONTROL_BUFFER_H
#define DROVER_CONTROL_BUFFER_H

#include <stddef.h>

struct buffer {
	char *bytes;
	size_t start, end; /* what is there: bytes[start] .. bytes[end - 1] */
	size_t size;
};

static inline size_t
buffer_length(const struct buffer *b)
{
	return b->end - b->start;
}

/* NULL when it holds no memory. */
static inline const char *
buffer_first(const struct buffer *b)
{
	return b->bytes == NULL ? NULL : b->bytes + b->start;
}

/* Where `room` more bytes can be written (buffer_added tells how many were), or NULL: no memory. */
char *buffer_reserve(struct buffer *b, size_t room);
void buffer_added(struct buffer *b, size_t count);

/* 0, or -1: no memory, and nothing was added. */
int buffer_append(struct buffer *b, const char *bytes, size_t length);

/* Takes bytes away from the start. */
void buffer_drop(struct buffer *b, size_t count);

/* Takes away what was appended since buffer_length was `length`. */
void buffer_cut(struct buffer *b, size_t length);

/* Hands over what is there, malloc'ed; the buffer is empty then. NULL: it was empty. */
char *buffer_take(struct buffer *b);

void buffer_free(struct buffer *b);

#endif

#include "control/buffer.h"

#include <stdlib.h>
#include <string.h>

enum { BUFFER_SIZE_MIN = 1024 };

char *
buffer_reserve(struct buffer *b, size_t room)
{
	size_t length = buffer_length(b), size = b->size;
	char *bytes;

	if (b->size - b->end >= room)
		return b->bytes + b->end;
	if (b->start > 0) {
		memmove(b->bytes, b->bytes + b->start, length);
		b->start = 0;
		b->end = length;
	}
	if (size == 0)
		size = BUFFER_SIZE_MIN;
	while (size - length < room)
		size *= 2;
	if (size > b->size) {
		bytes = realloc(b->bytes, size);
		if (bytes == NULL)
			return NULL;
		b->bytes = bytes;
		b->size = size;
	}
	return b->bytes + b->end;
}

void
buffer_added(struct buffer *b, size_t count)
{
	b->end += count;
}

int
buffer_append(struct buffer *b, const char *bytes, size_t length)
{
	char *to = buffer_reserve(b, length);

	if (to == NULL)
		return -1;
	memcpy(to, bytes, length);
	b->end += length;
	return 0;
}

void
buffer_drop(struct buffer *b, size_t count)
{
	b->start += count;
	if (b->start == b->end)
		buffer_free(b);
}

void
buffer_cut(struct buffer *b, size_t length)
{
	b->end = b->start + length;
	if (length == 0)
		buffer_free(b);
}

char *
buffer_take(struct buffer *b)
{
	char *bytes = b->bytes, *fitting;

	if (b->start > 0)
		memmove(bytes, bytes + b->start, buffer_length(b));
	fitting = bytes == NULL ? NULL : realloc(bytes, buffer_length(b));
	*b = (struct buffer){ 0 };
	return fitting != NULL ? fitting : bytes;
}

void
buffer_free(struct buffer *b)
{
	free(b->bytes);
	*b = (struct buffer){ 0 };
}

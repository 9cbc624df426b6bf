/*
 * Receive buffers: fixed-size blocks from free lists of this worker. Who waits
 * for nothing but the next byte holds none.
 */
#ifndef DROVER_WORKER_BUFFER_H
#define DROVER_WORKER_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/freelist.h"

enum { BUFFER_SMALL = 16384, BUFFER_LARGE = 65536 };

/* What has been received and not yet used is bytes[start..end). bytes is NULL when no block is held. */
struct buffer {
	char *bytes;
	uint32_t size;
	uint32_t start, end;
};

struct buffer_pool {
	struct freelist small; /* holds any head that the limits allow */
	struct freelist large; /* for bodies that flow */
};

void buffer_pool_init(struct buffer_pool *pool, size_t head_limit);
void buffer_pool_clear(struct buffer_pool *pool);

/* Sees to it that there is a block with room behind what it holds (which may be moved to its start). false: no memory. */
bool buffer_reserve(struct buffer *buffer, struct buffer_pool *pool);

/* Takes a large block instead of an empty small one, when there is memory for it. */
void buffer_enlarge(struct buffer *buffer, struct buffer_pool *pool);

void buffer_release(struct buffer *buffer, struct buffer_pool *pool);

/* Gives the block back when nothing is in it. */
static inline void
buffer_release_empty(struct buffer *buffer, struct buffer_pool *pool)
{
	if (buffer->start == buffer->end)
		buffer_release(buffer, pool);
}

static inline uint32_t
buffer_length(const struct buffer *buffer)
{
	return buffer->end - buffer->start;
}

static inline char *
buffer_first(const struct buffer *buffer)
{
	return buffer->bytes + buffer->start;
}

static inline uint32_t
buffer_room(const struct buffer *buffer)
{
	return buffer->size - buffer->end;
}

#endif

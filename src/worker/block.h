/*
 * Receive buffers: fixed-size blocks from free lists of this worker. Who waits
 * for nothing but the next byte holds none.
 */
#ifndef DROVER_WORKER_BLOCK_H
#define DROVER_WORKER_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/freelist.h"

enum {
	BLOCK_SMALL = 16384,
	BLOCK_LARGE = 65536,
	BLOCK_EMPTY_LINES = 16 /* bytes before a head that the parser skips and does not count */
};

/* What has been received and not yet used is bytes[start..end). bytes is NULL when no block is held. */
struct block {
	char *bytes;
	uint32_t size;
	uint32_t start, end;
};

struct block_pool {
	struct freelist small; /* holds any head that the limits allow */
	struct freelist large; /* for bodies that flow */
};

void block_pool_init(struct block_pool *pool, size_t head_limit);
void block_pool_clear(struct block_pool *pool);

/* Sees to it that there is a block with room behind what it holds (which may be moved to its start). false: no memory. */
bool block_reserve(struct block *block, struct block_pool *pool);

/* Takes a large block instead of an empty small one, when there is memory for it. */
void block_enlarge(struct block *block, struct block_pool *pool);

void block_release(struct block *block, struct block_pool *pool);

/* Gives the block back when nothing is in it. */
static inline void
block_release_empty(struct block *block, struct block_pool *pool)
{
	if (block->start == block->end)
		block_release(block, pool);
}

static inline uint32_t
block_length(const struct block *block)
{
	return block->end - block->start;
}

static inline char *
block_first(const struct block *block)
{
	return block->bytes + block->start;
}

static inline uint32_t
block_room(const struct block *block)
{
	return block->size - block->end;
}

#endif

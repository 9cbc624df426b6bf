#include "worker/block.h"

#include <string.h>

void
block_pool_init(struct block_pool *pool, size_t head_limit)
{
	size_t head = head_limit + BLOCK_EMPTY_LINES;

	pool->small = (struct freelist)FREELIST(head > BLOCK_SMALL ? head : BLOCK_SMALL, 256);
	pool->large = (struct freelist)FREELIST(head > BLOCK_LARGE ? head : BLOCK_LARGE, 32);
}

void
block_pool_clear(struct block_pool *pool)
{
	freelist_clear(&pool->small);
	freelist_clear(&pool->large);
}

bool
block_reserve(struct block *block, struct block_pool *pool)
{
	if (block->bytes == NULL) {
		block->bytes = freelist_get(&pool->small);
		block->size = (uint32_t)pool->small.size;
		block->start = block->end = 0;
		return block->bytes != NULL;
	}
	if (block->start == block->end) {
		block->start = block->end = 0;
	} else if (block->end == block->size && block->start > 0) {
		memmove(block->bytes, block_first(block), block_length(block));
		block->end -= block->start;
		block->start = 0;
	}
	return true;
}

void
block_enlarge(struct block *block, struct block_pool *pool)
{
	char *large;

	if (block->size >= pool->large.size || block->start != block->end)
		return;
	large = freelist_get(&pool->large);
	if (large == NULL)
		return;
	block_release(block, pool);
	block->bytes = large;
	block->size = (uint32_t)pool->large.size;
	block->start = block->end = 0;
}

void
block_release(struct block *block, struct block_pool *pool)
{
	if (block->bytes == NULL)
		return;
	freelist_put(block->size == pool->small.size ? &pool->small : &pool->large, block->bytes);
	block->bytes = NULL;
	block->size = block->start = block->end = 0;
}

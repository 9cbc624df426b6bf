#include "worker/buffer.h"

#include <string.h>

void
buffer_pool_init(struct buffer_pool *pool, size_t head_limit)
{
	pool->small = (struct freelist)FREELIST(head_limit > BUFFER_SMALL ? head_limit : BUFFER_SMALL, 256);
	pool->large = (struct freelist)FREELIST(BUFFER_LARGE, 32);
}

void
buffer_pool_clear(struct buffer_pool *pool)
{
	freelist_clear(&pool->small);
	freelist_clear(&pool->large);
}

bool
buffer_reserve(struct buffer *buffer, struct buffer_pool *pool)
{
	if (buffer->bytes == NULL) {
		buffer->bytes = freelist_get(&pool->small);
		buffer->size = (uint32_t)pool->small.size;
		buffer->start = buffer->end = 0;
		return buffer->bytes != NULL;
	}
	if (buffer->start == buffer->end) {
		buffer->start = buffer->end = 0;
	} else if (buffer->end == buffer->size && buffer->start > 0) {
		memmove(buffer->bytes, buffer_first(buffer), buffer_length(buffer));
		buffer->end -= buffer->start;
		buffer->start = 0;
	}
	return true;
}

void
buffer_enlarge(struct buffer *buffer, struct buffer_pool *pool)
{
	char *large;

	if (buffer->size >= pool->large.size || buffer->start != buffer->end)
		return;
	large = freelist_get(&pool->large);
	if (large == NULL)
		return;
	buffer_release(buffer, pool);
	buffer->bytes = large;
	buffer->size = (uint32_t)pool->large.size;
	buffer->start = buffer->end = 0;
}

void
buffer_release(struct buffer *buffer, struct buffer_pool *pool)
{
	if (buffer->bytes == NULL)
		return;
	freelist_put(buffer->size == pool->small.size ? &pool->small : &pool->large, buffer->bytes);
	buffer->bytes = NULL;
	buffer->size = buffer->start = buffer->end = 0;
}

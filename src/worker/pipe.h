/*
 * Pipes through which large bodies go from socket to socket without being copied
 * (splice(2)). They come from a list of this worker, are few, and are lent only
 * while there are bytes in them: who waits for a sender holds none.
 */
#ifndef DROVER_WORKER_PIPE_H
#define DROVER_WORKER_PIPE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PIPE_LEAST = 32768, /* bytes of a body ahead from which a pipe pays */
	PIPE_MOST = 1 << 20, /* bytes in a pipe at most */
	PIPE_SIZE = 1 << 20, /* what the kernel is asked for: a place for each 4 KB, which may hold more */
	PIPE_SIZE_LEAST = 65536, /* smaller ones are of no use */
	PIPES_MAX = 128, /* of a worker, lent or kept: each may pin PIPE_MOST of the kernel's memory */
	PIPES_KEPT = 16 /* empty ones */
};

struct pipe {
	int in, out; /* what is written to `in` is read from `out` */
	struct pipe *next; /* of those that are kept */
};

struct pipe_pool {
	struct pipe *kept;
	unsigned kept_count, count; /* empty ones; all */
	uint64_t refused_at; /* monotonic, when the kernel gave none, 0: it did; it is asked again a second later */
	uint32_t least, most; /* PIPE_LEAST, PIPE_MOST */
};

void pipe_pool_init(struct pipe_pool *pool);

/* Closes those that are kept: their descriptors are needed for something else, or the worker ends. */
void pipe_pool_clear(struct pipe_pool *pool);

/* An empty pipe; NULL: there is none to be had, copy. `now`: monotonic. */
struct pipe *pipe_get(struct pipe_pool *pool, uint64_t now);

/* Gives it back; an empty one is kept for others. NULL is allowed. */
void pipe_put(struct pipe_pool *pool, struct pipe *pipe, bool empty);

#endif

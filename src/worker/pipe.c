#include "worker/pipe.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

void
pipe_pool_init(struct pipe_pool *pool)
{
	*pool = (struct pipe_pool){ .least = PIPE_LEAST, .most = PIPE_MOST };
}

static void
pipe_close(struct pipe_pool *pool, struct pipe *pipe)
{
	close(pipe->in);
	close(pipe->out);
	free(pipe);
	pool->count--;
}

void
pipe_pool_clear(struct pipe_pool *pool)
{
	struct pipe *pipe;

	while ((pipe = pool->kept) != NULL) {
		pool->kept = pipe->next;
		pipe_close(pool, pipe);
	}
	pool->kept_count = 0;
}

/*
 * Makes it as large as it may be. A user who has too much in pipes already gets
 * small ones (pipe-user-pages-soft, see pipe(7)): those are no use.
 */
static bool
pipe_enlarge(int fd)
{
	return fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE) >= 0 || fcntl(fd, F_GETPIPE_SZ) >= PIPE_SIZE_LEAST;
}

static struct pipe *
pipe_open(struct pipe_pool *pool)
{
	struct pipe *pipe = malloc(sizeof *pipe);
	int fds[2];

	if (pipe == NULL)
		return NULL;
	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0) {
		free(pipe);
		return NULL;
	}
	*pipe = (struct pipe){ .in = fds[1], .out = fds[0] };
	pool->count++;
	if (pipe_enlarge(pipe->in))
		return pipe;
	pipe_close(pool, pipe);
	return NULL;
}

struct pipe *
pipe_get(struct pipe_pool *pool, uint64_t now)
{
	struct pipe *pipe = pool->kept;

	if (pipe != NULL) {
		pool->kept = pipe->next;
		pool->kept_count--;
		return pipe;
	}
	if (pool->count >= PIPES_MAX || (pool->refused_at != 0 && now - pool->refused_at < CLOCK_SECOND))
		return NULL;
	pipe = pipe_open(pool);
	pool->refused_at = pipe == NULL ? now : 0;
	return pipe;
}

void
pipe_put(struct pipe_pool *pool, struct pipe *pipe, bool empty)
{
	if (pipe == NULL)
		return;
	if (!empty || pool->kept_count >= PIPES_KEPT) {
		pipe_close(pool, pipe);
		return;
	}
	pipe->next = pool->kept;
	pool->kept = pipe;
	pool->kept_count++;
}

#include "ipc/waker.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int
waker_new(void)
{
	return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

void
waker_call(struct scoreboard *board, unsigned slot, int waker)
{
	static const uint64_t one = 1;
	ssize_t n;

	if (waker < 0 || atomic_exchange(&board->workers[slot].woken, 1) != 0)
		return;
	/* it is watched for edges and never read: each write is one */
	do
		n = write(waker, &one, sizeof one);
	while (n < 0 && errno == EINTR);
}

void
waker_taken(struct scoreboard *board, unsigned slot)
{
	atomic_exchange(&board->workers[slot].woken, 0);
}

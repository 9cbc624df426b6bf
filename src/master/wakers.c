#include "master/wakers.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "ipc/waker.h"
#include "master/state.h"

/* One for each slot that is used. */
static void
wakers_make(struct master *m, unsigned slots)
{
	struct wakers *wakers = &m->wakers;

	while (wakers->count < slots) {
		int fd = waker_new();

		if (fd < 0) {
			log_warn("worker %u is not woken by others when a request that waits may go on, and looks once a second: %s",
			    wakers->count, strerror(errno));
			return;
		}
		wakers->fds[wakers->count++] = fd;
	}
}

/* Has all that run and have fewer told. */
static void
wakers_spread(struct master *m)
{
	unsigned slot;

	for (slot = 0; slot < m->workers.used; slot++) {
		struct worker *w = &m->workers.slots[slot];

		if (w->process.pid != 0 && w->channel >= 0 && w->wakers < m->wakers.count)
			worker_owe(w, WORKER_OWED_WAKERS);
	}
}

void
wakers_want(struct master *m)
{
	if (m->wakers.wanted)
		return;
	m->wakers.wanted = true;
	wakers_make(m, m->workers.used);
	wakers_spread(m);
}

void
wakers_prepare(struct worker *w)
{
	struct master *m = w->master;

	if (m->wakers.wanted)
		wakers_make(m, w->slot + 1 > m->workers.used ? w->slot + 1 : m->workers.used);
	w->wakers = m->wakers.count; /* it inherits them */
	wakers_spread(m);
}

bool
wakers_send(struct worker *w)
{
	const struct wakers *wakers = &w->master->wakers;

	while (w->wakers < wakers->count) {
		struct channel_message message = { .type = CHANNEL_WAKERS, .first = w->wakers };
		unsigned n = wakers->count - w->wakers;

		if (n > CHANNEL_BATCH)
			n = CHANNEL_BATCH;
		message.count = (uint16_t)n;
		message.fd_count = (int)n;
		memcpy(message.fds, &wakers->fds[w->wakers], n * sizeof message.fds[0]);
		if (channel_send(w->channel, &message) < 0)
			return false;
		w->wakers += n;
	}
	return true;
}

void
wakers_call(struct master *m)
{
	unsigned slot;

	for (slot = 0; slot < m->wakers.count; slot++)
		if (scoreboard_get(&m->board->workers[slot].counters[COUNTER_QUEUED]) != 0)
			waker_call(m->board, slot, m->wakers.fds[slot]);
}

void
wakers_close(struct master *m)
{
	while (m->wakers.count > 0)
		close(m->wakers.fds[--m->wakers.count]);
}

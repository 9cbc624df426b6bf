#include "app/ready.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/connect.h"

static const uint64_t pause_first = 2 * CLOCK_MILLISECOND, pause_longest = 100 * CLOCK_MILLISECOND;

static void ready_watch_cb(struct watch *watch, unsigned events);

static void
attempt_end(struct app_ready *ready)
{
	watch_close(&ready->watch);
	if (ready->fd >= 0)
		close(ready->fd);
	ready->fd = -1;
	ready->connected = false;
}

void
app_ready_end(struct app_ready *ready)
{
	timer_clear(&ready->timer);
	attempt_end(ready);
	ready->place = NULL;
}

static void
look_later(struct app_ready *ready)
{
	timer_set(&ready->timer, ready->pause);
	ready->pause += ready->pause / 8; /* so that what it waits in vain is an eighth of what the start takes */
	if (ready->pause > pause_longest)
		ready->pause = pause_longest;
}

static void
attempt_failed(struct app_ready *ready)
{
	attempt_end(ready);
	look_later(ready);
}

static void
listens(struct app_ready *ready)
{
	app_ready_end(ready);
	ready->callback(ready);
}

/* There is a connection. To a passed socket there is one at once, and it lies in the kernel's queue until it is accepted. */
static void
attempt_connected(struct app_ready *ready)
{
	watch_close(&ready->watch);
	if (ready->place->fd < 0) {
		listens(ready);
		return;
	}
	ready->connected = true;
	look_later(ready);
}

/* A listening socket can be read when a connection waits there. */
static bool
queue_is_empty(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

static void
attempt_begin(struct app_ready *ready)
{
	bool connected;

	ready->fd = connect_begin(&ready->place->address, &connected);
	if (ready->fd < 0)
		attempt_failed(ready);
	else if (connected)
		attempt_connected(ready);
	else if (watch_open(&ready->watch, ready->loop, ready->fd, ready_watch_cb) < 0)
		attempt_failed(ready);
}

static void
ready_watch_cb(struct watch *watch, unsigned events)
{
	struct app_ready *ready = CONTAINER_OF(watch, struct app_ready, watch);
	int number = 0;
	socklen_t length = sizeof number;

	if (getsockopt(ready->fd, SOL_SOCKET, SO_ERROR, &number, &length) < 0 || number != 0)
		attempt_failed(ready);
	else if (events & WATCH_WRITE)
		attempt_connected(ready);
}

static void
ready_timer_cb(struct timer *timer)
{
	struct app_ready *ready = CONTAINER_OF(timer, struct app_ready, timer);

	if (!ready->connected)
		attempt_begin(ready);
	else if (queue_is_empty(ready->place->fd))
		listens(ready);
	else
		look_later(ready);
}

void
app_ready_init(struct app_ready *ready, struct loop *loop)
{
	memset(ready, 0, sizeof *ready);
	ready->loop = loop;
	ready->fd = -1;
	timer_init(&ready->timer, loop, ready_timer_cb);
}

void
app_ready_begin(struct app_ready *ready, const struct app_place *place, app_ready_fn *callback)
{
	app_ready_end(ready);
	ready->place = place;
	ready->callback = callback;
	ready->pause = pause_first;
	timer_set(&ready->timer, 0);
}

void
app_ready_close_copy(struct app_ready *ready)
{
	if (ready->fd >= 0)
		close(ready->fd);
	ready->fd = -1;
}

#include "master/orphans.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/object.h"
#include "master/dispatch.h"
#include "master/state.h"
#include "master/workers.h"

static bool
is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLIN) != 0;
}

static void
orphans_drop_first(struct orphans *o)
{
	close(o->ends[0]);
	o->count--;
	memmove(o->ends, o->ends + 1, o->count * sizeof o->ends[0]);
}

static void
orphans_adopt_end(struct orphans *o, int fd)
{
	if (!is_readable(fd)) {
		close(fd);
		return;
	}
	if (o->count == ARRAY_LENGTH(o->ends)) {
		log_error("too many workers died with connections that nobody took: the oldest are lost");
		orphans_drop_first(o);
	}
	o->ends[o->count++] = fd;
}

void
orphans_adopt(struct worker *w)
{
	orphans_adopt_end(&w->master->orphans, w->far_end);
	orphans_adopt_end(&w->master->orphans, w->channel);
	w->far_end = w->channel = -1;
}

bool
orphans_have_room(const struct master *m)
{
	return m->orphans.message.count == 0 && m->orphans.count == 0;
}

/* A worker is not believed blindly: what it says must fit. */
static bool
message_is_sound(const struct master *m, const struct channel_message *message)
{
	unsigned i;

	if (message->count != message->fd_count)
		return false;
	for (i = 0; i < message->count; i++)
		if (message->connections[i].listener >= m->conf->listener_count)
			return false;
	return true;
}

void
orphans_take(struct worker *from, struct channel_message *message)
{
	struct master *m = from->master;

	if (!message_is_sound(m, message)) {
		log_error("worker %u gave back connections that make no sense; they are closed", from->slot);
		channel_close_fds(message);
		return;
	}
	if (m->stopping) {
		channel_close_fds(message); /* idle ones: to close them is polite */
		return;
	}
	dispatch_begin(m);
	if (!dispatch_connections(m, message)) {
		m->orphans.message = *message;
		dispatch_retry_soon(m);
	}
	dispatch_flush(m);
}

/* Reads the next message that a dead worker left. */
static void
orphans_read_next(struct master *m)
{
	struct orphans *o = &m->orphans;

	if (channel_receive(o->ends[0], &o->message) != 1) {
		o->message.count = 0;
		orphans_drop_first(o);
	} else if ((o->message.type != CHANNEL_CONNECTIONS && o->message.type != CHANNEL_RETURNED) ||
		   !message_is_sound(m, &o->message)) {
		channel_close_fds(&o->message); /* log files: meant for the dead one alone */
		o->message.count = 0;
	}
}

/* What was chosen for workers that are gone and could not be sent. */
static bool
orphans_dispatch_staged(struct master *m)
{
	unsigned slot;

	for (slot = 0; slot < m->workers.used; slot++) {
		struct worker *w = &m->workers.slots[slot];

		if (w->process.pid == 0 && !dispatch_connections(m, &w->staged))
			return false;
	}
	return true;
}

bool
orphans_dispatch(struct master *m)
{
	struct orphans *o = &m->orphans;

	if (!orphans_dispatch_staged(m))
		return false;
	for (;;) {
		if (!dispatch_connections(m, &o->message))
			return false;
		if (o->count == 0)
			return true;
		orphans_read_next(m);
	}
}

void
orphans_close(struct master *m)
{
	struct orphans *o = &m->orphans;
	unsigned slot, lost = o->message.count;

	channel_close_fds(&o->message);
	o->message.count = 0;
	while (o->count > 0) {
		orphans_read_next(m);
		lost += o->message.count;
		channel_close_fds(&o->message);
		o->message.count = 0;
	}
	for (slot = 0; slot < m->workers.used; slot++) {
		struct worker *w = &m->workers.slots[slot];

		if (w->process.pid != 0)
			continue;
		lost += w->staged.count;
		channel_close_fds(&w->staged);
		w->staged.count = 0;
	}
	if (lost > 0)
		log_warn("%u connections of workers that died are closed unanswered", lost);
}

void
orphans_close_copies(struct master *m)
{
	struct orphans *o = &m->orphans;
	unsigned i;

	channel_close_fds(&o->message);
	for (i = 0; i < o->count; i++)
		close(o->ends[i]);
}

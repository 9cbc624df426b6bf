#include "control/connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/object.h"
#include "control/commands.h"
#include "control/record.h"
#include "control/params.h"
#include "master/apps.h"

#define CONNECTION_MAGIC 0xc0117301u

enum {
	READ_SIZE = 16 * 1024, /* bytes a step */
	SEND_EARLY = 16 * 1024, /* replies are collected up to this before they are sent */
	STREAM_UNSENT_MAX = 64 * 1024 /* with so much unsent a long reply is not gone on with */
};

static const uint64_t stall_timeout = 60 * CLOCK_SECOND;
static const uint64_t watcher_stall_timeout = 300 * CLOCK_SECOND; /* it is told what it missed, and goes on */
static const uint64_t finish_time = 20 * CLOCK_MILLISECOND;

static void
connection_watch_cb(struct watch *watch, unsigned events)
{
	struct connection *c = CONTAINER_OF(watch, struct connection, watch);

	OBJECT_CHECK(c, CONNECTION_MAGIC);
	if (events & (WATCH_READ | WATCH_CLOSED))
		c->readable = true;
	if (events & WATCH_WRITE)
		c->writable = true;
	c->wake(c);
}

static void
connection_call_wake(struct call *call)
{
	struct connection *c = CONTAINER_OF(call, struct connection, call);

	OBJECT_CHECK(c, CONNECTION_MAGIC);
	c->wake(c);
}

struct connection *
connection_new(int fd, const struct peer *peer, struct master *master, connection_wake_fn *wake, void *owner)
{
	struct connection *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->magic = CONNECTION_MAGIC;
	c->owner = owner;
	c->wake = wake;
	c->fd = fd;
	c->peer = *peer;
	c->call.master = master;
	c->call.wake = connection_call_wake;
	c->readable = c->writable = true;
	c->active = c->progress = clock_monotonic();
	if (watch_open(&c->watch, master_loop(master), fd, connection_watch_cb) < 0) {
		free(c);
		return NULL;
	}
	return c;
}

/* ---- output */

static void
connection_put(struct connection *c, const char *text)
{
	if (buffer_append(&c->out, text, strlen(text)) < 0)
		c->broken = true;
}

/* To be called before a reply is appended: from then on the client has time to read it. */
static void
connection_put_begin(struct connection *c)
{
	if (buffer_length(&c->out) == 0)
		c->progress = clock_monotonic();
}

static void
connection_send(struct connection *c)
{
	ssize_t n;

	if (c->deaf)
		buffer_free(&c->out);
	while (c->writable && buffer_length(&c->out) > 0) {
		n = send(c->fd, buffer_first(&c->out), buffer_length(&c->out), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0) {
			buffer_drop(&c->out, (size_t)n);
			c->progress = clock_monotonic();
		} else if (errno == EAGAIN) {
			c->writable = false;
		} else if (errno != EINTR) {
			c->deaf = true;
			buffer_free(&c->out);
		}
	}
}

/* Appends an error that belongs to no request; NULL: there is no memory. */
static void
connection_put_fault(struct connection *c, const struct fault *fault)
{
	connection_put_begin(c);
	if (fault == NULL || reply_fault(&c->out, NULL, fault) < 0)
		connection_put(c, reply_no_memory);
	connection_put(c, "\n");
}

/* What an array needs before the reply of the request that is next. */
static void
connection_reply_begin(struct connection *c)
{
	connection_put_begin(c);
	if (c->line.is_batch)
		connection_put(c, c->next == 0 ? "[" : ",");
}

/* That request is answered. */
static void
connection_reply_end(struct connection *c)
{
	c->next++;
	if (c->next == c->line.count)
		connection_put(c, c->line.is_batch ? "]\n" : "\n");
}

static void
connection_reply(struct connection *c, const json_t *result, const struct fault *fault)
{
	const struct request *request = &c->line.requests[c->next];
	int written;

	if (c->deaf) {
		c->next++;
		return;
	}
	connection_reply_begin(c);
	if (result != NULL)
		written = reply_result(&c->out, request->id, result);
	else
		written = reply_fault(&c->out, request->id, fault);
	if (written < 0)
		connection_put(c, reply_no_memory);
	connection_reply_end(c);
}

/* The first piece of a long reply. */
static void
connection_stream_begin(struct connection *c)
{
	connection_reply_begin(c);
	if (stream_begin(&c->call.stream, &c->out, c->line.requests[c->next].id) == 0)
		return;
	connection_put(c, reply_no_memory);
	connection_reply_end(c);
	call_end(&c->call);
}

/* ---- requests */

/* What only shows something is nothing to write down. */
static void
connection_record_change(struct connection *c)
{
	c->recorded = true;
	if (c->call.command->permission > CONF_PERMISSION_READ && !c->call.only_shows)
		record_change(&c->call);
}

static void
connection_answer(struct connection *c)
{
	c->call.poll = NULL;
	if (!c->deaf && stream_is_open(&c->call.stream)) {
		connection_stream_begin(c);
		return;
	}
	connection_reply(c, c->call.result, &c->call.fault);
	call_end(&c->call);
}

/* The same of a call that has waited: whether it fails, some know only then. */
static void
connection_answer_late(struct connection *c)
{
	if (!c->recorded || c->call.fault.code != 0)
		connection_record_change(c);
	connection_answer(c);
}

static void
connection_refuse(struct connection *c, struct fault *fault)
{
	if (fault->code == REPLY_ERROR_PERMISSION) {
		fault_hint(fault, PEER_HINT, c->peer.socket);
		if (c->call.shared != NULL)
			refusals_add(&c->call.shared->refusals, &c->peer, fault->message);
	}
	connection_reply(c, NULL, fault);
}

static void
connection_run(struct connection *c)
{
	struct request *request = &c->line.requests[c->next];

	/* what only shows something is for nobody when it is deaf */
	if (request->command == NULL || (c->deaf && request->command->permission == CONF_PERMISSION_READ)) {
		connection_refuse(c, &request->fault);
		return;
	}
	c->call.peer = &c->peer;
	c->call.command = request->command;
	c->call.params = request->params;
	c->call.watcher = &c->watcher;
	c->call.tail = &c->tail;
	master_act_for(c->call.master, c->peer.uid, c->peer.pid);
	request->command->handler(&c->call);
	master_act_for(c->call.master, 0, 0);
	c->recorded = false;
	if (c->call.done || c->call.changes != NULL)
		connection_record_change(c);
	if (c->call.done)
		connection_answer(c);
	else
		INVARIANT(c->call.poll != NULL);
}

/* ---- input */

static void
connection_read_line(struct connection *c, size_t length, size_t with_newline)
{
	if (request_line_read(&c->line, buffer_first(&c->in), length, control_commands, c->peer.permission) <
	    0)
		connection_put_fault(c, NULL);
	buffer_drop(&c->in, with_newline);
	c->scanned = 0;
	c->next = 0;
}

static void
connection_line_too_long(struct connection *c)
{
	struct fault fault;

	fault_set(&fault, REPLY_ERROR_LIMIT, "The line is longer than %d bytes.", REQUEST_LINE_MAX);
	fault_hint(&fault, "It is skipped up to its newline; after %d bytes the connection is closed.",
	    CONNECTION_SKIP_MAX);
	connection_put_fault(c, &fault);
	c->skipping = true;
	c->skipped = buffer_length(&c->in);
	buffer_drop(&c->in, c->skipped);
	c->scanned = 0;
}

static void
connection_skip(struct connection *c)
{
	size_t length = buffer_length(&c->in);
	const char *newline = length == 0 ? NULL : memchr(buffer_first(&c->in), '\n', length);

	if (newline != NULL) {
		length = (size_t)(newline - buffer_first(&c->in)) + 1;
		c->skipping = false;
	}
	c->skipped += length;
	buffer_drop(&c->in, length);
	c->scanned = 0;
	if (c->skipped > CONNECTION_SKIP_MAX)
		c->broken = true;
}

/* Takes the next line, if there is a whole one. */
static void
connection_find_line(struct connection *c)
{
	size_t length = buffer_length(&c->in);
	const char *first = buffer_first(&c->in), *newline;

	if (length == 0)
		return;
	newline = memchr(first + c->scanned, '\n', length - c->scanned);
	c->scanned = length;
	if (newline != NULL)
		connection_read_line(c, (size_t)(newline - first), (size_t)(newline - first) + 1);
	else if (length > REQUEST_LINE_MAX)
		connection_line_too_long(c);
	else if (c->ended)
		connection_read_line(c, length, length);
}

static void
connection_recv(struct connection *c)
{
	size_t held = buffer_length(&c->in);
	size_t room = held + READ_SIZE > REQUEST_LINE_MAX + 1 ? REQUEST_LINE_MAX + 1 - held : READ_SIZE;
	char *to = buffer_reserve(&c->in, room);
	ssize_t n;

	if (to == NULL) {
		connection_put_fault(c, NULL);
		c->broken = true;
		return;
	}
	n = recv(c->fd, to, room, MSG_DONTWAIT);
	if (n > 0) {
		buffer_added(&c->in, (size_t)n);
		c->active = clock_monotonic();
	} else if (n < 0 && errno == EAGAIN) {
		c->readable = false;
	} else if (n == 0 || errno != EINTR) {
		c->ended = true;
		c->deaf |= n < 0;
	}
	if (buffer_length(&c->in) == 0)
		buffer_free(&c->in);
}

/* ---- steps */

/* Asks what waits whether it is over. */
static enum connection_step
connection_poll(struct connection *c, bool expired)
{
	c->poll_due = false;
	if (!c->call.poll(&c->call, c->deaf || expired))
		return CONNECTION_IDLE;
	connection_answer_late(c);
	return CONNECTION_AGAIN;
}

/* Who has only shut down its side still reads; who has closed does not. */
static bool
connection_is_gone(const struct connection *c)
{
	struct pollfd look = { .fd = c->fd };

	return c->deaf || (c->ended && poll(&look, 1, 0) == 1 && (look.revents & (POLLHUP | POLLERR)) != 0);
}

/* Tells of events and of output, in turns. */
static enum watcher_step
connection_tell(struct connection *c)
{
	enum watcher_step step = watcher_step(&c->watcher, c->call.master, &c->out), other;

	if (step == WATCHER_FAILED || !c->tail.active)
		return step;
	other = tail_step(&c->tail, master_app_journal(c->call.master, c->tail.pool), &c->out);
	return other > step ? other : step;
}

static enum connection_step
connection_step_watch(struct connection *c)
{
	if (connection_is_gone(c))
		return CONNECTION_OVER;
	connection_put_begin(c);
	switch (connection_tell(c)) {
	case WATCHER_IDLE:
		connection_send(c);
		return c->deaf ? CONNECTION_OVER : CONNECTION_IDLE;
	case WATCHER_FAILED:
		c->broken = true;
		break;
	case WATCHER_MORE:
		break;
	}
	return CONNECTION_AGAIN;
}

static enum connection_step
connection_step_stream(struct connection *c)
{
	if (c->deaf) {
		c->next++;
		call_end(&c->call);
		return CONNECTION_AGAIN;
	}
	if (buffer_length(&c->out) >= STREAM_UNSENT_MAX)
		return CONNECTION_IDLE;
	connection_put_begin(c);
	switch (stream_continue(&c->call, &c->out)) {
	case STREAM_MORE:
		break;
	case STREAM_WAITS:
		connection_send(c);
		return CONNECTION_IDLE;
	case STREAM_OVER:
		connection_reply_end(c);
		call_end(&c->call);
		break;
	case STREAM_FAILED:
		c->broken = true;
		break;
	}
	return CONNECTION_AGAIN;
}

static enum connection_step
connection_step_input(struct connection *c)
{
	size_t before = buffer_length(&c->in);

	if (c->skipping)
		connection_skip(c);
	else
		connection_find_line(c);
	if (c->broken || c->line.count > 0 || buffer_length(&c->in) != before)
		return CONNECTION_AGAIN;
	if (c->readable && !c->ended) {
		connection_recv(c);
		return CONNECTION_AGAIN;
	}
	connection_send(c);
	if (c->watcher.active || c->tail.active)
		return connection_step_watch(c);
	return c->ended && buffer_length(&c->out) == 0 ? CONNECTION_OVER : CONNECTION_IDLE;
}

enum connection_step
connection_step(struct connection *c)
{
	OBJECT_CHECK(c, CONNECTION_MAGIC);
	if (c->broken || c->deaf || buffer_length(&c->out) >= SEND_EARLY)
		connection_send(c);
	if (c->broken)
		return CONNECTION_OVER;
	if (buffer_length(&c->out) >= CONNECTION_OUTPUT_MAX)
		return CONNECTION_IDLE;
	if (stream_is_open(&c->call.stream))
		return connection_step_stream(c);
	if (c->call.command != NULL) {
		connection_send(c);
		return c->poll_due ? connection_poll(c, false) : CONNECTION_IDLE;
	}
	if (c->next < c->line.count) {
		connection_run(c);
		return CONNECTION_AGAIN;
	}
	request_line_free(&c->line);
	c->next = 0;
	return connection_step_input(c);
}

enum connection_step
connection_tick(struct connection *c, uint64_t now)
{
	uint64_t patience = c->watcher.active || c->tail.active ? watcher_stall_timeout : stall_timeout;

	OBJECT_CHECK(c, CONNECTION_MAGIC);
	if (buffer_length(&c->out) > 0 && now > c->progress && now - c->progress > patience) {
		log_info("control: uid %u pid %d does not read its replies: closed", (unsigned)c->peer.uid,
		    (int)c->peer.pid);
		return CONNECTION_OVER;
	}
	if (stream_is_open(&c->call.stream))
		return CONNECTION_AGAIN;
	return c->call.command == NULL ? CONNECTION_IDLE : connection_poll(c, now >= c->call.deadline);
}

void
connection_event(struct connection *c)
{
	if (c->call.poll != NULL)
		c->poll_due = true;
	else if (!c->watcher.active)
		return;
	c->wake(c);
}

void
connection_output(struct connection *c)
{
	if (c->tail.active)
		c->wake(c);
}

bool
connection_is_waiting(const struct connection *c)
{
	return c->call.command != NULL || buffer_length(&c->out) > 0;
}

bool
connection_is_idle(const struct connection *c)
{
	return !connection_is_waiting(c) && !c->watcher.active && !c->tail.active && c->next >= c->line.count;
}

/* Goes on with what was begun while the client takes it: the rest of a batch or of a long reply. */
static void
connection_finish_line(struct connection *c)
{
	uint64_t begin = clock_monotonic();

	while ((c->call.command != NULL || c->next < c->line.count) && clock_monotonic() - begin < finish_time) {
		if (c->call.poll != NULL)
			connection_poll(c, true);
		else if (connection_step(c) != CONNECTION_AGAIN)
			break;
	}
}

void
connection_finish(struct connection *c)
{
	connection_finish_line(c);
	if (c->call.command == NULL && c->next >= c->line.count)
		while (connection_tell(c) == WATCHER_MORE)
			continue;
	connection_send(c);
}

void
connection_free(struct connection *c)
{
	if (c == NULL)
		return;
	if (c->call.poll != NULL && !c->recorded)
		connection_record_change(c);
	watch_close(&c->watch);
	close(c->fd);
	call_end(&c->call);
	request_line_free(&c->line);
	buffer_free(&c->in);
	buffer_free(&c->out);
	c->magic = 0;
	free(c);
}

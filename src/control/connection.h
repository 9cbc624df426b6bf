/*
 * One connection to the control socket: splits what comes in into lines, has
 * their requests carried out one after another, and sends the replies in that
 * order. It does one small piece of work a step, so that the control socket can
 * share the master's time out. Master.
 *
 * Its memory is bounded: it holds one line, the requests of one line, and
 * replies; while more than CONNECTION_OUTPUT_MAX bytes of those are unsent it
 * neither reads nor carries out anything. Long replies are made while they are sent.
 * What it watches and follows is told between lines: never within the array of a batch.
 */
#ifndef DROVER_CONTROL_CONNECTION_H
#define DROVER_CONTROL_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "control/buffer.h"
#include "control/command.h"
#include "control/request.h"
#include "control/tail.h"
#include "control/watch.h"
#include "net/loop.h"

enum {
	CONNECTION_OUTPUT_MAX = 256 * 1024, /* bytes; a single reply may go beyond */
	CONNECTION_SKIP_MAX = 1024 * 1024 /* bytes of a line beyond REQUEST_LINE_MAX, then it is closed */
};

enum connection_step {
	CONNECTION_OVER, /* it has ended: free it */
	CONNECTION_IDLE, /* nothing to do until its watch or its call says so */
	CONNECTION_AGAIN /* there may be more to do */
};

struct connection;

/* Something has happened to it: connection_step is due. */
typedef void connection_wake_fn(struct connection *c);

/* Public, so that its owner can keep it in lists. */
struct connection {
	uint32_t magic;
	void *owner;
	connection_wake_fn *wake;
	TAILQ_ENTRY(connection) link; /* the owner's: all */
	TAILQ_ENTRY(connection) ready_link; /* the owner's: those with something to do */
	bool is_ready;

	int fd;
	struct watch watch;
	struct peer peer;
	bool readable, writable; /* as far as is known */
	bool ended; /* the client sends no more */
	bool deaf; /* the client is gone: what it asked for is done, replies are dropped */
	bool broken; /* no memory even for an error: close it */
	bool skipping; /* in the rest of a line that was too long */
	size_t skipped;

	struct buffer in, out;
	size_t scanned; /* bytes of `in` that are known to hold no newline */
	uint64_t active; /* monotonic microseconds: when bytes last came in */
	uint64_t progress; /* when bytes last went out, or began to wait for that */

	struct request_line line;
	size_t next; /* of its requests */
	struct call call; /* the one being carried out; call.command is NULL: none */
	bool recorded; /* what it changes was written down and told, or that it changes nothing */
	bool poll_due; /* what it waits for may have come */
	struct watcher watcher;
	struct tail tail;
};

/* Takes over fd on success. NULL: no memory. */
struct connection *connection_new(
    int fd, const struct peer *peer, struct master *master, connection_wake_fn *wake, void *owner);

enum connection_step connection_step(struct connection *c);

/* Looks after what waits: a call that answers later, a client that does not read. To be called a few times a second. */
enum connection_step connection_tick(struct connection *c, uint64_t now);

/* An event has happened: whoever watches is to be told, and what a call waits for may have come. */
void connection_event(struct connection *c);

/* The output of an app has gone on. */
void connection_output(struct connection *c);

/* Whether connection_tick is needed. */
bool connection_is_waiting(const struct connection *c);

/* Whether nothing is in progress: no request, no reply on its way, nothing watched. */
bool connection_is_idle(const struct connection *c);

/* Answers what waits, as it stands, and the rest of its line, and sends what can be sent at once. To be freed next. */
void connection_finish(struct connection *c);

/* Closes the descriptor too. NULL is allowed. */
void connection_free(struct connection *c);

#endif

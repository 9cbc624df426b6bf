/*
 * The events that a connection watches: which ones, how far it is, and their
 * notifications. They are made from what the master keeps when there is room for
 * them, so that a slow reader costs no memory; what it misses meanwhile it is
 * told. Pure but for the master's events. Master.
 */
#ifndef DROVER_CONTROL_WATCH_H
#define DROVER_CONTROL_WATCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/buffer.h"
#include "control/reply.h"
#include "master/events.h"

enum { WATCHER_UNSENT_MAX = 64 * 1024 }; /* bytes; while there are more, nothing is made */

/* One for each connection; all zero: it watches nothing. */
struct watcher {
	bool active;
	bool restarted; /* what it had seen was of an earlier drover, and it is still to be told */
	uint64_t types; /* a bit for each enum event_type that is wanted */
	uint64_t next; /* the number of the next event to look at */
};

enum watcher_step {
	WATCHER_IDLE, /* it has been told all, or there is no room */
	WATCHER_MORE,
	WATCHER_FAILED /* no memory */
};

/*
 * Reads names of events and patterns, with commas between them; NULL: all events. false: a name or
 * pattern fits no event, and the fault tells.
 */
bool watcher_types(uint64_t *types, const char *names, struct fault *fault);

/* The names of those types, as an array. NULL: no memory. */
json_t *watcher_names(uint64_t types);

/* Watches from now on. What was watched before is forgotten. */
void watcher_start(struct watcher *watcher, const struct master *master, uint64_t types);

/* Goes back to behind event `since`, as far as events are kept. A number that is yet to come is an earlier drover's: all that are kept. */
void watcher_rewind(struct watcher *watcher, const struct master *master, uint64_t since);

/* Appends some notifications, each with its newline: what can be made in a fraction of a millisecond. */
enum watcher_step watcher_step(struct watcher *watcher, const struct master *master, struct buffer *out);

#endif

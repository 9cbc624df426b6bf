/*
 * The output of an app that a connection follows: how far it is, and its notifications. As
 * with events (control/watch.h) they are made from what is kept when there is
 * room for them: a slow reader costs no memory, and is told what it missed. Pure. Master.
 */
#ifndef DROVER_CONTROL_TAIL_H
#define DROVER_CONTROL_TAIL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "app/journal.h"
#include "control/buffer.h"
#include "control/watch.h"

enum { TAIL_ALL_INSTANCES = -1 };

/* One for each connection; all zero: it follows nothing. */
struct tail {
	bool active;
	unsigned pool; /* the app's */
	int instance; /* its number, or TAIL_ALL_INSTANCES */
	uint64_t next; /* the number of the next line to look at */
};

/* Whether a line is one of the instance's, or of any. */
bool tail_wants(int instance, const struct app_line *line);

/* The number of the first of the last `count` lines behind line `since` that are kept. The newest and one: there are none. */
uint64_t tail_begin(const struct app_journal *journal, int instance, uint64_t since, unsigned count);

/* A line as an object. NULL: no memory. */
json_t *tail_line(const struct app_line *line);

/* Appends some notifications, each with its newline: what can be made in a fraction of a millisecond. `journal` is the app's. */
enum watcher_step tail_step(struct tail *tail, const struct app_journal *journal, struct buffer *out);

#endif

/*
 * Deadlines for many objects at the price of a list: all that wait equally long
 * stand in one queue, so the first is always the next to expire and one timer a
 * queue is enough. Setting and clearing are a few stores; no timer is added or
 * removed for them. Runs in workers.
 */
#ifndef DROVER_NET_DEADLINE_H
#define DROVER_NET_DEADLINE_H

#include <stdint.h>
#include <sys/queue.h>

#include "net/loop.h"

struct deadline;
struct deadline_queue;
typedef void deadline_fn(struct deadline *deadline, struct deadline_queue *queue);

struct deadline {
	TAILQ_ENTRY(deadline) link;
	struct deadline_queue *queue; /* NULL: not set */
	uint64_t at;		      /* monotonic microseconds */
};

struct deadline_queue {
	TAILQ_HEAD(, deadline) waiting;
	struct loop *loop;
	uint64_t duration; /* microseconds; 0: deadlines in this queue never expire */
	deadline_fn *expired;
	struct timer timer;
};

void deadline_queue_init(struct deadline_queue *queue, struct loop *loop, uint64_t duration, deadline_fn *expired);

/* Stops its timer. Deadlines that still stand in it are forgotten. */
void deadline_queue_clear(struct deadline_queue *queue);

/*
 * Expires `duration` after this turn of the loop: counted from its beginning, or, when it
 * turns out to be a slow one, from its end. Whatever was set before is forgotten.
 */
void deadline_set(struct deadline *deadline, struct deadline_queue *queue);
void deadline_clear(struct deadline *deadline);

/* The same at a time of its own, `at`: looks for its place from the first to expire on, so that it should be among them. */
void deadline_set_at(struct deadline *deadline, struct deadline_queue *queue, uint64_t at);

#endif

/*
 * The event loop of a process: descriptors, timers, signals, and what is to be
 * freed when the turn is over. libevent is behind it and nowhere else.
 * Master and children, one each.
 *
 * Structs are public so that they can be embedded: a watch costs no allocation.
 */
#ifndef DROVER_NET_LOOP_H
#define DROVER_NET_LOOP_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/error.h"

struct loop;

/* NULL with a sentence. A forked child makes its own and never touches its parent's (loop_abandon). */
struct loop *loop_new(struct error *err);

/* Frees the loop; watches, timers and signals must have been closed. */
void loop_free(struct loop *loop);

/* In a forked child: forgets the parent's loop without touching what the two share in the kernel. */
void loop_abandon(struct loop *loop);

/* Turns until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Monotonic microseconds, read once a turn. */
uint64_t loop_now(struct loop *loop);

/*
 * How long the turn lasted in which loop_now was that, if it was one of the last slow ones; else
 * 0. By so much what was counted from there may come too early.
 */
uint64_t loop_lateness(const struct loop *loop, uint64_t now);

/* The number of this turn: events of one turn were collected by the kernel before any of its callbacks ran. */
uint64_t loop_turn(const struct loop *loop);

/*
 * Called at the end of each turn that had events, when no callback is on the
 * stack: the place to free what died in the turn. `took` is how long the turn
 * lasted, in microseconds.
 */
typedef void loop_turn_fn(void *arg, uint64_t took);
void loop_on_turn(struct loop *loop, loop_turn_fn *turn, void *arg);

/* ---- something to go on with in the next turn, after others have had theirs */

struct later;
typedef void later_fn(struct later *later);

struct later {
	TAILQ_ENTRY(later) link;
	later_fn *callback; /* NULL: not queued */
};

/* Calls back once, after the next turn. Queueing what is queued does nothing. */
void loop_later(struct loop *loop, struct later *later, later_fn *callback);
void loop_later_cancel(struct loop *loop, struct later *later);

/* ---- a descriptor */

enum { WATCH_READ = 1, WATCH_WRITE = 2, WATCH_CLOSED = 4 /* the peer sends no more: read until 0 */ };

struct watch;
typedef void watch_fn(struct watch *watch, unsigned events);

struct watch {
	struct event event;
	struct loop *loop;
	watch_fn *callback;
};

/*
 * Watches fd, edge-triggered, for reading and writing, until watch_close: one
 * epoll_ctl in its life. The callback hears of a change once and must go on until
 * EAGAIN or a short read. -1: no memory (errno is set).
 */
int watch_open(struct watch *watch, struct loop *loop, int fd, watch_fn *callback);

/* The same, level-triggered and for reading only: for sockets that are accepted from, or received messages on. */
int watch_open_level(struct watch *watch, struct loop *loop, int fd, watch_fn *callback);

/* The same for reading, writing or both: `events` of WATCH_READ and WATCH_WRITE. For descriptors of a library. */
int watch_open_for(struct watch *watch, struct loop *loop, int fd, unsigned events, watch_fn *callback);

/* Stops watching. The descriptor stays the caller's and must be closed after, not before. */
void watch_close(struct watch *watch);

bool watch_is_open(const struct watch *watch);

/* Level-triggered ones: stop hearing of it for a while, and hear again. */
void watch_pause(struct watch *watch);
void watch_resume(struct watch *watch);

/* ---- a timer */

struct timer;
typedef void timer_fn(struct timer *timer);

struct timer {
	struct event event;
	struct loop *loop;
	timer_fn *callback;
	uint64_t refused_due; /* of one that libevent has no memory for: when it fires, monotonic microseconds; 0: it is none */
	TAILQ_ENTRY(timer) refused_link;
};

void timer_init(struct timer *timer, struct loop *loop, timer_fn *callback);
/* Fires once, after so many microseconds; setting it again moves it. Also without memory. */
void timer_set(struct timer *timer, uint64_t microseconds);
void timer_clear(struct timer *timer);
bool timer_is_set(const struct timer *timer);

/* ---- a signal, delivered in the loop */

struct signal_watch;
typedef void signal_fn(struct signal_watch *watch, int number);

struct signal_watch {
	struct event event;
	signal_fn *callback;
};

int signal_open(struct signal_watch *watch, struct loop *loop, int number, signal_fn *callback);
void signal_close(struct signal_watch *watch);

/* Gets from a pointer to an embedded member to the struct around it. */
#define CONTAINER_OF(pointer, type, member) ((type *)(void *)((char *)(pointer) - offsetof(type, member)))

#endif

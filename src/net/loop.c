#include "net/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/clock.h"
#include "base/log.h"

static const int refused_look_ms = 1;
static const uint64_t slow_turn = 5 * CLOCK_MILLISECOND;
enum { SLOW_TURNS = 8 };

struct loop {
	struct event_base *base;
	uint64_t now; /* 0: not read yet in this turn */
	uint64_t number; /* of the turn */
	bool stopping;
	loop_turn_fn *turn;
	void *turn_arg;
	struct {
		uint64_t now, took;
	} slow[SLOW_TURNS]; /* the last slow turns */
	unsigned slow_next;
	TAILQ_HEAD(, later) later;
	unsigned later_count;
	TAILQ_HEAD(, timer) refused; /* timers that are to fire, and that libevent has no memory for */
	unsigned refused_count;
};

static void
loop_libevent_log_cb(int severity, const char *message)
{
	if (severity >= EVENT_LOG_WARN)
		log_warn("libevent: %s", message);
	else
		log_debug("libevent: %s", message);
}

struct loop *
loop_new(struct error *err)
{
	struct event_config *config = event_config_new();
	struct loop *loop = calloc(1, sizeof *loop);

	event_set_log_callback(loop_libevent_log_cb);
	if (config == NULL || loop == NULL)
		goto fail;
	if (event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) < 0 ||
	    event_config_require_features(config, EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE) < 0)
		goto fail;
	loop->base = event_base_new_with_config(config);
	if (loop->base == NULL)
		goto fail;
	event_config_free(config);
	TAILQ_INIT(&loop->later);
	TAILQ_INIT(&loop->refused);
	return loop;

fail:
	error_set(err, "cannot make an event loop");
	if (config != NULL)
		event_config_free(config);
	free(loop);
	return NULL;
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	event_base_free(loop->base);
	free(loop);
}

void
loop_abandon(struct loop *loop)
{
	if (loop == NULL)
		return;
	/* event_reinit gives this process an epoll of its own, so that freeing leaves the parent's alone */
	event_reinit(loop->base);
	event_base_free(loop->base);
	free(loop);
}

void
loop_later(struct loop *loop, struct later *later, later_fn *callback)
{
	if (later->callback != NULL)
		return;
	later->callback = callback;
	TAILQ_INSERT_TAIL(&loop->later, later, link);
	loop->later_count++;
}

void
loop_later_cancel(struct loop *loop, struct later *later)
{
	if (later->callback == NULL)
		return;
	later->callback = NULL;
	TAILQ_REMOVE(&loop->later, later, link);
	loop->later_count--;
}

/* Runs as many as were queued before this turn; what they queue waits for the next. */
static void
loop_run_later(struct loop *loop)
{
	unsigned left = loop->later_count;
	struct later *later;

	for (; left > 0 && (later = TAILQ_FIRST(&loop->later)) != NULL; left--) {
		later_fn *callback = later->callback;

		loop_later_cancel(loop, later);
		loop_now(loop);
		callback(later);
	}
}

/* ---- timers that libevent has no memory for */

static void
timer_leave_refused(struct timer *timer)
{
	if (timer->refused_due == 0)
		return;
	timer->refused_due = 0;
	TAILQ_REMOVE(&timer->loop->refused, timer, refused_link);
	timer->loop->refused_count--;
}

/* false: there was no memory, and the loop itself is to fire it. */
static bool
timer_add(struct timer *timer, uint64_t microseconds)
{
	struct timeval tv = {
		.tv_sec = (time_t)(microseconds / CLOCK_SECOND),
		.tv_usec = (suseconds_t)(microseconds % CLOCK_SECOND),
	};

	if (evtimer_add(&timer->event, &tv) == 0)
		return true;
	timer->refused_due = clock_monotonic() + microseconds;
	TAILQ_INSERT_TAIL(&timer->loop->refused, timer, refused_link);
	timer->loop->refused_count++;
	return false;
}

/* Fires those whose time has come, and offers the others again. */
static void
timers_retry(struct loop *loop)
{
	unsigned left = loop->refused_count;
	struct timer *timer;

	for (; left > 0 && (timer = TAILQ_FIRST(&loop->refused)) != NULL; left--) {
		uint64_t due = timer->refused_due, now = clock_monotonic();

		timer_leave_refused(timer);
		if (due > now) {
			timer_add(timer, due - now);
			continue;
		}
		loop_now(loop);
		timer->callback(timer);
	}
}

/* ---- turns */

/* A turn of libevent, which waits for something to happen when there is nothing to do. */
static void
loop_run_events(struct loop *loop)
{
	bool waiting = TAILQ_EMPTY(&loop->later);

	if (waiting && !TAILQ_EMPTY(&loop->refused)) {
		poll(NULL, 0, refused_look_ms); /* libevent does not know when to wake up for those */
		waiting = false;
	}
	event_base_loop(loop->base, waiting ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static void
loop_end_turn(struct loop *loop)
{
	uint64_t took = clock_monotonic() - loop->now;
	unsigned i;

	if (took >= slow_turn) {
		i = loop->slow_next++ % SLOW_TURNS;
		loop->slow[i].now = loop->now;
		loop->slow[i].took = took;
	}
	if (loop->turn != NULL)
		loop->turn(loop->turn_arg, took);
}

void
loop_run(struct loop *loop)
{
	loop->stopping = false;
	loop->now = 0; /* what was read before the first turn is no part of it */
	while (!loop->stopping) {
		loop_run_events(loop);
		timers_retry(loop);
		loop_run_later(loop);
		if (loop->now != 0)
			loop_end_turn(loop);
		loop->now = 0;
		loop->number++;
	}
}

void
loop_stop(struct loop *loop)
{
	loop->stopping = true;
}

uint64_t
loop_now(struct loop *loop)
{
	if (loop->now == 0)
		loop->now = clock_monotonic();
	return loop->now;
}

uint64_t
loop_lateness(const struct loop *loop, uint64_t now)
{
	unsigned i;

	for (i = 0; i < SLOW_TURNS; i++)
		if (loop->slow[i].now == now)
			return loop->slow[i].took;
	return 0;
}

uint64_t
loop_turn(const struct loop *loop)
{
	return loop->number;
}

void
loop_on_turn(struct loop *loop, loop_turn_fn *turn, void *arg)
{
	loop->turn = turn;
	loop->turn_arg = arg;
}

static void
watch_event_cb(evutil_socket_t fd, short what, void *arg)
{
	struct watch *watch = arg;
	unsigned events = 0;

	(void)fd;
	loop_now(watch->loop);
	if (what & EV_READ)
		events |= WATCH_READ;
	if (what & EV_WRITE)
		events |= WATCH_WRITE;
	if (what & EV_CLOSED)
		events |= WATCH_CLOSED;
	watch->callback(watch, events);
}

static int
watch_add(struct watch *watch, struct loop *loop, int fd, watch_fn *callback, short what)
{
	watch->loop = loop;
	watch->callback = callback;
	event_assign(&watch->event, loop->base, fd, what, watch_event_cb, watch);
	if (event_add(&watch->event, NULL) < 0) {
		event_debug_unassign(&watch->event);
		watch->callback = NULL;
		return -1;
	}
	return 0;
}

int
watch_open(struct watch *watch, struct loop *loop, int fd, watch_fn *callback)
{
	return watch_add(watch, loop, fd, callback, EV_READ | EV_WRITE | EV_CLOSED | EV_PERSIST | EV_ET);
}

int
watch_open_level(struct watch *watch, struct loop *loop, int fd, watch_fn *callback)
{
	return watch_add(watch, loop, fd, callback, EV_READ | EV_PERSIST);
}

int
watch_open_for(struct watch *watch, struct loop *loop, int fd, unsigned events, watch_fn *callback)
{
	short what = EV_PERSIST;

	if (events & WATCH_READ)
		what |= EV_READ;
	if (events & WATCH_WRITE)
		what |= EV_WRITE;
	return watch_add(watch, loop, fd, callback, what);
}

void
watch_close(struct watch *watch)
{
	if (watch->callback == NULL)
		return;
	event_del(&watch->event);
	event_debug_unassign(&watch->event);
	watch->callback = NULL;
}

bool
watch_is_open(const struct watch *watch)
{
	return watch->callback != NULL;
}

void
watch_pause(struct watch *watch)
{
	event_del(&watch->event);
}

void
watch_resume(struct watch *watch)
{
	if (event_add(&watch->event, NULL) < 0)
		log_error("cannot watch a descriptor: %s", strerror(errno));
}

static void
timer_event_cb(evutil_socket_t fd, short what, void *arg)
{
	struct timer *timer = arg;

	(void)fd;
	(void)what;
	loop_now(timer->loop);
	timer->callback(timer);
}

void
timer_init(struct timer *timer, struct loop *loop, timer_fn *callback)
{
	timer->loop = loop;
	timer->callback = callback;
	timer->refused_due = 0;
	evtimer_assign(&timer->event, loop->base, timer_event_cb, timer);
}

void
timer_set(struct timer *timer, uint64_t microseconds)
{
	timer_leave_refused(timer);
	if (!timer_add(timer, microseconds))
		log_error("no memory for a timer: time is kept in another way until there is");
}

void
timer_clear(struct timer *timer)
{
	if (timer->callback == NULL)
		return;
	timer_leave_refused(timer);
	evtimer_del(&timer->event);
}

bool
timer_is_set(const struct timer *timer)
{
	return timer->callback != NULL && (timer->refused_due != 0 || evtimer_pending(&timer->event, NULL) != 0);
}

static void
signal_event_cb(evutil_socket_t number, short what, void *arg)
{
	struct signal_watch *watch = arg;

	(void)what;
	watch->callback(watch, (int)number);
}

int
signal_open(struct signal_watch *watch, struct loop *loop, int number, signal_fn *callback)
{
	watch->callback = callback;
	evsignal_assign(&watch->event, loop->base, number, signal_event_cb, watch);
	return evsignal_add(&watch->event, NULL);
}

void
signal_close(struct signal_watch *watch)
{
	if (watch->callback == NULL)
		return;
	evsignal_del(&watch->event);
	watch->callback = NULL;
}

#include "waiting.h"

#include <check.h>

#include "base/clock.h"

unsigned waited;
static bool (*condition)(void);
static uint64_t deadline;

static void
look_cb(struct timer *timer)
{
	waited++;
	if (condition())
		loop_stop(timer->loop);
	else
		timer_set(timer, CLOCK_MILLISECOND);
	ck_assert_msg(clock_monotonic() < deadline, "what was waited for never came");
}

void
wait_until(struct loop *loop, bool (*is_so)(void))
{
	struct timer timer;

	condition = is_so;
	waited = 0;
	deadline = clock_monotonic() + 60 * CLOCK_SECOND;
	timer_init(&timer, loop, look_cb);
	timer_set(&timer, 0);
	loop_run(loop);
}

static void
time_is_over_cb(struct timer *timer)
{
	loop_stop(timer->loop);
}

void
wait_for_time(struct loop *loop, uint64_t microseconds)
{
	struct timer timer;

	timer_init(&timer, loop, time_is_over_cb);
	timer_set(&timer, microseconds);
	loop_run(loop);
}

static struct loop *turning;

static void
turn_is_over_cb(struct later *later)
{
	(void)later;
	loop_stop(turning);
}

void
wait_a_turn(struct loop *loop)
{
	static struct later end;

	turning = loop;
	loop_later(loop, &end, turn_is_over_cb);
	loop_run(loop);
}

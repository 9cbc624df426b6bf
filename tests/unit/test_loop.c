/* net/loop: descriptors, timers, signals, and what is put off to the next turn. */
#include <check.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/loop.h"
#include "run.h"

static struct loop *loop;
static int pairs[2][2];
static char trace[200]; /* what was called, a letter each */

static void
note(char letter)
{
	size_t used = strlen(trace);

	ck_assert_uint_lt(used + 1, sizeof trace);
	trace[used] = letter;
}

static void
setup(void)
{
	struct error err;
	int i;

	loop = loop_new(&err);
	ck_assert_ptr_nonnull(loop);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pairs[i]), 0);
}

static void
teardown(void)
{
	int i;

	loop_free(loop);
	for (i = 0; i < 2; i++) {
		close(pairs[i][0]);
		close(pairs[i][1]);
	}
}

/* ---- later */

static struct later laters[4];

static void
stop_cb(struct later *later)
{
	(void)later;
	note('.');
	loop_stop(loop);
}

static void
letter_cb(struct later *later)
{
	note((char)('a' + (later - laters)));
}

static void
again_cb(struct later *later)
{
	letter_cb(later);
	loop_later(loop, later, strlen(trace) < 4 ? again_cb : stop_cb);
	loop_later(loop, &laters[3], letter_cb);
}

static void
cancel_cb(struct later *later)
{
	letter_cb(later);
	loop_later_cancel(loop, &laters[1]);
	loop_later_cancel(loop, &laters[1]);
}

static void
turn_cb(void *arg, uint64_t took)
{
	ck_assert_ptr_eq(arg, trace);
	ck_assert_uint_lt(took, UINT64_C(60) * CLOCK_SECOND);
	note('|');
}

START_TEST(what_is_put_off_comes_once_and_in_order)
{
	loop_later(loop, &laters[1], letter_cb);
	loop_later(loop, &laters[0], letter_cb);
	loop_later(loop, &laters[1], letter_cb);
	loop_later(loop, &laters[2], stop_cb);
	loop_run(loop);
	ck_assert_str_eq(trace, "ba.");
}
END_TEST

START_TEST(what_it_puts_off_waits_for_the_next_turn)
{
	loop_on_turn(loop, turn_cb, trace);
	loop_later(loop, &laters[0], again_cb);
	loop_run(loop);
	ck_assert_str_eq(trace, "a|ad|a|.d|");
}
END_TEST

START_TEST(what_is_cancelled_does_not_come)
{
	loop_later(loop, &laters[0], cancel_cb);
	loop_later(loop, &laters[1], letter_cb);
	loop_later(loop, &laters[2], stop_cb);
	loop_run(loop);
	ck_assert_str_eq(trace, "a.");
	ck_assert_ptr_null(laters[1].callback);
}
END_TEST

/* ---- descriptors */

static struct watch watches[2];
static unsigned seen[2];

static void
watch_cb(struct watch *watch, unsigned events)
{
	size_t i = (size_t)(watch - watches);

	note((char)('0' + i));
	seen[i] |= events;
}

/* Turns until there is nothing left to tell. */
static void
turn(void)
{
	static struct later end;

	loop_later(loop, &end, stop_cb);
	loop_run(loop);
	loop_later(loop, &end, stop_cb);
	loop_run(loop);
}

static void
forget(void)
{
	memset(trace, 0, sizeof trace);
	memset(seen, 0, sizeof seen);
}

START_TEST(a_change_is_told_once)
{
	ck_assert_int_eq(watch_open(&watches[0], loop, pairs[0][0], watch_cb), 0);
	ck_assert(watch_is_open(&watches[0]));
	turn();
	ck_assert_uint_eq(seen[0], WATCH_WRITE);
	forget();
	ck_assert_int_eq(write(pairs[0][1], "xy", 2), 2);
	turn();
	ck_assert(seen[0] & WATCH_READ);
	ck_assert(!(seen[0] & WATCH_CLOSED));
	forget();
	turn(); /* nothing was read, and nothing is told again */
	ck_assert_str_eq(trace, "..");
	ck_assert_int_eq(write(pairs[0][1], "z", 1), 1);
	turn();
	ck_assert(seen[0] & WATCH_READ);
	watch_close(&watches[0]);
}
END_TEST

START_TEST(the_end_of_the_peer_is_told)
{
	ck_assert_int_eq(watch_open(&watches[0], loop, pairs[0][0], watch_cb), 0);
	turn();
	forget();
	shutdown(pairs[0][1], SHUT_WR);
	turn();
	ck_assert(seen[0] & WATCH_CLOSED);
	watch_close(&watches[0]);
}
END_TEST

START_TEST(what_came_before_the_watch_is_told)
{
	ck_assert_int_eq(write(pairs[0][1], "x", 1), 1);
	shutdown(pairs[0][1], SHUT_WR);
	ck_assert_int_eq(watch_open(&watches[0], loop, pairs[0][0], watch_cb), 0);
	turn();
	ck_assert_uint_eq(seen[0], WATCH_READ | WATCH_WRITE | WATCH_CLOSED);
	watch_close(&watches[0]);
}
END_TEST

static void
close_both_cb(struct watch *watch, unsigned events)
{
	(void)events;
	note((char)('0' + (watch - watches)));
	watch_close(&watches[0]);
	watch_close(&watches[1]);
}

/* Who is closed hears nothing more, not even what was already on its way. */
START_TEST(a_closed_watch_is_silent)
{
	ck_assert_int_eq(watch_open(&watches[0], loop, pairs[0][0], close_both_cb), 0);
	ck_assert_int_eq(watch_open(&watches[1], loop, pairs[1][0], close_both_cb), 0);
	turn();
	ck_assert(strcmp(trace, "0..") == 0 || strcmp(trace, "1..") == 0);
	ck_assert(!watch_is_open(&watches[0]) && !watch_is_open(&watches[1]));
	watch_close(&watches[0]);
}
END_TEST

START_TEST(a_level_watch_tells_until_it_is_read_or_paused)
{
	char byte;

	ck_assert_int_eq(watch_open_level(&watches[0], loop, pairs[0][0], watch_cb), 0);
	turn();
	ck_assert_str_eq(trace, "..");
	ck_assert_int_eq(write(pairs[0][1], "x", 1), 1);
	forget();
	turn();
	ck_assert_str_eq(trace, "0.0.");
	watch_pause(&watches[0]);
	forget();
	turn();
	ck_assert_str_eq(trace, "..");
	watch_resume(&watches[0]);
	forget();
	turn();
	ck_assert_str_eq(trace, "0.0.");
	ck_assert_int_eq(read(pairs[0][0], &byte, 1), 1);
	forget();
	turn();
	ck_assert_str_eq(trace, "..");
	watch_close(&watches[0]);
}
END_TEST

/* ---- time and signals */

static struct timer timers[2];
static uint64_t now_seen;

static void
timer_cb(struct timer *timer)
{
	note((char)('0' + (timer - timers)));
	now_seen = loop_now(loop);
	ck_assert_uint_eq(loop_now(loop), now_seen); /* one time for the whole turn */
	if (timer == &timers[1])
		loop_stop(loop);
}

START_TEST(timers_fire_once_when_it_is_time)
{
	uint64_t begun = clock_monotonic();
	int i;

	for (i = 0; i < 2; i++)
		timer_init(&timers[i], loop, timer_cb);
	timer_set(&timers[0], CLOCK_MILLISECOND);
	timer_set(&timers[1], UINT64_C(20) * CLOCK_MILLISECOND);
	ck_assert(timer_is_set(&timers[0]));
	loop_run(loop);
	ck_assert_str_eq(trace, "01");
	ck_assert(!timer_is_set(&timers[0]) && !timer_is_set(&timers[1]));
	/* libevent's clock may be a tick of the kernel behind */
	ck_assert_uint_ge(
	    now_seen + UINT64_C(10) * CLOCK_MILLISECOND, begun + UINT64_C(20) * CLOCK_MILLISECOND);
}
END_TEST

START_TEST(a_timer_can_be_moved_and_cleared)
{
	int i;

	for (i = 0; i < 2; i++)
		timer_init(&timers[i], loop, timer_cb);
	timer_set(&timers[1], UINT64_C(3600) * CLOCK_SECOND);
	timer_set(&timers[1], UINT64_C(2) * CLOCK_MILLISECOND);
	timer_set(&timers[0], CLOCK_MILLISECOND);
	timer_clear(&timers[0]);
	ck_assert(!timer_is_set(&timers[0]));
	loop_run(loop);
	ck_assert_str_eq(trace, "1");
}
END_TEST

static bool starved; /* libevent gets no more room */

static void *
reallocate(void *old, size_t size)
{
	return starved ? NULL : realloc(old, size);
}

enum { MANY = 2000 }; /* more than libevent has room for without asking */

START_TEST(timers_fire_without_memory)
{
	static struct timer hours[MANY];
	uint64_t begun = clock_monotonic();
	int i;

	for (i = 0; i < 2; i++)
		timer_init(&timers[i], loop, timer_cb);
	starved = true;
	for (i = 0; i < MANY; i++) {
		timer_init(&hours[i], loop, timer_cb);
		timer_set(&hours[i], UINT64_C(3600) * CLOCK_SECOND);
		ck_assert(timer_is_set(&hours[i]));
	}
	timer_set(&timers[1], UINT64_C(20) * CLOCK_MILLISECOND);
	timer_set(&timers[0], UINT64_C(30) * CLOCK_SECOND);
	timer_set(&timers[0], CLOCK_MILLISECOND);
	timer_clear(&hours[MANY - 1]);
	ck_assert(!timer_is_set(&hours[MANY - 1]));
	loop_run(loop);
	ck_assert_str_eq(trace, "01");
	ck_assert(!timer_is_set(&timers[0]) && !timer_is_set(&timers[1]));
	ck_assert_uint_ge(now_seen + UINT64_C(10) * CLOCK_MILLISECOND, begun + UINT64_C(20) * CLOCK_MILLISECOND);

	starved = false;
	timer_set(&timers[1], UINT64_C(2) * CLOCK_MILLISECOND); /* in this loop libevent gets all of them back */
	loop_run(loop);
	ck_assert_str_eq(trace, "011");
	for (i = 0; i < MANY; i++) {
		ck_assert(timer_is_set(&hours[i]) == (i != MANY - 1));
		timer_clear(&hours[i]);
	}
}
END_TEST

static void
signal_cb(struct signal_watch *watch, int number)
{
	(void)watch;
	ck_assert_int_eq(number, SIGUSR1);
	note('s');
	loop_stop(loop);
}

START_TEST(a_signal_is_told_in_the_loop)
{
	struct signal_watch watch;

	ck_assert_int_eq(signal_open(&watch, loop, SIGUSR1, signal_cb), 0);
	raise(SIGUSR1);
	ck_assert_str_eq(trace, "");
	loop_run(loop);
	ck_assert_str_eq(trace, "s");
	signal_close(&watch);
	signal_close(&watch);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("loop");

	event_set_mem_functions(malloc, reallocate, free); /* before libevent has any */
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_is_put_off_comes_once_and_in_order);
	tcase_add_test(tests, what_it_puts_off_waits_for_the_next_turn);
	tcase_add_test(tests, what_is_cancelled_does_not_come);
	tcase_add_test(tests, a_change_is_told_once);
	tcase_add_test(tests, the_end_of_the_peer_is_told);
	tcase_add_test(tests, what_came_before_the_watch_is_told);
	tcase_add_test(tests, a_closed_watch_is_silent);
	tcase_add_test(tests, a_level_watch_tells_until_it_is_read_or_paused);
	tcase_add_test(tests, timers_fire_once_when_it_is_time);
	tcase_add_test(tests, a_timer_can_be_moved_and_cleared);
	tcase_add_test(tests, timers_fire_without_memory);
	tcase_add_test(tests, a_signal_is_told_in_the_loop);
	return run_case(tests);
}

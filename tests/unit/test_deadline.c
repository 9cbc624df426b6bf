/* net/deadline: many deadlines, one timer. They are a few milliseconds away, and waited for in the loop. */
#include <check.h>
#include <string.h>

#include "base/clock.h"
#include "net/deadline.h"
#include "run.h"

enum { WAIT = 3 * CLOCK_MILLISECOND, LATER = 20 * CLOCK_MILLISECOND };

struct object {
	struct deadline deadline;
	uint64_t expired_at; /* 0: not yet */
	int times;
};

static struct loop *loop;
static struct deadline_queue queue, later_queue;
static struct object objects[5], last;
static struct object *order[10];
static unsigned expired;
static void (*on_expired)(struct object *object); /* what a test does in it, or NULL */

static void
expired_cb(struct deadline *deadline, struct deadline_queue *of)
{
	struct object *object = CONTAINER_OF(deadline, struct object, deadline);

	ck_assert_ptr_null(deadline->queue);
	ck_assert_ptr_eq(of, &queue);
	object->expired_at = loop_now(loop);
	object->times++;
	order[expired++] = object;
	if (on_expired != NULL)
		on_expired(object);
}

static void
last_cb(struct deadline *deadline, struct deadline_queue *of)
{
	ck_assert_ptr_eq(deadline, &last.deadline);
	ck_assert_ptr_eq(of, &later_queue);
	/* on a busy machine the two times may have come together */
	if (!TAILQ_EMPTY(&queue.waiting) && timer_is_set(&queue.timer))
		deadline_set(deadline, of);
	else
		loop_stop(loop);
}

static void
setup(void)
{
	struct error err;

	loop = loop_new(&err);
	ck_assert_ptr_nonnull(loop);
	deadline_queue_init(&queue, loop, WAIT, expired_cb);
	deadline_queue_init(&later_queue, loop, LATER, last_cb);
}

static void
teardown(void)
{
	deadline_queue_clear(&queue);
	deadline_queue_clear(&later_queue);
	loop_free(loop);
}

/* Lets time pass until long after what was set before. */
static void
pass(void)
{
	deadline_set(&last.deadline, &later_queue);
	loop_run(loop);
}

START_TEST(they_expire_in_the_order_in_which_they_were_set)
{
	uint64_t begun = loop_now(loop);
	int i;

	for (i = 0; i < 5; i++)
		deadline_set(&objects[4 - i].deadline, &queue);
	pass();
	ck_assert_uint_eq(expired, 5);
	for (i = 0; i < 5; i++) {
		ck_assert_ptr_eq(order[i], &objects[4 - i]);
		ck_assert_uint_ge(order[i]->expired_at, begun + WAIT);
		ck_assert_int_eq(order[i]->times, 1);
	}
}
END_TEST

START_TEST(a_cleared_one_does_not_expire)
{
	int i;

	for (i = 0; i < 5; i++)
		deadline_set(&objects[i].deadline, &queue);
	deadline_clear(&objects[0].deadline);
	deadline_clear(&objects[2].deadline);
	deadline_clear(&objects[4].deadline);
	deadline_clear(&objects[4].deadline);
	ck_assert_ptr_null(objects[4].deadline.queue);
	pass();
	ck_assert_uint_eq(expired, 2);
	ck_assert_ptr_eq(order[0], &objects[1]);
	ck_assert_ptr_eq(order[1], &objects[3]);
}
END_TEST

START_TEST(set_again_it_goes_to_the_end)
{
	deadline_set(&objects[0].deadline, &queue);
	deadline_set(&objects[1].deadline, &queue);
	deadline_set(&objects[0].deadline, &queue);
	pass();
	ck_assert_uint_eq(expired, 2);
	ck_assert_ptr_eq(order[0], &objects[1]);
	ck_assert_ptr_eq(order[1], &objects[0]);
}
END_TEST

START_TEST(with_a_time_of_its_own_it_is_among_the_others)
{
	uint64_t now = loop_now(loop);

	deadline_set(&objects[0].deadline, &queue);
	deadline_set_at(&objects[1].deadline, &queue, now + WAIT + CLOCK_MILLISECOND);
	deadline_set_at(&objects[2].deadline, &queue, now + CLOCK_MILLISECOND);
	deadline_set_at(&objects[3].deadline, &queue, now - 1);
	deadline_set_at(&objects[1].deadline, &queue, now + 2 * CLOCK_MILLISECOND);
	pass();
	ck_assert_uint_eq(expired, 4);
	ck_assert_ptr_eq(order[0], &objects[3]);
	ck_assert_ptr_eq(order[1], &objects[2]);
	ck_assert_ptr_eq(order[2], &objects[1]);
	ck_assert_ptr_eq(order[3], &objects[0]);
}
END_TEST

START_TEST(set_in_another_queue_it_leaves_the_first)
{
	deadline_set(&last.deadline, &queue);
	deadline_set(&last.deadline, &later_queue);
	ck_assert_ptr_eq(last.deadline.queue, &later_queue);
	loop_run(loop);
	ck_assert_uint_eq(expired, 0);
}
END_TEST

START_TEST(without_a_duration_it_never_expires)
{
	queue.duration = 0;
	deadline_set(&objects[0].deadline, &queue);
	ck_assert_ptr_null(objects[0].deadline.queue);
	deadline_clear(&objects[0].deadline);
	pass();
	ck_assert_uint_eq(expired, 0);
}
END_TEST

static void
set_again(struct object *object)
{
	if (object->times < 3)
		deadline_set(&object->deadline, &queue);
}

START_TEST(it_may_be_set_again_when_it_expires)
{
	uint64_t begun = loop_now(loop);

	on_expired = set_again;
	deadline_set(&objects[0].deadline, &queue);
	pass();
	ck_assert_int_eq(objects[0].times, 3);
	ck_assert_uint_ge(objects[0].expired_at, begun + UINT64_C(3) * WAIT);
}
END_TEST

static void
clear_all(struct object *object)
{
	int i;

	(void)object;
	for (i = 0; i < 5; i++)
		deadline_clear(&objects[i].deadline);
}

START_TEST(one_that_expires_may_clear_the_next)
{
	int i;

	on_expired = clear_all;
	for (i = 0; i < 5; i++)
		deadline_set(&objects[i].deadline, &queue);
	pass();
	ck_assert_uint_eq(expired, 1);
	ck_assert_ptr_eq(order[0], &objects[0]);
}
END_TEST

static uint64_t set_at;

static void
later_cb(struct timer *timer)
{
	(void)timer;
	set_at = loop_now(loop);
	deadline_set(&objects[1].deadline, &queue);
}

/* The timer that was meant for one that was cleared comes too early for the next, which must not expire with it. */
START_TEST(none_expires_early)
{
	struct timer timer;

	timer_init(&timer, loop, later_cb);
	timer_set(&timer, WAIT - CLOCK_MILLISECOND);
	deadline_set(&objects[0].deadline, &queue);
	deadline_clear(&objects[0].deadline);
	pass();
	timer_clear(&timer);
	ck_assert_uint_eq(expired, 1);
	ck_assert_int_eq(objects[1].times, 1);
	ck_assert_uint_ge(objects[1].expired_at, set_at + WAIT);
}
END_TEST

static void
slow_cb(struct timer *timer)
{
	uint64_t begun = loop_now(loop);

	(void)timer;
	while (clock_monotonic() < begun + 4 * WAIT)
		;
	set_at = clock_monotonic();
	deadline_set(&objects[0].deadline, &queue);
}

/* What is set late in a turn is not taken to wait since its beginning. */
START_TEST(a_slow_turn_costs_nobody_time)
{
	struct timer timer;

	timer_init(&timer, loop, slow_cb);
	timer_set(&timer, 0);
	pass();
	timer_clear(&timer);
	ck_assert_uint_eq(expired, 1);
	ck_assert_uint_ge(objects[0].expired_at, set_at + WAIT);
}
END_TEST

START_TEST(a_cleared_queue_is_silent)
{
	deadline_set(&objects[0].deadline, &queue);
	deadline_queue_clear(&queue);
	pass();
	ck_assert_uint_eq(expired, 0);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("deadline");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, they_expire_in_the_order_in_which_they_were_set);
	tcase_add_test(tests, a_cleared_one_does_not_expire);
	tcase_add_test(tests, set_again_it_goes_to_the_end);
	tcase_add_test(tests, with_a_time_of_its_own_it_is_among_the_others);
	tcase_add_test(tests, set_in_another_queue_it_leaves_the_first);
	tcase_add_test(tests, without_a_duration_it_never_expires);
	tcase_add_test(tests, it_may_be_set_again_when_it_expires);
	tcase_add_test(tests, one_that_expires_may_clear_the_next);
	tcase_add_test(tests, none_expires_early);
	tcase_add_test(tests, a_slow_turn_costs_nobody_time);
	tcase_add_test(tests, a_cleared_queue_is_silent);
	return run_case(tests);
}

/* net/offload: jobs run in threads, their ends are told in the loop. Also to be run under ThreadSanitizer. */
#include <check.h>
#include <errno.h>
#include <glob.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/object.h"
#include "net/offload.h"
#include "run.h"

enum { ROOM = 8, THREADS = 2 };

struct object {
	struct offload_job job;
	int number;
	int runs, ends, dropped;
	bool in_loop_thread;   /* ran there, which is wrong */
	bool signals_blocked;
	bool again; /* it is added once more when it ends */
};

static struct loop *loop;
static struct offload *offload;
static pthread_t loop_thread;
static sem_t begun, gate; /* of jobs that wait for leave to end */
static unsigned expected; /* so many ends stop the loop */
static int order[64];
static unsigned ended;

static void
setup(void)
{
	struct error err;

	loop = loop_new(&err);
	ck_assert_ptr_nonnull(loop);
	offload = offload_new(loop, THREADS, ROOM, &err);
	ck_assert_ptr_nonnull(offload);
	loop_thread = pthread_self();
	sem_init(&begun, 0, 0);
	sem_init(&gate, 0, 0);
	ended = 0;
}

static void
teardown(void)
{
	offload_free(offload);
	loop_free(loop);
	sem_destroy(&begun);
	sem_destroy(&gate);
}

static void
work(struct offload_job *job)
{
	struct object *object = CONTAINER_OF(job, struct object, job);
	sigset_t mask;

	object->runs++;
	object->in_loop_thread = pthread_equal(pthread_self(), loop_thread) != 0;
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	object->signals_blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGCHLD) == 1;
}

static void
work_slowly(struct offload_job *job)
{
	work(job);
	sem_post(&begun);
	while (sem_wait(&gate) < 0 && errno == EINTR)
		;
}

static void
work_ended(struct offload_job *job, bool ran)
{
	struct object *object = CONTAINER_OF(job, struct object, job);

	ck_assert(pthread_equal(pthread_self(), loop_thread));
	object->ends++;
	object->dropped += !ran;
	order[ended++ % ARRAY_LENGTH(order)] = object->number;
	if (object->again) {
		object->again = false;
		ck_assert_int_eq(offload_add(offload, job, work, work_ended), 0);
	}
	if (ended == expected)
		loop_stop(loop);
}

static void
add(struct object *object, offload_run_fn *run)
{
	ck_assert_int_eq(offload_add(offload, &object->job, run, work_ended), 0);
}

static void
run_until(unsigned ends)
{
	expected = ends;
	loop_run(loop);
}

/* Threads of the offload: they have a name. */
static unsigned
thread_count(void)
{
	glob_t names;
	char name[16];
	unsigned n = 0;
	FILE *file;
	size_t i;

	ck_assert_int_eq(glob("/proc/self/task/*/comm", 0, NULL, &names), 0);
	for (i = 0; i < names.gl_pathc; i++) {
		file = fopen(names.gl_pathv[i], "r");
		n += file != NULL && fgets(name, sizeof name, file) != NULL && strcmp(name, "offload\n") == 0;
		if (file != NULL)
			fclose(file);
	}
	globfree(&names);
	return n;
}

START_TEST(a_job_runs_in_a_thread_and_ends_in_the_loop)
{
	struct object object = { .number = 1 };

	add(&object, work);
	run_until(1);
	ck_assert_int_eq(object.runs, 1);
	ck_assert_int_eq(object.ends, 1);
	ck_assert(!object.in_loop_thread && object.signals_blocked);
	ck_assert_int_eq(object.dropped, 0);
}
END_TEST

/* No thread before there is a job, one for one job, and never more than asked for. */
START_TEST(threads_are_started_when_they_are_needed)
{
	struct object objects[4] = { { .number = 0 } };
	int i;

	ck_assert_uint_eq(thread_count(), 0);
	for (i = 0; i < 4; i++) {
		add(&objects[i], work_slowly);
		if (i < THREADS)
			sem_wait(&begun);
		ck_assert_uint_eq(thread_count(), i < THREADS ? (unsigned)i + 1 : THREADS);
	}
	ck_assert_uint_eq(offload_waiting(offload), 4 - THREADS);
	for (i = 0; i < 4; i++)
		sem_post(&gate);
	run_until(4);
	ck_assert_uint_eq(offload_waiting(offload), 0);
}
END_TEST

START_TEST(an_idle_thread_is_used_again)
{
	struct object object = { .number = 1 };
	int i;

	for (i = 0; i < 100; i++) {
		add(&object, work);
		run_until((unsigned)i + 1);
	}
	ck_assert_int_eq(object.runs, 100);
	ck_assert_uint_le(thread_count(), THREADS);
}
END_TEST

START_TEST(no_more_wait_than_there_is_room_for)
{
	struct object objects[THREADS + ROOM + 1] = { { .number = 0 } };
	unsigned i;

	for (i = 0; i < THREADS + ROOM; i++) {
		add(&objects[i], work_slowly);
		if (i < THREADS)
			sem_wait(&begun);
	}
	errno = 0;
	ck_assert_int_eq(offload_add(offload, &objects[i].job, work_slowly, work_ended), -1);
	ck_assert_int_eq(errno, EAGAIN);
	for (i = 0; i < THREADS + ROOM; i++)
		sem_post(&gate);
	run_until(THREADS + ROOM);
	ck_assert_int_eq(objects[THREADS + ROOM].runs, 0);
	add(&objects[THREADS + ROOM], work);
	run_until(THREADS + ROOM + 1);
}
END_TEST

START_TEST(what_waits_can_be_cancelled_and_what_runs_cannot)
{
	struct object objects[5] = { { .number = 0 }, { .number = 1 }, { .number = 2 }, { .number = 3 }, { .number = 4 } };
	int i;

	for (i = 0; i < 5; i++) {
		add(&objects[i], work_slowly);
		if (i < THREADS)
			sem_wait(&begun);
	}
	ck_assert(!offload_cancel(offload, &objects[0].job));
	ck_assert(offload_cancel(offload, &objects[3].job));
	ck_assert_uint_eq(offload_waiting(offload), 2);
	for (i = 0; i < 4; i++)
		sem_post(&gate);
	run_until(4);
	ck_assert_int_eq(objects[3].runs + objects[3].ends, 0);
	ck_assert_int_eq(objects[0].ends, 1);
	ck_assert_int_eq(objects[4].ends, 1);
	ck_assert(!offload_cancel(offload, &objects[4].job));
}
END_TEST

/* One that has ended, but whose end was not told yet, cannot be cancelled either. */
START_TEST(an_end_that_is_on_its_way_comes)
{
	struct object object = { .number = 1 };

	add(&object, work_slowly);
	sem_wait(&begun);
	sem_post(&gate);
	ck_assert(!offload_cancel(offload, &object.job));
	run_until(1);
	ck_assert_int_eq(object.ends, 1);
}
END_TEST

START_TEST(a_job_can_be_added_again_at_its_end)
{
	struct object object = { .number = 1, .again = true };

	add(&object, work);
	run_until(2);
	ck_assert_int_eq(object.runs, 2);
}
END_TEST

START_TEST(freeing_tells_the_end_of_all)
{
	struct object objects[5] = { { .number = 0 } };
	int i, ran = 0;

	for (i = 0; i < 5; i++) {
		add(&objects[i], work_slowly);
		if (i < THREADS)
			sem_wait(&begun);
	}
	for (i = 0; i < 5; i++) /* a thread may take another before it hears that it is over */
		sem_post(&gate);
	expected = 0;
	offload_free(offload);
	offload = NULL;
	for (i = 0; i < 5; i++) {
		ck_assert_int_eq(objects[i].ends, 1);
		ck_assert_int_eq(objects[i].runs + objects[i].dropped, 1);
		ran += objects[i].runs;
	}
	ck_assert_int_ge(ran, THREADS);
}
END_TEST

START_TEST(jobs_of_one_thread_keep_their_order)
{
	struct object objects[ROOM] = { { .number = 0 } };
	struct error err;
	int i;

	offload_free(offload);
	offload = offload_new(loop, 1, ROOM, &err);
	ck_assert_ptr_nonnull(offload);
	for (i = 0; i < ROOM; i++) {
		objects[i].number = i;
		add(&objects[i], work);
	}
	run_until(ROOM);
	for (i = 0; i < ROOM; i++)
		ck_assert_int_eq(order[i], i);
}
END_TEST

START_TEST(without_threads_nothing_is_taken)
{
	struct object object = { .number = 1 };
	struct error err;
	struct offload *none = offload_new(loop, 0, ROOM, &err);

	ck_assert_ptr_nonnull(none);
	ck_assert_int_eq(offload_add(none, &object.job, work, work_ended), -1);
	offload_free(none);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("offload");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_job_runs_in_a_thread_and_ends_in_the_loop);
	tcase_add_test(tests, threads_are_started_when_they_are_needed);
	tcase_add_test(tests, an_idle_thread_is_used_again);
	tcase_add_test(tests, no_more_wait_than_there_is_room_for);
	tcase_add_test(tests, what_waits_can_be_cancelled_and_what_runs_cannot);
	tcase_add_test(tests, an_end_that_is_on_its_way_comes);
	tcase_add_test(tests, a_job_can_be_added_again_at_its_end);
	tcase_add_test(tests, freeing_tells_the_end_of_all);
	tcase_add_test(tests, jobs_of_one_thread_keep_their_order);
	tcase_add_test(tests, without_threads_nothing_is_taken);
	return run_case(tests);
}

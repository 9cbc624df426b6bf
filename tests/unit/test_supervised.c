/* master/supervised: a process of a kind that only writes down what it is told, in a real loop. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "master/supervised.h"
#include "run.h"

enum { NOBODY = 0x3fffffff /* no process has this pid */ };

static struct loop *loop;
static struct scoreboard_child row;
static _Atomic uint64_t heartbeat;
static struct supervised process;
static struct scoreboard_death death;
static char story[256]; /* what the kind was called for, and what it told */
static bool cannot_spawn, not_missed, time_matters, wrong;

static void
note(const char *text)
{
	size_t length = strlen(story);

	snprintf(story + length, sizeof story - length, "%s%s", length > 0 ? " " : "", text);
}

static void
expect(const char *told)
{
	ck_assert_str_eq(story, told);
	story[0] = '\0';
}

static void
kind_news(struct supervised *s, enum event_type type, const char *text)
{
	(void)s;
	note(type == EVENT_WORKER_STARTED ? "STARTED" : type == EVENT_WORKER_DRAINING ? "DRAINING" :
	    type == EVENT_WORKER_DIED ? "DIED:" : "FAILED:");
	if (text[0] != '\0')
		note(text);
}

/* A process that waits until it is killed. */
static int
kind_spawn(struct supervised *s, struct error *err)
{
	if (cannot_spawn)
		return error_set(err, "no room");
	note("spawn");
	s->pid = fork();
	if (s->pid == 0)
		for (;;)
			pause();
	ck_assert_int_gt(s->pid, 0);
	return 0;
}

static void
kind_use(struct supervised *s)
{
	(void)s;
	note("use");
}

static void
kind_drain(struct supervised *s)
{
	(void)s;
	note("drain");
}

static void
kind_terminate(struct supervised *s)
{
	(void)s;
	note("terminate");
}

static void
kind_release(struct supervised *s)
{
	(void)s;
	note("release");
}

static bool
kind_time_is_over(struct supervised *s)
{
	(void)s;
	note("late");
	loop_stop(loop);
	return time_matters;
}

static void
kind_gone(struct supervised *s)
{
	ck_assert_int_eq(s->pid, 0);
	note("gone");
}

static void
kind_record(struct supervised *s, struct scoreboard_death *of)
{
	(void)s;
	death = *of;
	note("record");
}

static bool
kind_is_wrong(struct supervised *s, int wait_status)
{
	(void)s;
	ck_assert_int_eq(wait_status, cannot_spawn ? 0 : SIGKILL);
	return wrong;
}

static bool
kind_put_away(struct supervised *s, bool given_up)
{
	if (not_missed) {
		note(given_up ? "away-failed" : "away");
		supervised_event(s, CHILD_EVENT_DRAIN);
	}
	return not_missed;
}

static void
kind_changed(struct supervised *s)
{
	(void)s;
	note("changed");
}

static const struct supervised_kind kind = {
	.started = EVENT_WORKER_STARTED,
	.draining = EVENT_WORKER_DRAINING,
	.died = EVENT_WORKER_DIED,
	.failed = EVENT_WORKER_FAILED,
	.given_up = "given up",
	.news = kind_news,
	.spawn = kind_spawn,
	.use = kind_use,
	.drain = kind_drain,
	.terminate = kind_terminate,
	.release = kind_release,
	.time_is_over = kind_time_is_over,
	.gone = kind_gone,
	.record = kind_record,
	.is_wrong = kind_is_wrong,
	.put_away = kind_put_away,
	.changed = kind_changed,
};

static const struct supervised_kind plain_kind = {
	.given_up = "given up",
	.news = kind_news,
	.spawn = kind_spawn,
	.use = kind_use,
	.terminate = kind_terminate,
	.release = kind_release,
	.gone = kind_gone,
	.record = kind_record,
};

static void
setup(void)
{
	struct error err = { .text = "" };

	ck_assert_int_eq(log_open("/dev/null", LOG_LEVEL_ERROR, &err), 0);
	loop = loop_new(&err);
	ck_assert_msg(loop != NULL, "%s", err.text);
	supervised_init(&process, &kind, loop, &row, &heartbeat);
	snprintf(process.name, sizeof process.name, "it");
}

static void
teardown(void)
{
	if (process.pid > 0 && process.pid != NOBODY) {
		kill(process.pid, SIGKILL);
		waitpid(process.pid, NULL, 0);
	}
	timer_clear(&process.timer);
	loop_free(loop);
}

/* Its process, which is being killed, is gone. */
static void
end(void)
{
	siginfo_t info;

	while (waitid(P_PID, (id_t)process.pid, &info, WEXITED | WNOWAIT) < 0)
		ck_assert_int_eq(errno, EINTR);
	ck_assert(supervised_reap(&process));
}

static void
die(void)
{
	kill(process.pid, SIGKILL);
	end();
}

static void
get_ready(void)
{
	supervised_event(&process, CHILD_EVENT_START);
	supervised_event(&process, CHILD_EVENT_READY);
	expect("spawn STARTED use");
}

START_TEST(a_life_is_seen_on_the_scoreboard)
{
	uint64_t before = clock_monotonic();
	pid_t pid;

	get_ready();
	pid = process.pid;
	ck_assert_int_eq(scoreboard_get(&row.pid), pid);
	ck_assert_uint_eq(scoreboard_get(&row.state), CHILD_READY);
	ck_assert_uint_ge(scoreboard_get(&row.started), before);
	ck_assert_uint_ge(scoreboard_get(&row.ready), scoreboard_get(&row.started));
	ck_assert(!supervised_reap(&process));

	die();
	ck_assert_int_eq(scoreboard_get(&row.pid), 0);
	ck_assert_uint_eq(scoreboard_get(&row.ready), 0);
	ck_assert_uint_eq(scoreboard_get(&row.state), CHILD_BACKOFF);
	ck_assert_int_eq(death.pid, pid);
	ck_assert_int_eq(death.wait_status, SIGKILL);
	ck_assert_uint_gt(death.lived, 0);
	ck_assert_uint_le(death.lived, clock_monotonic() - before);
	ck_assert(!death.asked_for && !death.hung);
	ck_assert_ptr_nonnull(strstr(story, "gone record DIED: killed by signal 9 (Killed) after "));
	ck_assert_ptr_nonnull(strstr(story, " s; restarting at once changed"));
	ck_assert(timer_is_set(&process.timer));
	ck_assert(!supervised_reap(&process));
}
END_TEST

START_TEST(what_cannot_be_started_is_tried_again)
{
	cannot_spawn = true;
	process.last_pid = NOBODY;
	process.asked_for = process.killed = true;
	supervised_event(&process, CHILD_EVENT_START);
	ck_assert_int_eq(process.child.state, CHILD_BACKOFF);
	ck_assert_str_eq(process.last_words, "cannot be started: no room");
	ck_assert_int_eq(strncmp(story, "DIED: cannot be started: no room; restarting in ", 48), 0);
	ck_assert_int_eq(process.last_pid, 0);
	ck_assert(!process.asked_for && !process.killed);
	ck_assert_uint_gt(process.timer_due, clock_monotonic());
}
END_TEST

START_TEST(what_is_wrong_is_not_tried_again)
{
	cannot_spawn = wrong = true;
	supervised_event(&process, CHILD_EVENT_START);
	ck_assert_int_eq(process.child.state, CHILD_FAILED);
	expect("DIED: cannot be started: no room; given up FAILED: cannot be started: no room changed");
}
END_TEST

START_TEST(one_that_is_wrong_is_given_up)
{
	wrong = true;
	get_ready();
	supervised_limit(&process, CLOCK_SECOND);
	die();
	ck_assert_int_eq(process.child.state, CHILD_FAILED);
	ck_assert_ptr_nonnull(strstr(story, "gone record DIED: killed by signal 9 (Killed) after "));
	ck_assert_ptr_nonnull(strstr(story, " s; given up FAILED: killed by signal 9 (Killed) after "));
	ck_assert_ptr_nonnull(strstr(story, " s changed"));
	ck_assert(!timer_is_set(&process.timer));
}
END_TEST

START_TEST(one_that_is_not_missed_is_put_away)
{
	not_missed = true;
	get_ready();
	die();
	expect("gone record away release");
	ck_assert_int_eq(process.child.state, CHILD_EMPTY);
	wrong = true;
	get_ready();
	die();
	expect("gone record away-failed release");
	ck_assert_int_eq(process.child.state, CHILD_EMPTY);
}
END_TEST

START_TEST(it_is_asked_before_it_is_forced)
{
	get_ready();
	supervised_end(&process, CHILD_EVENT_DRAIN, "too many");
	expect("DRAINING too many drain");
	ck_assert(process.asked_for);
	supervised_event(&process, CHILD_EVENT_KILL_TIMEOUT);
	expect("terminate");
	ck_assert(timer_is_set(&process.timer));
	ck_assert(!process.killed);
	supervised_event(&process, CHILD_EVENT_KILL_TIMEOUT);
	ck_assert(process.killed);
	ck_assert(!timer_is_set(&process.timer));
	end();
	expect("gone record release");
	ck_assert(death.asked_for);
	ck_assert_int_eq(death.wait_status, SIGKILL);
	ck_assert_ptr_nonnull(strstr(process.last_words, " s: too many"));
}
END_TEST

START_TEST(with_nothing_to_finish_a_drain_is_an_end)
{
	process.kind = &plain_kind;
	get_ready();
	supervised_event(&process, CHILD_EVENT_DRAIN);
	expect("terminate");
}
END_TEST

START_TEST(who_shows_no_life_is_killed)
{
	uint64_t now;

	get_ready();
	now = process.ready;
	supervised_look(&process, 5 * CLOCK_SECOND, now + 6 * CLOCK_SECOND - 1);
	ck_assert(!process.killed);
	heartbeat = now + CLOCK_SECOND;
	ck_assert_uint_eq(supervised_sign(&process), now + CLOCK_SECOND);
	supervised_look(&process, 5 * CLOCK_SECOND, now + 6 * CLOCK_SECOND);
	ck_assert(!process.killed);
	supervised_look(&process, 5 * CLOCK_SECOND, now + 7 * CLOCK_SECOND);
	ck_assert(process.killed);
	end();
	ck_assert(death.hung);
	ck_assert_ptr_nonnull(strstr(process.last_words, ": its loop had not turned for worker-timeout"));
}
END_TEST

START_TEST(who_is_not_ready_is_not_hung)
{
	supervised_event(&process, CHILD_EVENT_START);
	supervised_look(&process, 0, clock_monotonic() + 60 * CLOCK_SECOND);
	ck_assert(!process.killed);
}
END_TEST

START_TEST(a_late_start_is_a_failed_one)
{
	time_matters = true;
	supervised_event(&process, CHILD_EVENT_START);
	supervised_limit(&process, 0);
	loop_run(loop);
	expect("spawn STARTED late");
	ck_assert(process.killed);
	end();
	ck_assert_ptr_nonnull(strstr(process.last_words, " s: it did not get ready"));
	ck_assert_ptr_nonnull(strstr(story, "; restarting in "));
}
END_TEST

START_TEST(a_kind_may_give_more_time)
{
	supervised_event(&process, CHILD_EVENT_START);
	supervised_limit(&process, 0);
	loop_run(loop);
	ck_assert(!process.killed);
	ck_assert_int_eq(process.child.state, CHILD_STARTING);
}
END_TEST

START_TEST(behind_a_pause_it_is_a_restart)
{
	time_matters = true;
	get_ready();
	die();
	story[0] = '\0';
	ck_assert_uint_eq(scoreboard_get(&row.restarts), 0);
	loop_run(loop);
	expect("late spawn STARTED");
	ck_assert_uint_eq(scoreboard_get(&row.restarts), 1);
	ck_assert_int_eq(process.child.state, CHILD_STARTING);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("supervised");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_life_is_seen_on_the_scoreboard);
	tcase_add_test(tests, what_cannot_be_started_is_tried_again);
	tcase_add_test(tests, what_is_wrong_is_not_tried_again);
	tcase_add_test(tests, one_that_is_wrong_is_given_up);
	tcase_add_test(tests, one_that_is_not_missed_is_put_away);
	tcase_add_test(tests, it_is_asked_before_it_is_forced);
	tcase_add_test(tests, with_nothing_to_finish_a_drain_is_an_end);
	tcase_add_test(tests, who_shows_no_life_is_killed);
	tcase_add_test(tests, who_is_not_ready_is_not_hung);
	tcase_add_test(tests, a_late_start_is_a_failed_one);
	tcase_add_test(tests, a_kind_may_give_more_time);
	tcase_add_test(tests, behind_a_pause_it_is_a_restart);
	return run_case(tests);
}

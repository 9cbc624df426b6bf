/* ipc/queue: what is left of places and queue when a worker is killed at any instruction. */
#include <check.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "queue_board.h"
#include "run.h"

/* What the victim does when it is killed. All of it begins with `scene`. */
static uint32_t scene_entries[5]; /* of workers 2, victim, 3, victim, 0 */
static void act_leave(void) { leave(VICTIM, FIRST, true); }
static void act_leave_unusable(void) { leave(VICTIM, FIRST, false); }
static void act_enter(void) { enter(VICTIM, SECOND); }
static void act_give(void) { give(VICTIM, SECOND); }
static void act_join(void) { join(VICTIM); }
static void act_part_in_the_middle(void) { part(VICTIM, scene_entries[1]); }
static void act_part_again(void) { part(VICTIM, scene_entries[3]); }

static void
act_part_granted(void)
{
	part(VICTIM, scene_entries[1]);
	leave(VICTIM, SECOND, true);
}

static void
act_refuse(void)
{
	queue_lock(board, POOL, VICTIM);
	queue_refuse(&books[VICTIM], POOL, scene_entries[1]);
	queue_unlock(board, POOL);
}

static void
act_recover(void)
{
	queue_make_dirty(board, POOL);
	look(VICTIM);
}

static const struct act {
	const char *name;
	void (*run)(void);
	bool granted; /* the victim's first entry has been granted a place on SECOND */
} acts[] = {
	{ "leave", act_leave, false },
	{ "leave, unusable", act_leave_unusable, false },
	{ "enter", act_enter, false },
	{ "give", act_give, false },
	{ "join", act_join, false },
	{ "part", act_part_in_the_middle, false },
	{ "part, the last but one", act_part_again, false },
	{ "part, granted", act_part_granted, true },
	{ "refuse", act_refuse, true },
	{ "recover", act_recover, true },
};

static void
scene(const struct act *act)
{
	static const unsigned slots[] = { 2, VICTIM, 3, VICTIM, 0 };
	unsigned i;

	enter(0, FIRST);
	enter(VICTIM, FIRST);
	for (i = 0; i < 5; i++)
		scene_entries[i] = join(slots[i]);
	if (!act->granted)
		return;
	/* the first of all goes, so that the victim's is the first; then the order is as before, without that one */
	ck_assert_int_eq(give(3, SECOND), 2);
	ck_assert_int_eq(part(2, scene_entries[0]), SECOND);
	ck_assert_int_eq(leave(2, SECOND, true), VICTIM);
}

/* Runs the act in another process, which is killed after so many instructions. false: it had ended before. */
static bool
run_and_kill(const struct act *act, unsigned steps)
{
	pid_t pid = fork();
	bool alive;
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		act->run();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	while ((alive = WIFSTOPPED(status)) && steps-- > 0) {
		ck_assert_int_eq((int)ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	}
	if (alive) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	return alive;
}

/* Whoever lives gets what it waits for, in order; at the end there is nothing. */
static void
serve_all(void)
{
	static const unsigned slots[] = { 2, VICTIM, 3, VICTIM, 0 };
	unsigned i, server;

	leave(0, FIRST, true);
	for (i = 0; i < 5; i++) {
		int place;

		if (slots[i] == VICTIM || queue_entry_state(&books[slots[i]], scene_entries[i]) == QUEUE_FREE)
			continue;
		for (server = FIRST; server <= SECOND; server++)
			while (give(3, server) != QUEUE_NOBODY)
				;
		ck_assert(is_granted(slots[i], scene_entries[i]));
		place = part(slots[i], scene_entries[i]);
		ck_assert_int_ge(place, FIRST);
		leave(slots[i], (unsigned)place, true);
	}
	expect_empty();
}

static uint32_t
granted_on(unsigned server)
{
	uint32_t count = 0, i;

	for (i = 0; i < 5; i++) {
		unsigned slot = (scene_entries[i] - 1) / QUEUE_ENTRIES;

		count += slot != VICTIM && is_granted(slot, scene_entries[i]) &&
		    queue_granted(&books[slot], scene_entries[i]) == (int)server;
	}
	return count;
}

/* true: the act has ended before so many instructions. */
static bool
dies_after(const struct act *act, unsigned steps)
{
	uint32_t dead_held;
	bool alive;

	setup();
	scene(act);
	alive = run_and_kill(act, steps);
	/* before the master knows: nothing that the dead may hold is given away, though it may count twice */
	look(2);
	dead_held = scoreboard_get(&board->held[VICTIM][FIRST]);
	ck_assert_msg(taken(FIRST) >= 1 + dead_held + granted_on(FIRST), "%s, %u: places that are not counted", act->name, steps);
	die(VICTIM);
	look(3);
	ck_assert_msg(taken(FIRST) == 1 + granted_on(FIRST), "%s, %u: %u places", act->name, steps, taken(FIRST));
	ck_assert_msg(taken(SECOND) == granted_on(SECOND), "%s, %u: %u places", act->name, steps, taken(SECOND));
	serve_all();
	teardown();
	return !alive;
}

static bool
may_trace(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(1);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (!WIFSTOPPED(status))
		return false;
	if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0)
		status = -1;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return status != -1;
}

#if defined(__SANITIZE_ADDRESS__)
#define STRIDE 1999 /* more instructions, and each process costs more */
#else
#define STRIDE 19
#endif

/* QUEUE_STRIDE=1 kills at each instruction, which takes minutes. */
static unsigned
stride(void)
{
	const char *text = getenv("QUEUE_STRIDE");

	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : STRIDE;
}

START_TEST(killed_at_any_instruction)
{
	const struct act *act = &acts[_i];
	unsigned steps = (unsigned)_i;

	if (!may_trace())
		return; /* where processes may not be traced */
	while (!dies_after(act, steps)) {
		steps += stride();
		ck_assert_uint_lt(steps, 100000);
	}
	ck_assert_uint_gt(steps, 100); /* else nothing was seen */
}
END_TEST

START_TEST(who_holds_the_lock_and_is_killed)
{
	pid_t pid;

	setup();
	pid = fork();

	if (pid == 0) {
		queue_lock(board, POOL, VICTIM);
		queue_enter(board, VICTIM, FIRST);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	look(0);
	ck_assert_uint_eq(taken(FIRST), 1);
	die(VICTIM);
	look(0);
	expect_empty();
	teardown();
}
END_TEST

/* Waits for the child to stop, or to end. */
static int
status_of(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
	return status;
}

START_TEST(who_waits_for_one_that_hangs_shows_life)
{
	pid_t hangs, waits;
	uint64_t sign;

	setup();
	hangs = fork();
	if (hangs == 0) {
		queue_lock(board, POOL, VICTIM);
		raise(SIGSTOP);
		_exit(1);
	}
	ck_assert(WIFSTOPPED(status_of(hangs)));
	waits = fork();
	if (waits == 0) {
		queue_lock(board, POOL, 2);
		queue_unlock(board, POOL);
		_exit(0);
	}
	do
		sign = scoreboard_get(&board->workers[2].heartbeat);
	while (sign == 0 && sched_yield() == 0);
	while (scoreboard_get(&board->workers[2].heartbeat) == sign)
		sched_yield();
	kill(hangs, SIGKILL); /* as the master does, in the end */
	status_of(hangs);
	ck_assert_int_eq(status_of(waits), 0);
	look(0);
	expect_empty();
	teardown();
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("deaths");

	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, who_holds_the_lock_and_is_killed);
	tcase_add_test(tests, who_waits_for_one_that_hangs_shows_life);
	tcase_add_loop_test(tests, killed_at_any_instruction, 0, (int)(sizeof acts / sizeof acts[0]));
	return run_case(tests);
}

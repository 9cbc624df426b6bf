/* master/replace: who goes and when, with workers that are only states and a process that does nothing. */
#include <check.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "master/replace.h"
#include "master/state.h"
#include "run.h"
#include "waiting.h"

enum { NOBODY = 0x3fffffff /* no process has this pid */ };

static struct conf conf;
static struct master *master;

static int
do_nothing(const struct worker_start *start)
{
	(void)start;
	_exit(0);
}

static struct worker *
worker(unsigned slot)
{
	return &master->workers.slots[slot];
}

static enum child_state
state(unsigned slot)
{
	return worker(slot)->process.child.state;
}

/* The process in that slot says that it is ready. */
static void
get_ready(unsigned slot)
{
	worker(slot)->process.pid = NOBODY;
	worker(slot)->process.child.state = CHILD_READY;
	if (master->workers.used <= slot)
		master->workers.used = slot + 1;
	replace_go_on(master);
}

static void
die(unsigned slot, enum child_event how)
{
	worker(slot)->process.pid = 0;
	watch_close(&worker(slot)->watch);
	supervised_event(&worker(slot)->process, how);
}

static void
begin(unsigned workers)
{
	unsigned slot;

	master->workers.desired = workers;
	for (slot = 0; slot < workers; slot++)
		get_ready(slot);
}

static void
setup(void)
{
	struct error err = { .text = "" };

	ck_assert_int_eq(log_open("/dev/null", LOG_LEVEL_ERROR, &err), 0);
	conf = (struct conf){
		.workers = 1, .balance = &balance_round_robin, .uid = (uid_t)-1, .gid = (gid_t)-1
	};
	master = calloc(1, sizeof *master);
	ck_assert_ptr_nonnull(master);
	master->magic = MASTER_MAGIC;
	master->conf = &conf;
	master->options.worker_main = do_nothing;
	master->notify.fd = master->pidfile.fd = master->daemon.pipe = -1;
	master->workers.ever_ready = true;
	master->board = scoreboard_new(&err);
	ck_assert_msg(master->board != NULL, "%s", err.text);
	master->loop = loop_new(&err);
	ck_assert_msg(master->loop != NULL, "%s", err.text);
	workers_init(master);
	dispatch_init(master);
}

static void
teardown(void)
{
	unsigned slot;

	for (slot = 0; slot < SCOREBOARD_WORKERS; slot++) {
		watch_close(&worker(slot)->watch);
		timer_clear(&worker(slot)->process.timer);
	}
	timer_clear(&master->dispatch.retry);
	timer_clear(&master->workers.tick);
	loop_free(master->loop);
	scoreboard_free(master->board);
	free(master);
	while (waitpid(-1, NULL, 0) > 0)
		continue;
}

START_TEST(the_old_one_stays_until_the_new_one_is_ready)
{
	begin(2);
	ck_assert_int_eq(master_restart_worker(master, 0, NULL), 0);
	ck_assert_int_eq(state(0), CHILD_READY);
	ck_assert(master_worker_is_replaced(master, 0));
	ck_assert_int_eq(state(2), CHILD_STARTING);
	ck_assert_int_eq(master_restart_worker(master, 0, NULL), 0); /* that is no second one */
	ck_assert_int_eq(state(3), CHILD_EMPTY);
	get_ready(2);
	ck_assert_int_eq(state(0), CHILD_DRAINING);
	ck_assert_int_eq(state(1), CHILD_READY);
	die(0, CHILD_EVENT_EXITED);
	ck_assert_int_eq(state(0), CHILD_EMPTY);
	ck_assert(!master_worker_is_replaced(master, 0));
	ck_assert_uint_eq(workers_wanted(master), 2);
}
END_TEST

START_TEST(the_old_one_dies_first)
{
	begin(2);
	master_restart_worker(master, 1, NULL);
	die(1, CHILD_EVENT_EXITED);
	ck_assert_int_eq(state(1), CHILD_EMPTY);
	ck_assert_int_eq(state(2), CHILD_STARTING);
	get_ready(2);
	ck_assert_int_eq(state(0), CHILD_READY);
	ck_assert_uint_eq(workers_wanted(master), 2);
}
END_TEST

START_TEST(the_new_one_dies_first)
{
	begin(2);
	master_restart_worker(master, 1, NULL);
	die(2, CHILD_EVENT_EXITED);
	ck_assert_int_eq(state(2), CHILD_BACKOFF);
	ck_assert_int_eq(state(1), CHILD_READY);
	ck_assert_int_eq(master_restart_worker(master, 2, NULL), 0); /* no need to wait */
	ck_assert_int_eq(state(2), CHILD_STARTING);
	get_ready(2);
	ck_assert_int_eq(state(1), CHILD_DRAINING);
}
END_TEST

START_TEST(the_new_one_cannot_be_started)
{
	begin(2);
	master_restart_worker(master, 0, NULL);
	die(2, CHILD_EVENT_EXITED_WRONG);
	ck_assert_int_eq(state(2), CHILD_EMPTY);
	ck_assert_int_eq(state(0), CHILD_READY);
	ck_assert(!master_worker_is_replaced(master, 0));
	ck_assert_uint_eq(workers_wanted(master), 2);
	die(1, CHILD_EVENT_EXITED_WRONG); /* one that nobody stands in for has failed */
	ck_assert_int_eq(state(1), CHILD_FAILED);
	ck_assert_int_eq(master_restart_worker(master, 1, NULL), 0);
	ck_assert_int_eq(state(1), CHILD_STARTING);
}
END_TEST

START_TEST(several_at_once_go_as_others_get_ready)
{
	begin(3);
	master_restart_worker(master, 0, NULL);
	master_restart_worker(master, 1, NULL);
	master_restart_worker(master, 2, NULL);
	ck_assert_uint_eq(workers_count(master, CHILD_STARTING), 3);
	get_ready(4);
	ck_assert_uint_eq(workers_count(master, CHILD_READY), 3);
	get_ready(3);
	get_ready(5);
	ck_assert_uint_eq(workers_count(master, CHILD_DRAINING), 3);
	ck_assert(state(3) == CHILD_READY && state(4) == CHILD_READY && state(5) == CHILD_READY);
}
END_TEST

START_TEST(scaling_meanwhile_keeps_the_number)
{
	begin(3);
	master_restart_worker(master, 0, NULL);
	ck_assert_int_eq(master_scale(master, 2, NULL), 0);
	ck_assert_int_eq(state(0), CHILD_DRAINING); /* it is the one too many */
	ck_assert_uint_eq(workers_wanted(master), 2);
	ck_assert_uint_eq(workers_count(master, CHILD_READY), 2);
	master_restart_worker(master, 1, NULL);
	ck_assert_int_eq(master_scale(master, 5, NULL), 0);
	wait_a_turn(master->loop);
	wait_a_turn(master->loop);
	ck_assert_uint_eq(workers_wanted(master), 5);
	ck_assert_int_eq(state(1), CHILD_READY);
}
END_TEST

START_TEST(many_come_and_go_by_and_by)
{
	unsigned before, turns;

	begin(1);
	ck_assert_int_eq(master_scale(master, 30, NULL), 0);
	for (turns = 0; workers_wanted(master) < 30; turns++) {
		before = workers_wanted(master);
		wait_a_turn(master->loop);
		ck_assert_uint_eq(workers_wanted(master), before + 1); /* a fork takes its time */
	}
	ck_assert_uint_gt(turns, 20);
	ck_assert_int_eq(master_scale(master, 1, NULL), 0);
	for (turns = 0; workers_wanted(master) > 1; turns++)
		wait_a_turn(master->loop);
	ck_assert_uint_gt(turns, 20);
	wait_a_turn(master->loop);
	wait_a_turn(master->loop);
	ck_assert_uint_eq(workers_wanted(master), 1);
}
END_TEST

START_TEST(without_a_free_slot_one_after_another_makes_room)
{
	begin(SCOREBOARD_WORKERS);
	master_restart_worker(master, 3, NULL);
	ck_assert_int_eq(state(3), CHILD_DRAINING);
	master_restart_worker(master, 7, NULL);
	ck_assert_int_eq(state(7), CHILD_READY);
	die(3, CHILD_EVENT_EXITED);
	ck_assert_int_eq(state(3), CHILD_STARTING);
	ck_assert_int_eq(state(7), CHILD_READY); /* the new one is not at work yet, and may never be */
	get_ready(3);
	ck_assert_int_eq(state(7), CHILD_DRAINING);
	ck_assert_uint_eq(workers_count(master, CHILD_READY), SCOREBOARD_WORKERS - 1);
}
END_TEST

START_TEST(with_few_free_slots_all_stay_until_others_are_ready)
{
	unsigned slot;

	begin(SCOREBOARD_WORKERS - 2);
	for (slot = 0; slot < SCOREBOARD_WORKERS - 2; slot++)
		master_restart_worker(master, slot, NULL);
	ck_assert_uint_eq(workers_count(master, CHILD_READY), SCOREBOARD_WORKERS - 2);
	ck_assert_uint_eq(workers_count(master, CHILD_STARTING), 2);
	die(SCOREBOARD_WORKERS - 1, CHILD_EVENT_EXITED); /* the one does not get ready */
	get_ready(SCOREBOARD_WORKERS - 2);
	ck_assert_uint_eq(workers_count(master, CHILD_READY), SCOREBOARD_WORKERS - 2);
	ck_assert_uint_eq(workers_count(master, CHILD_DRAINING), 1);
}
END_TEST

START_TEST(who_is_not_there_is_not_replaced)
{
	struct error err = { .text = "" };

	begin(1);
	ck_assert_int_eq(master_restart_worker(master, 1, &err), -1);
	ck_assert_str_eq(err.text, "there is no worker 1");
	ck_assert_int_eq(master_restart_worker(master, SCOREBOARD_WORKERS, &err), -1);
	master->stopping = true;
	ck_assert_int_eq(master_restart_worker(master, 0, &err), -1);
	ck_assert_str_eq(err.text, "drover is stopping");
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("replace");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_old_one_stays_until_the_new_one_is_ready);
	tcase_add_test(tests, the_old_one_dies_first);
	tcase_add_test(tests, the_new_one_dies_first);
	tcase_add_test(tests, the_new_one_cannot_be_started);
	tcase_add_test(tests, several_at_once_go_as_others_get_ready);
	tcase_add_test(tests, scaling_meanwhile_keeps_the_number);
	tcase_add_test(tests, many_come_and_go_by_and_by);
	tcase_add_test(tests, without_a_free_slot_one_after_another_makes_room);
	tcase_add_test(tests, with_few_free_slots_all_stay_until_others_are_ready);
	tcase_add_test(tests, who_is_not_there_is_not_replaced);
	return run_case(tests);
}

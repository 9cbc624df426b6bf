/* app/output: a line that is lost and never ends is a flood as well: the master looks now and then, not at each write. */
#include <check.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/output.h"
#include "base/clock.h"
#include "run.h"

static struct loop *loop;
static struct app_output output;
static struct timer ticks;
static unsigned busy_ticks, flood_ticks; /* of those before which something was written */
static unsigned *written; /* by the child, which shares it */
static uint64_t deadline;

static void
tick_cb(struct timer *timer)
{
	static unsigned seen;

	ck_assert_msg(clock_monotonic() < deadline, "the end of the output never came");
	if (*written != seen) {
		seen = *written;
		busy_ticks++;
		flood_ticks += output.flood;
	}
	if (output.pipes[0].fd < 0)
		loop_stop(loop);
	else
		timer_set(timer, CLOCK_MILLISECOND);
}

/* More lines than are taken, and then one without an end, for which there is room in the pipe at any time. */
static void
write_without_an_end(int fd)
{
	int i;

	for (i = 0; i < 100; i++)
		if (write(fd, "line\n", 5) != 5)
			_exit(1);
	for (i = 0; i < 400; i++) {
		if (write(fd, "xxxxxxxx", 8) != 8)
			_exit(1);
		++*written;
		poll(NULL, 0, 1);
	}
	_exit(0);
}

static pid_t
child_start(int ends[2])
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		app_output_close_copies(&output);
		write_without_an_end(ends[0]);
	}
	close(ends[0]);
	close(ends[1]);
	return pid;
}

START_TEST(what_has_no_end_of_line_is_a_flood)
{
	struct app_journal *journal = app_journal_new("web");
	int ends[2], status;
	struct error err;
	pid_t pid;

	written = mmap(NULL, sizeof *written, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(written, MAP_FAILED);
	loop = loop_new(&err);
	ck_assert(loop != NULL && journal != NULL);
	ck_assert_msg(app_output_open(&output, loop, journal, 0, 5, ends, &err) == 0, "%s", err.text);
	pid = child_start(ends);
	app_output_begin(&output, pid);
	deadline = clock_monotonic() + 60 * CLOCK_SECOND;
	timer_init(&ticks, loop, tick_cb);
	timer_set(&ticks, 0);
	loop_run(loop);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_uint_gt(2 * flood_ticks, busy_ticks);
	app_output_close(&output);
	ck_assert_uint_eq(app_journal_turns(journal)->floods, 0);
	app_journal_free(journal);
	loop_free(loop);
	munmap(written, sizeof *written);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("output_endless");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, what_has_no_end_of_line_is_a_flood);
	return run_case(tests);
}

/* app/group, app/process: all processes of one instance, real ones. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/group.h"
#include "app/process.h"
#include "run.h"

enum { PATIENCE_MS = 20000 };

/* What a shell says through its stdout. */
struct shell {
	struct app_group group;
	pid_t pid;
	int said;
};

/* Runs a script as an instance: it is in its group before it execs. */
static void
shell_run(struct shell *shell, const char *script)
{
	int ends[2];

	app_group_begin(&shell->group, "web", 3);
	ck_assert_int_eq(pipe(ends), 0);
	shell->pid = fork();
	if (shell->pid == 0) {
		if (app_group_enter(&shell->group) < 0)
			_exit(126);
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	shell->said = ends[0];
	app_group_started(&shell->group, shell->pid);
}

/* Waits for a line. false: the pipe ended, as nobody is left who could write to it. */
static bool
shell_line(const struct shell *shell, char *to, size_t size)
{
	struct pollfd p = { .fd = shell->said, .events = POLLIN };
	size_t length = 0;

	for (;;) {
		ck_assert_int_eq(poll(&p, 1, PATIENCE_MS), 1);
		if (read(shell->said, to + length, 1) <= 0)
			return false;
		if (to[length] == '\n')
			break;
		ck_assert_uint_lt(++length, size);
	}
	to[length] = '\0';
	return true;
}

static void
shell_reap(struct shell *shell)
{
	int status;

	ck_assert_int_eq(waitpid(shell->pid, &status, 0), shell->pid);
}

static void
shell_end(struct shell *shell)
{
	app_group_signal(&shell->group, SIGKILL);
	shell_reap(shell);
	app_group_end(&shell->group);
	close(shell->said);
}

static bool
exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

static bool
group_is_alive(pid_t leader)
{
	return kill(-leader, 0) == 0;
}

static bool
cgroup_is_alive(const char *cgroup)
{
	char path[300], text[256];

	snprintf(path, sizeof path, "%s/cgroup.events", cgroup);
	return process_read_file(path, text, sizeof text) > 0 && strstr(text, "populated 1") != NULL;
}

/* The kernel takes a moment to end what was killed. */
static void
wait_until_empty(const char *cgroup)
{
	int i;

	for (i = 0; i < PATIENCE_MS && cgroup_is_alive(cgroup); i++)
		poll(NULL, 0, 1);
}

/* ---- cases */

START_TEST(a_group_of_its_own)
{
	struct shell shell;
	char line[64];

	shell_run(&shell, "echo ready; exec sleep 1000");
	ck_assert_int_eq(getpgid(shell.pid), shell.pid);
	ck_assert(shell_line(&shell, line, sizeof line));
	ck_assert_int_eq(getpgid(shell.pid), shell.pid);
	ck_assert(group_is_alive(shell.pid));
	shell_end(&shell);
	ck_assert(!group_is_alive(shell.pid));
}
END_TEST

START_TEST(a_signal_reaches_children)
{
	struct shell shell;
	char line[64];

	shell_run(&shell, "sh -c 'echo ready; exec sleep 1000' & wait");
	ck_assert(shell_line(&shell, line, sizeof line));
	app_group_signal(&shell.group, SIGTERM);
	ck_assert_msg(!shell_line(&shell, line, sizeof line), "the child lives on");
	shell_reap(&shell);
	app_group_end(&shell.group);
	close(shell.said);
}
END_TEST

/* It is in that of drover: it is asked for itself. */
START_TEST(one_that_has_left_its_group)
{
	struct app_group group;
	int ends[2], status;
	char byte;

	app_group_begin(&group, "web", 3);
	ck_assert_int_eq(pipe(ends), 0);
	group.leader = fork();
	if (group.leader == 0) {
		signal(SIGTERM, SIG_DFL);
		if (app_group_enter(&group) < 0 || setpgid(0, getpgid(getppid())) < 0 || write(ends[1], "", 1) < 0)
			_exit(1);
		pause();
	}
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	app_group_signal(&group, SIGTERM);
	ck_assert_int_eq(waitpid(group.leader, &status, 0), group.leader);
	ck_assert_int_eq(status, SIGTERM);
	app_group_end(&group);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

/* A child outlives the instance, which has died: it goes at the end. */
START_TEST(what_is_left_ends)
{
	struct shell shell;
	char line[64];

	shell_run(&shell, "sh -c 'echo ready; exec sleep 1000' & exit 0");
	ck_assert(shell_line(&shell, line, sizeof line));
	shell_reap(&shell);
	ck_assert(group_is_alive(shell.pid));
	app_group_end(&shell.group);
	ck_assert_msg(!shell_line(&shell, line, sizeof line), "the child lives on");
	close(shell.said);
}
END_TEST

/* In another session and process group, and yet in the cgroup. */
START_TEST(nobody_gets_out_of_a_cgroup)
{
	struct shell shell;
	char line[64], path[256];

	if (app_groups_directory() == NULL) {
		fprintf(stderr, "# skipped: no cgroup can be made here\n");
		return;
	}
	shell_run(&shell, "setsid sh -c 'echo ready; exec sleep 1000' & wait");
	ck_assert_str_ne(shell.group.cgroup, "");
	snprintf(path, sizeof path, "%s", shell.group.cgroup);
	ck_assert(shell_line(&shell, line, sizeof line));
	app_group_signal(&shell.group, SIGTERM);
	shell_reap(&shell);
	ck_assert(cgroup_is_alive(path));
	app_group_end(&shell.group);
	ck_assert_msg(!shell_line(&shell, line, sizeof line), "the child lives on");
	close(shell.said);
	wait_until_empty(path);
	app_group_begin(&shell.group, "web", 4); /* while it is there it is tried with each start */
	ck_assert(!exists(path));
	snprintf(path, sizeof path, "%s", shell.group.cgroup);
	ck_assert(exists(path));
	app_groups_close();
	ck_assert(!exists(path));
}
END_TEST

/* Makes the cgroup of an instance of such a master. */
static void
cgroup_of_master(char path[256], pid_t master)
{
	snprintf(path, 256, "%s/drover-%d-web-0", app_groups_directory(), (int)master);
	ck_assert_int_eq(mkdir(path, 0755), 0);
}

START_TEST(those_of_masters_that_are_gone_are_removed)
{
	char of_the_dead[256], of_the_living[256];
	pid_t dead;

	if (app_groups_directory() == NULL)
		return;
	dead = fork();
	if (dead == 0)
		_exit(0);
	ck_assert_int_eq(waitpid(dead, NULL, 0), dead);
	cgroup_of_master(of_the_dead, dead);
	cgroup_of_master(of_the_living, getppid());
	app_groups_open();
	ck_assert(!exists(of_the_dead) && exists(of_the_living));
	rmdir(of_the_living);
}
END_TEST

/* The processes of the one before still end: the next one of the seat gets another name. */
START_TEST(a_busy_cgroup_is_left_alone)
{
	struct shell first, second;
	char line[64];

	if (app_groups_directory() == NULL)
		return;
	shell_run(&first, "echo ready; exec sleep 1000");
	shell_run(&second, "echo ready; exec sleep 1000");
	ck_assert_str_ne(first.group.cgroup, "");
	ck_assert_str_ne(second.group.cgroup, "");
	ck_assert_str_ne(first.group.cgroup, second.group.cgroup);
	ck_assert(shell_line(&first, line, sizeof line));
	ck_assert(shell_line(&second, line, sizeof line));
	shell_end(&first);
	ck_assert_int_eq(kill(second.pid, 0), 0);
	ck_assert(cgroup_is_alive(second.group.cgroup));
	shell_end(&second);
}
END_TEST

/* A name that a path has no room for, or that is none: it starts without a cgroup. */
START_TEST(names_without_a_cgroup)
{
	struct app_group group;
	char name[300];

	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	app_group_begin(&group, name, 0);
	ck_assert_str_eq(group.cgroup, "");
	app_group_begin(&group, "../x", 0);
	ck_assert_str_eq(group.cgroup, "");
}
END_TEST

static void
usage_is_that_of_three(struct shell *shell)
{
	struct process_figures leader;
	struct app_usage usage;
	char line[64];

	ck_assert(shell_line(shell, line, sizeof line));
	ck_assert(shell_line(shell, line, sizeof line));
	ck_assert(process_figures(shell->pid, &leader));
	ck_assert(app_group_usage(&shell->group, &usage));
	ck_assert_uint_eq(usage.processes, 3);
	ck_assert_uint_gt(leader.shared, 100 << 10);
	ck_assert_uint_gt(usage.memory, leader.own + leader.shared); /* of the others, what is theirs alone */
	ck_assert_uint_lt(usage.memory, 3 * (leader.own + leader.shared));
	ck_assert_uint_lt(usage.memory, 100 << 20);
	shell_end(shell);
	ck_assert(!app_group_usage(&shell->group, &usage));
	ck_assert_uint_eq(usage.memory, 0);
}

/* They stand still: what one has while it execs is less. */
static const char three[] = "for i in 1 2; do sh -c 'echo ready; kill -STOP $$; exit' & done; wait";

START_TEST(usage_of_all)
{
	struct shell shell;

	shell_run(&shell, three);
	usage_is_that_of_three(&shell);
}
END_TEST

START_TEST(usage_without_a_cgroup)
{
	struct shell shell;

	app_groups_close();
	shell_run(&shell, three);
	ck_assert_str_eq(shell.group.cgroup, "");
	usage_is_that_of_three(&shell);
}
END_TEST

/* Of one that is busy, and of one that was and has ended. */
START_TEST(cpu_is_counted)
{
	struct shell shell;
	struct app_usage usage;
	char line[64];

	if (_i == 1)
		app_groups_close();
	shell_run(&shell, "sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'; echo done; exec sleep 1000");
	ck_assert(shell_line(&shell, line, sizeof line));
	ck_assert(app_group_usage(&shell.group, &usage));
	ck_assert_uint_ge(usage.cpu, 10000);
	ck_assert_uint_lt(usage.cpu, (uint64_t)PATIENCE_MS * 1000);
	shell_end(&shell);
}
END_TEST

/* It grows by what a process takes, and by no more. */
START_TEST(memory_is_what_is_resident)
{
	struct process_figures before, after;
	size_t size = 32 << 20, i;
	char *memory;

	ck_assert(process_figures(getpid(), &before));
	memory = malloc(size);
	for (i = 0; i < size; i += 512)
		((volatile char *)memory)[i] = 1;
	ck_assert(process_figures(getpid(), &after));
	ck_assert_uint_ge(after.own, before.own + size / 2);
	ck_assert_uint_lt(after.own, before.own + 4 * size);
	free(memory);
}
END_TEST

START_TEST(a_process_that_is_gone)
{
	struct process_figures figures;
	struct app_group group = { .leader = fork() };
	struct app_usage usage;
	pid_t list[4];

	if (group.leader == 0)
		_exit(0);
	waitpid(group.leader, NULL, 0);
	ck_assert(!process_figures(group.leader, &figures));
	ck_assert_uint_eq(process_children(group.leader, list, 1, 4), 1);
	ck_assert(!app_group_usage(&group, &usage));
}
END_TEST

START_TEST(lists_of_processes)
{
	pid_t list[4] = { 0 };

	ck_assert_uint_eq(process_list_read("", list, 0, 4), 0);
	ck_assert_uint_eq(process_list_read("12\n345\n", list, 0, 4), 2);
	ck_assert_int_eq(list[0], 12);
	ck_assert_int_eq(list[1], 345);
	ck_assert_uint_eq(process_list_read("6 7 8 9 ", list, 2, 4), 4);
	ck_assert_int_eq(list[3], 7);
	ck_assert_uint_eq(process_list_read("1\n0\n23", list, 0, 4), 1); /* 23 may be the beginning of another */
	ck_assert_uint_eq(process_list_read("x", list, 0, 4), 0);
}
END_TEST

static void
open_groups(void)
{
	app_groups_open();
}

int
main(void)
{
	TCase *tests = tcase_create("group");

	tcase_add_checked_fixture(tests, open_groups, app_groups_close);
	tcase_add_test(tests, a_group_of_its_own);
	tcase_add_test(tests, a_signal_reaches_children);
	tcase_add_test(tests, one_that_has_left_its_group);
	tcase_add_test(tests, what_is_left_ends);
	tcase_add_test(tests, nobody_gets_out_of_a_cgroup);
	tcase_add_test(tests, those_of_masters_that_are_gone_are_removed);
	tcase_add_test(tests, a_busy_cgroup_is_left_alone);
	tcase_add_test(tests, names_without_a_cgroup);
	tcase_add_test(tests, usage_of_all);
	tcase_add_test(tests, usage_without_a_cgroup);
	tcase_add_loop_test(tests, cpu_is_counted, 0, 2);
	tcase_add_test(tests, memory_is_what_is_resident);
	tcase_add_test(tests, a_process_that_is_gone);
	tcase_add_test(tests, lists_of_processes);
	return run_case(tests);
}

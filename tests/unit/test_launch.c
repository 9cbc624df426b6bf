/* app/launch, app/environment, app/command: what a started process is like. */
#include <check.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launched.h"
#include "run.h"

START_TEST(a_clean_slate)
{
	sigset_t some;
	pid_t pid;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&some);
	sigaddset(&some, SIGUSR1);
	sigprocmask(SIG_BLOCK, &some, NULL);
	fcntl(STDERR_FILENO, F_DUPFD, 100); /* one that drover has got from somebody */
	pid = run_shown();
	MUST_SEE("end");
	MUST_SEE("pid %d", (int)pid);
	MUST_SEE("leads 1");
	MUST_SEE("death %d", SIGTERM);
	MUST_SEE("stdin /dev/null");
	MUST_SEE("fd 0");
	MUST_SEE("fd 1");
	MUST_SEE("fd 2");
	ck_assert_msg(!saw("fd 3"), "%s", seen);
	ck_assert_msg(!saw("fd 100"), "%s", seen);
	MUST_SEE("SigBlk:\t0000000000000000");
	MUST_SEE("ignored 0");
	MUST_SEE("argument 0 %s", self);
	MUST_SEE("argument 1 show");
	ck_assert(!saw("argument 2"));
	/* and nothing has changed here */
	sigprocmask(SIG_SETMASK, NULL, &some);
	ck_assert_int_eq(sigismember(&some, SIGUSR1), 1);
	ck_assert_int_eq(sigismember(&some, SIGTERM), 0);
}
END_TEST

/* What drover has made of its limits and its schedule is not for the app. */
START_TEST(limits_are_as_drover_was_started)
{
	struct sched_param param = { .sched_priority = 0 };

	origin.open_files.rlim_cur = 777;
	ck_assert_int_eq(sched_setscheduler(0, SCHED_BATCH, &param), 0);
	origin.policy = SCHED_OTHER;
	run_shown();
	MUST_SEE("files 777 %llu", (unsigned long long)origin.open_files.rlim_max);
	MUST_SEE("policy %d", SCHED_OTHER);
}
END_TEST

START_TEST(stderr_is_another_pipe)
{
	char text[TEXT_MAX_LENGTH];
	int ends[2], failure, output;
	struct error err;
	pid_t pid;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	output = start(ends[1], &pid, &failure);
	close(ends[1]);
	ck_assert_int_eq(outcome(failure, &err), 0);
	read_all(output, seen);
	read_all(ends[0], text);
	MUST_SEE("end");
	ck_assert_str_eq(text, "this is stderr\n");
	waitpid(pid, NULL, 0);
	close(failure);
}
END_TEST

/* Of a daemon the first descriptors may be any of those that are moved there. */
START_TEST(descriptors_in_the_way)
{
	int ends[2], failure, status, output;
	struct error err;
	pid_t pid;

	if (fork() == 0) {
		output = dup(STDERR_FILENO);
		close(0);
		close(1);
		close(2);
		if (pipe(ends) < 0 || ends[0] != 0 || ends[1] != 1) /* stderr of the app is 1, the others come behind */
			_exit(1);
		dup2(output, 50);
		close(output);
		output = start(ends[1], &pid, &failure);
		if (outcome(failure, &err) != 0)
			_exit(2);
		close(ends[1]);
		read_all(output, seen);
		if (!saw("end") || !saw("stdin /dev/null") || saw("fd 3"))
			_exit(3);
		read_all(ends[0], seen);
		_exit(strcmp(seen, "this is stderr\n") == 0 ? 0 : 4);
	}
	wait(&status);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(placeholders)
{
	char where[] = "WHERE=tcp:{port}", number[] = "N={instance}", *environment[] = { where, number };

	app.app.environment = environment;
	app.app.environment_count = 2;
	command_set(self, "show", "--port={port}", "{instance}", "{socket}", NULL);
	run_shown();
	MUST_SEE("argument 2 --port=20007");
	MUST_SEE("argument 3 3");
	MUST_SEE("argument 4 {socket}");
	MUST_SEE("environment WHERE=tcp:20007");
	MUST_SEE("environment N=3");
}
END_TEST

START_TEST(what_is_told_of_a_port)
{
	char host[] = "HOST=::1", port[] = "PORT=1", *environment[] = { host, port };

	run_shown();
	MUST_SEE("environment PORT=20007");
	MUST_SEE("environment HOST=127.0.0.1");
	MUST_SEE("environment DROVER_APP=web");
	MUST_SEE("environment DROVER_INSTANCE=3");
	MUST_SEE("environment SECRET=1");
	MUST_SEE("environment HOME=/root");
	ck_assert_msg(strstr(seen, "NOTIFY") == NULL && strstr(seen, "LISTEN") == NULL && strstr(seen, "WATCHDOG") == NULL, "%s", seen);
	app.app.environment = environment;
	app.app.environment_count = 2;
	run_shown();
	MUST_SEE("environment PORT=20007");
	MUST_SEE("environment HOST=::1");
}
END_TEST

START_TEST(what_is_told_of_a_path)
{
	struct error err;

	place.kind = CONF_APP_UNIX;
	place.port = 0;
	ck_assert_int_eq(address_parse(&place.address, "unix:/run/x/0.sock", ADDRESS_CONNECT, &err), 0);
	command_set(self, "show", "unix:{socket}", "{port}", NULL);
	run_shown();
	MUST_SEE("argument 2 unix:/run/x/0.sock");
	MUST_SEE("argument 3 {port}");
	ck_assert_ptr_null(strstr(seen, "environment PORT="));
	MUST_SEE("environment HOST=machine"); /* it says nothing here, and stays what it was */
}
END_TEST

START_TEST(a_passed_socket)
{
	pid_t pid;

	place.kind = CONF_APP_ACTIVATION_PORT;
	place.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid = run_shown();
	MUST_SEE("fd 3");
	ck_assert_msg(!saw("fd 4"), "%s", seen);
	MUST_SEE("environment LISTEN_FDS=1");
	MUST_SEE("environment LISTEN_PID=%d", (int)pid);
	MUST_SEE("environment LISTEN_FDNAMES=web");
	ck_assert_ptr_null(strstr(seen, "environment PORT="));
	ck_assert_int_eq(fcntl(place.fd, F_GETFD), FD_CLOEXEC);
	close(place.fd);
}
END_TEST

START_TEST(a_short_environment)
{
	char secret[] = "SECRET=2", *environment[] = { secret };

	app.app.environment_inherit = false;
	run_shown();
	MUST_SEE("environment PATH=/usr/bin:/bin");
	MUST_SEE("environment HOME=/root");
	MUST_SEE("environment LC_TIME=C");
	MUST_SEE("environment PORT=20007");
	ck_assert_ptr_null(strstr(seen, "SECRET"));
	app.app.environment = environment;
	app.app.environment_count = 1;
	run_shown();
	MUST_SEE("environment SECRET=2");
}
END_TEST

START_TEST(directory_and_umask)
{
	char where[] = "/usr";

	app.app.directory = where;
	app.app.umask = 0027;
	run_shown();
	MUST_SEE("directory /usr");
	MUST_SEE("environment PWD=/usr");
	MUST_SEE("umask 027");
}
END_TEST

START_TEST(found_in_the_path_of_the_app)
{
	char folder[] = "/tmp/test_launch-XXXXXX", path[64], link[64];
	char *environment[] = { path };

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof path, "PATH=/nonexistent:%s", folder);
	snprintf(link, sizeof link, "%s/a-program-of-its-own", folder);
	ck_assert_int_eq(symlink(self, link), 0);
	app.app.environment = environment;
	app.app.environment_count = 1;
	command_set("a-program-of-its-own", "show", NULL);
	run_shown();
	MUST_SEE("argument 0 a-program-of-its-own");
	unlink(link);
	rmdir(folder);
}
END_TEST

START_TEST(relative_to_the_directory)
{
	char folder[] = "/tmp/test_launch-XXXXXX", link[64];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(link, sizeof link, "%s/server", folder);
	ck_assert_int_eq(symlink(self, link), 0);
	app.app.directory = folder;
	command_set("./server", "show", NULL);
	run_shown();
	MUST_SEE("directory %s", folder);
	unlink(link);
	rmdir(folder);
}
END_TEST

START_TEST(by_a_shell)
{
	static const char text[] = "echo $(expr {port} + 1) two; echo {instance} >&2; echo \"$0\"";

	command_set(text, NULL);
	app.app.shell = true;
	run_shown();
	MUST_SEE("20008 two");
	MUST_SEE("/bin/sh");
}
END_TEST

START_TEST(another_user)
{
	gid_t groups[] = { SOME_GROUP, 7, 9 };
	char user[] = "ann", home[] = "/home/ann";

	if (geteuid() != 0)
		return;
	app.app.uid = SOMEBODY;
	app.app.gid = SOME_GROUP;
	app.app.account = (struct conf_account){ .name = user, .home = home, .groups = groups, .group_count = 3 };
	run_shown();
	MUST_SEE("ids %d %d %d %d", SOMEBODY, SOMEBODY, SOME_GROUP, SOME_GROUP);
	MUST_SEE("Groups:\t7 9 %d ", SOME_GROUP);
	MUST_SEE("death %d", SIGTERM);
	MUST_SEE("environment HOME=/home/ann");
	MUST_SEE("environment USER=ann");
	MUST_SEE("environment LOGNAME=ann");
}
END_TEST

/* An app of which nothing is said is whoever workers are. */
START_TEST(the_user_of_workers)
{
	if (geteuid() != 0)
		return;
	conf.uid = SOMEBODY;
	conf.gid = SOME_GROUP;
	run_shown();
	MUST_SEE("ids %d %d %d %d", SOMEBODY, SOMEBODY, SOME_GROUP, SOME_GROUP);
	MUST_SEE("Groups:\t%d ", SOME_GROUP);
	ck_assert_ptr_null(strstr(seen, "environment HOME=/root"));
}
END_TEST

/* Drover itself is nobody special: the app is whoever drover is. */
START_TEST(without_root)
{
	int status;

	if (geteuid() != 0)
		return;
	if (fork() == 0) {
		if (setgroups(0, NULL) < 0 || setgid(SOME_GROUP) < 0 || setuid(SOMEBODY) < 0)
			_exit(1);
		command_set("/bin/sh", "-c", "id -u; id -g", NULL);
		run_shown();
		_exit(saw("%d", SOMEBODY) && saw("%d", SOME_GROUP) ? 0 : 2);
	}
	wait(&status);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* The master has died before or after the program runs: it is told. */
START_TEST(it_ends_with_the_master)
{
	struct pollfd p;
	int ends[2], failure, output;
	struct error err;
	char byte;
	pid_t pid, master;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	master = fork();
	if (master == 0) {
		command_set("/bin/sh", "-c", "echo ready >&2; exec sleep 1000", NULL);
		output = start(ends[1], &pid, &failure);
		if (outcome(failure, &err) == 0)
			pause();
		_exit(output > 0);
	}
	close(ends[1]);
	while (read(ends[0], &byte, 1) == 1 && byte != '\n')
		;
	kill(master, SIGKILL);
	waitpid(master, NULL, 0);
	p = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	ck_assert_msg(poll(&p, 1, PATIENCE_MS) == 1 && read(ends[0], &byte, 1) == 0, "it lives on");
	close(ends[0]);
}
END_TEST

int
main(int argc, char **argv)
{
	TCase *tests;
	int status;

	if (launched_main(argc, argv, &status))
		return status;
	tests = tcase_create("launch");
	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, a_clean_slate);
	tcase_add_test(tests, limits_are_as_drover_was_started);
	tcase_add_test(tests, stderr_is_another_pipe);
	tcase_add_test(tests, descriptors_in_the_way);
	tcase_add_test(tests, placeholders);
	tcase_add_test(tests, what_is_told_of_a_port);
	tcase_add_test(tests, what_is_told_of_a_path);
	tcase_add_test(tests, a_passed_socket);
	tcase_add_test(tests, a_short_environment);
	tcase_add_test(tests, directory_and_umask);
	tcase_add_test(tests, found_in_the_path_of_the_app);
	tcase_add_test(tests, relative_to_the_directory);
	tcase_add_test(tests, by_a_shell);
	tcase_add_test(tests, another_user);
	tcase_add_test(tests, the_user_of_workers);
	tcase_add_test(tests, without_root);
	tcase_add_test(tests, it_ends_with_the_master);
	return run_case(tests);
}

/* app/launch: programs that cannot be started, found before and after the fork. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>

#include "app/launch_child.h"
#include "launched.h"
#include "run.h"

/* It must fail: the sentence. */
static void
fails_with(const char *sentence)
{
	struct error err = { .text = "" };
	int failure, status, output;
	pid_t pid;

	output = start(STDERR_FILENO, &pid, &failure);
	ck_assert_int_eq(outcome(failure, &err), 1);
	ck_assert_str_eq(err.text, sentence);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 127);
	close(failure);
	close(output);
}

START_TEST(no_such_command)
{
	command_set("nodee", NULL);
	fails_with("cannot run nodee: No such file or directory; is it in PATH?");
	command_set("/nonexistent/node", NULL);
	fails_with("cannot run /nonexistent/node: No such file or directory");
}
END_TEST

START_TEST(no_program)
{
	static const struct {
		const char *text, *end; /* of the sentence */
		mode_t mode;
	} files[] = {
		{ "#!/bin/sh\n", ": Permission denied; is it a program, and may its user run it?", 0644 },
		{ "#!/nonexistent/python\n",
		    ": the interpreter that its first line names, or a library, is not there", 0755 },
		{ "print('hello')\n",
		    ": Exec format error; a script begins with #! and the path of its interpreter", 0755 },
	};
	char file[] = "/tmp/test_launch-XXXXXX", sentence[256];
	int fd = mkstemp(file);

	ck_assert_int_gt(write(fd, files[_i].text, strlen(files[_i].text)), 0);
	ck_assert_int_eq(fchmod(fd, files[_i].mode), 0);
	close(fd);
	command_set(file, NULL);
	snprintf(sentence, sizeof sentence, "cannot run %s%s", file, files[_i].end);
	fails_with(sentence);
	unlink(file);
	command_set("/usr", NULL);
	fails_with("cannot run /usr: Permission denied; is it a program, and may its user run it?");
}
END_TEST

/* Where root finds it, its user may not look: so it is with what stands in /root. */
START_TEST(a_program_that_is_hidden)
{
	char folder[] = "/tmp/test_launch-XXXXXX", path[64], link[64], sentence[256], *environment[] = { path };

	if (geteuid() != 0)
		return;
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof path, "PATH=%s:/usr/bin", folder);
	snprintf(link, sizeof link, "%s/node-of-root", folder);
	snprintf(sentence, sizeof sentence,
	    "cannot run node-of-root: it is not in PATH, as far as its user can see, who may not look into %s", folder);
	ck_assert_int_eq(symlink("/bin/true", link), 0);
	app.app.environment = environment;
	app.app.environment_count = 1;
	app.app.uid = SOMEBODY;
	command_set("node-of-root", NULL);
	fails_with(sentence);
	unlink(link);
	rmdir(folder);
}
END_TEST

/* Of several that may not be run it is the first, as PATH has them. */
START_TEST(programs_that_are_denied)
{
	char top[] = "/tmp/test_launch-XXXXXX", path[128], file[2][64], sentence[256], *environment[] = { path };
	int i, fd;

	ck_assert_ptr_nonnull(mkdtemp(top));
	for (i = 0; i < 2; i++) {
		snprintf(file[i], sizeof file[i], "%s/%d", top, i);
		ck_assert_int_eq(mkdir(file[i], 0755), 0);
		snprintf(file[i], sizeof file[i], "%s/%d/node", top, i);
		fd = open(file[i], O_CREAT | O_WRONLY, 0644);
		ck_assert_int_ge(fd, 0);
		close(fd);
	}
	snprintf(path, sizeof path, "PATH=%s/0:%s/1", top, top);
	app.app.environment = environment;
	app.app.environment_count = 1;
	command_set("node", NULL);
	snprintf(sentence, sizeof sentence, "cannot run %s: Permission denied; is it a program, and may its user run it?", file[0]);
	fails_with(sentence);
	for (i = 0; i < 2; i++) {
		unlink(file[i]);
		*strrchr(file[i], '/') = '\0';
		rmdir(file[i]);
	}
	rmdir(top);
}
END_TEST

/* What an errno of the child means: 1 it lasts, 2 it is over in a moment, 3 something is lacking, which is not its fault. */
START_TEST(what_a_failure_means)
{
	static const struct {
		int number, outcome;
	} rows[] = { { ENOENT, 1 }, { EACCES, 1 }, { ETXTBSY, 2 }, { EAGAIN, 3 }, { ENOMEM, 3 }, { EMFILE, 3 }, { ENFILE, 3 } };
	struct launch_report report = { .stage = LAUNCH_RUN, .number = rows[_i].number, .subject = "/bin/x" };
	struct error err = { .text = "" };
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq((int)write(ends[1], &report, sizeof report), (int)sizeof report);
	ck_assert_int_eq(launch_failure(ends[0], &err), rows[_i].outcome);
	ck_assert_ptr_nonnull(strstr(err.text, strerror(rows[_i].number)));
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(no_such_directory)
{
	char missing[] = "/nonexistent/x", file[] = "/etc/passwd";

	app.app.directory = missing;
	fails_with("cannot enter the directory /nonexistent/x: No such file or directory");
	app.app.directory = file;
	fails_with("cannot enter the directory /etc/passwd: Not a directory");
}
END_TEST

/* A command that is only known when the place is. */
START_TEST(not_known_before)
{
	command_set("./server-{instance}", NULL);
	fails_with("cannot run ./server-3: No such file or directory");
}
END_TEST

START_TEST(nothing_yet)
{
	struct error err;
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
	ck_assert_int_eq(launch_failure(ends[0], &err), -1);
	close(ends[1]);
	ck_assert_int_eq(launch_failure(ends[0], &err), 0);
	close(ends[0]);
}
END_TEST

/* A sandbox may take from root what it takes to be another. */
START_TEST(a_user_that_it_cannot_become)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { .effective = 0 } };

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(syscall(SYS_capset, &header, none), 0);
	app.app.uid = SOMEBODY;
	app.app.gid = SOME_GROUP;
	fails_with("cannot set the groups of the user: Operation not permitted");
}
END_TEST

int
main(int argc, char **argv)
{
	TCase *tests;
	int status;

	if (launched_main(argc, argv, &status))
		return status;
	tests = tcase_create("launch failures");
	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, no_such_command);
	tcase_add_loop_test(tests, no_program, 0, 3);
	tcase_add_test(tests, a_program_that_is_hidden);
	tcase_add_test(tests, programs_that_are_denied);
	tcase_add_loop_test(tests, what_a_failure_means, 0, 7);
	tcase_add_test(tests, no_such_directory);
	tcase_add_test(tests, not_known_before);
	tcase_add_test(tests, nothing_yet);
	tcase_add_test(tests, a_user_that_it_cannot_become);
	return run_case(tests);
}

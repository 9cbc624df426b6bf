/* app/directory: the directory of the unix sockets of apps, and what becomes of those that a killed master has left. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/directory.h"
#include "base/object.h"
#include "run.h"

enum { SOMEBODY = 12345 };

static struct app_directory directory;

static void
set_up(void)
{
	char top[] = "/tmp/test_directory-XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(top));
	setenv("TMPDIR", top, 1);
	memset(&directory, 0, sizeof directory);
}

static void
tear_down(void)
{
	app_directory_remove(&directory);
	ck_assert_msg(rmdir(getenv("TMPDIR")) == 0, "%s: %s", getenv("TMPDIR"), strerror(errno));
}

/* Makes it, with the socket of an app in it, which is a file here, and what the app itself may have put there. */
static void
make(void)
{
	char path[128];
	struct error err;
	int fd;

	ck_assert_msg(app_directory_make(&directory, &err) == 0, "%s", err.text);
	snprintf(path, sizeof path, "%s/web", directory.path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_msg(app_directory_give(path, geteuid(), getegid(), &err) == 0, "%s", err.text);
	snprintf(path, sizeof path, "%s/web/0.sock", directory.path);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	snprintf(path, sizeof path, "%s/web/cache", directory.path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

/* Another master makes one and is killed. */
static void
master_dies(char path[64])
{
	int ends[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		make();
		ck_assert_int_eq(write(ends[1], directory.path, 64), 64);
		raise(SIGKILL);
	}
	ck_assert_int_eq(read(ends[0], path, 64), 64);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	close(ends[0]);
	close(ends[1]);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static bool
is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

START_TEST(who_may_do_what)
{
	char path[128];

	make();
	ck_assert_int_eq(mode_of(directory.path), 0711);
	snprintf(path, sizeof path, "%s/web", directory.path);
	ck_assert_int_eq(mode_of(path), 0710);
}
END_TEST

START_TEST(there_is_one)
{
	struct app_directory before;
	struct error err;

	make();
	before = directory;
	ck_assert_int_eq(app_directory_make(&directory, &err), 0);
	ck_assert_str_eq(directory.path, before.path);
	ck_assert_int_eq(directory.lock, before.lock);
}
END_TEST

/* Who has removed it gets another one. */
START_TEST(one_that_was_removed_is_made_again)
{
	struct app_directory before;

	make();
	before = directory;
	app_directory_remove(&before);
	directory.held = false; /* that copy was the one that held it */
	make();
	ck_assert(is_there(directory.path));
	ck_assert_str_ne(directory.path, before.path);
}
END_TEST

START_TEST(those_of_masters_that_are_gone_are_removed)
{
	char first[64], second[64], living[64];

	master_dies(first);
	master_dies(second);
	make();
	memcpy(living, directory.path, sizeof living);
	ck_assert(is_there(first) && is_there(second));
	app_directories_sweep();
	ck_assert(!is_there(first) && !is_there(second));
	ck_assert(is_there(living));
	app_directory_remove(&directory);
	ck_assert(!is_there(living));
}
END_TEST

/* The lock goes with the master, whoever of its children lives on. */
START_TEST(a_child_holds_nothing)
{
	char living[64], byte;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	make();
	memcpy(living, directory.path, sizeof living);
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		app_directory_close_copy(&directory);
		ck_assert_int_eq(write(ends[1], "", 1), 1);
		close(ends[1]);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	app_directories_sweep();
	ck_assert(is_there(living));
	app_directory_close_copy(&directory); /* the master's own */
	app_directories_sweep();
	ck_assert(!is_there(living));
}
END_TEST

/* Nothing that drover did not make, or somebody else did. */
START_TEST(what_is_not_drovers_stays)
{
	static const struct {
		const char *name;
		mode_t mode; /* 0: a link to the directory */
		uid_t owner;
	} others[] = { { "drover-apps.abcdef", 0700, 0 }, { "drover-apps.abcde", 0711, 0 }, { "drover-apps.abcdefg", 0711, 0 },
		{ "drover-apps-abcdef", 0711, 0 }, { "drover-apps.strang", 0711, SOMEBODY }, { "drover-apps.linked", 0, 0 } };
	char path[ARRAY_LENGTH(others)][128], target[128], inside[160];
	size_t i;

	snprintf(target, sizeof target, "%s/target", getenv("TMPDIR"));
	ck_assert(mkdir(target, 0711) == 0 && chmod(target, 0711) == 0);
	snprintf(inside, sizeof inside, "%s/inside", target);
	ck_assert_int_eq(mkdir(inside, 0700), 0);
	for (i = 0; i < ARRAY_LENGTH(others); i++) {
		snprintf(path[i], sizeof path[i], "%s/%s", getenv("TMPDIR"), others[i].name);
		if (others[i].mode == 0)
			ck_assert_int_eq(symlink(target, path[i]), 0);
		else
			ck_assert(mkdir(path[i], 0700) == 0 && chmod(path[i], others[i].mode) == 0);
		if (others[i].owner != 0 && geteuid() == 0)
			ck_assert_int_eq(chown(path[i], others[i].owner, (gid_t)-1), 0);
	}
	app_directories_sweep();
	for (i = 0; i < ARRAY_LENGTH(others); i++) {
		ck_assert_msg(is_there(path[i]) || (others[i].owner != 0 && geteuid() != 0), "%s", path[i]);
		if (others[i].mode == 0)
			unlink(path[i]);
		else
			rmdir(path[i]);
	}
	ck_assert(rmdir(inside) == 0 && rmdir(target) == 0);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("directory");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, who_may_do_what);
	tcase_add_test(tests, there_is_one);
	tcase_add_test(tests, one_that_was_removed_is_made_again);
	tcase_add_test(tests, those_of_masters_that_are_gone_are_removed);
	tcase_add_test(tests, a_child_holds_nothing);
	tcase_add_test(tests, what_is_not_drovers_stays);
	return run_case(tests);
}

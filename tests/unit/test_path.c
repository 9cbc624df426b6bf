/* base/path: which directory is missing, and the errors that say so. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/path.h"
#include "run.h"

START_TEST(a_missing_directory_is_named_with_what_to_do)
{
	char sentence[PATH_SENTENCE_MAX];

	ck_assert(path_directory_missing("/nonexistent/a/x.log", sentence));
	ck_assert_str_eq(sentence, "the directory /nonexistent/a does not exist; create it");
	ck_assert(path_directory_missing("/run/no such/x.sock", sentence));
	ck_assert_str_eq(sentence,
	    "the directory /run/no such does not exist; create it (systemd: RuntimeDirectory=no such)");
	ck_assert(path_directory_missing("/var/log/nosuch/sub/x", sentence));
	ck_assert_str_eq(sentence, "the directory /var/log/nosuch/sub does not exist; create it (systemd: "
				   "LogsDirectory=nosuch/sub)");
	ck_assert(path_directory_missing("/dev/null/x/y", sentence));
}
END_TEST

START_TEST(directories_that_are_there_are_good)
{
	char sentence[PATH_SENTENCE_MAX], path[4096];

	ck_assert(!path_directory_missing("/tmp/x", sentence));
	ck_assert(!path_directory_missing("/x", sentence));
	ck_assert(!path_directory_missing("", sentence));
	memset(path, '/', sizeof path - 1);
	memcpy(path + 1, "nonexistent", 11);
	path[sizeof path - 1] = '\0';
	ck_assert(!path_directory_missing(path, sentence)); /* too long to be told */
}
END_TEST

START_TEST(paths_are_equal_however_they_are_written)
{
	ck_assert(path_equal("/a/b", "/a/b"));
	ck_assert(path_equal("/a/b", "//a/./b"));
	ck_assert(path_equal("/./a///b/.", "/a/b"));
	ck_assert(path_equal("/", "//./"));
	ck_assert(!path_equal("/a/b", "/a/bc"));
	ck_assert(!path_equal("/a/b", "/a/c"));
	ck_assert(!path_equal("/a/b", "/a"));
	ck_assert(!path_equal("/a", "/a/b"));
	ck_assert(!path_equal("/ab", "/a/b"));
	ck_assert(!path_equal("/a/..", "/"));
	ck_assert(!path_equal("/.a", "/a"));
}
END_TEST

START_TEST(errors_about_files_name_the_directory)
{
	struct error err;

	errno = ENOENT;
	ck_assert_int_eq(error_file(&err, "/nonexistent/x", "cannot open the %s", "log"), -1);
	ck_assert_str_eq(
	    err.text, "cannot open the log: the directory /nonexistent does not exist; create it");
	ck_assert_int_eq(errno, ENOENT);
	errno = EACCES;
	error_file(&err, "/nonexistent/x", "cannot open the log");
	ck_assert_str_eq(err.text, "cannot open the log: Permission denied");
	errno = ENOENT;
	error_file(&err, "/tmp/x", "cannot open the log");
	ck_assert_str_eq(err.text, "cannot open the log: No such file or directory");
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("path");

	tcase_add_test(tests, a_missing_directory_is_named_with_what_to_do);
	tcase_add_test(tests, directories_that_are_there_are_good);
	tcase_add_test(tests, paths_are_equal_however_they_are_written);
	tcase_add_test(tests, errors_about_files_name_the_directory);
	return run_case(tests);
}

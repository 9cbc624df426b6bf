/* app/output: where there are too few descriptors for its pipes none is lost. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/output.h"
#include "run.h"

enum { ALL_DESCRIPTORS = 256, NEEDED = 4 };

static unsigned
open_descriptors(void)
{
	unsigned count = 0;
	int fd;

	for (fd = 0; fd < ALL_DESCRIPTORS; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* The limit with which so many more can be opened. */
static rlim_t
limit_for(int more)
{
	int fd;

	for (fd = 0; fd < ALL_DESCRIPTORS; fd++)
		if (fcntl(fd, F_GETFD) < 0 && more-- == 0)
			break;
	return (rlim_t)fd;
}

START_TEST(none_is_lost)
{
	struct error err = { .text = "" };
	struct loop *loop = loop_new(&err);
	struct app_journal *journal = app_journal_new("web");
	struct app_output output;
	struct rlimit limit, few;
	unsigned before = open_descriptors();
	int ends[2];

	ck_assert(loop != NULL && journal != NULL);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = (struct rlimit){ limit_for(_i), limit.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	ck_assert_int_eq(app_output_open(&output, loop, journal, 0, 0, ends, &err), _i < NEEDED ? -1 : 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	if (_i < NEEDED) {
		ck_assert_ptr_nonnull(strstr(err.text, strerror(EMFILE)));
	} else {
		close(ends[0]);
		close(ends[1]);
		app_output_close(&output);
	}
	ck_assert_uint_eq(open_descriptors(), before);
	app_journal_free(journal);
	loop_free(loop);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("output_descriptors");

	tcase_add_loop_test(tests, none_is_lost, 0, NEEDED + 1);
	return run_case(tests);
}

/* The end of main() in every unit test: runs what it has put together, and gives the exit status. */
#ifndef DROVER_TESTS_UNIT_RUN_H
#define DROVER_TESTS_UNIT_RUN_H

#include <check.h>
#include <stdlib.h>

static inline int
run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline int
run_case(TCase *tests)
{
	Suite *suite = suite_create("");

	suite_add_tcase(suite, tests);
	return run_suite(suite);
}

#endif

/* app/expand: what stands in braces in a command or its environment. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "app/expand.h"
#include "base/object.h"

static const struct {
	const char *text, *expanded;
} texts[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "{port}", "8080" },
	{ "--port={port},{instance}", "--port=8080,3" },
	{ "{port}{port}", "80808080" },
	{ "{{port}}", "{8080}" },
	{ "{", "{" },
	{ "{port", "{port" },
	{ "{Port} {ports} {por}", "{Port} {ports} {por}" },
	{ "{socket}", "{socket}" }, /* there is none */
	{ "{\"a\":{port}}", "{\"a\":8080}" },
};

START_TEST(texts_are_expanded)
{
	struct expansion expansion = { .port = "8080", .instance = "3" };
	char *text = expand_text(texts[_i].text, &expansion);

	ck_assert_str_eq(text, texts[_i].expanded);
	free(text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("expand");
	TCase *tests = tcase_create("expand");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_loop_test(tests, texts_are_expanded, 0, (int)ARRAY_LENGTH(texts));
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* app/expand: what stands in braces in a command or its environment. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "app/expand.h"
#include "base/object.h"
#include "run.h"

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
	TCase *tests = tcase_create("expand");

	tcase_add_loop_test(tests, texts_are_expanded, 0, (int)ARRAY_LENGTH(texts));
	return run_case(tests);
}

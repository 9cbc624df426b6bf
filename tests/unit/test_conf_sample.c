/* conf: the sample and the examples of the manual are good configurations, and say what the table says. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/object.h"
#include "conf/conf.h"
#include "conf/options.h"
#include "conf/value.h"
#include "conf_must.h"
#include "run.h"

/* The text of a file of the source tree. */
static char *
source_read(const char *name)
{
	const char *top = getenv("SRCDIR");
	char path[512], *text;
	size_t length;
	FILE *from;

	snprintf(path, sizeof path, "%s/%s", top != NULL ? top : "..", name);
	from = fopen(path, "r");
	ck_assert_msg(from != NULL, "cannot read %s", path);
	text = calloc(1, 1 << 20);
	length = fread(text, 1, (1 << 20) - 1, from);
	fclose(from);
	ck_assert_uint_gt(length, 0);
	return text;
}

/* Users and groups differ from machine to machine; others cannot stand beside what the sample says. */
static bool
stays_a_comment(const char *name)
{
	static const char *const names[] = { "user", "group", "owner", "redirect", "respond", "replace-prefix" };
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(names); i++)
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	return (name[0] < 'a' || name[0] > 'z') && name[0] != '}';
}

/* Makes options of what is commented out as such: "#name = value". */
static void
sample_uncomment(char *text)
{
	char *p = text;

	while ((p = strchr(p, '#')) != NULL) {
		if (!stays_a_comment(p + 1))
			*p = ' ';
		p += strcspn(p, "\n");
	}
}

START_TEST(the_sample_loads)
{
	char *text = source_read("etc/drover.conf"), *small, *full;

	small = conf_must_round_trip(text);
	sample_uncomment(text);
	full = conf_must_round_trip(text);
	ck_assert_ptr_null(strstr(small, "pid-file = "));
	ck_assert_ptr_nonnull(strstr(full, "pid-file = \"/run/drover/drover.pid\"\n"));
	free(small);
	free(full);
	free(text);
}
END_TEST

START_TEST(defaults_in_the_sample_are_the_defaults)
{
	char *text = source_read("etc/drover.conf"), words[128];
	const struct conf_option *option;

	for (option = conf_options; option->name != NULL; option++) {
		if (option->standard == NULL || option->section == &conf_section_route)
			continue;
		snprintf(words, sizeof words,
		    option->type == &conf_type_mode ? "#%s = \"%s\"\n" : "#%s = %s\n", option->name,
		    option->standard);
		ck_assert_msg(strstr(text, words) != NULL, "not in the sample: %s", words);
	}
	free(text);
}
END_TEST

START_TEST(the_examples_of_the_manual_load)
{
	static const char begin[] = ".Bd -literal -offset indent\n", end[] = ".Ed\n";
	char *page = source_read("man/drover.conf.5"), *from = strstr(page, ".Sh EXAMPLES"), *to;
	size_t count = 0;

	ck_assert_ptr_nonnull(from);
	while ((from = strstr(from, begin)) != NULL) {
		from += strlen(begin);
		to = strstr(from, end);
		*to = '\0';
		free(conf_must_round_trip(from));
		from = to + 1;
		count++;
	}
	ck_assert_uint_eq(count, 8);
	free(page);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("conf_sample");

	tcase_add_test(tests, the_sample_loads);
	tcase_add_test(tests, defaults_in_the_sample_are_the_defaults);
	tcase_add_test(tests, the_examples_of_the_manual_load);
	return run_case(tests);
}

/* control/commands: every row of the table is well formed, and `drover -L commands` prints it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/commands.h"
#include "control/request.h"
#include "control/tables.h"
#include "run.h"

static bool
is_sentence(const char *text)
{
	return text != NULL && text[0] >= 'A' && text[0] <= 'Z' && text[strlen(text) - 1] == '.';
}

static void
check_param(const struct command *c, const struct param *p)
{
	json_t *value;

	ck_assert_msg(is_sentence(p->sentence), "%s %s: sentence", c->name, p->name);
	ck_assert_msg(
	    !p->required || p->default_json == NULL, "%s %s: required, with a default", c->name, p->name);
	ck_assert_msg(p->type != PARAM_WORD || p->words != NULL, "%s %s: no words", c->name, p->name);
	ck_assert_msg((p->type != PARAM_INTEGER && p->type != PARAM_TEXT) || p->min < p->max, "%s %s: range",
	    c->name, p->name);
	/* handlers take booleans without asking whether they are there */
	ck_assert_msg(p->type != PARAM_BOOLEAN || p->required || p->default_json != NULL, "%s %s: no default",
	    c->name, p->name);
	if (p->default_json == NULL)
		return;
	value = json_loads(p->default_json, JSON_DECODE_ANY, NULL);
	ck_assert_msg(value != NULL, "%s %s: the default is not JSON", c->name, p->name);
	json_decref(value);
}

static bool
has_param(const struct command *c, const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < COMMAND_PARAMS_MAX && c->params[i].name != NULL; i++)
		if (strlen(c->params[i].name) == length && strncmp(c->params[i].name, name, length) == 0)
			return true;
	return false;
}

/* The short forms are names of parameters, one blank between them; without one, what is required comes first. */
static void
check_forms(const struct command *c)
{
	const char *form;
	size_t i, length;
	bool optional = false;

	for (i = 0; i < COMMAND_SHORT_FORMS && c->short_forms[i] != NULL; i++)
		for (form = c->short_forms[i]; *form != '\0'; form += length + (form[length] == ' ')) {
			length = strcspn(form, " ");
			ck_assert_msg(has_param(c, form, length), "%s: short form %s", c->name, c->short_forms[i]);
		}
	for (i = 0; i < COMMAND_PARAMS_MAX && c->params[i].name != NULL; i++) {
		ck_assert_msg(!optional || !c->params[i].required || c->short_forms[0] != NULL, "%s %s: comes late", c->name, c->params[i].name);
		optional = optional || !c->params[i].required;
	}
}

START_TEST(rows_are_well_formed)
{
	const struct command *c;
	size_t i, rows = 0;

	for (c = control_commands; c->name != NULL; c++, rows++) {
		ck_assert_ptr_eq(command_find(control_commands, c->name), c);
		ck_assert_msg(is_sentence(c->summary), "%s: summary", c->name);
		ck_assert_ptr_nonnull(c->handler);
		for (i = 0; i < COMMAND_PARAMS_MAX && c->params[i].name != NULL; i++)
			check_param(c, &c->params[i]);
		check_forms(c);
	}
	ck_assert_uint_le(rows, COMMANDS_MAX);
}
END_TEST

START_TEST(examples_are_taken)
{
	const struct command *c;
	struct request_line line;

	for (c = control_commands; c->name != NULL; c++) {
		ck_assert_int_eq(
		    request_line_read(&line, c->example, strlen(c->example), control_commands, c->permission),
		    0);
		ck_assert_uint_eq(line.count, 1);
		ck_assert_msg(
		    line.requests[0].command == c, "%s: %s", c->name, line.requests[0].fault.message);
		request_line_free(&line);
	}
}
END_TEST

START_TEST(the_list_has_a_line_per_row)
{
	char *text = NULL, *line, *rest;
	const struct command *c;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(to);
	control_list_commands(to);
	ck_assert_int_eq(fclose(to), 0);
	rest = text;
	for (c = control_commands; c->name != NULL; c++) {
		line = strsep(&rest, "\n");
		ck_assert_str_eq(strsep(&line, "\t"), c->name);
		ck_assert_str_eq(strsep(&line, "\t"), permission_names[c->permission]);
		ck_assert_int_eq(*strsep(&line, "\t") == '-', c->params[0].name == NULL);
		ck_assert_str_eq(line, c->summary);
	}
	ck_assert_str_eq(rest, "");
	free(text);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("commands");

	tcase_add_test(tests, rows_are_well_formed);
	tcase_add_test(tests, examples_are_taken);
	tcase_add_test(tests, the_list_has_a_line_per_row);
	return run_case(tests);
}

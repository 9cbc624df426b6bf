#include "ctl/help.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/memory.h"
#include "ctl/methods.h"
#include "ctl/printable.h"
#include "ctl/table.h"

static const char *
member_text(json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text != NULL ? text : "";
}

/* Prints text that came from drover. */
static void
put(FILE *to, const char *text, const struct style *style)
{
	char *safe = printable(text, strlen(text), style->utf8);

	fputs(safe, to);
	free(safe);
}

/* ---- all methods */

void
help_all(FILE *to, json_t *methods, const struct style *style)
{
	json_t *rows = memory_need(json_array()), *method;
	size_t i;

	json_array_foreach(methods, i, method)
		memory_need(json_array_append_new(rows, json_pack("{s:s,s:s,s:s}", "method", member_text(method, "method"),
							    "may", member_text(method, "permission"), "summary",
							    member_text(method, "summary"))) < 0
				? NULL
				: rows);
	if (table_is_possible(rows))
		table_print(to, rows, 0, style);
	fputs("\n`droverctl help METHOD` tells about one, `droverctl top` shows it all live.\n", to);
	json_decref(rows);
}

/* ---- one method */

/* "from 1 to 256, 4 if left out" */
static char *
param_rules(json_t *param)
{
	json_t *min = json_object_get(param, "min"), *max = json_object_get(param, "max");
	json_t *standard = json_object_get(param, "default");
	char *range = memory_copy(""), *rules, *value;

	if (json_is_integer(min) && json_is_integer(max)) {
		free(range);
		range = memory_print("%" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT ", ", json_integer_value(min),
		    json_integer_value(max));
	}
	if (json_is_true(json_object_get(param, "required"))) {
		rules = memory_print("%srequired", range);
	} else if (standard == NULL || json_is_null(standard)) {
		rules = memory_print("%soptional", range);
	} else if (json_is_boolean(standard)) {
		rules = memory_print("%s%s if left out", range, json_is_true(standard) ? "yes" : "no");
	} else {
		value = memory_need(json_dumps(standard, JSON_ENCODE_ANY));
		rules = memory_print("%s%s if left out", range, value);
		free(value);
	}
	free(range);
	return rules;
}

static void
help_param(FILE *to, json_t *param, const struct style *style)
{
	char *form = methods_value_form(param), *rules = param_rules(param);

	fputs("  ", to);
	fputs(style_begin(style, PAINT_HEADING), to);
	put(to, member_text(param, "name"), style);
	fputs(style_end(style, PAINT_HEADING), to);
	fputc('=', to);
	put(to, form, style);
	fputs("  (", to);
	put(to, rules, style);
	fputs(")\n      ", to);
	put(to, member_text(param, "sentence"), style);
	fputc('\n', to);
	free(rules);
	free(form);
}

/* "scale WORKERS": values without names. */
static void
help_form(FILE *to, const char *title, json_t *form, const struct style *style)
{
	const char *name;
	json_t *word;
	size_t i, k;

	fputs("  droverctl ", to);
	put(to, title, style);
	json_array_foreach(form, i, word) {
		name = json_is_string(word) ? json_string_value(word) : "";
		fputc(' ', to);
		for (k = 0; name[k] != '\0'; k++)
			fputc(name[k] >= 'a' && name[k] <= 'z' ? name[k] - 'a' + 'A' : name[k] >= ' ' && name[k] < 0x7f ? name[k] : '?', to);
	}
	fputc('\n', to);
}

static void
help_short_forms(FILE *to, json_t *method, const struct style *style)
{
	json_t *forms = json_object_get(method, "short-forms"), *form;
	size_t i;

	if (json_array_size(forms) > 0)
		fputs("\nIn short:\n", to);
	json_array_foreach(forms, i, form)
		help_form(to, member_text(method, "method"), form, style);
	if (json_array_size(forms) > 0 && methods_instance(method) != NULL)
		fputs("  APP/INSTANCE, as `droverctl apps` shows it, stands for both.\n", to);
}

/* The example, as it is typed here and as it is sent. */
static void
help_example(FILE *to, json_t *example, const struct style *style)
{
	json_t *params = json_object_get(example, "params"), *value;
	char *text = memory_need(json_dumps(example, JSON_COMPACT | JSON_ENCODE_ANY));
	const char *name;
	char *word;

	fputs("\nExample:\n  droverctl ", to);
	put(to, member_text(example, "method"), style);
	json_object_foreach(params, name, value) {
		word = json_is_string(value) ? memory_copy(json_string_value(value))
					     : memory_need(json_dumps(value, JSON_ENCODE_ANY));
		fputc(' ', to);
		put(to, name, style);
		if (!json_is_true(value)) {
			fputc('=', to);
			put(to, word, style);
		}
		free(word);
	}
	fputs("\n  ", to);
	put(to, text, style);
	fputc('\n', to);
	free(text);
}

void
help_one(FILE *to, json_t *method, const struct style *style)
{
	json_t *params = json_object_get(method, "params"), *param;
	size_t i;

	fputs(style_begin(style, PAINT_HEADING), to);
	put(to, member_text(method, "method"), style);
	fputs(style_end(style, PAINT_HEADING), to);
	fputs(": ", to);
	put(to, member_text(method, "summary"), style);
	fputs("\nWho may: ", to);
	put(to, member_text(method, "permission"), style);
	fputs(json_array_size(params) > 0 ? "\n\nParameters:\n" : "\nIt takes no parameters.\n", to);
	json_array_foreach(params, i, param)
		help_param(to, param, style);
	help_short_forms(to, method, style);
	if (json_is_object(json_object_get(method, "example")))
		help_example(to, json_object_get(method, "example"), style);
}

/* ---- words for completion */

/* Parameters whose values are the names of things that a method lists. */
static const struct source {
	const char *param, *method, *rows, *member;
	bool instances; /* as "web/0", of methods that take those */
} sources[] = {
	{ "pool", "servers", "servers", "pool", false },
	{ "server", "servers", "servers", "server", false },
	{ "worker", "workers", "workers", "worker", false },
	{ "listener", "listeners", "listeners", "listener", false },
	{ "app", "status", "apps", "app", false },
	{ "app", "apps", "instances", "app", true },
	{ "method", "help", "methods", "method", false },
};

enum { SOURCES = sizeof sources / sizeof sources[0], WORDS_MAX = 500 };

/* Whether a word can stand on a command line as it is. */
static bool
is_bare(const char *word)
{
	size_t i;

	for (i = 0; word[i] > ' ' && word[i] < 0x7f && strchr("\"'\\$`|&;<>()*?[]#~!{}", word[i]) == NULL; i++)
		;
	return i > 0 && word[i] == '\0';
}

/* "name=word", or the word alone when `name` is NULL. */
static void
put_word(FILE *to, const char *name, const char *word)
{
	if (is_bare(word))
		fprintf(to, "\t%s%s%s", name != NULL ? name : "", name != NULL ? "=" : "", word);
}

static void
put_words(FILE *to, const char *name, json_t *words)
{
	json_t *word;
	size_t i;

	json_array_foreach(words, i, word)
		if (json_is_string(word))
			put_word(to, name, json_string_value(word));
}

static void
put_instance(FILE *to, const char *name, const char *app, json_t *row)
{
	char *word = memory_print("%s/%" JSON_INTEGER_FORMAT, app, json_integer_value(json_object_get(row, "instance")));

	put_word(to, name, word);
	free(word);
}

static void
put_rows(FILE *to, const char *name, const struct source *source, json_t *rows)
{
	const char *text, *last = "";
	json_t *row, *value;
	char number[32];
	size_t i;

	json_array_foreach(rows, i, row) {
		value = json_object_get(row, source->member);
		text = json_string_value(value);
		if (source->instances && text != NULL) {
			put_instance(to, name, text, row);
		} else if (json_is_integer(value)) {
			snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
			put_word(to, name, number);
		} else if (text != NULL && strcmp(text, last) != 0) {
			put_word(to, name, text);
		}
		last = text != NULL ? text : "";
		if (i == WORDS_MAX)
			break;
	}
}

/* All values that are known of a parameter, each with `name` before it if that is not NULL. */
static void
put_values(FILE *to, json_t *method, json_t *param, const char *name, json_t *const *known)
{
	size_t i;

	put_words(to, name, json_object_get(param, "words"));
	for (i = 0; i < SOURCES; i++)
		if (strcmp(sources[i].param, member_text(param, "name")) == 0 &&
		    (!sources[i].instances || methods_instance(method) != NULL))
			put_rows(to, name, &sources[i], json_object_get(known[i], sources[i].rows));
}

/* Whether a method takes the values of that parameter without its name. */
static bool
has_short_form(json_t *method, const char *param)
{
	json_t *forms = json_object_get(method, "short-forms"), *form, *name;
	size_t i, k;

	json_array_foreach(forms, i, form)
		json_array_foreach(form, k, name)
			if (json_is_string(name) && strcmp(json_string_value(name), param) == 0)
				return true;
	return false;
}

static void
put_param(FILE *to, json_t *method, json_t *param, json_t *const *known)
{
	const char *name = member_text(param, "name");

	if (!is_bare(name))
		return;
	if (strcmp(member_text(param, "type"), "boolean") == 0) {
		fprintf(to, "\t%s", name);
		return;
	}
	put_values(to, method, param, name, known);
	if (json_array_size(json_object_get(param, "words")) == 0)
		fprintf(to, "\t%s=", name);
	if (has_short_form(method, name))
		put_values(to, method, param, NULL, known);
}

void
help_words(FILE *to, const struct options *o, struct client *c, json_t *methods)
{
	json_t *known[SOURCES] = { NULL }, *method, *param;
	struct error err;
	size_t i, k;

	for (i = 0; i < SOURCES; i++)
		if (methods_find(methods, sources[i].method, &err) != NULL)
			ask(o, c, sources[i].method, NULL, &known[i]);
	json_array_foreach(methods, i, method) {
		if (!is_bare(member_text(method, "method")))
			continue;
		fputs(member_text(method, "method"), to);
		json_array_foreach(json_object_get(method, "params"), k, param)
			put_param(to, method, param, known);
		fputc('\n', to);
	}
	for (i = 0; i < SOURCES; i++)
		json_decref(known[i]);
}

#include "ctl/logs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/follow.h"
#include "ctl/human.h"
#include "ctl/memory.h"
#include "ctl/printable.h"
#include "ctl/render.h"

enum { LINES_MOST = 1000, OPTIONS = 3 };

/* ---- the command line */

bool
logs_options_are_given(const struct logs_options *options)
{
	return options->follow || options->lines != NULL || options->instance != NULL;
}

char **
logs_arguments(const struct logs_options *options, char *const *arguments, int *count)
{
	char **all;
	int i, n = *count;

	all = memory_zeroed((size_t)n + OPTIONS + 1, sizeof *all);
	for (i = 0; i < n; i++)
		all[i] = memory_copy(arguments[i]);
	if (options->follow)
		all[n++] = memory_copy("follow=yes");
	if (options->lines != NULL)
		all[n++] = memory_print("lines=%s", options->lines);
	if (options->instance != NULL)
		all[n++] = memory_print("instance=%s", options->instance);
	*count = n;
	return all;
}

void
logs_arguments_free(char **arguments)
{
	char **at;

	for (at = arguments; *at != NULL; at++)
		free(*at);
	free(arguments);
}

/* ---- lines */

static char *
text_of(json_t *object, const char *name, const struct style *style)
{
	json_t *text = json_object_get(object, name);

	return json_is_string(text) ? printable(json_string_value(text), json_string_length(text), style->utf8) : memory_copy("-");
}

static enum paint
paint_of_stream(const char *stream)
{
	if (strcmp(stream, "stdout") == 0)
		return PAINT_GOOD;
	return strcmp(stream, "stderr") == 0 ? PAINT_WAITING : PAINT_HEADING;
}

/* "2026-01-31 10:30:00  web/0 stdout: text", as in the error log. What the next line goes on with ends in "...". */
static char *
output_line(json_t *params, const struct style *style)
{
	char *app = text_of(params, "app", style), *stream = text_of(params, "stream", style);
	char *text = text_of(params, "text", style), *line, place[HUMAN_MAX];
	const char *when = json_string_value(json_object_get(params, "time"));
	enum paint paint = paint_of_stream(stream);

	line = memory_print("%-19s  %s%s/%" JSON_INTEGER_FORMAT " %s:%s %s%s",
	    when != NULL && human_time(when, place) ? place : "-", style_begin(style, paint), app,
	    json_integer_value(json_object_get(params, "instance")), stream, style_end(style, paint), text,
	    json_is_true(json_object_get(params, "part")) ? "..." : "");
	free(app);
	free(stream);
	free(text);
	return line;
}

static char *
lost_line(json_t *params, const struct style *style)
{
	json_int_t count = json_integer_value(json_object_get(params, "count"));

	return memory_print("%s-- %" JSON_INTEGER_FORMAT " line%s not kept any more%s", style_begin(style, PAINT_BAD), count,
	    count == 1 ? " is" : "s are", style_end(style, PAINT_BAD));
}

char *
logs_line(json_t *notification, const struct style *style)
{
	const char *method = json_string_value(json_object_get(notification, "method"));
	json_t *params = json_object_get(notification, "params");

	if (method != NULL && strcmp(method, "lost") == 0)
		return lost_line(params, style);
	return output_line(params, style);
}

/* ---- the reply */

static json_t *
notification_new(const char *method, json_t *params)
{
	return memory_need(json_pack("{s:s,s:s,s:o}", "jsonrpc", "2.0", "method", method, "params", params));
}

static void
append(json_t *array, json_t *value)
{
	memory_need(json_array_append_new(array, value) < 0 ? NULL : array);
}

/* The lines of a reply as notifications. */
static json_t *
logs_first(json_t *result)
{
	json_t *all = memory_need(json_array()), *row, *params, *app = json_object_get(result, "app");
	json_int_t lost = json_integer_value(json_object_get(result, "lost"));
	size_t i;

	if (lost > 0)
		append(all, notification_new("lost", memory_need(json_pack("{s:O,s:I}", "app", app, "count", lost))));
	json_array_foreach(json_object_get(result, "lines"), i, row) {
		params = memory_need(json_copy(row));
		memory_need(json_object_set(params, "app", app) < 0 ? NULL : params);
		append(all, notification_new("line", params));
	}
	return all;
}

static void
logs_again(json_t *params)
{
	memory_need(json_object_set_new(params, "lines", json_integer(LINES_MOST)) < 0 ? NULL : params);
}

static const struct followed follow_logs = { .method = "logs", .line = logs_line, .first = logs_first, .again = logs_again };

/* ---- carrying it out */

static void
show_result(const struct options *o, json_t *result, const struct style *style)
{
	json_t *all, *notification;
	char *line;
	size_t i;

	if (o->json) {
		render_json(stdout, result);
		return;
	}
	all = logs_first(result);
	json_array_foreach(all, i, notification) {
		line = logs_line(notification, style);
		puts(line);
		free(line);
	}
	json_decref(all);
}

int
logs(const struct options *o, struct client *c, json_t *params, const struct style *style)
{
	json_t *result;
	int end;

	if (json_is_true(json_object_get(params, "follow")))
		return follow(o, c, &follow_logs, params, style);
	end = ask(o, c, "logs", params, &result);
	if (end == 0) {
		show_result(o, result, style);
		json_decref(result);
	}
	client_close(c);
	return end;
}

/*
 * `drover -l ADDR -b SERVER` or `-- COMMAND`: the arguments become the lines of a configuration,
 * one each, so that all that is checked in a file is checked in them. Master
 * only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/load.h"

struct arguments {
	FILE *text;
	char **labels; /* label i is the argument that line i + 1 is made from */
	size_t count;
	bool failed;
};

/* Ends the line, and remembers what it stands for. */
static void
line_end(struct arguments *arguments, const char *option, const char *value)
{
	putc('\n', arguments->text);
	if (asprintf(&arguments->labels[arguments->count], "%s%.100s", option, value) < 0)
		arguments->failed = true;
	else
		arguments->count++;
}

/* A newline in an argument would shift the lines after it; as a tab it is refused as well, by what reads the value. */
static void
quoted_write(FILE *to, const char *text)
{
	putc('"', to);
	for (; *text != '\0'; text++) {
		if (strchr("\"\\$", *text) != NULL)
			putc('\\', to);
		putc(*text == '\n' ? '\t' : *text, to);
	}
	putc('"', to);
}

static void
section_write(struct arguments *arguments, const char *section, const char *option, const char *title)
{
	fprintf(arguments->text, "%s ", section);
	quoted_write(arguments->text, title);
	fputs(" { }", arguments->text);
	line_end(arguments, option, title);
}

static void
pool_write(struct arguments *arguments, const char *const *servers, size_t count)
{
	size_t i;

	fputs("pool \"default\" {", arguments->text);
	line_end(arguments, "-b ", servers[0]);
	for (i = 0; i < count; i++)
		section_write(arguments, "server", "-b ", servers[i]);
	fputs("}\n", arguments->text);
}

static void
app_write(struct arguments *arguments, const struct conf_arguments *given)
{
	size_t i;

	fputs("app \"default\" {", arguments->text);
	line_end(arguments, "-- ", given->command[0]);
	if (given->instances != NULL) {
		fputs("instances = ", arguments->text);
		quoted_write(arguments->text, given->instances);
		line_end(arguments, "-n ", given->instances);
	}
	fputs("command = {", arguments->text);
	for (i = 0; i < given->command_count; i++) {
		fputs(i > 0 ? ", " : " ", arguments->text);
		quoted_write(arguments->text, given->command[i]);
	}
	fputs(" }", arguments->text);
	line_end(arguments, "-- ", given->command[0]);
	fputs("}\n", arguments->text);
}

static void
arguments_write(struct arguments *arguments, const struct conf_arguments *given)
{
	size_t i;

	for (i = 0; i < given->listener_count; i++)
		section_write(arguments, "listen", "-l ", given->listeners[i]);
	if (given->control != NULL)
		section_write(arguments, "control", "control socket ", given->control);
	if (given->command_count > 0)
		app_write(arguments, given);
	else
		pool_write(arguments, given->servers, given->server_count);
}

static void
arguments_free(struct arguments *arguments)
{
	size_t i;

	for (i = 0; i < arguments->count; i++)
		free(arguments->labels[i]);
	free(arguments->labels);
}

/* A line break is no character of a configuration, and as a tab it would be another argument. */
static bool
command_check(const struct conf_arguments *given, struct conf_report *report)
{
	size_t i;

	for (i = 0; i < given->command_count; i++)
		if (strchr(given->command[i], '\n') != NULL)
			conf_report_add(report, 0, "-- %.100s: there is a line break in argument %zu; put it into a script",
			    given->command[0], i);
	return !report->failed;
}

static bool
arguments_check(const struct conf_arguments *given, struct conf_report *report)
{
	if (given->listener_count == 0)
		conf_report_add(report, 0, "an address to listen on is needed: -l :8080");
	if (given->server_count == 0 && given->command_count == 0)
		conf_report_add(report, 0, "a server is needed: -b 127.0.0.1:3000; or a command: -- node server.js");
	return !report->failed && command_check(given, report);
}

enum { LINES_BESIDE = 4 }; /* control, and those around servers or of an app */

struct conf *
conf_from_arguments(const struct conf_arguments *given, struct conf_errors *errors)
{
	struct arguments arguments = { .labels = NULL };
	struct conf_report report = { .file = NULL, .files = true };
	struct conf *conf = NULL;
	char *text = NULL;
	size_t length = 0;

	if (!arguments_check(given, &report)) {
		conf_report_finish(&report, errors);
		return NULL;
	}
	arguments.labels = calloc(given->listener_count + given->server_count + LINES_BESIDE, sizeof *arguments.labels);
	arguments.text = arguments.labels != NULL ? open_memstream(&text, &length) : NULL;
	arguments.failed = arguments.text == NULL;
	if (!arguments.failed) {
		arguments_write(&arguments, given);
		arguments.failed |= fclose(arguments.text) != 0;
	}
	if (arguments.failed)
		conf_report_memory(&report);
	report.labels = (const char *const *)arguments.labels;
	report.label_count = arguments.count;
	if (!report.failed)
		conf = conf_load_bytes(text, length, NULL, &report);
	conf_report_finish(&report, errors);
	arguments_free(&arguments);
	free(text);
	return conf;
}

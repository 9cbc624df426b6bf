/*
 * `drover -l ADDR -b SERVER`: the arguments become the lines of a configuration,
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
arguments_free(struct arguments *arguments)
{
	size_t i;

	for (i = 0; i < arguments->count; i++)
		free(arguments->labels[i]);
	free(arguments->labels);
}

static bool
arguments_check(size_t listener_count, size_t server_count, struct conf_report *report)
{
	if (listener_count == 0)
		conf_report_add(report, 0, "an address to listen on is needed: -l :8080");
	if (server_count == 0)
		conf_report_add(report, 0, "a server is needed: -b 127.0.0.1:3000");
	return !report->failed;
}

struct conf *
conf_from_arguments(const char *const *listeners, size_t listener_count, const char *const *servers,
    size_t server_count, const char *control_path, struct conf_errors *errors)
{
	struct arguments arguments = { .labels = NULL };
	struct conf_report report = { .file = NULL };
	struct conf *conf = NULL;
	char *text = NULL;
	size_t length = 0, i;

	if (!arguments_check(listener_count, server_count, &report)) {
		conf_report_finish(&report, errors);
		return NULL;
	}
	arguments.labels = calloc(listener_count + server_count + 2, sizeof *arguments.labels);
	arguments.text = arguments.labels != NULL ? open_memstream(&text, &length) : NULL;
	arguments.failed = arguments.text == NULL;
	if (!arguments.failed) {
		for (i = 0; i < listener_count; i++)
			section_write(&arguments, "listen", "-l ", listeners[i]);
		if (control_path != NULL)
			section_write(&arguments, "control", "control socket ", control_path);
		pool_write(&arguments, servers, server_count);
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

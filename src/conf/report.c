#include "conf/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *
label_of(const struct conf_report *report, int line)
{
	return line >= 1 && (size_t)line <= report->label_count ? report->labels[line - 1] : NULL;
}

/* Writes what a sentence about the line begins with. */
static void
prefix_write(const struct conf_report *report, int line, char *to, size_t size)
{
	const char *label = label_of(report, line);

	if (label != NULL)
		snprintf(to, size, "%s: ", label);
	else if (report->file == NULL)
		to[0] = '\0';
	else if (line > 0)
		snprintf(to, size, "%s:%d: ", report->file, line);
	else
		snprintf(to, size, "%s: ", report->file);
}

/* What several listeners inherit is wrong once. */
static bool
is_reported(const struct conf_report *report, const char *text)
{
	size_t i;

	for (i = 0; i < report->count; i++)
		if (strcmp(report->entries[i].text, text) == 0)
			return true;
	return false;
}

void
conf_report_add(struct conf_report *report, int line, const char *format, ...)
{
	char prefix[512], sentence[1024], *text;
	va_list ap;

	report->failed = true;
	if (report->count == CONF_REPORT_MAX)
		return;
	prefix_write(report, line, prefix, sizeof prefix);
	va_start(ap, format);
	vsnprintf(sentence, sizeof sentence, format, ap);
	va_end(ap);
	if (asprintf(&text, "%s%s", prefix, sentence) < 0) {
		report->no_memory = true;
		return;
	}
	if (is_reported(report, text)) {
		free(text);
		return;
	}
	report->entries[report->count++] = (struct conf_report_entry){ .line = line, .text = text };
}

void
conf_report_memory(struct conf_report *report)
{
	report->no_memory = true;
	conf_report_add(report, 0, "out of memory");
}

const char *
conf_report_place(const struct conf_report *report, int line, char text[CONF_PLACE_MAX])
{
	const char *label = label_of(report, line);

	if (label != NULL)
		snprintf(text, CONF_PLACE_MAX, "%s", label);
	else
		snprintf(text, CONF_PLACE_MAX, "line %d", line);
	return text;
}

/* By line, and in one line as reported; what is about the whole file goes last. */
static void
entries_sort(struct conf_report_entry *entries, size_t count)
{
	size_t i, j;

	for (i = 1; i < count; i++) {
		struct conf_report_entry entry = entries[i];

		for (j = i; j > 0 && entry.line != 0; j--) {
			if (entries[j - 1].line != 0 && entries[j - 1].line <= entry.line)
				break;
			entries[j] = entries[j - 1];
		}
		entries[j] = entry;
	}
}

void
conf_report_finish(struct conf_report *report, struct conf_errors *errors)
{
	size_t i;

	entries_sort(report->entries, report->count);
	errors->lines = report->count == 0 ? NULL : calloc(report->count, sizeof *errors->lines);
	errors->count = 0;
	for (i = 0; i < report->count; i++) {
		if (errors->lines != NULL)
			errors->lines[errors->count++] = report->entries[i].text;
		else
			free(report->entries[i].text);
	}
	report->count = 0;
}

void
conf_errors_free(struct conf_errors *errors)
{
	size_t i;

	for (i = 0; i < errors->count; i++)
		free(errors->lines[i]);
	free(errors->lines);
	errors->lines = NULL;
	errors->count = 0;
}

/*
 * Collects what is wrong with a configuration, to be told all at once. Master
 * only. A place in the configuration is a line of its file, or, when it was made
 * from the command line, an argument.
 */
#ifndef DROVER_CONF_REPORT_H
#define DROVER_CONF_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"

enum { CONF_REPORT_MAX = 100 }; /* more is no help to anyone */

struct conf_report {
	const char *file; /* the name to begin lines with */
	const char *const *labels; /* or: label i stands for line i + 1 */
	size_t label_count;

	bool files; /* the files that are named are read, too */

	struct conf_report_entry {
		int line;
		char *text;
	} entries[CONF_REPORT_MAX];
	size_t count;
	bool failed;	/* something was reported, even if there was no memory to keep it */
	bool no_memory; /* what was read has gaps: it cannot be judged */
};

/*
 * Adds a sentence about a line; 0 is the file as a whole. What was said of the line
 * already, or comes after CONF_REPORT_MAX, is dropped.
 */
void conf_report_add(struct conf_report *report, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds that there is no memory. */
void conf_report_memory(struct conf_report *report);

enum { CONF_PLACE_MAX = 160 };

/* Writes how a sentence refers to another place: "line 12", or "-l :8080". Returns `text`. */
const char *conf_report_place(const struct conf_report *report, int line, char text[CONF_PLACE_MAX]);

/* Moves the sentences, sorted by line, to *errors: `file:line: sentence`. */
void conf_report_finish(struct conf_report *report, struct conf_errors *errors);

#endif

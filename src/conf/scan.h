/*
 * The first look at the text of a configuration, before libconfuse reads it.
 * Master only.
 *
 * libconfuse ends at the first word it does not know, loses count of lines at
 * comments, allows none within a list, drops characters it has no use for,
 * expands ${NAME} from the environment, and replaces sections and options that
 * are given twice without a word. So the names are looked at here: what is not in the
 * option table, or is there for the second time, is reported and taken out,
 * comments are taken out, and what would be misread is refused. Each section is
 * given its title as its first option. Lines keep their numbers.
 */
#ifndef DROVER_CONF_SCAN_H
#define DROVER_CONF_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/report.h"

/* The option that carries the title of a section; "" for a section without. No name in the table begins so. */
#define CONF_SCAN_TITLE "_title"

struct conf_scan {
	char *text; /* for libconfuse; owned. NULL: no memory, which is reported */
	bool whole; /* the text was read to its end; else `text` has what comes before the error */
	bool complete; /* and no section was taken out: what refers to sections can be judged */
};

/* Reads `length` bytes of UTF-8 text without control characters but tabs and ends of lines. */
void conf_scan_text(struct conf_scan *scan, const char *text, size_t length, struct conf_report *report);

#endif

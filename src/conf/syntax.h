/*
 * libconfuse behind one call: text that conf/scan.h has prepared becomes
 * sections and options with all values as text. Master only. libconfuse keeps
 * its state in global variables: one thread at a time.
 */
#ifndef DROVER_CONF_SYNTAX_H
#define DROVER_CONF_SYNTAX_H

#include <confuse.h>
#include <stdbool.h>

#include "conf/report.h"
#include "conf/scan.h"

/* A value as libconfuse keeps it for us. */
struct conf_word {
	int line;
	char text[];
};

/* NULL when the syntax is wrong, which is reported. Freed with cfg_free. */
cfg_t *conf_syntax_parse(const struct conf_scan *scan, struct conf_report *report);

/* The i-th value of an option, or NULL. Borrowed. */
const struct conf_word *conf_syntax_word(cfg_t *section, const char *option, unsigned i);

/* Whether the section says anything about the option, be it an empty list. */
bool conf_syntax_mentions(cfg_t *section, const char *option);

/* The i-th section of this name, or NULL. Borrowed. */
cfg_t *conf_syntax_section(cfg_t *section, const char *name, unsigned i);

#endif

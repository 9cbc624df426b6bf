/* Text to a checked configuration; conf.h has the calls that others use. Master only. */
#ifndef DROVER_CONF_LOAD_H
#define DROVER_CONF_LOAD_H

#include <stddef.h>

#include "conf/conf.h"
#include "conf/report.h"

/* NULL when anything was reported. `name` stands for the file; NULL: it is none. */
struct conf *conf_load_bytes(const char *text, size_t length, const char *name, struct conf_report *report);

#endif

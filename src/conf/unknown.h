/* What is told about a name that is not in the option table. Master only. */
#ifndef DROVER_CONF_UNKNOWN_H
#define DROVER_CONF_UNKNOWN_H

#include "conf/options.h"
#include "conf/report.h"

/* Reports that a section has no such option, and where it belongs or what may have been meant. */
void conf_unknown_report(
    struct conf_report *report, const struct conf_section *section, const char *name, int line);

#endif

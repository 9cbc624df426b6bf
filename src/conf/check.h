/* What only the whole configuration can show to be wrong. Master only. */
#ifndef DROVER_CONF_CHECK_H
#define DROVER_CONF_CHECK_H

#include "conf/conf.h"
#include "conf/report.h"

/* Resolves the names of pools to indexes, and reports every contradiction. */
void conf_check(struct conf *conf, struct conf_report *report);

#endif

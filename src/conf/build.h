/* From sections and options, all values text, to struct conf. Master only. */
#ifndef DROVER_CONF_BUILD_H
#define DROVER_CONF_BUILD_H

#include "conf/conf.h"
#include "conf/report.h"
#include "conf/syntax.h"

/* NULL when there is no memory; otherwise all that could be read, and the rest reported. */
struct conf *conf_build(cfg_t *file, struct conf_report *report);

#endif

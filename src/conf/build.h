/* From sections and options, all values text, to struct conf. Master only. */
#ifndef DROVER_CONF_BUILD_H
#define DROVER_CONF_BUILD_H

#include "conf/conf.h"
#include "conf/report.h"
#include "conf/syntax.h"

/*
 * NULL when there is no memory; otherwise all that could be read, and the rest
 * reported. Of a file that is not whole, nothing that could still follow is missed.
 */
struct conf *conf_build(cfg_t *file, bool whole, struct conf_report *report);

#endif

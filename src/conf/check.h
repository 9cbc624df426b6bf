/* What only the whole configuration can show to be wrong. Master only. */
#ifndef DROVER_CONF_CHECK_H
#define DROVER_CONF_CHECK_H

#include "conf/conf.h"
#include "conf/report.h"

/* Resolves the names of pools to indexes, and reports every contradiction. */
void conf_check(struct conf *conf, struct conf_report *report);

/* Which apps cannot be run. A part of conf_check; whether command and directory are there is asked for a file only. */
void conf_check_apps(const struct conf *conf, struct conf_report *report);

/* Who is let in; files of users are read, unless the report says otherwise. A part of conf_check. */
void conf_check_auth(struct conf *conf, struct conf_report *report);

/* The index of a pool, or -1: `name` is NULL, or unknown, which is reported. */
int conf_check_pool(const struct conf *conf, const char *name, int line, struct conf_report *report);

#endif

/* The health section of a pool: its kinds of values, and what follows from what it says. Master only. */
#ifndef DROVER_CONF_HEALTH_H
#define DROVER_CONF_HEALTH_H

#include "conf/conf.h"
#include "conf/report.h"
#include "conf/value.h"

extern const struct conf_type conf_type_statuses, conf_type_check_path, conf_type_check_host,
    conf_type_check_body, conf_type_check_fields;

/* Options that have a meaning for checks by HTTP only. */
extern const struct conf_condition conf_health_for_http;

/* How much of "NAME: VALUE" is no secret: see conf_option. */
size_t conf_health_field_open(const char *text);

/*
 * Fills in what is unset and depends on other options; `typed`: the section, of which there are
 * two kinds, says which type. Reports what cannot be.
 */
void conf_health_complete(
    struct conf_health *health, const struct conf_section *section, bool typed, struct conf_report *report);

void conf_health_clear(struct conf_health *health);

#endif

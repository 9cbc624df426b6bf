/* The app section: its kinds of values, and what follows from what it says. Master only. */
#ifndef DROVER_CONF_APP_H
#define DROVER_CONF_APP_H

#include "conf/conf.h"
#include "conf/report.h"
#include "conf/value.h"

extern const struct conf_type conf_type_command, conf_type_instances, conf_type_environment, conf_type_app_user,
    conf_type_app_group, conf_type_umask;

/* Before its options are set: what is not set is as for workers. */
void conf_app_begin(struct conf_app *app, const struct conf *conf);

/* Behind them: the group of the user, what else is known of that, and where it listens. */
void conf_app_complete(struct conf_app *app, struct conf_report *report);

void conf_app_clear(struct conf_app *app);

/* How much of "NAME=VALUE" is no secret: see conf_option. */
size_t conf_environment_open(const char *text);

/* Whether command or environment have this text, such as "{port}". */
bool conf_app_mentions(const struct conf_app *app, const char *text);

/* The value of a variable in `environment`, or NULL: it is not there. */
const char *conf_app_variable(const struct conf_app *app, const char *name);

#endif

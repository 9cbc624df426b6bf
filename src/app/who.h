/* As which user and group workers and apps run. Pure. Master and children. */
#ifndef DROVER_APP_WHO_H
#define DROVER_APP_WHO_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/conf.h"

struct who {
	uid_t uid;
	gid_t gid;
};

/* Drover's own where nothing else is configured. */
struct who who_is_worker(const struct conf *conf);
/* The worker's where the app says nothing. */
struct who who_is_app(const struct conf *conf, const struct conf_app *app);

/* Whether somebody was named at all: then groups are set as well, if drover is root. */
bool who_is_named(const struct conf *conf, const struct conf_app *app);

#endif

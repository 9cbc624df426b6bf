/*
 * The environment of an instance: that of drover or a short list from it, without what was
 * meant for drover itself; over it the app's own; over that, where it listens. Made
 * before the fork. Master.
 */
#ifndef DROVER_APP_ENVIRONMENT_H
#define DROVER_APP_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "app/expand.h"
#include "base/error.h"
#include "conf/conf.h"

enum { LISTEN_PID_ROOM = 16 };

struct app_environment {
	char **entries; /* "NAME=VALUE", NULL at the end */
	size_t count, room;
	char *listen_pid; /* LISTEN_PID_ROOM bytes in one of them, which the child writes its pid to; NULL: none */
};

struct environment_facts {
	const struct conf_app *conf;
	const char *app; /* its name */
	struct expansion expansion;
	bool port; /* it is told by PORT and HOST */
	bool passed; /* a socket is passed to it */
	const char *user, *home; /* of its account, when that is not drover's; NULL: not known */
	bool other_user;
};

/*
 * `inherited` is drover's. PORT, DROVER_APP, DROVER_INSTANCE and LISTEN_FDS are drover's word; HOST is the app's when it
 * has one. -1 with a sentence: nothing is left to be freed.
 */
int app_environment_make(struct app_environment *environment, const struct environment_facts *facts,
    char *const *inherited, struct error *err);

/* The value, or NULL. Borrowed. */
const char *app_environment_get(const struct app_environment *environment, const char *name);

void app_environment_free(struct app_environment *environment);

#endif

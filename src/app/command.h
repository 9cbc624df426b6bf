/*
 * What is run: the arguments of an instance, and the files that its name may stand for. Made
 * before the fork. Master.
 */
#ifndef DROVER_APP_COMMAND_H
#define DROVER_APP_COMMAND_H

#include "app/expand.h"
#include "base/error.h"
#include "conf/conf.h"

struct app_command {
	char **arguments; /* NULL at the end */
	char **files; /* that are tried, one after the other, NULL at the end: relative ones to the app's directory */
};

/* `path`: PATH, in which the command is looked for when it has no slash. -1 with a sentence: nothing is left to be freed. */
int app_command_make(struct app_command *command, const struct conf_app *app, const struct expansion *expansion,
    const char *path, struct error *err);

void app_command_free(struct app_command *command);

#endif

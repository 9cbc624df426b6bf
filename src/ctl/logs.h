/*
 * `droverctl logs APP`: what the instances of an app wrote, a line each, and what they
 * write from then on. droverctl.
 */
#ifndef DROVER_CTL_LOGS_H
#define DROVER_CTL_LOGS_H

#include <jansson.h>
#include <stdbool.h>

#include "ctl/ask.h"
#include "ctl/style.h"

/* What the options of the command line say that are those of `logs`. */
struct logs_options {
	bool follow; /* -f */
	const char *lines, *instance; /* -n, -i; NULL: not given */
};

/* Whether any was given. */
bool logs_options_are_given(const struct logs_options *options);

/* Adds them to the arguments "name=value" of the method: a list that ends with NULL, owned by the caller with all in it. */
char **logs_arguments(const struct logs_options *options, char *const *arguments, int *count);
void logs_arguments_free(char **arguments);

/* Shows them, and goes on when the parameters say so. `c` is closed here. The status to end with. */
int logs(const struct options *o, struct client *c, json_t *params, const struct style *style);

/* A notification, "line" or "lost", as a line for people, without its newline. Owned by the caller. */
char *logs_line(json_t *notification, const struct style *style);

#endif

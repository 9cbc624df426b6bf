/*
 * The parameters of a request against the row of its command: unknown, missing,
 * of the wrong type, out of range; each has its own sentence. Pure. Master.
 */
#ifndef DROVER_CONTROL_PARAMS_H
#define DROVER_CONTROL_PARAMS_H

#include <jansson.h>

#include "control/command.h"
#include "control/reply.h"

/*
 * Checks what was given (NULL: nothing was) and fills in the defaults of the
 * rest, in place. *checked becomes a reference of the caller's own. -1 with a fault.
 */
int params_read(json_t **checked, const struct command *command, json_t *given, struct fault *fault);

/* Parameters that were read, as JSON for people: without those that are as by default. malloc'ed; NULL: no memory. */
char *params_text(const struct command *command, const json_t *params);

#endif

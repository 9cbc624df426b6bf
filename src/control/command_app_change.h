/* What changes the instances of an app, for commands that have other uses as well. Master. */
#ifndef DROVER_CONTROL_COMMAND_APP_CHANGE_H
#define DROVER_CONTROL_COMMAND_APP_CHANGE_H

#include "control/command.h"

/* `scale` with the parameters app and instances, which both were given. */
void app_scale(struct call *call);

#endif

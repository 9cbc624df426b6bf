/*
 * What an admin has changed is written down: in the error log, whatever its
 * level, and as an event for those who watch. Master.
 */
#ifndef DROVER_CONTROL_RECORD_H
#define DROVER_CONTROL_RECORD_H

#include "control/command.h"

/*
 * Writes down who asked for what, and why it failed if it has. What was carried
 * out is an event, too; a dry run is not. The call has its command,
 * its parameters and its peer; it need not be answered yet.
 */
void record_change(const struct call *call);

#endif

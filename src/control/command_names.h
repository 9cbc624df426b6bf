/*
 * What server-add and server-remove do with names that are looked up; see
 * master/names.h. Master.
 */
#ifndef DROVER_CONTROL_COMMAND_NAMES_H
#define DROVER_CONTROL_COMMAND_NAMES_H

#include "control/command.h"
#include "master/names.h"

/* Takes what parameters say of a name whose options and question are there. false: the call has failed. */
bool name_read(struct call *call, struct master_name *name);

/* Adds it, and replies. */
void name_add(struct call *call, const struct master_name *name);

/* Removes the name that the call names, if there is one, and replies. false: there is none, nothing is done. */
bool name_remove(struct call *call);

#endif

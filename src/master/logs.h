/* The log files: opened by the master, so that workers need no rights to them, and opened again after rotation. Master. */
#ifndef DROVER_MASTER_LOGS_H
#define DROVER_MASTER_LOGS_H

#include "base/error.h"
#include "conf/conf.h"
#include "ipc/channel.h"

struct master;

struct logs {
	int access; /* -1: off */
};

/* Opens both. -1 with a sentence. */
int logs_open(struct logs *logs, const struct conf *conf, struct error *err);

/* Opens those that are files again; on error (-1) both stay as they are. */
int logs_reopen(struct logs *logs, const struct conf *conf, struct error *err);

/* Whether those that are files could be opened again; nothing is made. -1 with a sentence. */
int logs_check(const struct conf *conf, struct error *err);

/* Fills in the message that hands the files to a worker; the descriptors stay the master's. false: there is no file. */
bool logs_message(const struct logs *logs, const struct conf *conf, struct channel_message *message);

void logs_close(struct logs *logs);

#endif

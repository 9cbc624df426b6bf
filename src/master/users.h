/*
 * Files of users that are read anew while workers run: each is made a piece of
 * memory that they can map. Master.
 */
#ifndef DROVER_MASTER_USERS_H
#define DROVER_MASTER_USERS_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/users.h"
#include "ipc/channel.h"

_Static_assert((int)CONF_USERS_FILES_MAX <= (int)CHANNEL_BATCH, "one message takes them all");

struct users {
	int fds[CONF_USERS_FILES_MAX]; /* of memory with what was read last */
	size_t count;		       /* of fds; 0: nothing was read since the start */
};

/* Warns of files that everybody may read. */
void users_warn(const struct conf *conf);

/* The message that hands them to a worker; false: there is nothing to hand over. */
bool users_message(const struct users *users, struct channel_message *message);

/* In the master, and in a child for its copies. */
void users_close(struct users *users);

#endif

/* Users and groups of this machine, by name or number. Master only; may block, as names may be looked up elsewhere. */
#ifndef DROVER_CONF_ACCOUNTS_H
#define DROVER_CONF_ACCOUNTS_H

#include <sys/types.h>

#include "base/error.h"
#include "conf/conf.h"

/* -1 with a sentence, which names the nearest user or group there is. A number is taken for what it is. */
int conf_user_find(const char *text, uid_t *uid, struct error *err);
int conf_group_find(const char *text, gid_t *gid, struct error *err);

/* Fills in what is known of the user, with the groups that a process of it and of `gid` is in. -1: no memory. */
int conf_account_read(struct conf_account *account, uid_t uid, gid_t gid);
void conf_account_clear(struct conf_account *account);

#endif

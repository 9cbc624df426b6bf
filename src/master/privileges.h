/* Who the workers are: `user` and `group`. The master keeps what it needs. Master (check) and worker (drop). */
#ifndef DROVER_MASTER_PRIVILEGES_H
#define DROVER_MASTER_PRIVILEGES_H

#include "base/error.h"
#include "conf/conf.h"

/* Whether privileges_drop can work: only root can become somebody else. -1 with a sentence. */
int privileges_check(const struct conf *conf, struct error *err);

/* In a child: groups, group, user, for good. -1 with a sentence: the process must end. */
int privileges_drop(const struct conf *conf, struct error *err);

#endif

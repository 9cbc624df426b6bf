/* RLIMIT_NOFILE. Master, at start; children inherit it. */
#ifndef DROVER_MASTER_LIMITS_H
#define DROVER_MASTER_LIMITS_H

#include "base/error.h"
#include "conf/conf.h"

/* Raises it to conf.open_files or the hard limit. -1 with a sentence when more was asked for than can be had. */
int limits_raise(const struct conf *conf, struct error *err);

#endif

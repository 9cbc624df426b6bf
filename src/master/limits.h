/* RLIMIT_NOFILE. Master, at start; children inherit it. */
#ifndef DROVER_MASTER_LIMITS_H
#define DROVER_MASTER_LIMITS_H

#include "base/error.h"
#include "conf/conf.h"

/*
 * Raises it to conf.open_files or the hard limit. -1 with a sentence when more was
 * asked for than can be had. conf.worker_connections is lowered to what the limit
 * carries, so that a worker is not handed connections that it cannot serve.
 */
int limits_raise(struct conf *conf, struct error *err);

/* Of a configuration that is not in use: makes worker_connections what that would. */
void limits_foresee(struct conf *conf);

#endif

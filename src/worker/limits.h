/* limit-connections: what one client may have open, over all workers. (limit-rate is a gate.) Runs in workers. */
#ifndef DROVER_WORKER_LIMITS_H
#define DROVER_WORKER_LIMITS_H

#include "worker/internal.h"

/* Counts a connection that has come; session->refused says that it is one too many. */
void limits_connection(struct session *session);

/* Answers a request on a connection that is one too many; nothing happens on others. */
void limits_refuse_session(struct exchange *exchange);

/* Before its descriptor is closed or given away. */
void limits_connection_gone(struct session *session);

#endif

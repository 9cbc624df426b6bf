/* Connections to servers: opened, kept while idle, used again, closed. */
#ifndef DROVER_WORKER_UPSTREAM_H
#define DROVER_WORKER_UPSTREAM_H

#include "worker/internal.h"

void upstream_queues_open(struct worker *worker, struct pool *pool);
void upstream_queues_close(struct pool *pool);

/*
 * Attaches an idle connection of the exchange's server to it; NULL when there is
 * none. With `certain` it is asked from the kernel whether the connection is still
 * there: for a request that could not be sent again.
 */
struct upstream *upstream_reuse(struct exchange *exchange, bool certain);

/* Begins to connect to the exchange's server, within connect-timeout, and attaches the connection. NULL with errno. */
struct upstream *upstream_connect(struct exchange *exchange);

/*
 * Before the exchange waits for its connection: begins anew with one whose server took no
 * more of them, when it is time. -1 with errno.
 */
int upstream_connect_again(struct upstream *upstream);

/* Parts the exchange from its connection, which is kept for another request or closed. */
void upstream_detach(struct exchange *exchange, bool keep);

/* Closes all idle connections to one server. The server must be held by somebody else. */
void upstream_close_idle_of(struct server *server);

/* Closes all idle connections. */
void upstream_close_idle(struct worker *worker);

#endif

/* The pools of this worker: which server gets a request, and who holds a place on it. */
#ifndef DROVER_WORKER_POOL_H
#define DROVER_WORKER_POOL_H

#include "worker/internal.h"

/* Makes worker->pools from the configuration. -1: no memory. */
int pools_open(struct worker *worker);
void pools_close(struct worker *worker);

/*
 * Chooses a server for the exchange and takes a place on it (exchange->server).
 * Servers in exchange->tried are left out. When all others are down, they are
 * tried all the same: a wrong guess costs one failed attempt, a refusal costs the
 * request. NULL when there is none or all are at max-connections.
 */
struct server *pool_choose(struct exchange *exchange);

/* Gives the place back. Nothing happens when there is none. */
void pool_leave(struct exchange *exchange);

/* Not to be chosen again for this exchange. */
void pool_exclude(struct exchange *exchange, const struct server *server);

/* What the server did, for its health: it answered, or failed (why: a word for the log). */
void pool_server_worked(struct worker *worker, struct server *server);
void pool_server_failed(struct worker *worker, struct server *server, const char *why);

#endif

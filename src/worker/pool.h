/* The pools of this worker: which server gets a request, and who holds a place on it. */
#ifndef DROVER_WORKER_POOL_H
#define DROVER_WORKER_POOL_H

#include "worker/internal.h"

/*
 * Chooses a server for the exchange and takes a place on it (exchange->server).
 * Servers in exchange->tried are left out. When all others are down after failures
 * of requests, they are tried all the same: a wrong guess costs one failed attempt,
 * a refusal costs the request. Those that checks call down never are. NULL when there is none or all are at max-connections.
 */
struct server *pool_choose(struct exchange *exchange);

/* Gives the place back. Nothing happens when there is none. */
void pool_leave(struct exchange *exchange);

/* Not to be chosen again for this exchange. */
void pool_exclude(struct exchange *exchange, const struct server *server);

/* The exchange's server has begun to answer: for its health and its latency. */
void pool_server_worked(struct exchange *exchange);

/* It failed; why: a word for the log. */
void pool_server_failed(struct worker *worker, struct server *server, const char *why);

#endif

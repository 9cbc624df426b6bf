/* The pools of this worker: which server gets a request, and who holds a place on it. */
#ifndef DROVER_WORKER_POOL_H
#define DROVER_WORKER_POOL_H

#include "worker/internal.h"

enum pool_choice {
	POOL_CHOSEN, /* it holds a place on exchange->server */
	POOL_WAITS,  /* for a place, or for the first instance of an app: see worker/waiting.h */
	POOL_FULL,   /* no place, and as many wait as may */
	POOL_NONE    /* no server is usable */
};

/*
 * Chooses a server for the exchange and takes a place on it. Servers in
 * exchange->tried are left out. When all others are down after failures of requests,
 * they are tried all the same: a wrong guess costs one failed attempt, a refusal costs
 * the request. Those that checks call down never are.
 */
enum pool_choice pool_choose(struct exchange *exchange);

/* The exchange has a place on the server: takes note of it. */
void pool_entered(struct exchange *exchange, struct server *server);

/*
 * Whether the server takes requests, is up, and has its turn: a backup has none while another one
 * is up. An app whose instances all have failed has no better ones: they count as up.
 */
bool pool_server_is_open(const struct worker *worker, const struct server *server);

/* Gives the place back, or that in the queue. Nothing happens when there is none. */
void pool_leave(struct exchange *exchange);

/* Not to be chosen again for this exchange. */
void pool_exclude(struct exchange *exchange, const struct server *server);

/* Whether one of these still takes requests, as far as this worker knows. */
bool pool_tried_are_there(const struct exchange *exchange);

/* The exchange's server has begun to answer: for its health and its latency. */
void pool_server_worked(struct exchange *exchange);

/* It failed; why: a word for the log. */
void pool_server_failed(struct worker *worker, struct server *server, const char *why);

#endif

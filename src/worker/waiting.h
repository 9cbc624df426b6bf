/*
 * The exchanges of this worker that wait for a place on a server, or for an instance
 * of an app that has none now, in the queues of their pools (ipc/queue.h). A place is
 * granted by whoever gives it back, or is the first to see the new instance, in any
 * worker; that one wakes this one, which lets the exchange go on. Runs in workers.
 */
#ifndef DROVER_WORKER_WAITING_H
#define DROVER_WORKER_WAITING_H

#include "worker/internal.h"

/* -1: no memory. */
int waiting_open(struct worker *worker);
void waiting_close(struct worker *worker);
void waiting_open_pool(struct worker *worker, struct pool *pool);
void waiting_close_pool(struct pool *pool);

/* The master hands out more of what wakes other workers, or this one. */
void waiting_take_wakers(struct worker *worker, const struct channel_message *message);

/* Under the lock of the exchange's pool: puts it at the end of the queue. false: that is full. */
bool waiting_join(struct exchange *exchange);

/* Behind the lock: watches the client, and the time. -1: no memory. */
int waiting_begin(struct exchange *exchange);

/* Ends the wait, however far it is: what was granted goes to the next. Nothing happens when it does not wait. */
void waiting_end(struct exchange *exchange);

/* Whether it has been granted a place. */
bool waiting_is_over(const struct exchange *exchange);

/* Takes that place, and ends the wait. false: the server has left in the meantime; it waits on. */
bool waiting_take(struct exchange *exchange);

/* Whether the servers that it waits for have gone, or are down: then it is to choose again among what there is. */
bool waiting_is_hopeless(const struct exchange *exchange);

/* Whether it has waited for as long as it may. */
bool waiting_is_late(const struct exchange *exchange);

/* It has, but for an instance that was doubtful and is known to come now: then it waits on, and true. */
bool waiting_goes_on(struct exchange *exchange);

/* Whether the client has gone away, as far as one can tell. */
bool waiting_client_is_gone(const struct exchange *exchange);

/* Gives back a place on a server of a pool that is counted. */
void waiting_pass_on(struct worker *worker, struct server *server);

/* Servers may have free places, or be gone: looks at the end of this turn, for the pools in which anybody waits. */
void waiting_look(struct worker *worker);

#endif

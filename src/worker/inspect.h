/*
 * Answers what the master asks about this worker's client connections, and closes
 * those that it names. It looks at a few sessions a turn of the loop: requests
 * do not wait for it. Runs in workers.
 */
#ifndef DROVER_WORKER_INSPECT_H
#define DROVER_WORKER_INSPECT_H

#include "worker/internal.h"

/* -1: no memory. */
int inspect_open(struct worker *worker);
void inspect_close(struct worker *worker);

/* The master asks, or says how a query of before goes on. */
void inspect_take(struct worker *worker, const struct query *query);

/* Remembers of an exchange what it was asked for. */
void inspect_note(struct exchange *exchange, const struct h1_request *request);

/* The session is about to leave worker->open. */
void inspect_forget(const struct session *session);

#endif

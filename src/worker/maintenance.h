/* Requests that are answered 503 because an admin wants it so. Runs in workers. */
#ifndef DROVER_WORKER_MAINTENANCE_H
#define DROVER_WORKER_MAINTENANCE_H

#include "worker/internal.h"

/* Looks whether there is any, with membership_sync. */
void maintenance_sync(struct worker *worker);

/*
 * Answers the request when its listener, its route (NULL: none fits) or its pool is in
 * maintenance, or all is. false: it goes on.
 */
bool maintenance_answers(struct exchange *exchange, const struct route *route);

#endif

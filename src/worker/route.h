/* Which pool a request goes to. */
#ifndef DROVER_WORKER_ROUTE_H
#define DROVER_WORKER_ROUTE_H

#include "worker/internal.h"

/*
 * The pool of the listener if it has one, else that of the first route, in the
 * order of the configuration, whose host and path both fit; NULL when none does. Host
 * is compared without its port and whatever its case, path as it was sent.
 */
struct pool *route_find(struct worker *worker, const struct conf_listener *listener, const struct h1_request *request);

#endif

/* Where a request goes. */
#ifndef DROVER_WORKER_ROUTE_H
#define DROVER_WORKER_ROUTE_H

#include "worker/internal.h"

/* The pools are open. -1: no memory. */
int routes_open(struct worker *worker);
void routes_close(struct worker *worker);

/*
 * That of the listener if it has one, else the first, in the order of the
 * configuration, whose host and path both fit; NULL when none does. Host is compared
 * without its port and whatever its case, path as it was sent.
 */
const struct route *route_find(const struct worker *worker, const struct policy *policy, const struct h1_request *request);

/*
 * Whether a request has come to that route, or to none, by a path that many servers take
 * for one of another route: with bytes encoded that need not be, "//", "/./" or "/../"
 * (RFC 3986 6.2.2). Never when no route says who is let in.
 */
bool route_is_dodged(const struct worker *worker, const struct policy *policy, const struct h1_request *request,
    const struct route *route);

/* Whether a listener or a route tells clients how long requests take. */
bool routes_want_timing(const struct worker *worker);

/* The host that the request is for, without its port and without the dot of the root; length 0: none. Borrowed. */
struct text route_host(const struct h1_request *request);

#endif

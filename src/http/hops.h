/*
 * What a request says of the proxies on its way: Via, and what a proxy that it is
 * to go no farther than makes of it. Pure. Runs in workers.
 */
#ifndef DROVER_HTTP_HOPS_H
#define DROVER_HTTP_HOPS_H

#include "http/h1.h"

/* Whether a proxy of this name has already passed it on (RFC 9110 7.6.3): then it goes in a circle. */
bool hops_have(const struct h1_request *request, const char *name);

/*
 * The answer to TRACE as message/http (RFC 9110 9.3.8): the request line and those
 * fields that tell its way, as far as whole lines fit. Returns its length.
 */
size_t hops_trace(const struct h1_request *request, char *to, size_t size);

#endif

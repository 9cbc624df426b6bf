/*
 * What drover does not pass on because of its method, or because it is to go no
 * farther: CONNECT, TRACE, Max-Forwards. Runs in workers.
 */
#ifndef DROVER_WORKER_METHOD_H
#define DROVER_WORKER_METHOD_H

#include "worker/internal.h"

/* Whether method_answers has anything to say of it: so that others cost a comparison. */
static inline bool
method_is_special(const struct h1_request *request)
{
	return request->method >= H1_METHOD_OPTIONS && request->method <= H1_METHOD_CONNECT;
}

/* Answers it, if it is to go no farther; false: it passes. RFC 9110 7.6.2, 9.3.6, 9.3.7, 9.3.8. */
bool method_answers(struct exchange *exchange, const struct h1_request *request);

#endif

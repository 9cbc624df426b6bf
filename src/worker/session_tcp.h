/*
 * Sessions of listeners with mode = tcp: anything that is not HTTP. A connection is
 * one exchange that has no request: it goes to a server of its pool like one, with
 * the same limits and retries, and is a tunnel from there on. Runs in workers.
 */
#ifndef DROVER_WORKER_SESSION_TCP_H
#define DROVER_WORKER_SESSION_TCP_H

#include "worker/internal.h"

/* Begins the exchange of a session that was just opened. -1: no memory. */
int session_tcp_begin(struct session *session);

/* In place of an answer: the connection is reset, and the log has the status. Always STEP_NEXT. */
enum step_result session_tcp_refuse(struct exchange *exchange, unsigned status, const char *reason);

#endif

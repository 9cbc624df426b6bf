/*
 * Which sessions a request means, from its parameters; and which workers could
 * not be asked. Master.
 */
#ifndef DROVER_CONTROL_SESSION_FILTER_H
#define DROVER_CONTROL_SESSION_FILTER_H

#include "control/command.h"
#include "ipc/scoreboard.h"

/* One that means all sessions. */
struct query_filter session_filter_all(void);

/* Takes the parameter `client`, if it was given. false: it makes no sense, and the call has failed. */
bool session_filter_client(struct call *call, struct query_filter *filter);

/* The same with listener, pool, server, active and min-age-ms. */
bool session_filter_rest(struct call *call, struct query_filter *filter);

/* Asks workers (a slot, or -1: all). NULL: it cannot be done now, and the call has failed. */
struct master_query *session_query_begin(
    struct call *call, const struct query *query, int worker, master_answer_fn *answer, void *arg);

/* The numbers of the workers that are marked. NULL: no memory. */
json_t *session_workers(const bool marked[SCOREBOARD_WORKERS]);

#endif

/*
 * The rules about header fields, of the listener and then of the route, with
 * their values for one exchange; http/edit.h carries them out. Runs in workers.
 */
#ifndef DROVER_WORKER_EDITS_H
#define DROVER_WORKER_EDITS_H

#include "worker/internal.h"

/*
 * Those about the request, in worker->edits; *edits is NULL when there is none. 0, or the
 * status to refuse the request with: its values make a field too long (431) or invalid (400).
 */
unsigned edits_of_request(struct exchange *exchange, const struct edits **edits);

/* The notes of the exchange, made when it has none. NULL: no memory. */
struct notes *exchange_notes(struct exchange *exchange);

/*
 * Keeps what the rules about the response need of the request; the exchange is with a route, or is
 * answered without. Nothing when it is kept already, or nothing is needed. 0, or the status as above.
 */
unsigned edits_note(struct exchange *exchange);

/*
 * Those about the response with that status, in worker->edits; NULL: there is none. What
 * they need of the request was noted; else those values are empty.
 */
const struct edits *edits_of_response(struct exchange *exchange, unsigned status);

#endif

/* Which server of its pool gets a request. Runs in workers. */
#ifndef DROVER_WORKER_CHOICE_H
#define DROVER_WORKER_CHOICE_H

#include "worker/internal.h"

/*
 * The server that the request should go to: the one that it stays with (worker/sticky.h);
 * else of the pool's lineup, by its algorithm, not one of exchange->tried, and not one at max-connections. Where all of the
 * lineup were tried, one of the next rank. NULL: there is none.
 */
struct server *choice_make(struct exchange *exchange);

/*
 * The server that its cookie names; or one that was down for long enough, for this one
 * request to see whether it is up. NULL: neither. What choice_make begins with.
 */
struct server *choice_begin(struct exchange *exchange);

/* Whether it is one of exchange->tried. */
bool choice_was_tried(const struct exchange *exchange, const struct server *server);

#endif

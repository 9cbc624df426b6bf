/*
 * The server that the requests of one client stay with: `sticky` of their pool.
 *
 * By cookie: drover gives each server a word that says nothing of it, and sets it
 * as a cookie; whoever brings the word goes to that server while it takes requests.
 * All workers give the same words, because the secret in them is on the scoreboard.
 * By address or field: the ring of the pool has the server. Runs in workers.
 */
#ifndef DROVER_WORKER_STICKY_H
#define DROVER_WORKER_STICKY_H

#include "base/text.h"
#include "worker/internal.h"

enum { STICKY_WORD = 32 }; /* bytes of the cookie's value: hex digits */

/* What the pool needs for that. Nothing, but for sticky = cookie. -1: no memory. */
int sticky_open(struct pool *pool);
void sticky_close(struct pool *pool);

/* Whether it is by the ring that the pool finds the server. */
static inline bool
sticky_uses_ring(const struct pool *pool)
{
	return pool->conf->sticky_kind == CONF_STICKY_ADDRESS || pool->conf->sticky_kind == CONF_STICKY_HEADER;
}

/* Makes room for so many servers, and takes those that the pool has now. -1: no memory. */
int sticky_reserve(struct pool *pool, size_t count);
void sticky_change(struct pool *pool);

/* The word of a server; when it is an instance, that of this process alone. */
struct siphash sticky_word(const struct worker *worker, const struct server *server);

/*
 * The server that the cookie of the request names; whether it may have the request is
 * not looked at. NULL: it has none, or one of no meaning (any more).
 */
struct server *sticky_server(struct exchange *exchange);

/* The key of what the requests have in common that stay with one server; 0: this one does not have it. */
uint64_t sticky_key(struct exchange *exchange);

/*
 * The line that sets the cookie, when the exchange went to another server than the client's
 * cookie names, and `more` behind it, at most STICKY_MORE bytes. Else it is empty. It
 * stays as it is until the next call for the same pool.
 */
struct text sticky_line(const struct exchange *exchange, struct text more);

enum { STICKY_MORE = 4096 };

#endif

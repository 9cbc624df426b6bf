/*
 * The servers of all pools, as the scoreboard has them: this worker's copies,
 * made again when the master has changed something there.
 */
#ifndef DROVER_WORKER_MEMBERSHIP_H
#define DROVER_WORKER_MEMBERSHIP_H

#include "worker/internal.h"

/* Makes worker->pools and takes the servers from the scoreboard. -1: no memory. */
int membership_open(struct worker *worker);
void membership_close(struct worker *worker);

/*
 * Looks whether the scoreboard has changed, and if so works by it from now on and
 * says that on the scoreboard. What there is no memory for is left as it was, and
 * nothing is said, until a heartbeat tries again.
 */
void membership_sync(struct worker *worker);

/* Whether membership_sync has something to do: one load. */
static inline bool
membership_is_old(const struct worker *worker)
{
	return atomic_load_explicit(&worker->board->servers_version, memory_order_acquire) !=
	    worker->servers_version;
}

/*
 * Looks which servers checks call down: kept connections to them are closed, and with
 * on-down = close tunnels are ended. Costs one load when nothing has changed.
 */
void membership_look_at_checks(struct worker *worker);

/* The exchange has become a tunnel: it is ended at once when its server was to be left before that. */
void membership_tunnel_begun(struct exchange *exchange);

/* The session is taken out of worker->open. */
static inline void
membership_forget(const struct session *session)
{
	if (session->worker->cut_next == session)
		session->worker->cut_next = TAILQ_NEXT(session, link);
}

/* Keeps the server, or lets it go. NULL is allowed. */
struct server *server_hold(struct server *server);
void server_release(struct server *server);

#endif

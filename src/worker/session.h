/* Client connections: from the hand-over by the master to the close. */
#ifndef DROVER_WORKER_SESSION_H
#define DROVER_WORKER_SESSION_H

#include "worker/internal.h"

/* Makes worker->policies from the configuration. -1: no memory. */
int sessions_open(struct worker *worker);
void sessions_close(struct worker *worker);

/* Takes over a connection that the master handed over. */
void session_open(struct worker *worker, int fd, const struct channel_connection *peer);

/* Goes on with whatever the session can do now. The session may be dead afterwards. */
void session_run(struct session *session);

/* Goes on after the next turn of the loop, when others have had theirs. */
void session_later(struct session *session);

/* Watches the client's connection, if it is not watched yet. -1: no memory. */
int session_watch(struct session *session);

/* Closes at once; with `reset` the client sees an error, not an end. */
void session_close(struct session *session, bool reset);

/*
 * Ends it because the admin says so: `graceful` behind the request that it is in
 * or about to send (a tunnel goes on until it ends), else at once, whatever is in progress.
 */
void session_dismiss(struct session *session, bool graceful);

/* Ends the connection behind what was written, which still gets to the client. */
void session_finish(struct session *session);

/* In a drain: gives back, or closes, every session that is between two requests. */
void sessions_drain(struct worker *worker);

/* Frees the sessions that died in this turn of the loop. */
void sessions_bury(struct worker *worker);

/* Its client's address as text. Returns `text`. */
const char *session_client(const struct session *session, char text[ADDRESS_TEXT_MAX]);

#endif

/*
 * The access log: one line an exchange, gathered in memory and written in whole
 * lines, so that many workers can append to one file. What a client sends is
 * escaped: it cannot end a field or a line.
 */
#ifndef DROVER_WORKER_ACCESS_LOG_H
#define DROVER_WORKER_ACCESS_LOG_H

#include "worker/internal.h"

/* Opens it on the descriptor that the master gave; worker->access_log stays NULL when the log is off. -1: no memory. */
int access_log_open(struct worker *worker, int fd);

/* Writes what is gathered and closes. */
void access_log_close(struct worker *worker);

/* Goes on in another file, after a rotation; takes over fd. */
void access_log_take_fd(struct worker *worker, int fd);

/* Remembers of the request what its line needs; `request` is NULL when it could not be parsed. */
void access_log_begin(struct exchange *exchange, const struct h1_request *request);

/* Adds the exchange's line. Frees the record. */
void access_log_add(struct exchange *exchange);

/* Sees to it that request_id tells this process from all others. */
void request_ids_begin(struct worker *worker);

enum { REQUEST_ID_MAX = 40 };
/* The client's own where that is kept; else unique over workers, restarts and time. Returns `text`. */
const char *request_id(const struct exchange *exchange, char text[REQUEST_ID_MAX]);

/* Keeps the client's own, when it has sent one that is a token of no more than REQUEST_ID_KEPT bytes. */
void request_id_keep(struct exchange *exchange, const struct h1_request *request);

#endif

/*
 * One request and its response, as steps: each does what it can and says what
 * comes next. Steps that send the request are in exchange_request.c, those that
 * read and pass on the response in exchange_response.c, drover's own answers in
 * exchange_answer.c, the rest in exchange.c.
 */
#ifndef DROVER_WORKER_EXCHANGE_H
#define DROVER_WORKER_EXCHANGE_H

#include "worker/internal.h"

/*
 * Begins an exchange for the request in worker->request, which was parsed from
 * session->in. With status != 0 it could not be parsed: that is the answer.
 * -1: no memory, and nothing was begun.
 */
int exchange_begin(struct session *session, unsigned status, const char *reason);

/* Begins one without a request, of which nothing is known yet. NULL: no memory. */
struct exchange *exchange_new(struct session *session);

/* Goes on until it must wait (STEP_WAIT) or is over and gone (STEP_END). */
enum step_result exchange_run(struct exchange *exchange);

/* A deadline has passed. Goes on with the session. */
void exchange_server_timeout(struct exchange *exchange, const char *reason);
void exchange_client_timeout(struct exchange *exchange, const char *reason);

/*
 * Its server is not to be used any more: another attempt elsewhere where that is
 * safe, 503, or the break-off. Goes on with the session.
 */
void exchange_server_removed(struct exchange *exchange);

/* Breaks it off: the client sees an error, not an end; both connections are closed. */
enum step_result exchange_abort(struct exchange *exchange, const char *reason);

/* The same, because the client is no more there. */
enum step_result exchange_client_gone(struct exchange *exchange);

/* ---- for the steps */

/* The parsed request, from the worker's scratch if it is still there, else parsed again. Not once its bytes are gone. */
const struct h1_request *exchange_request(struct exchange *exchange);

/* An answer of drover's own. */
struct answer {
	unsigned status;
	const char *type;   /* Content-Type, at most 200 bytes; NULL: none */
	const char *fields; /* more of them, whole lines with CRLF, at most ANSWER_FIELDS bytes; or NULL */
	struct text body;   /* if longer than 1 KB, it lasts for as long as the worker does */
	bool keeps;	    /* no refusal: the connection may go on after it */
	bool fixed;	    /* no error page takes the place of its body */
};
enum { ANSWER_FIELDS = 8192 };

/* The next step is to answer so, with the error page of its status if there is one. Always STEP_NEXT. */
enum step_result exchange_answer(struct exchange *exchange, const struct answer *answer, const char *reason);

/* The page that the rules have for an answer with that status, those of the route first; or NULL. */
const struct conf_page *exchange_error_page(const struct exchange *exchange, unsigned status);

/* The next step is to answer with a short page of drover's own. Always STEP_NEXT. */
enum step_result exchange_reply(struct exchange *exchange, unsigned status, const char *reason);

/* There is no server, and none to wait for: 503, or what the last one tried has failed with. Always STEP_NEXT. */
enum step_result exchange_no_server(struct exchange *exchange);

/*
 * The server cannot be used: another attempt where that is safe, else the answer
 * (502 or 504), or the break-off when the client has part of a response.
 */
enum step_result exchange_server_failed(struct exchange *exchange, unsigned status, const char *reason);

enum step_result step_choose(struct exchange *exchange);
enum step_result step_wait(struct exchange *exchange);
enum step_result step_connect(struct exchange *exchange);
enum step_result step_send_head(struct exchange *exchange);
enum step_result step_read_response(struct exchange *exchange);
enum step_result step_send_response(struct exchange *exchange);
enum step_result step_relay(struct exchange *exchange);
enum step_result step_drain_answer(struct exchange *exchange);
enum step_result step_tunnel(struct exchange *exchange);
enum step_result step_reply(struct exchange *exchange);
enum step_result step_connected(struct exchange *exchange);
enum step_result step_tcp(struct exchange *exchange); /* in place of step_send_head: see session_tcp.h */
enum step_result step_finish(struct exchange *exchange);

/* Sends on what it can of the request's body. STEP_NEXT: go on with the response; else the result to return. */
enum step_result exchange_pump_request(struct exchange *exchange);

/* Reads once of the response, into the upstream's buffer. STEP_NEXT: there is more in it. */
enum step_result exchange_fill_response(struct exchange *exchange);

/* The response breaks HTTP, or ended before its end. */
enum step_result exchange_bad_response(struct exchange *exchange, const char *reason);

/* The method that the server is sent. */
static inline enum h1_method
exchange_method(const struct exchange *exchange)
{
	return exchange->asking != NULL ? H1_METHOD_GET : (enum h1_method)exchange->method;
}

/* Sets the deadlines for what both sides are waiting for. Always STEP_WAIT. */
enum step_result exchange_wait(struct exchange *exchange);

/* What to call the other side's errno in the log. */
const char *exchange_errno_reason(int error, const char *otherwise);

#endif

#include "worker/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/object.h"
#include "ipc/health.h"
#include "worker/access_log.h"
#include "worker/additions.h"
#include "worker/gate.h"
#include "worker/inspect.h"
#include "worker/limits.h"
#include "worker/pool.h"
#include "worker/relay.h"
#include "worker/membership.h"
#include "worker/passwords.h"
#include "worker/session.h"
#include "worker/upstream.h"

enum { MISSED_MAX = 10 }; /* instances of an app that may be gone, beside the attempts of a request */

/* The request was understood: what it says is kept beyond the parser's scratch. */
static void
exchange_take_request(struct exchange *x, const struct h1_request *request)
{
	struct session *session = x->session;
	uint32_t limit = session_policy(session)->client->requests;

	inspect_note(x, request);
	x->method = request->method;
	x->minor = request->minor;
	x->upgrade = request->upgrade;
	session->last = !request->keep_alive;
	x->keep_alive = request->keep_alive && !session->closing && !x->worker->stopping &&
	    (limit == 0 || session->requests < limit);
	x->head_length = request->length;
	x->worker->request_owner = x;
	relay_begin(&x->request, request->framing, request->content_length, false, request->length);
	x->request_body = x->request.body;
}

const struct h1_request *
exchange_request(struct exchange *exchange)
{
	struct worker *worker = exchange->worker;
	struct h1_scan scan = { 0 };

	if (worker->request_owner != exchange) {
		INVARIANT(h1_request_parse(&worker->request, &scan, block_first(&exchange->session->in),
			      exchange->head_length, &worker->limits) == H1_DONE);
		worker->request_owner = exchange;
	}
	return &worker->request;
}

/* What has come of the body is looked at before anything else is said of the request. */
static void
exchange_take_body(struct exchange *x)
{
	x->step = step_gates;
	if (relay_accept(&x->request, &x->session->in) == 0) {
		limits_refuse_session(x);
		return;
	}
	x->session->closing = true;
	count(x->worker, REQUESTS_BAD, 1);
	exchange_reply(x, 400, "bad-chunk");
}

struct exchange *
exchange_new(struct session *session)
{
	struct worker *worker = session->worker;
	struct exchange *x = freelist_get_zeroed(&worker->exchanges);

	if (x == NULL)
		return NULL;
	x->magic = EXCHANGE_MAGIC;
	x->session = session;
	x->worker = worker;
	x->asked_at = loop_now(worker->loop);
	x->begun = worker->timed ? clock_monotonic() : 0;
	x->number = worker->request_number++;
	session->exchange = x;
	session->requests++;
	session->linger_wanted = false;
	deadline_clear(&session->deadline);
	count(worker, REQUESTS_ACTIVE, 1);
	return x;
}

int
exchange_begin(struct session *session, unsigned status, const char *reason)
{
	struct worker *worker = session->worker;
	struct exchange *x = exchange_new(session);

	if (x == NULL)
		return -1;
	count(worker, REQUESTS, 1);
	if (status != 0) {
		count(worker, REQUESTS_BAD, 1);
		session->closing = true;
		relay_begin(&x->request, H1_FRAMING_CLOSE, 0, false, 0);
		access_log_begin(x, NULL);
		exchange_reply(x, status, reason);
		return 0;
	}
	exchange_take_request(x, &worker->request);
	access_log_begin(x, &worker->request);
	if (worker->conf->request_id == CONF_REQUEST_ID_KEEP)
		request_id_keep(x, &worker->request);
	exchange_take_body(x);
	if (x->request.body.done)
		stream_message_end(&session->stream);
	return 0;
}

enum step_result
exchange_run(struct exchange *exchange)
{
	enum step_result result;

	OBJECT_CHECK(exchange, EXCHANGE_MAGIC);
	do
		result = exchange->step(exchange);
	while (result == STEP_NEXT);
	return result;
}

/* Takes it out of the worker's books and frees it. */
static void
exchange_end(struct exchange *x)
{
	struct worker *worker = x->worker;

	if (x->status >= 200 || x->status == 101)
		access_log_add(x);
	else if (x->reason != NULL) {
		x->status = 499; /* ended before there was an answer, as nginx has it */
		access_log_add(x);
	}
	free(x->record);
	freelist_put(&worker->notes, x->notes);
	free(x->user);
	additions_clear(&x->more);
	additions_clear(&x->answer_more);
	password_forget(x);
	server_release(x->log_server);
	block_release(&x->reply, &worker->buffers);
	relay_end(&x->request, worker);
	relay_end(&x->response, worker);
	if (worker->request_owner == x)
		worker->request_owner = NULL;
	if (worker->response_owner == x)
		worker->response_owner = NULL;
	x->session->exchange = NULL;
	uncount(worker, REQUESTS_ACTIVE);
	x->magic = 0;
	freelist_put(&worker->exchanges, x);
}

static void
count_response(struct worker *worker, unsigned status)
{
	if (status >= 500)
		count(worker, RESPONSES_5XX, 1);
	else if (status >= 400)
		count(worker, RESPONSES_4XX, 1);
	else if (status >= 300)
		count(worker, RESPONSES_3XX, 1);
	else if (status >= 200)
		count(worker, RESPONSES_2XX, 1);
}

/* Ends it with the connection of the client. */
static enum step_result
exchange_break_off(struct exchange *exchange, const char *reason, bool reset)
{
	struct session *session = exchange->session;

	exchange->reason = reason;
	if (reset && exchange->tunnel && exchange->upstream != NULL)
		stream_close(&exchange->upstream->stream, true); /* an end would say that what came is all */
	upstream_detach(exchange, false);
	pool_leave(exchange);
	exchange_end(exchange);
	session->linger_wanted = true;
	if (reset)
		session_close(session, true);
	else
		session_finish(session);
	return STEP_END;
}

enum step_result
exchange_abort(struct exchange *exchange, const char *reason)
{
	return exchange_break_off(exchange, reason, true);
}

/*
 * The server's response has ended before its end. Where the client can tell that
 * from its framing, the connection just ends, so that answers before this one
 * still arrive; a body that goes on until the end needs an error to look cut off.
 */
static enum step_result
exchange_cut(struct exchange *exchange, const char *reason)
{
	const struct relay *response = &exchange->response;
	bool framed = response->enchunk || response->body.kind == BODY_LENGTH || response->body.kind == BODY_CHUNKED;

	return exchange_break_off(exchange, reason, !framed);
}

enum step_result
exchange_client_gone(struct exchange *exchange)
{
	count(exchange->worker, CLIENT_ABORTS, 1);
	return exchange_abort(exchange, "client-abort");
}

enum { LINGER_BYTES = 16384 }; /* of a response: it may not all be on its way when the connection is closed */

enum step_result
step_finish(struct exchange *exchange)
{
	struct session *session = exchange->session;
	bool request_done = relay_is_done(&exchange->request);

	upstream_detach(exchange, exchange->keep_upstream && request_done && !exchange->request.broken);
	pool_leave(exchange);
	relay_forget(&exchange->request, &session->in);
	if (!request_done || exchange->response.bytes > LINGER_BYTES)
		session->linger_wanted = true;
	if (!request_done || !exchange->keep_alive)
		session->closing = true;
	if (!exchange->tcp)
		count_response(exchange->worker, exchange->status);
	exchange_end(exchange);
	return STEP_END;
}

/* How an attempt has failed without a byte of an answer, as far as it matters for another one. */
enum loss {
	LOSS_OTHER,
	LOSS_RACE, /* a kept connection that ends as the request comes is nobody's fault */
	LOSS_DEATH /* the instance of an app takes no connection, or ends one: in all likelihood it is dead */
};

static enum loss
exchange_loss(const struct exchange *x, unsigned status)
{
	if (x->received || status == 504)
		return LOSS_OTHER;
	if (x->upstream != NULL && x->upstream->served > 0)
		return LOSS_RACE;
	return x->pool->conf->app.wanted ? LOSS_DEATH : LOSS_OTHER;
}

/*
 * Whether the request may be sent once more (RFC 9110 9.2.2), and all of it is still here.
 * What instances that were gone have never seen is no attempt, nor is the first that was lost
 * with a kept connection. One that dies of the request is: it would take them all along.
 */
static bool
exchange_may_retry(struct exchange *x, enum loss loss)
{
	bool missed;

	if (x->received || x->answered || (x->request.held == 0 && !x->tcp) || x->pool == NULL)
		return false;
	missed = loss == LOSS_DEATH ? !x->sent : loss == LOSS_RACE && !x->fresh_only && x->pool->conf->app.wanted;
	if (missed && x->missed < MISSED_MAX)
		x->missed++;
	if (x->sent && !(loss != LOSS_OTHER && h1_method_idempotent(exchange_method(x))))
		return false;
	return (loss == LOSS_RACE && !x->fresh_only) || x->attempts <= x->pool->conf->retries + x->missed;
}

/* Back to the head, which is still in the session's buffer. */
static enum step_result
exchange_retry(struct exchange *x)
{
	struct relay *request = &x->request;

	count(x->worker, RETRIES, 1);
	deadline_clear(&x->session->deadline);
	x->out_sent = 0;
	x->worker->request_owner = NULL;
	/* what was accepted is accepted again: the body begins anew behind the head */
	request->body = x->request_body;
	request->held = x->head_length;
	request->ready = 0;
	request->broken = false;
	request->bytes = 0;
	if (relay_accept(request, &x->session->in) < 0)
		return exchange_reply(x, 400, "bad-chunk");
	x->step = step_choose;
	return STEP_NEXT;
}

enum step_result
exchange_server_failed(struct exchange *exchange, unsigned status, const char *reason)
{
	struct server *server = exchange->server;
	enum loss loss = exchange_loss(exchange, status);
	bool retry = exchange_may_retry(exchange, loss);

	exchange->reason = reason;
	exchange->failure = (uint16_t)status;
	upstream_detach(exchange, false);
	if (loss != LOSS_RACE)
		pool_server_failed(exchange->worker, server, reason);
	pool_leave(exchange); /* last: with nobody on it the place may be another's */
	if (exchange->answered)
		return exchange_cut(exchange, reason);
	if (!retry)
		return exchange_reply(exchange, status, reason);
	if (loss == LOSS_RACE)
		exchange->fresh_only = true;
	else
		pool_exclude(exchange, server);
	return exchange_retry(exchange);
}

void
exchange_server_removed(struct exchange *exchange)
{
	struct session *session = exchange->session;
	bool retry = exchange_may_retry(exchange, LOSS_RACE);

	exchange->reason = "server-removed";
	upstream_detach(exchange, false);
	pool_leave(exchange);
	if (exchange->answered)
		exchange_cut(exchange, "server-removed");
	else if (retry)
		exchange_retry(exchange);
	else
		exchange_reply(exchange, 503, "server-removed");
	session_run(session);
}

void
exchange_server_timeout(struct exchange *exchange, const char *reason)
{
	struct session *session = exchange->session;

	count(exchange->worker, SERVER_TIMEOUTS, 1);
	exchange_server_failed(exchange, 504, reason);
	session_run(session);
}

void
exchange_client_timeout(struct exchange *exchange, const char *reason)
{
	struct session *session = exchange->session;

	count(exchange->worker, CLIENT_TIMEOUTS, 1);
	if (exchange->answered) {
		exchange_abort(exchange, reason);
		return;
	}
	exchange_reply(exchange, 408, reason);
	session_run(session);
}

/* A side that is waited for: how long, and which movement begins the wait anew. */
struct wait {
	struct deadline_queue *queue; /* NULL: not waited for */
	unsigned moved;
};

static struct wait
exchange_client_wait(const struct exchange *x, bool request_open)
{
	struct policy *policy = session_policy(x->session);

	if (x->step == step_tunnel)
		return (struct wait){ &policy->tunnel, MOVED_ANY };
	if (relay_pending(&x->response) || x->step == step_send_response || x->step == step_reply)
		return (struct wait){ &policy->send, MOVED_CLIENT_OUT };
	if (request_open && !relay_pending(&x->request) && !x->session->stream.readable)
		return (struct wait){ &policy->body, MOVED_CLIENT_IN };
	return (struct wait){ NULL, 0 };
}

static struct wait
exchange_server_wait(const struct exchange *x, bool request_open)
{
	if (x->upstream == NULL)
		return (struct wait){ NULL, 0 };
	if (x->step == step_send_head || (request_open && relay_pending(&x->request) && x->step != step_tunnel))
		return (struct wait){ &x->pool->send, MOVED_SERVER_OUT };
	if (!request_open && !relay_pending(&x->response) && (x->step == step_read_response || x->step == step_relay || x->step == step_drain_answer))
		return (struct wait){ &x->pool->response, MOVED_SERVER_IN };
	return (struct wait){ NULL, 0 };
}

/*
 * What counts as movement of the client: of a body that comes more slowly than
 * body-rate-min nothing does, so that its deadline stays where it is.
 */
static unsigned
exchange_body_pace(struct exchange *x, const struct wait *wait, unsigned moved)
{
	const struct policy *policy = session_policy(x->session);
	const struct deadline *deadline = &x->session->deadline;
	uint64_t came = x->request.body.data - x->body_mark, since;

	if (policy->client->body_rate == 0 || wait->queue != &policy->body)
		return moved;
	since = loop_now(x->worker->loop) + policy->body.duration - deadline->at;
	if (deadline->queue == wait->queue && came < policy->client->body_rate * since / CLOCK_SECOND)
		return moved & ~(unsigned)MOVED_CLIENT_IN;
	x->body_mark = x->request.body.data;
	return moved;
}

static void
exchange_set_deadline(struct deadline *deadline, const struct wait *wait, unsigned moved)
{
	if (wait->queue == NULL)
		deadline_clear(deadline);
	else if (deadline->queue != wait->queue || (moved & wait->moved) != 0)
		deadline_set(deadline, wait->queue);
}

/* Gathers what has moved since the last wait. */
static unsigned
exchange_take_moved(struct exchange *x)
{
	unsigned moved = x->moved;

	moved |= (x->request.moved_in ? MOVED_CLIENT_IN : 0U) | (x->request.moved_out ? MOVED_SERVER_OUT : 0U);
	moved |= (x->response.moved_in ? MOVED_SERVER_IN : 0U) | (x->response.moved_out ? MOVED_CLIENT_OUT : 0U);
	x->moved = 0;
	x->request.moved_in = x->request.moved_out = x->response.moved_in = x->response.moved_out = false;
	return moved;
}

enum step_result
exchange_wait(struct exchange *exchange)
{
	struct session *session = exchange->session;
	/* the body is read when all gates are passed, not before */
	bool request_open = exchange->pool != NULL && exchange->asking == NULL && !exchange->request.broken && !relay_is_done(&exchange->request);
	unsigned moved = exchange_take_moved(exchange);
	struct wait client = exchange_client_wait(exchange, request_open);
	struct wait server = exchange_server_wait(exchange, request_open);
	if (client.queue != NULL && session_watch(session) < 0)
		return exchange_abort(exchange, "no-memory");
	if (client.queue == NULL && !watch_is_open(&session->stream.watch))
		client.queue = &session_policy(session)->unwatched;
	exchange_set_deadline(&session->deadline, &client, exchange_body_pace(exchange, &client, moved));
	if (exchange->upstream != NULL)
		exchange_set_deadline(&exchange->upstream->deadline, &server, moved);
	return STEP_WAIT;
}

const char *
exchange_errno_reason(int error, const char *otherwise)
{
	/* there is a word for each of them */
	return health_reason_word((uint32_t)health_reason_of_errno(error, health_reason_find(otherwise)));
}

/* The steps that read the response and pass it on. Runs in workers. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/object.h"
#include "worker/additions.h"
#include "worker/edits.h"
#include "worker/exchange.h"
#include "worker/gate.h"
#include "worker/membership.h"
#include "worker/pool.h"
#include "worker/relay.h"
#include "worker/session.h"

enum { INTERIMS_MAX = 32 }; /* 1xx responses before the final one: more serve nobody */

enum step_result
exchange_bad_response(struct exchange *exchange, const char *reason)
{
	count(exchange->worker, SERVER_BAD_RESPONSES, 1);
	return exchange_server_failed(exchange, 502, reason);
}

enum step_result
exchange_fill_response(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	struct worker *worker = exchange->worker;
	ssize_t n;

	if (!stream_has_more(&upstream->stream))
		return exchange_wait(exchange);
	if (!block_reserve(&upstream->in, &worker->buffers))
		return exchange_abort(exchange, "no-memory");
	n = stream_read(&upstream->stream, upstream->in.bytes + upstream->in.end, block_room(&upstream->in));
	if (n < 0 && errno == EAGAIN) {
		block_release_empty(&upstream->in, &worker->buffers);
		return exchange_wait(exchange);
	}
	if (n <= 0 && exchange->received)
		return exchange_bad_response(exchange, "truncated-response");
	if (n < 0)
		return exchange_server_failed(exchange, 502, exchange_errno_reason(errno, "receive-failed"));
	if (n == 0)
		return exchange_server_failed(exchange, 502, "closed-by-server");
	count(worker, SERVER_BYTES_IN, n);
	exchange->moved |= MOVED_SERVER_IN;
	upstream->in.end += (uint32_t)n;
	return STEP_NEXT;
}

/* The request's bytes are not needed any more. */
static void
request_forget(struct exchange *x)
{
	struct session *session = x->session;

	relay_forget(&x->request, &session->in);
	block_release_empty(&session->in, &x->worker->buffers);
}

/* The first byte of a response: from here on the request is never sent again. */
static void
response_received(struct exchange *x)
{
	x->received = true;
	if (x->begun != 0)
		x->first_byte_at = clock_monotonic();
	pool_server_worked(x);
	if (x->asking != NULL)
		return; /* the request itself is still to be sent */
	if (!x->upgrade) /* else what the server switches to is compared with it */
		request_forget(x);
}

static enum step_result
response_interim(struct exchange *x, const struct h1_response *response)
{
	if (++x->interims > INTERIMS_MAX)
		return exchange_bad_response(x, "too-many-interim-responses");
	/* RFC 9110 15.2: never to a client of HTTP/1.0. Nor what is said of a question. */
	if (x->minor == 0 || x->asking != NULL) {
		x->upstream->in.start += response->length;
		return STEP_NEXT;
	}
	count(x->worker, RESPONSES_1XX, 1);
	x->interim = true;
	x->step = step_send_response;
	return STEP_NEXT;
}

/* Whether the rules have a page of their own for what the server says. */
static bool
response_is_replaced(const struct exchange *x, unsigned status)
{
	return status >= 400 &&
	    (session_policy(x->session)->rules.conf->error_page_servers ||
		(x->route != NULL && x->route->rules.conf->error_page_servers)) &&
	    exchange_error_page(x, status) != NULL;
}

/* What of a response that is replaced goes on: without it the status cannot be acted on. */
static bool
field_outlives_body(const struct h1_response *response, const struct h1_field *field)
{
	static const char *const names[] = { "www-authenticate", "retry-after", "allow" };
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(names); i++)
		if (text_equal_nocase(response->head + field->line, field->name_length, names[i], strlen(names[i])))
			return !field->hop;
	return false;
}

/* The error page goes out with the server's status; what else the server says is not read any more. */
static enum step_result
response_replace(struct exchange *x, const struct h1_response *response)
{
	char fields[ANSWER_FIELDS];
	struct answer answer = { .status = response->status, .fields = fields, .keeps = true };
	const struct h1_field *field;
	size_t used = 0;

	for (field = response->fields; field < response->fields + response->field_count; field++) {
		if (!field_outlives_body(response, field) || field->line_length >= sizeof fields - used)
			continue;
		memcpy(fields + used, response->head + field->line, field->line_length);
		used += field->line_length;
	}
	fields[used] = '\0';
	return exchange_answer(x, &answer, "error-page");
}

/* The final response's head is here: how its body goes on, and what becomes of both connections. */
static enum step_result
response_final(struct exchange *x, const struct h1_response *response)
{
	bool old = x->minor == 0;
	bool request_done = relay_is_done(&x->request);

	if (response->framing == H1_FRAMING_TUNNEL &&
	    (!x->upgrade || !h1_upgrade_agreed(exchange_request(x), response)))
		return exchange_bad_response(x, "unasked-upgrade");
	if (x->upgrade)
		request_forget(x);
	if (response_is_replaced(x, response->status))
		return response_replace(x, response);
	x->tunnel = response->framing == H1_FRAMING_TUNNEL;
	x->interim = false;
	x->status = response->status;
	relay_begin(&x->response, response->framing, response->content_length, old, response->length);
	if (!request_done || x->tunnel || x->worker->stopping || x->session->closing)
		x->keep_alive = false;
	if (old && (response->framing == H1_FRAMING_CHUNKED || response->framing == H1_FRAMING_CLOSE))
		x->keep_alive = false;
	x->response.enchunk = !old && response->framing == H1_FRAMING_CLOSE;
	x->keep_upstream = response->keep_alive && !x->tunnel && x->pool->conf->send_proxy == CONF_SEND_PROXY_OFF;
	x->step = step_send_response;
	return STEP_NEXT;
}

enum step_result
step_read_response(struct exchange *exchange)
{
	struct worker *worker = exchange->worker;
	struct upstream *upstream = exchange->upstream;
	enum step_result result = exchange_pump_request(exchange);
	enum h1_result parsed = H1_MORE;

	if (result != STEP_NEXT || exchange->step != step_read_response)
		return result;
	if (block_length(&upstream->in) == 0)
		result = exchange_fill_response(exchange);
	while (result == STEP_NEXT && exchange->step == step_read_response) {
		if (!exchange->received)
			response_received(exchange);
		worker->response_owner = NULL;
		parsed = h1_response_parse(&worker->response, &upstream->scan, block_first(&upstream->in),
		    block_length(&upstream->in), &worker->limits, exchange_method(exchange));
		if (parsed != H1_MORE)
			break;
		result = exchange_fill_response(exchange);
	}
	if (parsed == H1_MORE)
		return result;
	if (parsed == H1_ERROR)
		return exchange_bad_response(exchange, worker->response.reason);
	worker->response_owner = exchange;
	exchange->out_sent = 0;
	exchange->response_length = worker->response.length;
	upstream->in.start += upstream->scan.start;
	upstream->scan = (struct h1_scan){ 0 };
	if (worker->response.status < 200 && worker->response.status != 101)
		return response_interim(exchange, &worker->response);
	if (exchange->asking != NULL && ask_judge(exchange, &worker->response, &result) == ASK_DECIDED)
		return result;
	return response_final(exchange, &worker->response);
}

static const struct h1_response *
response_parsed(struct exchange *x)
{
	struct worker *worker = x->worker;
	struct h1_scan scan = { 0 };

	if (worker->response_owner != x) {
		INVARIANT(h1_response_parse(&worker->response, &scan, block_first(&x->upstream->in), x->response_length,
			      &worker->limits, exchange_method(x)) == H1_DONE);
		worker->response_owner = x;
	}
	return &worker->response;
}

static void
response_format(struct exchange *x)
{
	struct forward_changes changes;
	const struct forward_response_policy policy = {
		.keep_alive = x->keep_alive || x->interim,
		.client_is_10 = x->minor == 0,
		.chunked = !x->interim && (x->response.enchunk || x->response.body.kind == BODY_CHUNKED),
		.keep_length = !x->interim,
		.upgrade = x->tunnel,
		.via = conf_via(x->worker->conf),
		.changes = x->interim ? NULL : additions_of_response(x, &changes),
		.edits = x->interim || x->tunnel ? NULL : edits_of_response(x, x->status),
	};

	forward_response(&x->worker->forward, response_parsed(x), &policy);
}

/* The head has gone out, and `more` bytes of the body behind it. */
static enum step_result
response_sent(struct exchange *x, size_t more)
{
	struct block *in = &x->upstream->in;

	x->out_sent = 0;
	if (x->interim) {
		in->start += x->response_length;
		x->interim = false;
		x->answered = false;
		x->step = step_read_response;
		return STEP_NEXT;
	}
	relay_sent(&x->response, in, more);
	relay_forget(&x->response, in);
	x->step = x->tunnel ? step_tunnel : step_relay;
	if (x->tunnel) {
		count(x->worker, TUNNELS, 1);
		membership_tunnel_begun(x);
	}
	return STEP_NEXT;
}

/* Adds what there is of the body, when it goes on as it came. -1: malformed. */
static int
response_add_body(struct exchange *x)
{
	struct relay *response = &x->response;

	if (x->interim || response->enchunk || response->body.kind == BODY_DECHUNKED)
		return 0;
	if (relay_accept(response, &x->upstream->in) < 0)
		return -1;
	if (response->ready > 0)
		forward_add(&x->worker->forward, relay_ready(response, &x->upstream->in), response->ready);
	return 0;
}

enum step_result
step_send_response(struct exchange *exchange)
{
	struct forward *forward = &exchange->worker->forward;
	size_t head;
	ssize_t n;

	if (!exchange->session->stream.writable)
		return exchange_wait(exchange);
	response_format(exchange);
	head = forward->length;
	if (response_add_body(exchange) < 0)
		return exchange_bad_response(exchange, "bad-chunk");
	forward_skip(forward, exchange->out_sent);
	n = stream_write(&exchange->session->stream, forward->pieces, forward->count);
	if (n < 0)
		return errno == EAGAIN ? exchange_wait(exchange) : exchange_client_gone(exchange);
	exchange->answered = true; /* from the first byte of any head on, nothing else may be said */
	exchange->moved |= MOVED_CLIENT_OUT;
	exchange->out_sent += (uint32_t)n;
	count(exchange->worker, CLIENT_BYTES_OUT, n);
	if (exchange->out_sent < head)
		return exchange_wait(exchange);
	return response_sent(exchange, exchange->out_sent - head);
}

static enum step_result
relay_ended(struct exchange *x, enum relay_result result)
{
	switch (result) {
	case RELAY_DONE:
		x->step = step_finish;
		return STEP_NEXT;
	case RELAY_WAIT_SOURCE:
	case RELAY_WAIT_SINK:
		return exchange_wait(x);
	case RELAY_YIELD:
		session_later(x->session);
		return exchange_wait(x);
	case RELAY_TRUNCATED:
		return exchange_bad_response(x, "truncated-response");
	case RELAY_SOURCE_FAILED:
		return exchange_bad_response(x, exchange_errno_reason(errno, "receive-failed"));
	case RELAY_MALFORMED:
		return exchange_bad_response(x, "bad-chunk");
	case RELAY_NO_MEMORY:
		return exchange_abort(x, "no-memory");
	case RELAY_SINK_FAILED:
		break;
	}
	return exchange_client_gone(x);
}

static enum relay_result
response_run(struct exchange *x)
{
	const struct relay_path path = { &x->upstream->stream, &x->upstream->in, &x->session->stream,
		COUNTER_SERVER_BYTES_IN, COUNTER_CLIENT_BYTES_OUT };

	return relay_run(&x->response, x->worker, &path);
}

enum step_result
step_relay(struct exchange *exchange)
{
	enum step_result result = exchange_pump_request(exchange);

	if (result != STEP_NEXT)
		return result;
	return relay_ended(exchange, response_run(exchange));
}

/* One direction has come to its end: the receiver is told, and goes on sending. */
static void
tunnel_end(struct relay *relay, struct stream *to)
{
	if (relay->ended)
		return;
	relay->ended = true;
	stream_shutdown(to);
}

static bool
tunnel_goes_on(enum relay_result result)
{
	return result == RELAY_DONE || result == RELAY_WAIT_SOURCE || result == RELAY_WAIT_SINK || result == RELAY_YIELD;
}

enum step_result
step_tunnel(struct exchange *exchange)
{
	struct session *session = exchange->session;
	const struct relay_path path = { &session->stream, &session->in, &exchange->upstream->stream,
		COUNTER_CLIENT_BYTES_IN, COUNTER_SERVER_BYTES_OUT };
	enum relay_result up, down;

	if (exchange->request.body.kind != BODY_UNTIL_END)
		relay_begin(&exchange->request, H1_FRAMING_TUNNEL, 0, false, 0);
	up = relay_run(&exchange->request, exchange->worker, &path);
	down = response_run(exchange);
	if (!tunnel_goes_on(up) || !tunnel_goes_on(down))
		return exchange_abort(exchange, "tunnel-broken");
	if (up == RELAY_DONE)
		tunnel_end(&exchange->request, &exchange->upstream->stream);
	if (down == RELAY_DONE)
		tunnel_end(&exchange->response, &session->stream);
	if (up == RELAY_DONE && down == RELAY_DONE) {
		exchange->step = step_finish;
		return STEP_NEXT;
	}
	if (up == RELAY_YIELD || down == RELAY_YIELD)
		session_later(session);
	return exchange_wait(exchange);
}

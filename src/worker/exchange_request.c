/* The steps that choose a server and send the request to it. Runs in workers. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "worker/access_log.h"
#include "worker/additions.h"
#include "worker/edits.h"
#include "worker/exchange.h"
#include "worker/pool.h"
#include "worker/proxy_protocol.h"
#include "worker/relay.h"
#include "worker/membership.h"
#include "worker/session.h"
#include "worker/upstream.h"
#include "worker/waiting.h"

/* 503 that says when to come again. */
static enum step_result
choose_later(struct exchange *x, uint64_t seconds, const char *reason)
{
	static const char text[] = "503 Service Unavailable\n";
	char fields[64];
	const struct answer answer = { .status = 503,
		.type = "text/plain",
		.fields = fields,
		.body = { text, sizeof text - 1 } };

	snprintf(fields, sizeof fields, "Retry-After: %" PRIu64 "\r\n", seconds);
	return exchange_answer(x, &answer, reason);
}

/* The same of an app that has no instance: by then it may have one. */
static enum step_result
choose_found_no_instance(struct exchange *x)
{
	return choose_later(x, (x->pool->conf->queue_timeout + CLOCK_SECOND - 1) / CLOCK_SECOND, "no-instance");
}

static bool
choose_lacks_instance(const struct exchange *x)
{
	return x->pool->conf->app.wanted && x->pool->count == 0;
}

enum step_result
exchange_no_server(struct exchange *exchange)
{
	if (exchange->failure != 0)
		return exchange_reply(exchange, exchange->failure, exchange->reason);
	count(exchange->worker, NO_SERVER, 1);
	if (exchange->pool->conf->app.wanted)
		return choose_found_no_instance(exchange);
	return exchange_reply(exchange, 503, "no-server");
}

/* Connecting failed at once. What drover itself lacks is not the server's fault. */
static enum step_result
choose_not_connected(struct exchange *x, int error)
{
	count(x->worker, SERVER_CONNECT_ERRORS, 1);
	if (error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS || error == EADDRNOTAVAIL) {
		worker_starved(x->worker, error == EADDRNOTAVAIL ? "cannot connect to servers: out of local ports" :
			error == EMFILE || error == ENFILE	 ? "cannot connect to servers: out of descriptors" :
								   "cannot connect to servers: out of memory");
		return exchange_reply(x, 503, "out-of-resources");
	}
	return exchange_server_failed(x, 502, exchange_errno_reason(error, "connect-failed"));
}

static enum step_result
choose_found_full(struct exchange *x)
{
	count(x->worker, QUEUE_FULL, 1);
	return choose_lacks_instance(x) ? choose_found_no_instance(x) : choose_later(x, 1, "queue-full");
}

static enum step_result
choose_waited_long(struct exchange *x)
{
	if (x->waiting.doubtful) /* what it has waited for was nothing: the instance that failed is well */
		return exchange_no_server(x);
	count(x->worker, QUEUE_TIMEOUTS, 1);
	queue_note_timeout(x->worker->board, x->pool->number);
	if (x->failure == 0 && choose_lacks_instance(x))
		return choose_found_no_instance(x);
	/* what went wrong before it waited for another server says more */
	return exchange_reply(x, x->failure != 0 ? x->failure : 503, "queue-timeout");
}

/* It has a place on a server. */
static enum step_result
choose_begin(struct exchange *exchange)
{
	struct upstream *upstream = NULL;
	/* sending it twice must not be needed: it might do twice what it asks for, or be gone from the buffer */
	bool certain = !h1_method_idempotent(exchange_method(exchange)) ||
	    (exchange->asking == NULL && !exchange->request.body.done);

	server_release(exchange->log_server);
	exchange->log_server = server_hold(exchange->server);
	exchange->attempts++;
	exchange->sent = false;
	exchange->step = step_send_head;
	if (!exchange->fresh_only && exchange->pool->conf->send_proxy == CONF_SEND_PROXY_OFF)
		upstream = upstream_reuse(exchange, certain);
	if (upstream != NULL)
		return STEP_NEXT;
	exchange->step = step_connected;
	upstream = upstream_connect(exchange);
	if (upstream == NULL)
		return choose_not_connected(exchange, errno);
	if (upstream->connecting)
		exchange->step = step_connect;
	return STEP_NEXT;
}

enum step_result
step_choose(struct exchange *exchange)
{
	switch (pool_choose(exchange)) {
	case POOL_CHOSEN:
		return choose_begin(exchange);
	case POOL_WAITS:
		exchange->step = step_wait;
		return waiting_begin(exchange) < 0 ? exchange_abort(exchange, "no-memory") : STEP_WAIT;
	case POOL_FULL:
		return choose_found_full(exchange);
	case POOL_NONE:
		break;
	}
	return exchange_no_server(exchange);
}

/* Runs when it is granted a place, and when something is heard of the client. */
enum step_result
step_wait(struct exchange *exchange)
{
	if (waiting_is_over(exchange) && waiting_take(exchange))
		return choose_begin(exchange);
	if (waiting_is_hopeless(exchange)) {
		waiting_end(exchange);
		exchange->step = step_choose;
		return STEP_NEXT;
	}
	if (waiting_is_late(exchange) && !waiting_goes_on(exchange))
		return choose_waited_long(exchange);
	return waiting_client_is_gone(exchange) ? exchange_client_gone(exchange) : STEP_WAIT;
}

enum step_result
step_connect(struct exchange *exchange)
{
	struct session *session = exchange->session;

	if (upstream_connect_again(exchange->upstream) < 0)
		return choose_not_connected(exchange, errno);
	if (!exchange->upstream->connecting) {
		exchange->step = step_connected;
		return STEP_NEXT;
	}
	if (!watch_is_open(&session->stream.watch) && session->deadline.queue == NULL)
		deadline_set(&session->deadline, &session_policy(session)->unwatched);
	return STEP_WAIT;
}

/* Tells the server of the client: in an empty send buffer there is room for that. -1 with errno. */
static int
connected_send_proxy(struct exchange *x)
{
	char head[PROXY_PROTOCOL_MAX];
	size_t length =
	    proxy_protocol_head(head, x->pool->conf->send_proxy, &x->session->peer, x->session->stream.fd);
	struct iovec iov = { head, length };
	ssize_t n = stream_write(&x->upstream->stream, &iov, 1);

	if (n > 0)
		count(x->worker, SERVER_BYTES_OUT, n);
	if (n >= 0 && (size_t)n < length)
		errno = ENOBUFS;
	return n == (ssize_t)length ? 0 : -1;
}

/* A new connection: what is said on it before anything of the client. */
enum step_result
step_connected(struct exchange *exchange)
{
	exchange->step = exchange->tcp ? step_tcp : step_send_head;
	if (exchange->pool->conf->send_proxy == CONF_SEND_PROXY_OFF || connected_send_proxy(exchange) == 0)
		return STEP_NEXT;
	count(exchange->worker, SERVER_CONNECT_ERRORS, 1);
	return exchange_server_failed(exchange, 502, exchange_errno_reason(errno, "connect-failed"));
}

/* The path that the server is to see, when that is another one. */
static bool
request_rewrite(struct exchange *x, struct rewritten *to)
{
	const struct h1_request *request;

	if (!x->route->rewrites)
		return false;
	request = exchange_request(x);
	if (request->path.length == 0 && request->method == H1_METHOD_OPTIONS)
		return false; /* "*" is meant */
	return rewrite_path(
	    &x->route->rewrite, (struct text){ request->head + request->path.offset, request->path.length }, to);
}

/* 0, or the status to refuse the request with: what rules make of it cannot be sent. */
static unsigned
request_format(struct exchange *x)
{
	const struct conf *conf = x->worker->conf;
	char client[ADDRESS_TEXT_MAX], id[REQUEST_ID_MAX];
	struct forward_changes changes;
	struct forward_request_policy policy = {
		.client = session_client(x->session, client),
		.client_is_ipv6 = x->session->peer.family == AF_INET6,
		.scheme = "http",
		.fallback_host = x->server->address.socket.any.sa_family == AF_UNIX ? "localhost" : x->server->name,
		.request_id = conf->request_id != CONF_REQUEST_ID_OFF && !x->worker->id_is_edit ? request_id(x, id) : NULL,
		.x_forwarded = (conf->forwarded & CONF_FORWARDED_X) != 0,
		.forwarded = (conf->forwarded & CONF_FORWARDED_RFC7239) != 0,
		.trusted = x->session->trusted,
		.via = conf_via(conf),
		.changes = additions_of_request(x, &changes),
	};
	struct rewritten path;
	unsigned status;

	if (x->asking != NULL) {
		forward_ask(&x->worker->forward, exchange_request(x), &policy,
		    (struct text){ x->asking->ask_path, strlen(x->asking->ask_path) });
		return 0;
	}
	status = edits_of_request(x, &policy.edits);

	if (request_rewrite(x, &path))
		policy.path = &path;
	if (status == 0)
		status = edits_note(x);
	if (status != 0)
		return status;
	forward_request(&x->worker->forward, exchange_request(x), &policy);
	return 0;
}

static enum step_result
send_head_failed(struct exchange *x, int error)
{
	bool connected = x->sent || x->upstream->served > 0;

	if (!connected)
		count(x->worker, SERVER_CONNECT_ERRORS, 1);
	return exchange_server_failed(x, 502, exchange_errno_reason(error, connected ? "send-failed" : "connect-failed"));
}

enum step_result
step_send_head(struct exchange *exchange)
{
	struct forward *forward = &exchange->worker->forward;
	struct relay *request = &exchange->request;
	unsigned status;
	size_t head;
	ssize_t n;

	if (!exchange->upstream->stream.writable)
		return exchange_wait(exchange);
	status = request_format(exchange);
	if (status != 0)
		return exchange_reply(exchange, status, "request-header");
	head = forward->length;
	if (request->ready > 0 && exchange->asking == NULL)
		forward_add(forward, relay_ready(request, &exchange->session->in), request->ready);
	forward_skip(forward, exchange->out_sent);
	n = stream_write(&exchange->upstream->stream, forward->pieces, forward->count);
	if (n < 0)
		return errno == EAGAIN ? exchange_wait(exchange) : send_head_failed(exchange, errno);
	if (exchange->begun != 0 && !exchange->sent)
		exchange->connected_at = clock_monotonic();
	exchange->sent = true;
	exchange->moved |= MOVED_SERVER_OUT;
	exchange->out_sent += (uint32_t)n;
	count(exchange->worker, SERVER_BYTES_OUT, n);
	if (exchange->out_sent < head)
		return exchange_wait(exchange);
	relay_sent(request, &exchange->session->in, exchange->out_sent - head);
	exchange->out_sent = 0;
	exchange->step = step_read_response;
	return STEP_NEXT;
}

/* What the request's relay came to, when it did not just go on. */
static enum step_result
pump_failed(struct exchange *x, enum relay_result result)
{
	switch (result) {
	case RELAY_YIELD:
		session_later(x->session);
		return STEP_NEXT;
	case RELAY_SINK_FAILED:
		/* the server reads no more; it may have answered all the same */
		x->request.broken = true;
		return STEP_NEXT;
	case RELAY_MALFORMED:
		count(x->worker, REQUESTS_BAD, 1);
		x->session->closing = true;
		return x->answered ? exchange_abort(x, "bad-chunk") : exchange_reply(x, 400, "bad-chunk");
	case RELAY_NO_MEMORY:
		return exchange_abort(x, "no-memory");
	default:
		return exchange_client_gone(x);
	}
}

enum step_result
exchange_pump_request(struct exchange *exchange)
{
	struct relay *request = &exchange->request;
	uint64_t limit = session_policy(exchange->session)->client->body_limit;
	const struct relay_path path = { &exchange->session->stream, &exchange->session->in, &exchange->upstream->stream,
		COUNTER_CLIENT_BYTES_IN, COUNTER_SERVER_BYTES_OUT };
	enum relay_result result;

	if (request->broken || relay_is_done(request) || exchange->asking != NULL)
		return STEP_NEXT;
	result = relay_run(request, exchange->worker, &path);
	if (limit > 0 && request->body.data > limit) {
		exchange->session->closing = true;
		return exchange->answered ? exchange_abort(exchange, "body-limit") : exchange_reply(exchange, 413, "body-limit");
	}
	if (result == RELAY_DONE || result == RELAY_WAIT_SOURCE || result == RELAY_WAIT_SINK)
		return STEP_NEXT;
	return pump_failed(exchange, result);
}

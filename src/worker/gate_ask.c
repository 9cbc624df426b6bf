/*
 * A server that is asked whether a request is let in: `auth-request`. The exchange
 * itself asks, before it goes on: it goes the way to a server as it does with its
 * request (choice, queue, kept connections, health, retries, time limits), but with
 * another head and without the body, and then begins anew. Runs in workers.
 */
#include <string.h>

#include "worker/additions.h"
#include "worker/edits.h"
#include "worker/exchange.h"
#include "worker/gate.h"
#include "worker/membership.h"
#include "worker/pool.h"
#include "worker/relay.h"
#include "worker/upstream.h"

enum { BODY_DRAINED = 65536 }; /* bytes of an answer that are read for the sake of the connection */

static bool
ask_wanted(const struct conf_rules *rules)
{
	return rules->ask != NULL;
}

static enum gate_result
ask_enter(struct exchange *exchange, const struct conf_rules *rules, const struct h1_request *request)
{
	(void)request;
	count(exchange->worker, AUTH_REQUESTS, 1);
	exchange->asking = rules;
	exchange->pool = &exchange->worker->pools[rules->ask_pool];
	exchange->step = step_choose;
	return GATE_WAIT;
}

/* The answer has been read, or is not worth it: what the asking has left is wiped out. */
static enum step_result
ask_end(struct exchange *x, bool keep)
{
	upstream_detach(x, keep);
	pool_leave(x);
	server_release(x->log_server);
	x->log_server = NULL;
	x->asking = NULL;
	x->pool = NULL;
	x->attempts = x->tried_count = x->interims = x->missed = 0;
	x->failure = 0;
	x->reason = NULL;
	x->fresh_only = x->received = x->sent = false;
	x->connected_at = x->first_byte_at = 0;
	x->hash_key = 0;
	x->waiting.until = 0;
	x->response = (struct relay){ 0 };
	return gates_go_on(x);
}

enum step_result
step_drain_answer(struct exchange *exchange)
{
	struct body *body = &exchange->response.body;
	struct block *in = &exchange->upstream->in;
	enum step_result result = STEP_NEXT;
	size_t skip, ready;

	while (result == STEP_NEXT && exchange->step == step_drain_answer) {
		while (!body->done && block_length(in) > 0) {
			if (body_accept(body, block_first(in), block_length(in), &skip, &ready) < 0)
				return exchange_bad_response(exchange, "bad-chunk");
			in->start += (uint32_t)(skip + ready);
		}
		if (body->done)
			return ask_end(exchange, exchange->keep_upstream);
		if (body->data > BODY_DRAINED)
			return ask_end(exchange, false);
		result = exchange_fill_response(exchange);
	}
	return result;
}

/* What the server says of the user goes on with the request. -1: no memory. */
static int
ask_copy(struct exchange *x, const struct h1_response *response)
{
	const struct conf_rules *rules = x->asking;
	const struct h1_field *field;
	size_t i;

	for (field = response->fields; field < response->fields + response->field_count; field++) {
		const char *name = response->head + field->line;
		const struct text value = { response->head + field->value, field->value_length };

		for (i = 0; i < rules->ask_copy_count && !field->hop; i++)
			if (text_equal_nocase(rules->ask_copies[i], strlen(rules->ask_copies[i]), name, field->name_length) &&
			    addition_field(&x->more, rules->ask_copies[i], value) < 0)
				return -1;
	}
	return 0;
}

static enum step_result
ask_let_in(struct exchange *x, const struct h1_response *response)
{
	if (ask_copy(x, response) < 0)
		return exchange_reply(x, 503, "no-memory");
	x->keep_upstream = response->keep_alive && x->pool->conf->send_proxy == CONF_SEND_PROXY_OFF;
	x->upstream->in.start += response->length;
	if (response->framing == H1_FRAMING_CLOSE)
		return ask_end(x, false);
	x->response = (struct relay){ 0 };
	body_begin(&x->response.body, response->framing, response->content_length, false);
	x->step = step_drain_answer;
	return STEP_NEXT;
}

/*
 * The client gets the answer; what it has sent behind its head is for nobody. 0, or the status
 * to answer with: rules about responses need more of the request than can be kept.
 */
static unsigned
ask_refuse(struct exchange *x, struct h1_response *response)
{
	struct session *session = x->session;
	unsigned status = edits_note(x);

	if (status != 0)
		return status;
	count(x->worker, AUTH_DENIED, 1);
	x->asking = NULL;
	x->reason = "auth-request";
	if (x->request.body.done)
		relay_discard(&x->request, x->worker, &session->in);
	else
		x->request.broken = true;
	relay_forget(&x->request, &session->in);
	block_release_empty(&session->in, &x->worker->buffers);
	if (x->method == H1_METHOD_HEAD && response->framing != H1_FRAMING_NONE) {
		response->framing = H1_FRAMING_NONE;
		response->keep_alive = false;
	}
	return 0;
}

static bool
is_redirect(unsigned status)
{
	return (status >= 301 && status <= 303) || status == 307 || status == 308;
}

enum ask_verdict
ask_judge(struct exchange *exchange, struct h1_response *response, enum step_result *result)
{
	const struct conf_rules *rules = exchange->asking;
	unsigned status = response->status;

	*result = STEP_NEXT;
	if (status >= 200 && status < 300) {
		*result = ask_let_in(exchange, response);
		return ASK_DECIDED;
	}
	if (status == 401 || status == 403 || (is_redirect(status) && rules->ask_redirects)) {
		status = ask_refuse(exchange, response);
		if (status == 0)
			return ASK_REFUSED;
		*result = exchange_reply(exchange, status, "response-header");
		return ASK_DECIDED;
	}
	*result = exchange_reply(exchange, 502, "auth-request");
	return ASK_DECIDED;
}

const struct gate gate_ask = { "ask", ask_wanted, ask_enter };

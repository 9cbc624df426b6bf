#include "worker/method.h"

#include "http/hops.h"
#include "worker/exchange.h"

enum { TRACE_MAX = 1024 }; /* bytes of an answer to TRACE that drover gives itself */

/* What drover passes on; what the server thinks of it, it says itself. */
#define ALLOW "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

/* The last station of an OPTIONS or a TRACE is drover itself. */
static void
method_last_hop(struct exchange *x, const struct h1_request *request)
{
	char text[TRACE_MAX];
	struct answer answer = { .status = 200, .type = "text/plain", .fields = ALLOW "\r\n", .keeps = true };

	if (request->method == H1_METHOD_TRACE) {
		answer.type = "message/http";
		answer.fields = NULL;
		answer.body = (struct text){ text, hops_trace(request, text, sizeof text) };
	} else if (session_policy(x->session)->client->trace == CONF_TRACE_FORWARD) {
		answer.fields = ALLOW ", TRACE\r\n";
	}
	exchange_answer(x, &answer, "max-forwards");
}

static void
method_refuse_trace(struct exchange *x)
{
	static const char text[] = "405 Method Not Allowed\n";
	static const struct answer answer = { .status = 405,
		.type = "text/plain",
		.fields = ALLOW "\r\n",
		.body = { text, sizeof text - 1 } };

	exchange_answer(x, &answer, "trace-method");
}

bool
method_answers(struct exchange *exchange, const struct h1_request *request)
{
	bool trace = request->method == H1_METHOD_TRACE;

	if (request->method == H1_METHOD_CONNECT)
		exchange_reply(exchange, 501, "connect-method");
	else if (trace && session_policy(exchange->session)->client->trace == CONF_TRACE_REFUSE)
		method_refuse_trace(exchange);
	else if (trace && request->framing != H1_FRAMING_NONE)
		exchange_reply(exchange, 400, "trace-body");
	else if (request->max_forwards == 0)
		method_last_hop(exchange, request);
	else
		return false;
	return true;
}

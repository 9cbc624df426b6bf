#include "worker/gate.h"

#include "http/hops.h"
#include "worker/additions.h"
#include "worker/exchange.h"
#include "worker/maintenance.h"
#include "worker/membership.h"
#include "worker/method.h"
#include "worker/route.h"

/* All of them, in the order in which a request meets them. */
static const struct gate *const gates[] = {
	&gate_access,
	&gate_rate,
	&gate_redirect,
	&gate_cors,
	&gate_basic,
	&gate_ask,
	&gate_respond,
};

static_assert(sizeof gates / sizeof gates[0] < GATES_MAX, "GATES_MAX is too small");

int
gates_choose(struct rules *to, const struct conf_rules *rules)
{
	size_t i, n = 0;

	to->conf = rules;
	for (i = 0; i < sizeof gates / sizeof gates[0]; i++)
		if (gates[i]->wanted(rules))
			to->gates[n++] = gates[i];
	to->gates[n] = NULL;
	to->edits_requests = rules->request_header_count > 0;
	to->edits_responses = rules->response_header_count > 0 || rules->server_timing;
	for (i = 0; i < rules->response_header_count; i++)
		to->notes |= rules->response_headers[i].value.request;
	return rules_open(to);
}

/* From the gate that the exchange has come to. GATE_PASS: through all of them. */
static enum gate_result
gates_enter(struct exchange *x, const struct rules *rules)
{
	enum gate_result result = GATE_PASS;
	const struct gate *gate;

	while (result == GATE_PASS && (gate = rules->gates[x->gate]) != NULL) {
		x->gate++;
		result = gate->enter(x, rules->conf, exchange_request(x));
	}
	return result;
}

/* Between the gates of the listener and those of the route. GATE_PASS: there is a route. */
static enum gate_result
gates_turn(struct exchange *x)
{
	const struct h1_request *request = exchange_request(x);
	struct worker *worker = x->worker;
	uint64_t limit = session_policy(x->session)->client->body_limit;
	const struct route *route;

	x->gate = 0;
	if (membership_is_old(worker))
		membership_sync(worker);
	if (method_is_special(request) && method_answers(x, request))
		return GATE_ANSWERED;
	route = route_find(worker, session_policy(x->session), request);
	if (worker->maintained && maintenance_answers(x, route))
		return GATE_ANSWERED;
	if (worker->conf->via_name != NULL && hops_have(request, worker->conf->via_name))
		exchange_reply(x, 508, "loop");
	else if (route_is_dodged(worker, session_policy(x->session), request, route))
		exchange_reply(x, 400, "path");
	else if (limit > 0 && (request->content_length > limit || x->request.body.data > limit))
		exchange_reply(x, 413, "body-limit");
	else if (route == NULL)
		exchange_reply(x, 404, "no-route");
	else
		x->route = route;
	return x->route == NULL ? GATE_ANSWERED : GATE_PASS;
}

enum step_result
step_gates(struct exchange *exchange)
{
	enum gate_result result = GATE_PASS;

	if (exchange->route == NULL) {
		result = gates_enter(exchange, &session_policy(exchange->session)->rules);
		if (result == GATE_PASS)
			result = gates_turn(exchange);
	}
	if (result == GATE_PASS)
		result = gates_enter(exchange, &exchange->route->rules);
	if (result == GATE_PASS) {
		exchange->pool = exchange->route->pool;
		exchange->step = step_choose;
	}
	return STEP_NEXT;
}

enum step_result
gates_go_on(struct exchange *exchange)
{
	exchange->step = step_gates;
	return STEP_NEXT;
}

enum step_result
gates_again(struct exchange *exchange)
{
	exchange->gate--;
	return gates_go_on(exchange);
}

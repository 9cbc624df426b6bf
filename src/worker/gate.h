/*
 * What stands between a request and its pool. A gate looks at a request and lets
 * it pass, answers it itself, or keeps it until it knows. The rules of a
 * listener, and then those of the route, have their own list of gates: those that
 * their configuration asks for, in the order of the table, so that what is not asked
 * for costs nothing. Adding one: a file gate_NAME.c and a row in gate.c. Runs in workers.
 */
#ifndef DROVER_WORKER_GATE_H
#define DROVER_WORKER_GATE_H

#include "worker/client.h"
#include "worker/internal.h"

enum gate_result {
	GATE_PASS,     /* the next one is asked */
	GATE_ANSWERED, /* by exchange_answer or exchange_reply: that is its step now */
	GATE_WAIT      /* it set x->step to one of its own, which ends with gates_go_on or an answer */
};

struct gate {
	const char *name;
	/* Whether these rules ask for it. */
	bool (*wanted)(const struct conf_rules *rules);
	/* `request` is the parsed one, in worker->request: it lasts until the next wait. */
	enum gate_result (*enter)(struct exchange *exchange, const struct conf_rules *rules, const struct h1_request *request);
};

extern const struct gate gate_access, gate_rate, gate_redirect, gate_respond, gate_cors, gate_basic, gate_ask;

/* Whether the peer is one whom `allow` and `deny` let in. */
bool gate_access_allows(const struct conf_rules *rules, const struct client *client);

/* Fills what `rules` ask for. -1: no memory. */
int gates_choose(struct rules *to, const struct conf_rules *rules);

/* The step of an exchange that goes through the gates: listener, choice of the route, route; then to its pool. */
enum step_result step_gates(struct exchange *exchange);

/* Past the gate that made the exchange wait. Always STEP_NEXT. */
enum step_result gates_go_on(struct exchange *exchange);

/* To the gate that made the exchange wait, once more. Always STEP_NEXT. */
enum step_result gates_again(struct exchange *exchange);

enum ask_verdict {
	ASK_REFUSED, /* the response goes to the client, with its body as `response` says now */
	ASK_DECIDED  /* *result is what to return */
};

/* What becomes of an exchange that has asked (gate_ask.c) and got this response. */
enum ask_verdict ask_judge(struct exchange *exchange, struct h1_response *response, enum step_result *result);

#endif

#include "worker/limits.h"

#include <stdio.h>

#include "base/clock.h"
#include "worker/client.h"
#include "worker/exchange.h"
#include "worker/gate.h"

/* Numbers of what is counted: all clients of each are counted for themselves. */
enum {
	LIMIT_RULE_CONNECTIONS = 0, /* + listener */
	LIMIT_RULE_LISTENERS = CONF_LISTENERS_MAX, /* rates: + listener */
	LIMIT_RULE_ROUTES = 2 * CONF_LISTENERS_MAX /* + route */
};

static unsigned
client_bits(const struct conf *conf, int family)
{
	return family == AF_INET6 ? conf->limit_ipv6_bits : family == AF_INET ? conf->limit_ipv4_bits : 0;
}

/* Whose limits stand where a proxy's connections are meant would meet all who come through it. */
static bool
client_is_exempt(const struct worker *worker, const struct client *client)
{
	return client_is_among(client, worker->conf->limit_exempt, worker->conf->limit_exempt_count);
}

void
limits_connection(struct session *session)
{
	struct worker *worker = session->worker;
	uint32_t most = session_policy(session)->client->connections;
	struct client client;
	struct client_key key;
	enum client_answer answer;

	if (most == 0 || session->trusted)
		return;
	client = client_of_peer(&session->peer);
	if (client_is_exempt(worker, &client))
		return;
	clients_key(worker->board, &key, LIMIT_RULE_CONNECTIONS + session->peer.listener, (unsigned)client.family,
	    client.address, client_bits(worker->conf, client.family));
	/* one that another worker gave back had its place already */
	answer = clients_connection(worker->board, &key, session->peer.served > 0 ? 0 : most, loop_now(worker->loop),
	    worker->slot, session->stream.fd);
	session->refused = answer == CLIENT_OVER;
	if (answer == CLIENT_OVER)
		count(worker, LIMITED_CONNECTIONS, 1);
	else if (answer == CLIENT_UNKNOWN)
		count(worker, LIMIT_UNCOUNTED, 1);
}

void
limits_connection_gone(struct session *session)
{
	if (session_policy(session)->client->connections > 0)
		clients_connection_gone(session->worker->board, session->worker->slot, session->stream.fd);
}

/* ---- the gates */

static void
limits_refuse(struct exchange *x, uint64_t wait, const char *reason, bool keeps)
{
	char fields[48], text[] = "429 Too Many Requests\n";
	struct answer answer = { .status = 429, .type = "text/plain", .fields = fields,
		.body = { text, sizeof text - 1 }, .keeps = keeps };

	snprintf(fields, sizeof fields, "Retry-After: %llu\r\n", (unsigned long long)((wait + CLOCK_SECOND - 1) / CLOCK_SECOND));
	exchange_answer(x, &answer, reason);
}

void
limits_refuse_session(struct exchange *exchange)
{
	if (exchange->session->refused)
		limits_refuse(exchange, CLOCK_SECOND, "limit-connections", false);
}

static bool
rate_wanted(const struct conf_rules *rules)
{
	return rules->limit_rate.number > 0;
}

static struct client_rate
rate_of(const struct conf_rules *rules)
{
	const struct conf_rate *rate = &rules->limit_rate;
	struct client_rate r = { UINT64_C(1000000000) * rate->seconds / rate->number, rules->limit_burst };

	if (r.burst == 0)
		r.burst = rate->number / rate->seconds;
	if (r.burst == 0)
		r.burst = 1;
	return r;
}

/* Which rules these are, by a number that all workers give them. */
static unsigned
rule_number(const struct exchange *x)
{
	const struct conf *conf = x->worker->conf;

	if (x->route == NULL || x->route->conf == NULL)
		return LIMIT_RULE_LISTENERS + x->session->peer.listener;
	return LIMIT_RULE_ROUTES + (unsigned)(x->route->conf - conf->routes);
}

static enum gate_result
rate_enter(struct exchange *exchange, const struct conf_rules *rules, const struct h1_request *request)
{
	struct worker *worker = exchange->worker;
	struct client client = client_of(exchange->session, request);
	struct client_rate rate = rate_of(rules);
	struct client_key key;
	uint64_t wait = 0;

	if (client_is_exempt(worker, &client))
		return GATE_PASS;
	clients_key(worker->board, &key, rule_number(exchange), (unsigned)client.family, client.address,
	    client_bits(worker->conf, client.family));
	switch (clients_request(worker->board, &key, &rate, loop_now(worker->loop), worker->slot, &wait)) {
	case CLIENT_OVER:
		count(worker, LIMITED_REQUESTS, 1);
		limits_refuse(exchange, wait, "limit-rate", true);
		return GATE_ANSWERED;
	case CLIENT_UNKNOWN:
		count(worker, LIMIT_UNCOUNTED, 1);
		return GATE_PASS;
	case CLIENT_PASSES:
		break;
	}
	return GATE_PASS;
}

const struct gate gate_rate = { "limit-rate", rate_wanted, rate_enter };

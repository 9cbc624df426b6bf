/* Who is served: `allow` and `deny`. Runs in workers. */
#include "worker/client.h"
#include "worker/exchange.h"
#include "worker/gate.h"

static bool
access_wanted(const struct conf_rules *rules)
{
	return rules->allow_count > 0 || rules->deny_count > 0;
}

bool
gate_access_allows(const struct conf_rules *rules, const struct client *client)
{
	return !client_is_among(client, rules->deny, rules->deny_count) &&
	    (rules->allow_count == 0 || client_is_among(client, rules->allow, rules->allow_count));
}

static enum gate_result
access_enter(struct exchange *exchange, const struct conf_rules *rules, const struct h1_request *request)
{
	struct client client = client_of(exchange->session, request);

	if (gate_access_allows(rules, &client))
		return GATE_PASS;
	exchange_reply(exchange, 403, "denied");
	return GATE_ANSWERED;
}

const struct gate gate_access = { "access", access_wanted, access_enter };

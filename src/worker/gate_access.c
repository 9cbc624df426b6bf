/* Who is served: `allow` and `deny`. Runs in workers. */
#include "worker/exchange.h"
#include "worker/gate.h"

static bool
access_wanted(const struct conf_rules *rules)
{
	return rules->allow_count > 0 || rules->deny_count > 0;
}

static bool
access_is_among(const struct channel_connection *peer, const struct address_range *ranges, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (address_range_holds(&ranges[i], peer->family, peer->address))
			return true;
	return false;
}

bool
gate_access_allows(const struct conf_rules *rules, const struct channel_connection *peer)
{
	return !access_is_among(peer, rules->deny, rules->deny_count) &&
	    (rules->allow_count == 0 || access_is_among(peer, rules->allow, rules->allow_count));
}

static enum gate_result
access_enter(struct exchange *exchange, const struct conf_rules *rules, const struct h1_request *request)
{
	(void)request;
	if (gate_access_allows(rules, &exchange->session->peer))
		return GATE_PASS;
	exchange_reply(exchange, 403, "denied");
	return GATE_ANSWERED;
}

const struct gate gate_access = { "access", access_wanted, access_enter };

#include "worker/session_tcp.h"

#include <string.h>

#include "base/clock.h"
#include "worker/access_log.h"
#include "worker/exchange.h"
#include "worker/gate.h"
#include "worker/maintenance.h"
#include "worker/membership.h"
#include "worker/pool.h"
#include "worker/relay.h"
#include "worker/upstream.h"

int
session_tcp_begin(struct session *session)
{
	const struct policy *policy = session_policy(session);
	struct client client = client_of_peer(&session->peer);
	struct exchange *x = exchange_new(session);

	if (x == NULL)
		return -1;
	x->tcp = true;
	x->fresh_only = true; /* nobody else's connection */
	x->route = policy->route;
	x->pool = policy->route->pool;
	x->step = step_choose;
	memcpy(x->asked.method, "TCP", sizeof "TCP");
	relay_begin(&x->request, H1_FRAMING_TUNNEL, 0, false, 0);
	relay_begin(&x->response, H1_FRAMING_TUNNEL, 0, false, 0);
	x->request_body = x->request.body;
	access_log_begin(x, NULL);
	count(session->worker, TCP_CONNECTIONS, 1);
	if (membership_is_old(session->worker))
		membership_sync(session->worker);
	if (!gate_access_allows(policy->rules.conf, &client))
		exchange_reply(x, 403, "denied");
	else if (session->refused)
		exchange_reply(x, 429, "limit-connections");
	else if (session->worker->maintained)
		maintenance_answers(x, x->route);
	return 0;
}

enum step_result
step_tcp(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	int error = stream_error(&upstream->stream);

	if (error != 0) {
		count(exchange->worker, SERVER_CONNECT_ERRORS, 1);
		return exchange_server_failed(exchange, 502, exchange_errno_reason(error, "connect-failed"));
	}
	deadline_clear(&upstream->deadline);
	if (exchange->begun != 0)
		exchange->connected_at = clock_monotonic();
	exchange->status = 200; /* for the log */
	exchange->reason = NULL;
	exchange->answered = true;
	exchange->tunnel = true;
	exchange->step = step_tunnel;
	pool_server_worked(exchange);
	membership_tunnel_begun(exchange);
	return STEP_NEXT;
}

static enum step_result
step_refuse(struct exchange *exchange)
{
	return exchange_abort(exchange, exchange->reason);
}

/* An error says that there was no server; an end would say that it had nothing to say. */
enum step_result
session_tcp_refuse(struct exchange *exchange, unsigned status, const char *reason)
{
	upstream_detach(exchange, false);
	pool_leave(exchange);
	exchange->status = (uint16_t)status;
	exchange->reason = reason;
	exchange->step = step_refuse;
	return STEP_NEXT;
}

#include "worker/maintenance.h"

#include <stdio.h>

#include "base/clock.h"
#include "worker/exchange.h"

void
maintenance_sync(struct worker *worker)
{
	worker->maintained = scoreboard_get(&worker->board->maintenance.any) != 0;
}

/* Whether the client is served all the same. */
static bool
client_is_excepted(const struct session *session)
{
	const struct scoreboard_maintenance *board = &session->worker->board->maintenance;
	uint32_t count = atomic_load_explicit(&board->except_count, memory_order_acquire), i;

	for (i = 0; i < count && i < SCOREBOARD_EXCEPT; i++)
		if (address_range_holds(&board->except[i], session->peer.family, session->peer.address))
			return true;
	return false;
}

static bool
is_maintained(const struct exchange *x, const struct route *route)
{
	const struct worker *worker = x->worker;
	const struct scoreboard_maintenance *board = &worker->board->maintenance;

	if (scoreboard_get(&board->all) != 0 || scoreboard_get(&board->listeners[x->session->peer.listener]) != 0)
		return true;
	if (route == NULL)
		return false;
	if (route->conf != NULL && scoreboard_get(&board->routes[route->conf - worker->conf->routes]) != 0)
		return true;
	return route->pool != NULL && scoreboard_get(&board->pools[route->pool - worker->pools]) != 0;
}

bool
maintenance_answers(struct exchange *exchange, const struct route *route)
{
	uint64_t seconds = exchange->worker->conf->maintenance_retry_after / CLOCK_SECOND;
	char fields[64], text[64];
	struct answer answer = { .status = 503, .type = "text/plain", .fields = fields, .body.bytes = text, .keeps = true };

	if (!is_maintained(exchange, route) || client_is_excepted(exchange->session))
		return false;
	exchange->route = route; /* whose page and header rules count */
	fields[0] = '\0';
	if (seconds > 0)
		snprintf(fields, sizeof fields, "Retry-After: %llu\r\n", (unsigned long long)seconds);
	answer.body.length = (size_t)snprintf(text, sizeof text, "503 %s\n", h1_status_phrase(503));
	exchange_answer(exchange, &answer, "maintenance");
	return true;
}

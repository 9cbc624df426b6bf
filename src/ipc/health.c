#include "ipc/health.h"

#include <string.h>

static const char *const reason_words[] = {
#define HEALTH_REASON_WORD(symbol, word) word,
	HEALTH_REASON_TABLE(HEALTH_REASON_WORD)
#undef HEALTH_REASON_WORD
};

const char *
health_reason_word(uint32_t reason)
{
	return reason_words[reason < HEALTH_REASONS ? reason : HEALTH_REASON_BAD_RESPONSE];
}

enum health_reason
health_reason_find(const char *word)
{
	unsigned i;

	for (i = 0; i < HEALTH_REASONS; i++)
		if (strcmp(reason_words[i], word) == 0)
			return (enum health_reason)i;
	return HEALTH_REASON_BAD_RESPONSE;
}

bool
health_is_up(const struct scoreboard_server *server, uint64_t now)
{
	return health_down_until(server) <= now;
}

bool
health_is_refused(const struct scoreboard_server *server, uint64_t now)
{
	return scoreboard_get(&server->checked_down_until) > now;
}

uint64_t
health_down_until(const struct scoreboard_server *server)
{
	uint64_t passive = scoreboard_get(&server->down_until);
	uint64_t checked = scoreboard_get(&server->checked_down_until);

	return passive > checked ? passive : checked;
}

void
health_changed(struct scoreboard *board)
{
	atomic_fetch_add_explicit(&board->health_version, 1, memory_order_release);
}

bool
health_failed(struct scoreboard_server *server, uint64_t now, uint32_t max_fails, uint64_t fail_timeout,
    enum health_reason reason)
{
	uint64_t window = scoreboard_get(&server->fail_window);
	uint64_t was_down = scoreboard_get(&server->down_until);

	if (max_fails == 0)
		return false;
	if (was_down == 0 && now - window > fail_timeout &&
	    atomic_compare_exchange_strong(&server->fail_window, &window, now))
		scoreboard_set(&server->fails, 0);
	/* a server on trial after its time-out is down again at its first failure */
	if (atomic_fetch_add(&server->fails, 1) + 1 < max_fails && was_down == 0)
		return false;
	if (was_down > now)
		return false;
	if (!atomic_compare_exchange_strong(&server->down_until, &was_down, now + fail_timeout))
		return false;
	scoreboard_set(&server->down_why, (uint32_t)reason);
	atomic_fetch_add(&server->downs, 1); /* behind the reason: who sees this sees that */
	return true;
}

bool
health_worked(struct scoreboard_server *server)
{
	uint64_t was_down;

	if (scoreboard_get(&server->fails) == 0)
		return false;
	scoreboard_set(&server->fails, 0);
	was_down = atomic_exchange(&server->down_until, 0);
	return was_down != 0;
}

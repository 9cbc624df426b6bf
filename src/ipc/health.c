#include "ipc/health.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* A request that tries a server may never tell: its client goes away, or the server is silent. */
static const uint64_t trial_patience = 5 * CLOCK_SECOND;

static const char *const reason_words[] = {
#define HEALTH_REASON_WORD(symbol, word) word,
	HEALTH_REASON_TABLE(HEALTH_REASON_WORD)
#undef HEALTH_REASON_WORD
};

const char *const health_verdict_names[] = { "unknown", "up", "down", NULL };

enum health_reason
health_reason_of_errno(int error, enum health_reason otherwise)
{
	switch (error) {
	case ECONNREFUSED:
		return HEALTH_REASON_CONNECT_REFUSED;
	case ETIMEDOUT:
		return HEALTH_REASON_CONNECT_TIMEOUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
		return HEALTH_REASON_UNREACHABLE;
	case ENOENT:
		return HEALTH_REASON_NO_SUCH_SOCKET;
	case ECONNRESET:
	case EPIPE:
		return HEALTH_REASON_RESET_BY_SERVER;
	default:
		return otherwise;
	}
}

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
health_is_on_trial(const struct scoreboard_server *server)
{
	return scoreboard_get(&server->down_until) != 0;
}

uint64_t
health_trial_at(const struct scoreboard_server *server)
{
	uint64_t down = scoreboard_get(&server->down_until), tried = scoreboard_get(&server->tried_until);

	return down > tried ? down : tried;
}

bool
health_try(struct scoreboard_server *server, uint64_t now)
{
	uint64_t tried = scoreboard_get(&server->tried_until);
	uint64_t patience = server->fail_timeout < trial_patience ? server->fail_timeout : trial_patience;

	return health_is_on_trial(server) && health_trial_at(server) <= now &&
	       atomic_compare_exchange_strong(&server->tried_until, &tried, now + patience);
}

void
health_came_back(struct scoreboard_server *server, uint64_t now)
{
	scoreboard_set(&server->came_back, now);
}

unsigned
health_warmth(const struct scoreboard_server *server, uint64_t now)
{
	uint64_t since = scoreboard_get(&server->came_back), share;

	if (since == 0 || server->slow_start == 0)
		return 100;
	if (now < since)
		return 1;
	if (now - since >= server->slow_start)
		return 100;
	share = (now - since) / (server->slow_start / 100 + 1);
	return share < 1 ? 1 : share > 99 ? 99 : (unsigned)share;
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

/* ---- checks */

bool
health_check_get(const struct scoreboard *board, unsigned server, struct health_check *check)
{
	const struct scoreboard_check *row = &board->checks[server];
	uint32_t verdict;

	*check = (struct health_check){ .result = HEALTH_REASON_OK };
	if (board->servers[server].id == 0 ||
	    atomic_load_explicit(&row->id, memory_order_acquire) != board->servers[server].id)
		return false;
	verdict = scoreboard_get(&row->verdict); /* any process that maps the scoreboard can have written there */
	check->verdict = verdict < HEALTH_VERDICTS ? (enum health_verdict)verdict : HEALTH_UNKNOWN;
	check->result = (enum health_reason)(scoreboard_get(&row->result) % HEALTH_REASONS);
	check->status = scoreboard_get(&row->status);
	check->run = scoreboard_get(&row->run);
	check->downs = scoreboard_get(&row->downs);
	check->checked = scoreboard_get(&row->checked);
	check->took = scoreboard_get(&row->took);
	check->changed = scoreboard_get(&row->changed);
	return true;
}

void
health_check_decided(
    const struct scoreboard *board, unsigned server, enum health_verdict verdict, struct health_check *check)
{
	const struct scoreboard_check *row = &board->checks[server];

	*check = (struct health_check){ .verdict = verdict, .result = HEALTH_REASON_OK };
	if (verdict != HEALTH_DOWN) {
		check->run = scoreboard_get(&row->back_run);
		return;
	}
	check->result = (enum health_reason)(scoreboard_get(&row->out_result) % HEALTH_REASONS);
	check->status = scoreboard_get(&row->out_status);
	check->run = scoreboard_get(&row->out_run);
}

static void
check_note_decision(struct scoreboard_check *row, const struct health_check *check)
{
	if (check->verdict != HEALTH_DOWN) {
		scoreboard_set(&row->back_run, check->run);
		return;
	}
	scoreboard_set(&row->out_result, (uint32_t)check->result);
	scoreboard_set(&row->out_status, check->status);
	scoreboard_set(&row->out_run, check->run);
}

void
health_check_set(struct scoreboard *board, unsigned server, uint32_t id, const struct health_check *check,
    uint64_t until)
{
	struct scoreboard_server *judged = &board->servers[server];
	struct scoreboard_check *row = &board->checks[server];
	uint64_t now = clock_monotonic();
	bool was_down = health_is_refused(judged, now), is_down = check->verdict == HEALTH_DOWN;

	if (atomic_load(&row->id) != id || scoreboard_get(&row->verdict) != (uint32_t)check->verdict)
		check_note_decision(row, check);
	atomic_thread_fence(memory_order_release); /* who sees that it is down sees why */
	if (was_down && !is_down)
		health_came_back(judged, now);
	scoreboard_set(&judged->checked_down_until, is_down ? until : 0);
	if (is_down != was_down)
		health_changed(board); /* first: who reads the verdict finds that workers go by it */
	scoreboard_set(&row->verdict, (uint32_t)check->verdict);
	scoreboard_set(&row->result, (uint32_t)check->result);
	scoreboard_set(&row->status, check->status);
	scoreboard_set(&row->run, check->run);
	scoreboard_set(&row->checked, check->checked);
	scoreboard_set(&row->took, check->took);
	scoreboard_set(&row->changed, check->changed);
	atomic_store_explicit(&row->downs, check->downs, memory_order_release); /* behind what it tells of */
	atomic_store_explicit(&row->id, id, memory_order_release);
}

void
health_check_clear(struct scoreboard *board, unsigned server)
{
	scoreboard_set(&board->checks[server].id, 0);
	scoreboard_set(&board->checks[server].downs, 0);
	scoreboard_set(&board->servers[server].checked_down_until, 0);
	health_changed(board);
}

const char *
health_check_text(const struct health_check *check, char text[HEALTH_CHECK_TEXT])
{
	snprintf(text, HEALTH_CHECK_TEXT, "%s", health_reason_word((uint32_t)check->result));
	if (check->result == HEALTH_REASON_STATUS)
		snprintf(text, HEALTH_CHECK_TEXT, "status %u", check->status % 1000);
	return text;
}

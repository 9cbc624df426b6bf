/* workers: the proxy processes. Master. */
#include "base/clock.h"
#include "control/commands.h"
#include "control/named.h"
#include "control/values.h"

/* The newest death of that slot that is still written down, or null. */
static json_t *
last_death(const struct scoreboard *board, unsigned slot)
{
	uint64_t seen = scoreboard_get(&board->deaths_seen), i;
	const struct scoreboard_death *death;

	for (i = 0; i < seen && i < SCOREBOARD_DEATHS; i++) {
		death = &board->deaths[(seen - 1 - i) % SCOREBOARD_DEATHS];
		if (death->slot == (int32_t)slot)
			return value_death(death);
	}
	return json_null();
}

static json_t *
worker_age(const struct scoreboard_worker *w)
{
	uint64_t now = clock_monotonic(), started = scoreboard_get(&w->child.started);

	return scoreboard_get(&w->child.pid) != 0 && started != 0 && now > started ? value_ms(now - started)
									     : json_null();
}

static const char *
log_level_word(const struct scoreboard_worker *w)
{
	uint32_t level = scoreboard_get(&w->log_level);

	return log_level_names[level <= LOG_LEVEL_DEBUG ? level : LOG_LEVEL_DEBUG];
}

static json_t *
worker_show(struct master *master, unsigned slot)
{
	const struct scoreboard *board = master_board(master);
	const struct scoreboard_worker *w = &board->workers[slot];
	int pid = scoreboard_get(&w->child.pid);

	return json_pack("{s:i,s:s,s:o,s:o,s:I,s:I,s:I,s:I,s:I,s:s,s:b,s:o,s:o}", "worker", (int)slot, "state",
	    child_state_names[worker_state(board, slot)], "pid", pid != 0 ? json_integer(pid) : json_null(),
	    "age-ms", worker_age(w), "restarts", (json_int_t)scoreboard_get(&w->child.restarts), "load",
	    (json_int_t)scoreboard_worker_load(board, slot), "handed", (json_int_t)scoreboard_get(&w->handed),
	    "requests", (json_int_t)scoreboard_get(&w->counters[COUNTER_REQUESTS]), "requests-active",
	    (json_int_t)scoreboard_get(&w->counters[COUNTER_REQUESTS_ACTIVE]), "log-level", log_level_word(w),
	    "servers-current", (int)master_worker_is_current(master, slot), "loop", value_lag(w), "last-death",
	    last_death(board, slot));
}

/* cursor: slots that were looked at. */
static enum stream_row
workers_next(struct call *call, json_t **row)
{
	unsigned slot;

	while (call->cursor < SCOREBOARD_WORKERS) {
		slot = (unsigned)call->cursor++;
		if (!worker_is_there(call->master, slot))
			continue;
		*row = worker_show(call->master, slot);
		return STREAM_ROW;
	}
	return STREAM_LAST;
}

void
command_workers(struct call *call)
{
	call_rows(call,
	    json_pack("{s:i,s:i}", "desired", (int)master_workers_desired(call->master), "ready",
		(int)master_workers_ready(call->master)),
	    "workers", workers_next);
}

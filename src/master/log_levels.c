#include "master/log_levels.h"

#include "base/clock.h"
#include "base/object.h"
#include "master/state.h"

enum { PROCESS_MASTER = SCOREBOARD_WORKERS, PROCESS_PROBER, PROCESSES };

/* Where the process looks. */
static _Atomic uint32_t *
level_shown(struct master *m, int process)
{
	if (process == PROCESS_MASTER)
		return &m->log_levels.master;
	return process == PROCESS_PROBER ? &m->board->prober.log_level : &m->board->workers[process].log_level;
}

static int
process_number(int process)
{
	if (process == MASTER_LOG_PROBER)
		return PROCESS_PROBER;
	return process >= 0 && process < SCOREBOARD_WORKERS ? process : PROCESS_MASTER;
}

/* Sets the timer to the next level that is to be put back. */
static void
log_levels_plan(struct master *m, uint64_t now)
{
	struct log_levels *l = &m->log_levels;
	uint64_t next = 0;
	int p;

	for (p = 0; p < PROCESSES; p++)
		if (l->processes[p].until != 0 && (next == 0 || l->processes[p].until < next))
			next = l->processes[p].until;
	if (next == 0)
		timer_clear(&l->timer);
	else
		timer_set(&l->timer, next > now ? next - now : 0);
}

static void
log_levels_timer_cb(struct timer *timer)
{
	struct log_levels *l = CONTAINER_OF(timer, struct log_levels, timer);
	struct master *m = CONTAINER_OF(l, struct master, log_levels);
	uint64_t now = clock_monotonic();
	int p;

	OBJECT_CHECK(m, MASTER_MAGIC);
	for (p = 0; p < PROCESSES; p++) {
		if (l->processes[p].until == 0 || l->processes[p].until > now)
			continue;
		l->processes[p].until = 0;
		scoreboard_set(level_shown(m, p), (uint32_t)l->processes[p].lasting);
	}
	log_levels_plan(m, now);
}

void
log_levels_init(struct master *m)
{
	int p;

	for (p = 0; p < PROCESSES; p++) {
		m->log_levels.processes[p].lasting = m->conf->log_level;
		scoreboard_set(level_shown(m, p), (uint32_t)m->conf->log_level);
	}
	timer_init(&m->log_levels.timer, m->loop, log_levels_timer_cb);
	log_follow(&m->log_levels.master);
}

void
log_levels_close(struct master *m)
{
	log_follow(NULL);
	timer_clear(&m->log_levels.timer);
}

/* ---- verbs */

void
master_set_log_level(struct master *m, int process, enum log_level level, uint64_t microseconds)
{
	uint64_t now = clock_monotonic();
	int p, only = process_number(process);

	for (p = 0; p < PROCESSES; p++) {
		struct log_levels_process *of = &m->log_levels.processes[p];

		if (process != MASTER_LOG_ALL && p != only)
			continue;
		if (microseconds == 0 && of->lasting != level) {
			of->lasting = level;
			master_changed(m);
		}
		of->until = microseconds == 0 ? 0 : now + microseconds;
		scoreboard_set(level_shown(m, p), (uint32_t)level);
	}
	log_levels_plan(m, now);
}

enum log_level
master_log_level(const struct master *m, int process)
{
	int p = process_number(process);
	uint32_t level;

	if (p == PROCESS_MASTER)
		return (enum log_level)scoreboard_get(&m->log_levels.master);
	/* a child can write there */
	level = scoreboard_get(p == PROCESS_PROBER ? &m->board->prober.log_level : &m->board->workers[p].log_level);
	return level <= LOG_LEVEL_DEBUG ? (enum log_level)level : m->log_levels.processes[p].lasting;
}

enum log_level
master_log_level_lasting(const struct master *m, int process)
{
	return m->log_levels.processes[process_number(process)].lasting;
}

uint64_t
master_log_level_until(const struct master *m, int process)
{
	return m->log_levels.processes[process_number(process)].until;
}

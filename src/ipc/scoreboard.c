#include "ipc/scoreboard.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base/clock.h"

const char *const server_state_names[] = { "free", "ready", "drain", "maintenance", "leaving", "cut", "starting", NULL };

struct scoreboard *
scoreboard_new(struct error *err)
{
	/* not a file, not even a memfd: a limit of the size of files must not keep drover from starting */
	struct scoreboard *board =
	    mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (board == MAP_FAILED) {
		error_errno(err, "cannot make the scoreboard");
		return NULL;
	}
	if (getrandom(&board->sticky_key, sizeof board->sticky_key, 0) != (ssize_t)sizeof board->sticky_key) {
		error_errno(err, "no random numbers for the scoreboard");
		scoreboard_free(board);
		return NULL;
	}
	board->started_wall = clock_wall();
	board->started_monotonic = clock_monotonic();
	board->servers_version = 1;
	return board;
}

void
scoreboard_free(struct scoreboard *board)
{
	if (board != NULL)
		munmap(board, sizeof *board);
}

unsigned
scoreboard_slots(const struct scoreboard *board)
{
	unsigned slots = scoreboard_get(&board->worker_slots);

	/* any process that maps the scoreboard can have written there: it is not believed */
	return slots < SCOREBOARD_WORKERS ? slots : SCOREBOARD_WORKERS;
}

unsigned
scoreboard_server_slots(const struct scoreboard *board)
{
	unsigned slots = scoreboard_get(&board->server_slots);

	return slots < SCOREBOARD_SERVERS ? slots : SCOREBOARD_SERVERS;
}

enum server_state
scoreboard_server_state(const struct scoreboard *board, unsigned server)
{
	uint32_t state = atomic_load_explicit(&board->servers[server].state, memory_order_acquire);

	return state < SERVER_STATES ? (enum server_state)state : SERVER_FREE;
}

uint32_t
scoreboard_worker_load(const struct scoreboard *board, unsigned slot)
{
	const struct scoreboard_worker *w = &board->workers[slot];
	uint64_t ended = scoreboard_get(&w->ended); /* first: it never passes what was handed over before */
	uint64_t handed = scoreboard_get(&w->handed);

	return handed > ended ? (uint32_t)(handed - ended) : 0;
}

uint32_t
scoreboard_server_load(const struct scoreboard *board, unsigned server)
{
	unsigned slots = scoreboard_slots(board);
	uint32_t load = 0;
	unsigned w;

	for (w = 0; w < slots; w++)
		load += atomic_load_explicit(&board->held[w][server], memory_order_seq_cst);
	return load;
}

uint64_t
scoreboard_server_requests(const struct scoreboard *board, unsigned server)
{
	unsigned slots = scoreboard_slots(board), w;
	uint64_t sum = 0;

	for (w = 0; w < slots; w++)
		sum += scoreboard_get(&board->share[w][server].requests);
	return sum;
}

/* Numbers that are added at once. */
typedef uint32_t numbers __attribute__((vector_size(16), aligned(4), may_alias));
enum { NUMBERS = 4 };

/* What stands in a row is read by the number of words that suits the processor: each is whole, as with scoreboard_get. */
static void
row_add(const _Atomic uint32_t *row, unsigned count, uint32_t *sums)
{
	unsigned i;

	for (i = 0; i + NUMBERS <= count; i += NUMBERS)
		*(numbers *)(sums + i) += *(const numbers *)(uintptr_t)(row + i);
	for (; i < count; i++)
		sums[i] += scoreboard_get(&row[i]);
}

void
scoreboard_loads(const struct scoreboard *board, unsigned first, unsigned count, uint32_t *loads)
{
	unsigned slots = scoreboard_slots(board), w;

	memset(loads, 0, count * sizeof *loads);
	for (w = 0; w < slots; w++)
		row_add(&board->held[w][first], count, loads);
}

uint64_t
scoreboard_pool_load(const struct scoreboard *board, unsigned pool)
{
	unsigned slots = scoreboard_slots(board), w;
	uint64_t load = 0;

	for (w = 0; w < slots; w++)
		load += scoreboard_get(&board->carried[w][pool]);
	return load;
}

uint64_t
scoreboard_total(const struct scoreboard *board, enum counter counter)
{
	unsigned slots = scoreboard_slots(board);
	uint64_t sum = scoreboard_get(&board->left[counter]);
	unsigned w;

	for (w = 0; w < slots; w++)
		sum += scoreboard_get(&board->workers[w].counters[counter]);
	return sum;
}

void
scoreboard_worker_reset(struct scoreboard *board, unsigned slot)
{
	struct scoreboard_worker *w = &board->workers[slot];
	bool waited = scoreboard_get(&w->counters[COUNTER_QUEUED]) != 0;
	unsigned i;

	for (i = 0; i < COUNTER_COUNT; i++) {
		if (counter_table[i].kind == COUNTER_MONOTONIC)
			scoreboard_add(&board->left[i], scoreboard_get(&w->counters[i]));
		scoreboard_set(&w->counters[i], 0);
	}
	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		scoreboard_set(&w->lag.buckets[i], 0);
	for (i = 0; i < scoreboard_server_slots(board); i++) {
		if (scoreboard_get(&board->held[slot][i]) == 0)
			continue;
		scoreboard_set(&board->held[slot][i], 0);
		queue_make_dirty(board, board->servers[i].pool);
	}
	queues_worker_gone(board, slot, waited);
	for (i = 0; i < SCOREBOARD_POOLS; i++)
		if (scoreboard_get(&board->carried[slot][i]) != 0)
			scoreboard_set(&board->carried[slot][i], 0);
	clients_worker_gone(board, slot);
	scoreboard_set(&w->handed, 0);
	scoreboard_set(&w->ended, 0);
	scoreboard_set(&w->heartbeat, 0);
	scoreboard_set(&w->child.ready, 0);
	scoreboard_set(&w->servers_seen, 0);
	scoreboard_set(&w->woken, 0);
	if (scoreboard_slots(board) <= slot)
		scoreboard_set(&board->worker_slots, slot + 1);
}

void
scoreboard_death_add(struct scoreboard *board, const struct scoreboard_death *death)
{
	uint64_t n = scoreboard_get(&board->deaths_seen);

	board->deaths[n % SCOREBOARD_DEATHS] = *death;
	scoreboard_set(&board->deaths_seen, n + 1);
}

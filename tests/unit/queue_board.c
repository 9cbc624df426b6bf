#include "queue_board.h"

#include <check.h>

struct scoreboard *board;
struct queue *queue;
struct queue_book books[WORKERS];

static void
server_fill(unsigned server, uint32_t most)
{
	struct scoreboard_server *row = &board->servers[server];

	row->pool = POOL;
	row->id = 100 + server;
	scoreboard_set(&row->max_connections, most);
	scoreboard_set(&row->state, SERVER_READY);
	if (board->server_slots <= server)
		scoreboard_set(&board->server_slots, server + 1);
}

void
setup(void)
{
	struct error err = { .text = "" };
	unsigned slot;

	board = scoreboard_new(&err);
	ck_assert_msg(board != NULL, "%s", err.text);
	for (slot = 0; slot < WORKERS; slot++)
		scoreboard_worker_reset(board, slot);
	server_fill(FIRST, 2);
	server_fill(SECOND, 1);
	queue = &board->queues[POOL];
	ck_assert(!queue_is_open(queue));
	ck_assert_int_eq(queue_count(board, POOL, 1), 0);
	ck_assert(queue_is_open(queue));
	for (slot = 0; slot < WORKERS; slot++)
		queue_book_open(&books[slot], board, slot);
}

void
teardown(void)
{
	scoreboard_free(board);
}

void
enter(unsigned slot, unsigned server)
{
	queue_lock(board, POOL, slot);
	queue_enter(board, slot, server);
	queue_unlock(board, POOL);
}

int
leave(unsigned slot, unsigned server, bool usable)
{
	int told;

	queue_lock(board, POOL, slot);
	told = queue_leave(board, POOL, slot, server, usable);
	queue_unlock(board, POOL);
	return told;
}

int
give(unsigned slot, unsigned server)
{
	int told;

	queue_lock(board, POOL, slot);
	told = queue_give(board, POOL, server);
	queue_unlock(board, POOL);
	return told;
}

uint32_t
join_picky(unsigned slot, const uint32_t *avoid, unsigned avoids)
{
	uint32_t entry;

	queue_lock(board, POOL, slot);
	entry = queue_join(&books[slot], POOL, SIZE, avoid, avoids);
	queue_unlock(board, POOL);
	return entry;
}

uint32_t
join(unsigned slot)
{
	return join_picky(slot, NULL, 0);
}

int
part(unsigned slot, uint32_t entry)
{
	int server;

	queue_lock(board, POOL, slot);
	server = queue_part(&books[slot], POOL, entry);
	queue_unlock(board, POOL);
	return server;
}

bool
is_granted(unsigned slot, uint32_t entry)
{
	return queue_entry_state(&books[slot], entry) == QUEUE_GRANTED;
}

void
look(unsigned slot)
{
	queue_lock(board, POOL, slot);
	queue_unlock(board, POOL);
}

uint32_t
taken(unsigned server)
{
	return scoreboard_get(&board->servers[server].taken);
}

void
expect_empty(void)
{
	ck_assert_uint_eq(queue_waiting(board, POOL), 0);
	ck_assert_uint_eq(scoreboard_get(&queue->first), 0);
	ck_assert_uint_eq(queue->last + queue->head + queue->picky, 0);
	ck_assert_uint_eq(taken(FIRST) + taken(SECOND), 0);
	ck_assert_uint_eq(scoreboard_server_load(board, FIRST) + scoreboard_server_load(board, SECOND), 0);
}

void
die(unsigned slot)
{
	scoreboard_set(&board->workers[slot].counters[COUNTER_QUEUED], 1);
	scoreboard_worker_reset(board, slot);
}

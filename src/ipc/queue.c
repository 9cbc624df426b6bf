#include "ipc/queue.h"

#include <string.h>

#include "base/clock.h"
#include "ipc/lock.h"
#include "ipc/scoreboard.h"

enum {
	HEAD_LOOKS = 64 /* at those who wait, for one who wants this server */
};

static struct queue_entry *
entry_of(const struct scoreboard *board, uint32_t number)
{
	return (struct queue_entry *)(uintptr_t)&board->queue_entries[(number - 1) / QUEUE_ENTRIES][(number - 1) % QUEUE_ENTRIES];
}

static unsigned
entry_slot(uint32_t number)
{
	return (number - 1) / QUEUE_ENTRIES;
}

static bool
entry_is_number(uint32_t number)
{
	return number - 1 < (uint32_t)SCOREBOARD_WORKERS * QUEUE_ENTRIES;
}

static uint32_t
process_of(const struct scoreboard *board, unsigned slot)
{
	return atomic_load_explicit(&board->workers[slot].process, memory_order_acquire);
}

/* ---- by the master */

int
queue_open(struct scoreboard *board, unsigned pool)
{
	struct queue *queue = &board->queues[pool];

	if (queue_is_open(queue))
		return 0;
	if (lock_init(&queue->lock) < 0)
		return -1;
	scoreboard_set(&queue->dirty, 1);
	if (scoreboard_get(&board->queue_slots) <= pool)
		scoreboard_set(&board->queue_slots, pool + 1);
	atomic_store_explicit(&queue->open, 1, memory_order_release);
	return 0;
}

int
queue_count(struct scoreboard *board, unsigned pool, uint32_t version)
{
	struct queue *queue = &board->queues[pool];

	if (queue_is_counted(queue))
		return 0;
	if (queue_open(board, pool) < 0)
		return -1;
	scoreboard_set(&queue->version, version);
	atomic_store_explicit(&queue->counted, 1, memory_order_release);
	atomic_store_explicit(&queue->dirty, 1, memory_order_release);
	return 0;
}

/* How many pools there are to look at: as in scoreboard_slots it is not believed. */
static unsigned
queue_slots(const struct scoreboard *board)
{
	unsigned slots = scoreboard_get(&board->queue_slots);

	return slots < SCOREBOARD_POOLS ? slots : SCOREBOARD_POOLS;
}

void
queue_make_dirty(struct scoreboard *board, unsigned pool)
{
	if (pool < SCOREBOARD_POOLS && queue_is_open(&board->queues[pool]))
		atomic_store_explicit(&board->queues[pool].dirty, 1, memory_order_release);
}

void
queues_worker_gone(struct scoreboard *board, unsigned slot, bool waited)
{
	unsigned pool;

	atomic_fetch_add_explicit(&board->workers[slot].process, 1, memory_order_release);
	for (pool = 0; waited && pool < queue_slots(board); pool++)
		queue_make_dirty(board, pool);
}

/* ---- by anybody */

uint32_t
queue_waiting(const struct scoreboard *board, unsigned pool)
{
	return scoreboard_get(&board->queues[pool].waiting);
}

uint64_t
queue_oldest(const struct scoreboard *board, unsigned pool, uint64_t now)
{
	uint32_t first = scoreboard_get(&board->queues[pool].first), waited;

	if (queue_waiting(board, pool) == 0 || !entry_is_number(first))
		return 0;
	waited = (uint32_t)(now / CLOCK_MILLISECOND) - scoreboard_get(&entry_of(board, first)->since);
	return waited <= INT32_MAX ? waited * CLOCK_MILLISECOND : 0;
}

void
queue_note_timeout(struct scoreboard *board, unsigned pool)
{
	atomic_fetch_add_explicit(&board->queues[pool].timeouts, 1, memory_order_relaxed);
}

/* ---- the lock */

/* Whether all workers know that this pool is counted. One that is starting has not said so yet. */
static bool
all_workers_know(const struct scoreboard *board, uint32_t version)
{
	unsigned slots = scoreboard_slots(board), slot;

	for (slot = 0; slot < slots; slot++) {
		uint32_t seen = atomic_load_explicit(&board->workers[slot].servers_seen, memory_order_acquire);

		if (scoreboard_get(&board->workers[slot].child.pid) != 0 && (seen == 0 || (int32_t)(seen - version) < 0))
			return false;
	}
	return true;
}

/* What each worker alone has written. */
static void
count_places(struct scoreboard *board, unsigned pool)
{
	unsigned slots = scoreboard_server_slots(board), server;

	for (server = 0; server < slots; server++)
		if (board->servers[server].pool == pool)
			scoreboard_set(&board->servers[server].taken, scoreboard_server_load(board, server));
}

/* A place that was granted is in nobody's row yet. */
static void
count_granted(struct scoreboard *board, const struct queue_entry *entry)
{
	unsigned server = scoreboard_get(&entry->server);

	if (server < SCOREBOARD_SERVERS && board->servers[server].id == scoreboard_get(&entry->server_id))
		scoreboard_add(&board->servers[server].taken, 1);
}

static void
count_entry(struct scoreboard *board, struct queue *queue, uint32_t number)
{
	const struct queue_entry *entry = entry_of(board, number);

	if (scoreboard_get(&entry->state) == QUEUE_GRANTED) {
		count_granted(board, entry);
		return;
	}
	if (queue->head == 0)
		queue->head = number;
	queue->picky += entry->avoids > 0;
	scoreboard_add(&queue->waiting, 1);
}

/* Goes through the list by its links alone, leaves out entries of the dead, and makes all else from it. */
static void
count_list(struct scoreboard *board, struct queue *queue)
{
	_Atomic uint32_t *link = &queue->first;
	uint32_t number, left = (uint32_t)SCOREBOARD_WORKERS * QUEUE_ENTRIES;

	queue->head = queue->last = queue->picky = 0;
	scoreboard_set(&queue->waiting, 0);
	while ((number = scoreboard_get(link)) != 0) {
		struct queue_entry *entry;

		if (!entry_is_number(number) || left-- == 0) { /* nonsense ends the list */
			scoreboard_set(link, 0);
			return;
		}
		entry = entry_of(board, number);
		if (scoreboard_get(&entry->process) != process_of(board, entry_slot(number))) {
			scoreboard_set(link, scoreboard_get(&entry->next));
			continue;
		}
		scoreboard_set(&entry->previous, queue->last);
		count_entry(board, queue, number);
		queue->last = number;
		link = &entry->next;
	}
}

/*
 * While a worker may still count without the lock, for some milliseconds after the
 * first limit of a pool was set, each who locks counts anew.
 */
static void
queue_recover(struct scoreboard *board, unsigned pool)
{
	struct queue *queue = &board->queues[pool];
	bool counted;

	atomic_exchange(&queue->dirty, 0);
	counted = queue_is_counted(queue);
	queue->settled = queue->settled || (counted && all_workers_know(board, scoreboard_get(&queue->version)));
	if (counted)
		count_places(board, pool);
	count_list(board, queue);
	if (counted && !queue->settled)
		scoreboard_set(&queue->dirty, 1);
}

void
queue_lock(struct scoreboard *board, unsigned pool, unsigned slot)
{
	struct queue *queue = &board->queues[pool];
	bool orphaned = lock_take(&queue->lock, &board->workers[slot].heartbeat);

	if (orphaned)
		scoreboard_set(&queue->dirty, 1);
	if (atomic_load_explicit(&queue->dirty, memory_order_acquire) != 0)
		queue_recover(board, pool);
	if (orphaned)
		pthread_mutex_consistent(&queue->lock);
}

void
queue_unlock(struct scoreboard *board, unsigned pool)
{
	pthread_mutex_unlock(&board->queues[pool].lock);
}

/* ---- places */

bool
queue_has_room(const struct scoreboard *board, unsigned server)
{
	uint32_t most = scoreboard_get(&board->servers[server].max_connections);

	return most == 0 || scoreboard_get(&board->servers[server].taken) < most;
}

void
queue_enter(struct scoreboard *board, unsigned slot, unsigned server)
{
	scoreboard_add(&board->held[slot][server], 1);
	scoreboard_add(&board->servers[server].taken, 1);
}

/* The first who waits and wants this server; 0: nobody. */
static uint32_t
first_for(const struct scoreboard *board, const struct queue *queue, unsigned server)
{
	uint32_t number = queue->head, id = board->servers[server].id;
	int looks;

	for (looks = 0; number != 0 && looks < HEAD_LOOKS; looks++) {
		const struct queue_entry *entry = entry_of(board, number);
		unsigned i = 0;

		while (i < entry->avoids && entry->avoid[i] != id)
			i++;
		if (i == entry->avoids && scoreboard_get(&entry->state) == QUEUE_WAITING)
			return number;
		number = scoreboard_get(&entry->next);
	}
	return 0;
}

/* The first that waits, from this one on. */
static uint32_t
first_waiting(const struct scoreboard *board, uint32_t number)
{
	while (number != 0 && scoreboard_get(&entry_of(board, number)->state) != QUEUE_WAITING)
		number = scoreboard_get(&entry_of(board, number)->next);
	return number;
}

/* It waits no more. */
static void
head_pass(struct scoreboard *board, struct queue *queue, uint32_t number)
{
	scoreboard_add(&queue->waiting, UINT32_MAX);
	queue->picky -= entry_of(board, number)->avoids > 0;
	if (queue->head == number)
		queue->head = first_waiting(board, scoreboard_get(&entry_of(board, number)->next));
}

/* It has the place as soon as its state says so. */
static int
grant(struct scoreboard *board, struct queue *queue, uint32_t number, unsigned server)
{
	struct queue_entry *entry = entry_of(board, number);

	scoreboard_set(&entry->server, (uint16_t)server);
	scoreboard_set(&entry->server_id, board->servers[server].id);
	atomic_store_explicit(&entry->state, QUEUE_GRANTED, memory_order_release);
	head_pass(board, queue, number);
	return (int)entry_slot(number);
}

int
queue_leave(struct scoreboard *board, unsigned pool, unsigned slot, unsigned server, bool usable)
{
	struct scoreboard_server *row = &board->servers[server];
	struct queue *queue = &board->queues[pool];
	uint32_t most = scoreboard_get(&row->max_connections);
	uint32_t number = usable && (most == 0 || scoreboard_get(&row->taken) <= most) ? first_for(board, queue, server) : 0;
	int told = number != 0 ? grant(board, queue, number, server) : QUEUE_NOBODY;

	scoreboard_add(&board->held[slot][server], UINT32_MAX);
	if (number == 0)
		scoreboard_add(&row->taken, UINT32_MAX);
	return told;
}

int
queue_give(struct scoreboard *board, unsigned pool, unsigned server)
{
	struct queue *queue = &board->queues[pool];
	uint32_t number = queue_has_room(board, server) ? first_for(board, queue, server) : 0;

	if (number == 0)
		return QUEUE_NOBODY;
	scoreboard_add(&board->servers[server].taken, 1);
	return grant(board, queue, number, server);
}

/* ---- the list */

void
queue_book_open(struct queue_book *book, struct scoreboard *board, unsigned slot)
{
	unsigned pool;

	*book = (struct queue_book){ .board = board, .slot = slot };
	for (pool = 0; pool < queue_slots(board); pool++) {
		if (!queue_is_open(&board->queues[pool]))
			continue;
		queue_lock(board, pool, slot);
		queue_unlock(board, pool);
	}
}

static uint32_t
entry_new(struct queue_book *book)
{
	uint32_t number = book->free;

	if (number != 0)
		book->free = scoreboard_get(&entry_of(book->board, number)->next);
	else if (book->used < QUEUE_ENTRIES)
		number = book->slot * QUEUE_ENTRIES + ++book->used;
	return number;
}

bool
queue_must_wait(const struct queue *queue)
{
	return scoreboard_get(&queue->waiting) > queue->picky;
}

uint32_t
queue_join(struct queue_book *book, unsigned pool, uint32_t size, const uint32_t *avoid, unsigned avoids)
{
	struct scoreboard *board = book->board;
	struct queue *queue = &board->queues[pool];
	uint32_t number = scoreboard_get(&queue->waiting) < size ? entry_new(book) : 0;
	struct queue_entry *entry;

	if (number == 0)
		return 0;
	entry = entry_of(board, number);
	scoreboard_set(&entry->next, 0);
	scoreboard_set(&entry->previous, queue->last);
	scoreboard_set(&entry->since, (uint32_t)(clock_monotonic() / CLOCK_MILLISECOND));
	scoreboard_set(&entry->process, process_of(board, book->slot));
	entry->avoids = (uint8_t)(avoids < QUEUE_AVOIDS ? avoids : QUEUE_AVOIDS);
	if (entry->avoids > 0)
		memcpy(entry->avoid, avoid + avoids - entry->avoids, entry->avoids * sizeof *avoid);
	scoreboard_set(&entry->state, QUEUE_WAITING);
	/* with this it is in the list */
	atomic_store_explicit(queue->last != 0 ? &entry_of(board, queue->last)->next : &queue->first, number, memory_order_release);
	queue->last = number;
	if (queue->head == 0)
		queue->head = number;
	queue->picky += entry->avoids > 0;
	scoreboard_add(&queue->waiting, 1);
	return number;
}

/* With its first store it is out of the list. */
static void
entry_unlink(struct scoreboard *board, struct queue *queue, uint32_t number)
{
	struct queue_entry *entry = entry_of(board, number);
	uint32_t next = scoreboard_get(&entry->next), previous = scoreboard_get(&entry->previous);

	atomic_store_explicit(previous != 0 ? &entry_of(board, previous)->next : &queue->first, next, memory_order_release);
	if (next != 0)
		scoreboard_set(&entry_of(board, next)->previous, previous);
	else
		queue->last = previous;
}

/* The server of a granted place, if it is still there. A place of servers is not used again before this worker knows. */
static int
granted_server(const struct scoreboard *board, const struct queue_entry *entry)
{
	unsigned server = scoreboard_get(&entry->server);

	if (scoreboard_get(&entry->state) != QUEUE_GRANTED || server >= SCOREBOARD_SERVERS ||
	    scoreboard_server_state(board, server) == SERVER_FREE ||
	    board->servers[server].id != scoreboard_get(&entry->server_id))
		return -1;
	return (int)server;
}

int
queue_granted(const struct queue_book *book, uint32_t number)
{
	return granted_server(book->board, entry_of(book->board, number));
}

void
queue_refuse(struct queue_book *book, unsigned pool, uint32_t number)
{
	struct scoreboard *board = book->board;
	struct queue *queue = &board->queues[pool];
	struct queue_entry *entry = entry_of(board, number);
	int server = granted_server(board, entry);

	scoreboard_set(&entry->state, QUEUE_WAITING);
	if (server >= 0)
		scoreboard_add(&board->servers[server].taken, UINT32_MAX);
	scoreboard_add(&queue->waiting, 1);
	queue->picky += entry->avoids > 0;
	queue->head = first_waiting(board, scoreboard_get(&queue->first));
}

int
queue_part(struct queue_book *book, unsigned pool, uint32_t number)
{
	struct scoreboard *board = book->board;
	struct queue *queue = &board->queues[pool];
	struct queue_entry *entry = entry_of(board, number);
	int server = granted_server(board, entry);

	if (server >= 0)
		scoreboard_add(&board->held[book->slot][server], 1);
	else if (scoreboard_get(&entry->state) == QUEUE_WAITING)
		head_pass(board, queue, number);
	entry_unlink(board, queue, number);
	scoreboard_set(&entry->state, QUEUE_FREE);
	scoreboard_set(&entry->next, book->free);
	book->free = number;
	return server;
}

void
queue_note_wait(struct queue *queue, uint64_t waited)
{
	histogram_add(&queue->waits, waited);
}

enum queue_state
queue_entry_state(const struct queue_book *book, uint32_t number)
{
	return (enum queue_state)atomic_load_explicit(&entry_of(book->board, number)->state, memory_order_acquire);
}

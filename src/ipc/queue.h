/*
 * The places of a pool whose servers have max-connections, and the requests that
 * wait for one, or for the first instance of an app: exact, and first come, first
 * served, over all workers.
 *
 * The list of those who wait and the count of places are two things: a pool without
 * limits has a list when it is an app, and then only who waits takes the lock.
 *
 * A lock in shared memory guards both. What it guards can be made again from what
 * each worker alone writes, so a process may be killed at any instruction: who
 * takes the lock next counts anew (queue_lock). A place is in the row of the
 * worker that holds it (held), or belongs to an entry that was granted it and
 * whose worker has not taken it yet; `taken` of the server is the sum of both.
 *
 * The list goes through entries of shared memory, of which each worker has its
 * own. An entry is linked by one store (in its predecessor) and leaves by one;
 * all else about the list is made again from those links.
 *
 * Workers lock; the master only makes queues and says that something has changed,
 * so that it waits for nobody. All processes.
 */
#ifndef DROVER_IPC_QUEUE_H
#define DROVER_IPC_QUEUE_H

#include <assert.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "ipc/histogram.h"

struct scoreboard;

enum {
	QUEUE_ENTRIES = 16384, /* of one worker, over all pools */
	QUEUE_AVOIDS = 2,      /* servers that an entry does not want, at most */
	QUEUE_NOBODY = -1      /* no worker */
};

enum queue_state { QUEUE_FREE, QUEUE_WAITING, QUEUE_GRANTED };

/* An entry is called by its number, from 1 on; 0 is none. */
struct queue_entry {
	_Atomic uint32_t next;	   /* the one behind it; of a free one: the next that is free */
	_Atomic uint32_t previous; /* the one before it */
	_Atomic uint32_t since;	   /* monotonic milliseconds */
	_Atomic uint32_t process;  /* of the worker: another one in that slot has another */
	_Atomic uint32_t server_id;
	_Atomic uint16_t server; /* granted: the place of the server, and its id */
	_Atomic uint8_t state;	 /* enum queue_state */
	uint8_t avoids;
	uint32_t avoid[QUEUE_AVOIDS]; /* ids of servers */
};
static_assert(sizeof(struct queue_entry) == 32, "two to a cache line");

/* One for each pool; it is all zero while the pool is no app and no server of it has ever had a limit. */
struct queue {
	/* written by the master, but `dirty` */
	pthread_mutex_t lock;
	_Atomic uint32_t open;	  /* requests can wait: the lock is there */
	_Atomic uint32_t counted; /* places of this pool are counted under the lock */
	_Atomic uint32_t version; /* servers_version with which all workers know that they are counted */
	_Atomic uint32_t dirty;	  /* a worker has died: count anew */
	_Atomic uint64_t timeouts; /* requests, since drover started. Written by any worker. */

	/* written under the lock; what is atomic is read without it */
	alignas(64) _Atomic uint32_t first; /* granted entries that are not taken yet are in the list, too */
	_Atomic uint32_t waiting;
	uint32_t last, head; /* head: the first that waits */
	uint32_t picky;	     /* of those who wait: they avoid a server */
	bool settled;	     /* all workers count under the lock */
	_Atomic uint64_t full; /* requests, since drover started */
	struct histogram waits;		 /* of those that got one */
};

/* The entries of one worker that are free. Its own memory. */
struct queue_book {
	struct scoreboard *board;
	unsigned slot;
	uint32_t free; /* a list, or 0 */
	uint32_t used; /* entries behind these were never used */
};

/* ---- by the master */

/* From now on requests of this pool can wait. -1: it cannot be. */
int queue_open(struct scoreboard *board, unsigned pool);

/* The same, and its places are counted. Before servers_version becomes `version`. -1: it cannot be. */
int queue_count(struct scoreboard *board, unsigned pool, uint32_t version);

/* Something of the pool was changed beside the lock: who locks next counts anew. Nothing happens when it is not counted. */
void queue_make_dirty(struct scoreboard *board, unsigned pool);

/* The process in that slot is dead, and its rows are zero; `waited`: it may have entries in lists. */
void queues_worker_gone(struct scoreboard *board, unsigned slot, bool waited);

/* ---- by anybody, without the lock */

static inline bool
queue_is_open(const struct queue *queue)
{
	return atomic_load_explicit(&queue->open, memory_order_acquire) != 0;
}

static inline bool
queue_is_counted(const struct queue *queue)
{
	return atomic_load_explicit(&queue->counted, memory_order_acquire) != 0;
}

/* How many wait, and for how long the first of them has (microseconds). */
uint32_t queue_waiting(const struct scoreboard *board, unsigned pool);
uint64_t queue_oldest(const struct scoreboard *board, unsigned pool, uint64_t now);

/* A request has waited too long. */
void queue_note_timeout(struct scoreboard *board, unsigned pool);

/* ---- by a worker */

/* Begins its life: nothing of the process before it in this slot is left in any list after this. */
void queue_book_open(struct queue_book *book, struct scoreboard *board, unsigned slot);

/*
 * Some hundred nanoseconds apart at most; no system call unless another has the lock. A
 * process that was stopped within it stops those who come: they show life meanwhile, so
 * that the one that hangs is found by the master and killed.
 */
void queue_lock(struct scoreboard *board, unsigned pool, unsigned slot);
void queue_unlock(struct scoreboard *board, unsigned pool);

/* ---- under the lock */

/* Whether the server has a free place. */
bool queue_has_room(const struct scoreboard *board, unsigned server);

/* Takes a place, whether there is one or not. */
void queue_enter(struct scoreboard *board, unsigned slot, unsigned server);

/*
 * Gives a place back: to the first who waits for it if the server is `usable`, else to
 * nobody. The slot of the worker that is to be told, or QUEUE_NOBODY.
 */
int queue_leave(struct scoreboard *board, unsigned pool, unsigned slot, unsigned server, bool usable);

/* Gives a free place of the server to the first who waits for it. As above. */
int queue_give(struct scoreboard *board, unsigned pool, unsigned server);

/* Whether a newcomer would overtake somebody who could have had the place. */
bool queue_must_wait(const struct queue *queue);

/* Waits at the end, for any server but those. The entry, or 0: there are `size` already, or no entries left. */
uint32_t queue_join(struct queue_book *book, unsigned pool, uint32_t size, const uint32_t *avoid, unsigned avoids);

/*
 * Takes the entry out of the list, and frees it. The server on which it was granted a
 * place, which is held from here on; -1: none, or that server is gone.
 */
int queue_part(struct queue_book *book, unsigned pool, uint32_t entry);

/* The server on which it was granted a place, or -1 as above; nothing is taken yet. */
int queue_granted(const struct queue_book *book, uint32_t entry);

/* What it was granted is of no use to it: it waits again, where it stands. The place is free. */
void queue_refuse(struct queue_book *book, unsigned pool, uint32_t entry);

/* A request has got its place after so many microseconds. */
void queue_note_wait(struct queue *queue, uint64_t waited);

/* ---- of one's own entry, without the lock */

enum queue_state queue_entry_state(const struct queue_book *book, uint32_t entry);

#endif

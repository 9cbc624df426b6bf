#include "ipc/clients.h"

#include <string.h>
#include <sys/random.h>

#include "ipc/lock.h"
#include "ipc/scoreboard.h"

enum { NANOSECONDS = 1000 }; /* in a microsecond */

/* ---- by the master */

int
clients_open(struct scoreboard *board, uint32_t entries)
{
	struct clients *clients = &board->clients;
	uint32_t buckets = 1;
	unsigned i;

	if (getrandom(&clients->secret, sizeof clients->secret, 0) != (ssize_t)sizeof clients->secret)
		return -1;
	for (i = 0; i < CLIENTS_LOCKS; i++)
		if (lock_init(&clients->locks[i]) < 0)
			return -1;
	while (buckets * CLIENTS_WAYS < entries && buckets * CLIENTS_WAYS < CLIENTS_MOST)
		buckets *= 2;
	clients->buckets = buckets;
	return 0;
}

void
clients_worker_gone(struct scoreboard *board, unsigned slot)
{
	struct client_holds *holds = &board->holds[slot];
	uint32_t used = scoreboard_get(&holds->used), i;

	if (board->clients.buckets == 0 || used == 0)
		return;
	for (i = 0; i < used && i < CLIENT_HOLDS; i++) /* the dead may have written anything */
		scoreboard_set(&holds->entry[i], 0);
	scoreboard_set(&holds->used, 0);
	for (i = 0; i < CLIENTS_LOCKS; i++)
		atomic_store_explicit(&board->clients.dirty[i], 1, memory_order_release);
}

/* ---- parts of the table */

static unsigned
part_of(uint32_t entry)
{
	return entry / CLIENTS_WAYS % CLIENTS_LOCKS;
}

/* Counts the connections in a part from what the workers hold. */
static void
part_recount(struct scoreboard *board, unsigned part)
{
	struct clients *clients = &board->clients;
	unsigned slots = scoreboard_slots(board), slot;
	uint32_t bucket, i;

	for (bucket = part; bucket < clients->buckets; bucket += CLIENTS_LOCKS)
		for (i = 0; i < CLIENTS_WAYS; i++)
			scoreboard_set(&clients->entries[bucket * CLIENTS_WAYS + i].connections, 0);
	for (slot = 0; slot < slots; slot++) {
		const struct client_holds *holds = &board->holds[slot];
		uint32_t used = scoreboard_get(&holds->used);

		for (i = 0; i < used && i < CLIENT_HOLDS; i++) {
			uint32_t entry = scoreboard_get(&holds->entry[i]);

			if (entry > 0 && entry <= clients_entries(board) && part_of(entry - 1) == part)
				scoreboard_add(&clients->entries[entry - 1].connections, 1);
		}
	}
}

static void
part_lock(struct scoreboard *board, unsigned part, unsigned slot)
{
	struct clients *clients = &board->clients;
	bool orphaned = lock_take(&clients->locks[part], &board->workers[slot].heartbeat);

	if (orphaned)
		scoreboard_set(&clients->dirty[part], 1);
	if (scoreboard_get(&clients->dirty[part]) != 0) {
		atomic_exchange(&clients->dirty[part], 0);
		part_recount(board, part);
	}
	if (orphaned)
		pthread_mutex_consistent(&clients->locks[part]);
}

static void
part_unlock(struct scoreboard *board, unsigned part)
{
	pthread_mutex_unlock(&board->clients.locks[part]);
}

/* ---- entries */

void
clients_key(const struct scoreboard *board, struct client_key *key, unsigned rule, unsigned family,
    const uint8_t address[16], unsigned bits)
{
	unsigned bytes = bits / 8;

	memset(key, 0, sizeof *key);
	key->rule = (uint16_t)rule;
	key->family = (uint16_t)family;
	memcpy(key->address, address, bytes);
	if (bits % 8 != 0)
		key->address[bytes] = (uint8_t)(address[bytes] & 0xff00 >> bits % 8);
	key->hash = siphash(&board->clients.secret, key, sizeof *key).words[0] | 1;
}

uint32_t
clients_entries(const struct scoreboard *board)
{
	return board->clients.buckets * CLIENTS_WAYS;
}

/* Whether it holds a client that has connections or used some of its rate. */
static bool
entry_is_active(const struct client_entry *entry, uint64_t now)
{
	return scoreboard_get(&entry->hash) != 0 &&
	    (scoreboard_get(&entry->connections) > 0 || scoreboard_get(&entry->until) > now * NANOSECONDS);
}

static void
entry_begin(struct client_entry *entry, const struct client_key *key)
{
	scoreboard_set(&entry->connections, 0);
	scoreboard_set(&entry->until, 0);
	scoreboard_set(&entry->refused, 0);
	entry->rule = key->rule;
	entry->family = key->family;
	memcpy(entry->address, key->address, sizeof entry->address);
	scoreboard_set(&entry->hash, key->hash);
}

static uint32_t
bucket_of(const struct scoreboard *board, const struct client_key *key)
{
	return (uint32_t)(key->hash >> 32) & (board->clients.buckets - 1);
}

/* That of the key, or the one that was idle for longest and is now the key's. NULL: all are busy. Under the lock. */
static struct client_entry *
entry_find(struct scoreboard *board, const struct client_key *key, uint64_t now)
{
	struct client_entry *entry = &board->clients.entries[(size_t)bucket_of(board, key) * CLIENTS_WAYS];
	struct client_entry *end = entry + CLIENTS_WAYS, *idle = NULL;

	for (; entry < end; entry++) {
		if (scoreboard_get(&entry->hash) == key->hash)
			return entry;
		if (!entry_is_active(entry, now) &&
		    (idle == NULL || scoreboard_get(&entry->seen) < scoreboard_get(&idle->seen)))
			idle = entry;
	}
	if (idle != NULL)
		entry_begin(idle, key);
	return idle;
}

/* ---- the rate: the generic cell rate algorithm (ITU-T I.371) */

static bool
rate_takes(struct client_entry *entry, const struct client_rate *rate, uint64_t now, uint64_t *wait)
{
	uint64_t until = scoreboard_get(&entry->until), most = now + rate->interval * rate->burst;

	if (until < now)
		until = now;
	until += rate->interval;
	if (until > most) {
		*wait = (until - most + NANOSECONDS - 1) / NANOSECONDS;
		return false;
	}
	scoreboard_set(&entry->until, until);
	return true;
}

enum client_answer
clients_request(struct scoreboard *board, const struct client_key *key, const struct client_rate *rate, uint64_t now,
    unsigned slot, uint64_t *wait)
{
	unsigned part = bucket_of(board, key) % CLIENTS_LOCKS;
	enum client_answer answer = CLIENT_UNKNOWN;
	struct client_entry *entry;

	part_lock(board, part, slot);
	entry = entry_find(board, key, now);
	if (entry != NULL) {
		scoreboard_set(&entry->seen, now);
		answer = rate_takes(entry, rate, now * NANOSECONDS, wait) ? CLIENT_PASSES : CLIENT_OVER;
		scoreboard_add(&entry->refused, answer == CLIENT_OVER);
	}
	part_unlock(board, part);
	return answer;
}

/* ---- connections */

/* First the hold, then the count: it is counted anew from holds. */
static void
hold(struct client_holds *holds, int fd, uint32_t entry)
{
	if (scoreboard_get(&holds->used) <= (uint32_t)fd)
		scoreboard_set(&holds->used, (uint32_t)fd + 1);
	scoreboard_set(&holds->entry[fd], entry + 1);
}

enum client_answer
clients_connection(struct scoreboard *board, const struct client_key *key, uint32_t most, uint64_t now, unsigned slot,
    int fd)
{
	unsigned part = bucket_of(board, key) % CLIENTS_LOCKS;
	enum client_answer answer = CLIENT_UNKNOWN;
	struct client_entry *entry;

	if (fd >= CLIENT_HOLDS)
		return CLIENT_UNKNOWN;
	part_lock(board, part, slot);
	entry = entry_find(board, key, now);
	if (entry != NULL) {
		scoreboard_set(&entry->seen, now);
		answer = most == 0 || scoreboard_get(&entry->connections) < most ? CLIENT_PASSES : CLIENT_OVER;
		scoreboard_add(&entry->refused, answer == CLIENT_OVER);
	}
	if (answer == CLIENT_PASSES) {
		hold(&board->holds[slot], fd, (uint32_t)(entry - board->clients.entries));
		scoreboard_add(&entry->connections, 1);
	}
	part_unlock(board, part);
	return answer;
}

void
clients_connection_gone(struct scoreboard *board, unsigned slot, int fd)
{
	struct client_holds *holds = &board->holds[slot];
	uint32_t entry;

	if (board->clients.buckets == 0 || fd < 0 || fd >= CLIENT_HOLDS)
		return;
	entry = scoreboard_get(&holds->entry[fd]);
	if (entry == 0)
		return;
	part_lock(board, part_of(entry - 1), slot);
	scoreboard_set(&holds->entry[fd], 0);
	scoreboard_add(&board->clients.entries[entry - 1].connections, UINT32_MAX);
	part_unlock(board, part_of(entry - 1));
}

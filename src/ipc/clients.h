/*
 * What clients do, by address, over all workers: their connections and the rate of
 * their requests, against the limits of the configuration. A table of fixed size:
 * whoever comes, and from how many addresses, it does not grow. An address that
 * does nothing loses its place when another needs it; when all in reach do something,
 * a newcomer is let pass uncounted.
 *
 * Which connections a worker holds is written by that worker alone (holds), so that
 * what one that was killed had counted can be counted anew. Workers lock parts of the
 * table; the master never waits for one.
 */
#ifndef DROVER_IPC_CLIENTS_H
#define DROVER_IPC_CLIENTS_H

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/siphash.h"

struct scoreboard;

enum {
	CLIENTS_MOST = 1 << 20, /* entries */
	CLIENTS_WAYS = 8,	/* entries in which an address may be */
	CLIENTS_LOCKS = 64,
	CLIENT_HOLDS = 65536, /* connections of a worker that are counted, by descriptor */
	CLIENT_BURST_MOST = 1000000
};

/* Who is counted, and by which rule. */
struct client_key {
	uint64_t hash; /* never 0 */
	uint16_t rule;
	uint16_t family; /* AF_INET, AF_INET6 or AF_UNIX */
	uint8_t address[16]; /* zero behind the bits that count */
};

struct client_entry {
	_Atomic uint64_t hash; /* 0: free */
	_Atomic uint64_t until; /* rate: monotonic nanoseconds when all that was used has been earned back */
	_Atomic uint64_t seen; /* monotonic microseconds */
	_Atomic uint32_t connections;
	_Atomic uint32_t refused; /* connections and requests over the limit */
	uint16_t rule, family;
	uint8_t address[16];
};

struct clients {
	/* written by the master before the first worker */
	uint32_t buckets; /* of CLIENTS_WAYS entries, a power of two; 0: nothing is limited */
	struct siphash_key secret;
	pthread_mutex_t locks[CLIENTS_LOCKS];
	alignas(64) _Atomic uint32_t dirty[CLIENTS_LOCKS]; /* count the connections of that part anew */
	/* written under the lock of their part */
	alignas(64) struct client_entry entries[CLIENTS_MOST];
};

/* By one worker, by descriptor: the entry in which it is counted + 1, or 0. Written by that worker alone. */
struct client_holds {
	_Atomic uint32_t used; /* higher ones were never used */
	_Atomic uint32_t entry[CLIENT_HOLDS];
};

/* A rate: so many requests at once, and then one each `interval` nanoseconds. */
struct client_rate {
	uint64_t interval;
	uint32_t burst; /* 1..CLIENT_BURST_MOST */
};

/* ---- by the master */

/* Makes the table for about so many entries. -1: it cannot be. */
int clients_open(struct scoreboard *board, uint32_t entries);

/* The process in that slot is dead. */
void clients_worker_gone(struct scoreboard *board, unsigned slot);

/* ---- by workers */

/* `bits` of the address count; a rule is any number. */
void clients_key(const struct scoreboard *board, struct client_key *key, unsigned rule, unsigned family,
    const uint8_t address[16], unsigned bits);

enum client_answer {
	CLIENT_PASSES,
	CLIENT_OVER,
	CLIENT_UNKNOWN /* there is no room in the table: not counted */
};

/*
 * A request at `now` (monotonic microseconds), in the worker of that slot. CLIENT_OVER:
 * it is too much, and *wait says in how many microseconds one would not be.
 */
enum client_answer clients_request(struct scoreboard *board, const struct client_key *key,
    const struct client_rate *rate, uint64_t now, unsigned slot, uint64_t *wait);

/* A connection with this descriptor. With `most` == 0 it is counted whatever there is. CLIENT_OVER: it is not counted. */
enum client_answer clients_connection(struct scoreboard *board, const struct client_key *key, uint32_t most,
    uint64_t now, unsigned slot, int fd);

/* Before the descriptor is closed or given away; nothing when it was not counted. */
void clients_connection_gone(struct scoreboard *board, unsigned slot, int fd);

/* ---- by anybody, without a lock: figures may be of different moments */

uint32_t clients_entries(const struct scoreboard *board);

#endif

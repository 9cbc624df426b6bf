/*
 * The scoreboard: one piece of shared memory that every drover process maps
 * before it is forked. A load, a state, a limit or a counter lives here once;
 * what can be read here is never asked for by message. All processes.
 *
 * Who writes what is the rule that makes it exact without locks: each figure
 * has one writer, on cache lines of its own, and a total is a sum over writers.
 *
 * - The load of a worker is connections handed over (written by the master)
 *   minus connections ended (written by the worker), both only growing.
 * - The load of a server is the sum over workers of what each holds on it.
 *   Nothing is added up in one shared place, so nothing can drift: when a
 *   worker dies the master zeroes that worker's row and the sum is right again.
 *   Where max-connections must hold, a sum is kept under a lock, and made again
 *   from the rows when one dies (ipc/queue.h).
 */
#ifndef DROVER_IPC_SCOREBOARD_H
#define DROVER_IPC_SCOREBOARD_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/error.h"
#include "base/siphash.h"
#include "ipc/clients.h"
#include "ipc/counters.h"
#include "ipc/histogram.h"
#include "ipc/queue.h"

enum {
	SCOREBOARD_WORKERS = 256,
	SCOREBOARD_SERVERS = 4096,
	SCOREBOARD_POOLS = 1024,
	SCOREBOARD_DEATHS = 32,
	SCOREBOARD_DEATH_PROBER = -1,
	SCOREBOARD_LINE = 64, /* bytes of a cache line */
	SCOREBOARD_NAME = 128,
	SCOREBOARD_LISTENERS = 256,
	SCOREBOARD_ROUTES = 4096,
	SCOREBOARD_EXCEPT = 16
};

/*
 * What a server of the scoreboard is for. The master alone sets it. The names
 * of those that an admin can ask for are in server_state_names.
 */
enum server_state {
	SERVER_FREE, /* no server: the place can be used for a new one */
	SERVER_READY, /* takes requests */
	SERVER_DRAIN, /* takes no new ones; what is in progress goes on, kept connections are closed */
	SERVER_MAINTENANCE, /* the same, and its tunnels are ended */
	SERVER_LEAVING, /* as in a drain; the place is free when nothing is left */
	SERVER_CUT, /* leaving, and what was in progress is ended now */
	SERVER_STARTING, /* an instance that is not ready: the prober checks it, workers do not know it */
	SERVER_STATES
};

extern const char *const server_state_names[]; /* by enum server_state, NULL at the end */

/* A process that the master looks after. Written by it. */
struct scoreboard_child {
	_Atomic uint32_t state; /* enum child_state */
	_Atomic int32_t pid; /* 0: none */
	_Atomic uint32_t restarts; /* since drover started, not asked for by the admin */
	_Atomic uint64_t started; /* monotonic microseconds */
	_Atomic uint64_t ready; /* monotonic microseconds, 0: not yet */
};

/* One worker process at a time. The slot number is the worker's number. */
struct scoreboard_worker {
	/* written by the master */
	alignas(SCOREBOARD_LINE) struct scoreboard_child child;
	_Atomic uint64_t handed;    /* connections handed over to this process */
	_Atomic uint32_t log_level; /* enum log_level: what it writes to the error log */
	_Atomic uint32_t process;   /* changes with each process in this slot */

	/* written by the worker */
	alignas(SCOREBOARD_LINE) _Atomic uint64_t ended; /* connections of those that have ended or been given back */
	_Atomic uint64_t heartbeat;			 /* monotonic microseconds of its last loop turn */
	_Atomic uint32_t servers_seen;			 /* the servers_version that it works by; 0: none yet */
	alignas(SCOREBOARD_LINE) _Atomic uint32_t woken; /* see ipc/waker.h. Written by anybody. */
	alignas(SCOREBOARD_LINE) _Atomic uint64_t counters[COUNTER_COUNT];
	struct histogram lag; /* how long loop turns took */
};

/* The prober, when there is one. */
struct scoreboard_prober {
	/* written by the master, as of a worker */
	alignas(SCOREBOARD_LINE) struct scoreboard_child child;
	_Atomic uint32_t log_level;

	/* written by the prober */
	alignas(SCOREBOARD_LINE) _Atomic uint64_t heartbeat; /* monotonic microseconds of its last loop turn */
	_Atomic uint32_t servers_seen; /* the servers_version that it works by; 0: none yet */
	_Atomic uint64_t checks, checks_failed; /* since drover started */
};

/*
 * One server of one pool, over all workers. Workers keep a copy of what they
 * need and look again when servers_version has changed; what stands above
 * `state` does not change while it is not SERVER_FREE.
 */
struct scoreboard_server {
	/* written by the master */
	char name[SCOREBOARD_NAME]; /* as written: "10.0.0.5:8080" */
	struct address address;
	uint32_t id; /* never used twice: another server in the same place has another */
	uint32_t pool; /* index in conf.pools */
	uint32_t instance; /* of an app: its number and 1, the same for the next process; 0: it is none */
	uint32_t max_fails; /* see ipc/health.h */
	uint64_t fail_timeout;
	uint64_t slow_start; /* it takes so long to come to all of its weight when it has come back; 0: at once */
	_Atomic uint32_t state; /* enum server_state */
	_Atomic uint32_t weight;
	_Atomic uint32_t max_connections; /* 0: no limit */
	_Atomic bool backup; /* takes requests only while no other one can */
	/* written by any worker that sees it fail or work; see ipc/health.h */
	alignas(SCOREBOARD_LINE) _Atomic uint64_t fail_window; /* monotonic microseconds: when the counted failures began */
	_Atomic uint32_t fails;				       /* in that window */
	_Atomic uint64_t down_until;			       /* monotonic microseconds, 0: up */
	_Atomic uint32_t downs;				       /* times that it was taken out */
	_Atomic uint32_t down_why;			       /* enum health_reason of the last time */
	_Atomic uint64_t tried_until; /* monotonic microseconds: one request tries whether it is up again, no other one before that */
	_Atomic uint64_t came_back; /* monotonic microseconds, 0: it has been there from the start. Written by whoever brings it back. */
	/* written by the prober, which checks it; cleared by the master */
	_Atomic uint64_t checked_down_until; /* monotonic microseconds: checks call it down, and their word holds until then; 0: up */
	/* written under the lock of its pool, if that is counted; see ipc/queue.h */
	alignas(SCOREBOARD_LINE) _Atomic uint32_t taken; /* places in use */
};

/* What checks say of one server. Written by the prober; see ipc/health.h. */
struct scoreboard_check {
	alignas(SCOREBOARD_LINE) _Atomic uint32_t id; /* of the server that it is about; 0: nothing is said. The master clears it. */
	_Atomic uint32_t verdict; /* enum health_verdict */
	_Atomic uint32_t result; /* enum health_reason, of the last check */
	_Atomic uint32_t status; /* of its answer, 0: none that matters */
	_Atomic uint32_t run; /* good or failed ones in a row */
	_Atomic uint32_t downs; /* times that it was taken out */
	_Atomic uint64_t checked; /* wall clock, microseconds: when that check ended */
	_Atomic uint64_t took; /* microseconds */
	_Atomic uint64_t changed; /* wall clock: when the verdict changed last, 0: never */
	_Atomic uint32_t out_result, out_status, out_run; /* of the check that took it out last */
	_Atomic uint32_t back_run; /* good ones in a row when it was called up last */
};

/* What one worker does on one server. Written by that worker alone. */
struct scoreboard_share {
	_Atomic uint64_t requests;
	_Atomic uint64_t failures;
};

/* The turn of a pool, shared by all workers so that round-robin is even over the whole process tree. */
struct scoreboard_pool {
	/* written by the master */
	_Atomic uint32_t balance; /* index in balance_algorithms; a change of it changes servers_version */
	_Atomic uint32_t coming; /* of an app: an instance is on its way, so that requests wait while none is there; a change of it changes servers_version */
	/* written by any worker */
	alignas(SCOREBOARD_LINE) _Atomic uint64_t turn;
};

/*
 * What is answered 503 because the admin wants it so. Written by the master; a change of it
 * changes servers_version. By index in the configuration; 0 or 1 each.
 */
struct scoreboard_maintenance {
	_Atomic uint32_t any; /* whether there is one among those below */
	_Atomic uint32_t all;
	_Atomic uint8_t listeners[SCOREBOARD_LISTENERS], pools[SCOREBOARD_POOLS], routes[SCOREBOARD_ROUTES];
	_Atomic uint32_t except_count;
	struct address_range except[SCOREBOARD_EXCEPT]; /* clients that are served all the same */
};

struct scoreboard_death {
	uint64_t when;	    /* wall clock, microseconds */
	uint64_t lived;	    /* microseconds */
	int32_t slot, pid; /* slot: of the worker, or SCOREBOARD_DEATH_PROBER */
	int32_t wait_status; /* as waitpid(2) gives it */
	bool asked_for;	     /* a stop or drain, not an accident */
	bool hung;	     /* killed because its loop had not turned for worker-timeout */
};

struct scoreboard {
	uint64_t started_wall;	   /* microseconds since 1970 */
	uint64_t started_monotonic;
	struct siphash_key sticky_key; /* random: by which workers make the words of servers in cookies; see worker/sticky.h */
	_Atomic uint32_t worker_slots; /* highest slot ever used + 1: where sums may stop */
	_Atomic uint64_t left[COUNTER_COUNT]; /* counted by workers that are gone. Written by the master. */
	_Atomic uint64_t deaths_seen;	      /* the ring below holds the last of them */
	struct scoreboard_death deaths[SCOREBOARD_DEATHS]; /* written and read by the master only */
	struct scoreboard_worker workers[SCOREBOARD_WORKERS];
	struct scoreboard_prober prober;
	_Atomic uint32_t server_slots;	  /* highest place of a server ever used + 1. Written by the master. */
	_Atomic uint32_t servers_version; /* changes with each change of servers and pools; never 0. Written by the master. */
	alignas(SCOREBOARD_LINE) _Atomic uint32_t health_version; /* changes with each change of a server's health; see ipc/health.h */
	struct scoreboard_pool pools[SCOREBOARD_POOLS];
	struct scoreboard_maintenance maintenance;
	struct scoreboard_server servers[SCOREBOARD_SERVERS];
	struct scoreboard_check checks[SCOREBOARD_SERVERS];
	_Atomic uint32_t queue_slots; /* highest pool that was ever counted + 1. Written by the master. */
	alignas(SCOREBOARD_LINE) struct queue queues[SCOREBOARD_POOLS];
	/* by worker; here and below only pages that are used exist */
	alignas(4096) struct queue_entry queue_entries[SCOREBOARD_WORKERS][QUEUE_ENTRIES];
	/* [worker][server] */
	alignas(4096) _Atomic uint32_t held[SCOREBOARD_WORKERS][SCOREBOARD_SERVERS]; /* requests in flight */
	alignas(4096) _Atomic uint32_t carried[SCOREBOARD_WORKERS][SCOREBOARD_POOLS]; /* the same by pool */
	alignas(4096) struct scoreboard_share share[SCOREBOARD_WORKERS][SCOREBOARD_SERVERS];
	alignas(4096) struct clients clients;
	alignas(4096) struct client_holds holds[SCOREBOARD_WORKERS];
	/* from the choice of the server to the first byte of its answer; not to be read where `share` has no requests */
	alignas(4096) struct histogram latency[SCOREBOARD_WORKERS][SCOREBOARD_SERVERS];
};

/* Makes and maps one; inherited by fork. NULL with a sentence. */
struct scoreboard *scoreboard_new(struct error *err);
void scoreboard_free(struct scoreboard *board);

/* How many slots have ever been used: where sums may stop. */
unsigned scoreboard_slots(const struct scoreboard *board);

/* How many places of servers have ever been used: where a look at all of them may stop. */
unsigned scoreboard_server_slots(const struct scoreboard *board);

/* What the master wanted of it last; SERVER_FREE for nonsense. */
enum server_state scoreboard_server_state(const struct scoreboard *board, unsigned server);

/* Connections that slot carries now. */
uint32_t scoreboard_worker_load(const struct scoreboard *board, unsigned slot);

/* Requests in flight on a server, over all workers. */
uint32_t scoreboard_server_load(const struct scoreboard *board, unsigned server);

/* Requests that it was sent, those in flight as well, over all workers. */
uint64_t scoreboard_server_requests(const struct scoreboard *board, unsigned server);

/* The same of `count` servers, from `first` on, and of all servers of a pool. */
void scoreboard_loads(const struct scoreboard *board, unsigned first, unsigned count, uint32_t *loads);
uint64_t scoreboard_pool_load(const struct scoreboard *board, unsigned pool);

/* A counter over all workers, dead ones too. */
uint64_t scoreboard_total(const struct scoreboard *board, enum counter counter);

/* The master clears a slot for a new process: what the old one counted goes into `left`, what it held is given back. */
void scoreboard_worker_reset(struct scoreboard *board, unsigned slot);

/* The master writes down a death. */
void scoreboard_death_add(struct scoreboard *board, const struct scoreboard_death *death);

/*
 * Adds to a figure that only the caller writes: a plain load and store, no
 * locked instruction. Readers in other processes see whole values.
 */
#define scoreboard_add(figure, amount)                                                                   \
	atomic_store_explicit((figure), atomic_load_explicit((figure), memory_order_relaxed) + (amount), \
	    memory_order_relaxed)

/* Reads a figure that somebody else writes. */
#define scoreboard_get(figure) atomic_load_explicit((figure), memory_order_relaxed)
#define scoreboard_set(figure, value) atomic_store_explicit((figure), (value), memory_order_relaxed)

#endif

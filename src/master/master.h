/*
 * The master: the one process that owns the listening sockets and all its
 * children, and the verbs that the control socket and signals call. It never
 * reads a byte that came from the network, never blocks after its start, and
 * never ends because of what a client, a server or an admin sent.
 */
#ifndef DROVER_MASTER_MASTER_H
#define DROVER_MASTER_MASTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "conf/conf.h"
#include "ipc/prober_start.h"
#include "ipc/query.h"
#include "ipc/scoreboard.h"
#include "master/events.h"
#include "ipc/worker_start.h"
#include "net/loop.h"

struct conf_users_change;
struct master;
struct master_users;

struct master_options {
	worker_main_fn *worker_main;
	prober_main_fn *prober_main;
	bool daemonize;
	char **argv; /* for the process title; may be NULL */
	int argc;
};

/*
 * Opens everything that can fail (log files, scoreboard, listeners, pid file,
 * limits, loop, signals) and takes over conf. NULL with a sentence: nothing is left open.
 */
struct master *master_new(struct conf *conf, const struct master_options *options, struct error *err);

/* Starts the workers and turns the loop until a stop is complete. Returns the exit status. */
int master_run(struct master *master);
void master_free(struct master *master);

struct loop *master_loop(struct master *master);
struct scoreboard *master_board(struct master *master);

/* The configuration as it was read: of the file or the arguments. */
const struct conf *master_conf(const struct master *master);

/*
 * The configuration as it is in effect now, with all that was changed since. For
 * reading and for showing, whatever is changed meanwhile; to be given to master_conf_now_free.
 * NULL: no memory.
 */
struct conf *master_conf_now(const struct master *master);
void master_conf_now_free(struct conf *now);
/* The configuration that it differs from: as the file, or the arguments, was read last. For as long as `now`. */
const struct conf *master_conf_now_file(const struct conf *now);

/* A number that grows with each change of what master_conf_now gives. */
uint64_t master_changes(const struct master *master);

/* ---- verbs, for signals and the control socket. Each does all or nothing. */

/*
 * Changes how many workers are wanted, 1..CONF_WORKERS_MAX. More: they are started.
 * Fewer: the highest slots drain. Slots that had FAILED are tried again.
 */
int master_scale(struct master *master, unsigned workers, struct error *err);
unsigned master_workers_desired(const struct master *master);
unsigned master_workers_ready(const struct master *master);

/*
 * Replaces a worker process: another is started and, when that is ready, this one
 * drains. One that has FAILED or is in a pause is started at once. `worker` is a slot.
 * -1: there is no such worker.
 */
int master_restart_worker(struct master *master, unsigned worker, struct error *err);
/* Whether it is to be replaced and still at work. */
bool master_worker_is_replaced(const struct master *master, unsigned worker);

/* How connections are spread over workers. */
const struct balance_algorithm *master_balance(const struct master *master);
void master_set_balance(struct master *master, const struct balance_algorithm *algorithm);

/* How the requests of a pool (index) are spread over its servers. */
const struct balance_algorithm *master_pool_balance(const struct master *master, unsigned pool);
void master_set_pool_balance(struct master *master, unsigned pool, const struct balance_algorithm *algorithm);

/* ---- servers: by their place on the scoreboard, below scoreboard_server_slots(). See scoreboard_server. */

/* What a new server is; strings are copied. */
struct master_server {
	unsigned pool; /* index */
	const char *name; /* as address_parse reads it */
	struct address address;
	enum conf_server_state state;
	uint16_t weight;
	uint32_t max_connections;
	uint32_t max_fails;
	uint64_t fail_timeout; /* microseconds */
	uint32_t from; /* id of the name that it is an address of, see names.h; 0: of none */
	uint64_t slow_start; /* microseconds */
	uint32_t instance; /* of an app: its number and 1; 0: it is none */
	bool backup;
};

/*
 * Adds a server, at once for all workers. Its place, or -1 with a sentence: there
 * are CONF_SERVERS_MAX, or the pool has one of that name or address that is not
 * leaving. master_server_check tells the same and changes nothing.
 */
int master_server_add(struct master *master, const struct master_server *server, struct error *err);
int master_server_check(const struct master *master, const struct master_server *server, struct error *err);

/*
 * Takes a server out: it gets no new requests, and is gone when those in progress
 * have ended; after shutdown-timeout, or at once with `force`, they are cut off.
 * -1 with a sentence: it is the last of its pool, or the address of a name. Once it is gone (SERVER_FREE, or another
 * id in its place) there is an event.
 */
int master_server_remove(struct master *master, unsigned server, bool force, struct error *err);
int master_server_remove_check(const struct master *master, unsigned server, struct error *err);

/* For servers that are not leaving. */
void master_server_set_state(struct master *master, unsigned server, enum conf_server_state state);
void master_server_set_weight(struct master *master, unsigned server, uint16_t weight);
void master_server_set_max_connections(struct master *master, unsigned server, uint32_t max_connections);

/* Whether every worker works by the last change of servers and pools. */
bool master_servers_settled(const struct master *master);
/* Whether one worker, by its slot, does. */
bool master_worker_is_current(const struct master *master, unsigned worker);

/* ---- maintenance: requests are answered 503 */

enum master_part { MASTER_ALL, MASTER_LISTENER, MASTER_POOL, MASTER_ROUTE };

/* `index` is that in the configuration; of MASTER_ALL it is 0. Workers follow as with servers. */
void master_set_maintenance(struct master *master, enum master_part part, size_t index, bool on);
bool master_is_in_maintenance(const struct master *master, enum master_part part, size_t index);

/* Clients that are served all the same, in any maintenance; no more than SCOREBOARD_EXCEPT. */
void master_set_maintenance_except(struct master *master, const struct address_range *except, size_t count);
const struct address_range *master_maintenance_except(const struct master *master, size_t *count);

/* ---- listeners: by index in conf.listeners */

/* Paused: nothing is accepted, connections wait in the kernel's queue. */
void master_listener_pause(struct master *master, size_t listener, bool paused);
bool master_listener_is_paused(const struct master *master, size_t listener);

/* What is known of a listener's sockets, which may be several. */
struct master_listener_figures {
	uint64_t accepted; /* connections, since drover started */
	uint32_t waiting; /* in the kernel's queues now */
	uint32_t backlog; /* for how many there is room */
};
void master_listener_figures(
    const struct master *master, size_t listener, struct master_listener_figures *figures);

/* ---- the error log */

enum { MASTER_LOG_ALL = -1, MASTER_LOG_MASTER = -2, MASTER_LOG_PROBER = -3 }; /* or the slot of a worker. To read, all is the master. */

/*
 * What is written to the error log, at once; after so many microseconds it is as
 * before again (0: for good). A worker's own level outlives its process.
 */
void master_set_log_level(struct master *master, int process, enum log_level level, uint64_t microseconds);
enum log_level master_log_level(const struct master *master, int process);
/* What it is when the time is over. */
enum log_level master_log_level_lasting(const struct master *master, int process);
/* Until when, monotonic microseconds; 0: for good. */
uint64_t master_log_level_until(const struct master *master, int process);

/* ---- client connections: asked of the workers, see ipc/query.h */

struct master_query;

/* How many more queries can be begun now, of QUERIES_MAX. */
unsigned master_query_room(const struct master *master);

/*
 * Called with each answer; then once with NULL for each worker that has no more to
 * say: one that has not sent its last answer has died. It may end the query.
 */
typedef void master_answer_fn(void *arg, unsigned worker, const struct query_answer *answer);

/*
 * Puts a query to all workers, or to one (a slot; -1: all); its id is filled in. The
 * answers come by and by, never from within. NULL with a sentence: too many at a
 * time, or no memory; try again soon.
 */
struct master_query *master_query_begin(struct master *master, const struct query *query, int worker,
    master_answer_fn *answer, void *arg, struct error *err);

/* How many workers have more to say; 0 from the start when there is none to ask. */
unsigned master_query_left(const struct master_query *query);

/* Whether that worker (a slot) has. */
bool master_query_awaits(const struct master_query *query, unsigned worker);

/* For each answer that was not the worker's last, when it was used: lets another one come, with so many rows in all to come. */
void master_query_more(struct master_query *query, unsigned worker, uint32_t limit);

/*
 * Ends it, early or not: no answer comes any more. A QUERY_CLOSE that was begun is
 * carried out all the same. NULL is allowed.
 */
void master_query_end(struct master_query *query);

/* ---- */

/* Opens the log files again (after rotation) and hands them to the workers. On error the old ones stay. */
int master_reopen_logs(struct master *master, struct error *err);
/* Whether that can be done, as far as can be said without doing it. */
int master_reopen_logs_check(const struct master *master, struct error *err);

/*
 * The files of users (conf.users_files) as they are now: each call of _next reads one, which takes
 * about a millisecond, and tells whether there are more. -1: that one is bad, with all that is
 * wrong in it; without errors: no memory. *errors is filled anew.
 */
struct master_users *master_users_begin(struct master *master); /* NULL: no memory */
int master_users_next(struct master_users *read, struct conf_errors *errors);
const struct conf_users_change *master_users_change(const struct master_users *read, size_t file);
/* All of them were read: they are what is in use from now on, in all workers. */
void master_users_adopt(struct master *master, struct master_users *read);
void master_users_free(struct master_users *read);

/* graceful: no new connections, requests in progress are finished within shutdown-timeout. Else at once. */
void master_stop(struct master *master, bool graceful);
bool master_is_stopping(const struct master *master);

/* The address that listener i is bound to, as text. */
const char *master_listener_address(const struct master *master, size_t i, char text[ADDRESS_TEXT_MAX]);

/*
 * Called in each forked child, to close the descriptors that the control plane
 * holds; main.c wires it so that the master need not know the control plane. The
 * parent's loop is gone by then: watches and timers are not to be touched.
 */
typedef void master_child_fn(void *arg);
void master_on_child(struct master *master, master_child_fn *child, void *arg);

#endif

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
#include "ipc/scoreboard.h"
#include "ipc/worker_start.h"
#include "net/loop.h"

struct master;

struct master_options {
	worker_main_fn *worker_main;
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
const struct conf *master_conf(const struct master *master);
struct scoreboard *master_board(struct master *master);

/* ---- verbs, for signals and the control socket. Each does all or nothing. */

/*
 * Changes how many workers are wanted, 1..CONF_WORKERS_MAX. More: they are started.
 * Fewer: the highest slots drain. Slots that had FAILED are tried again.
 */
int master_scale(struct master *master, unsigned workers, struct error *err);
unsigned master_workers_desired(const struct master *master);
unsigned master_workers_ready(const struct master *master);

/* Opens the log files again (after rotation) and hands them to the workers. On error the old ones stay. */
int master_reopen_logs(struct master *master, struct error *err);

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

/*
 * The apps that drover runs, and the verbs on them. An app is a pool; an instance that can
 * take requests is one of its servers. What becomes of its process is in supervised.h and
 * instances.c, how many there are is decided by supervise/fleet.h. Master.
 */
#ifndef DROVER_MASTER_APPS_H
#define DROVER_MASTER_APPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "conf/conf.h"
#include "ipc/scoreboard.h"
#include "supervise/child.h"

struct master;

enum { MASTER_WORDS_MAX = 192 };

struct master_app_death {
	struct scoreboard_death death; /* `when` 0: none; `slot` is not used */
	char words[MASTER_WORDS_MAX]; /* "killed by signal 9 (Killed) after 3.1 s" */
};

enum master_roll_state { MASTER_ROLL_NEVER, MASTER_ROLL_RUNNING, MASTER_ROLL_DONE, MASTER_ROLL_BACK };
extern const char *const master_roll_names[]; /* "never", "running", "done", "rolled-back" */

struct master_roll {
	enum master_roll_state state;
	uint64_t number; /* 1, 2, 3 ... of this app; 0: there was none */
	unsigned replaced, total; /* instances */
	uint64_t began, ended; /* wall clock, microseconds; 0: not yet */
	char reason[MASTER_WORDS_MAX]; /* why it was rolled back */
};

struct master_app {
	const char *name;
	unsigned pool; /* index in conf.pools, by which it is called here */
	const struct conf_app *conf; /* as new instances are started */
	unsigned desired, ready, starting, draining, failed;
	unsigned configured; /* instances that the configuration asks for */
	struct master_roll roll; /* the last one */
};

struct master_instance {
	unsigned number, seat; /* the seat is its own while the process is there, the number may be two's */
	enum child_state state;
	bool stale; /* about to be replaced */
	pid_t pid; /* 0: none */
	char address[CONF_SERVER_NAME_MAX + 1]; /* "127.0.0.1:20007", "unix:/...": "" none */
	int server; /* its place on the scoreboard, -1: none */
	uint64_t age; /* of the process, microseconds */
	uint64_t until; /* in CHILD_BACKOFF: microseconds to the next start */
	uint32_t in_flight;
	uint64_t requests; /* of this process */
	unsigned restarts; /* of its number; not asked for */
	unsigned failed_starts; /* in a row */
	uint64_t memory; /* bytes; 0: not known yet */
	double cpu; /* of one processor, percent, over the last seconds */
	unsigned processes;
	uint64_t lines_lost; /* of its output */
	struct master_app_death last_death; /* of its number */
	const char *why; /* of FAILED: words; else NULL */
};

/* Apps by pool index: false when that pool is none. */
bool master_app_get(const struct master *master, unsigned pool, struct master_app *app);
/* The index of the pool of that name, or -1 when no app is called so. */
int master_app_find(const struct master *master, const char *name);
/* Whether a server on the scoreboard is an instance: then it comes and goes with that alone. */
bool master_server_is_instance(const struct master *master, unsigned server);
/* The number of the instance that a server is, or -1. */
int master_server_instance(const struct master *master, unsigned server);

/*
 * The instances of an app, by their seats: the one at `seat` or behind it. Its seat, or -1: no more.
 */
int master_instance_next(const struct master *master, unsigned pool, unsigned seat, struct master_instance *instance);

/* ---- verbs: each does all or nothing. */

/* How many instances are wanted, 0 .. CONF_INSTANCES_MAX. Failed ones are tried again. -1 with a sentence. */
int master_app_scale(struct master *master, unsigned pool, unsigned instances, struct error *err);

/*
 * Replaces all instances (number -1) or one: first another gets ready, then the old one drains, as surge and
 * max-unavailable allow. If a new one does not get ready, that ends: the old ones stay. Those that
 * have failed or are in a pause are started at once. While one goes on another request begins it anew.
 */
int master_app_restart(struct master *master, unsigned pool, int number, struct error *err);

/* Sends a signal to the process of an instance, or of all (-1), not to their children. How many got it; -1 with a sentence. */
int master_app_signal(struct master *master, unsigned pool, int number, int signal, struct error *err);

/* Its last lines. Borrowed. */
struct app_journal *master_app_journal(const struct master *master, unsigned pool);

/* ---- reload: the app sections of the configuration file, and nothing else yet */

enum master_reload_what {
	MASTER_RELOAD_SAME,
	MASTER_RELOAD_ROLL, /* its instances are replaced */
	MASTER_RELOAD_SCALE, /* only `instances` is another */
	MASTER_RELOAD_LATER /* takes effect when drover is started again: pools, listeners, routes, an app that is new or gone */
};

struct master_reload {
	struct conf_errors errors; /* the file is not good: nothing was changed */
	struct master_reload_row {
		enum master_reload_what what;
		char name[MASTER_WORDS_MAX]; /* of the app; for MASTER_RELOAD_LATER of the option or section */
		char text[MASTER_WORDS_MAX]; /* which options, for people */
		unsigned from, to; /* instances that were wanted, and that are wanted then; of an app */
	} *rows;
	size_t count;
};

/* Reads the file again. With `only_check` it tells what would be done. -1: *reload has errors, or there is no memory (no errors). */
int master_reload(struct master *master, bool only_check, struct master_reload *reload);
void master_reload_free(struct master_reload *reload);

#endif

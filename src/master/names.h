/*
 * Names of servers: what a pool has of their addresses follows what the prober
 * finds out. Each address is a server of its own, which comes and leaves as if an
 * admin had added and removed it. Master.
 */
#ifndef DROVER_MASTER_NAMES_H
#define DROVER_MASTER_NAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/error.h"
#include "conf/conf.h"
#include "ipc/names.h"
#include "ipc/scoreboard.h"
#include "master/master.h"
#include "net/loop.h"

struct master;

/* What there is of a name, for reading. */
struct master_name {
	uint32_t id; /* never used twice */
	char text[SCOREBOARD_NAME]; /* as written: "app.internal:8080" */
	struct dns_question question;
	enum conf_family family;
	enum conf_addresses addresses;
	struct master_server options; /* of each of its addresses; with its pool, without name and address */
	uint64_t resolved; /* when an address of it was found last: wall clock, microseconds; 0: never */
	uint64_t next; /* monotonic microseconds: when it is looked up again */
	uint32_t ttl; /* of that answer, seconds */
	bool fixed; /* it was in the hosts file: there is no ttl */
	char why[DNS_WHY_MAX]; /* what the last look-up lacked; "": nothing */
	char problem[DNS_WHY_MAX]; /* why an address that was found is no server; "": all are */
	uint64_t answers; /* how many there were, good or bad */
	uint64_t failures;

	/* of names.c and follow.c */
	TAILQ_ENTRY(master_name) pending_link;
	unsigned place; /* in names.all */
	bool told; /* the prober knows of it */
	bool now; /* it is to be told to look it up now */
	bool asked; /* it was told so, and there was no answer since */
	struct dns_answer *wanted; /* that the pool is to have; NULL: it has it */
	unsigned taken; /* addresses of `wanted` that were looked at */
	unsigned came, went; /* by it */
	char changes[200]; /* "+10.0.0.1:80 -10.0.0.2:80" */
};

struct names {
	struct master_name *all[CONF_SERVERS_MAX]; /* NULL: a free place */
	unsigned used; /* highest place ever used + 1 */
	uint32_t last_id;
	TAILQ_HEAD(, master_name) pending; /* with an answer that is being carried out */
	struct later carry_on;
	struct timer tell; /* the prober's channel was full */
	uint32_t part_id; /* of the answer that comes in parts */
	struct dns_answer part;
};

/* Those of the configuration, with the addresses that were found at the start. Behind servers_init. -1: no memory. */
int names_init(struct master *master);
void names_close(struct master *master);

/* A new prober knows of none: it is told. */
void names_tell(struct master *master);

/* Whether there are any, so that a prober is needed. */
bool names_exist(const struct master *master);

/* What the prober says. false: nonsense. */
bool names_take(struct master *master, const struct names_part *part);

/* ---- verbs */

/* How many places of names there are to look at; and what is in one, or NULL. */
unsigned master_names_used(const struct master *master);
const struct master_name *master_name_at(const struct master *master, unsigned place);

/* By pool (an index) and text. NULL: there is none. */
const struct master_name *master_name_find(const struct master *master, unsigned pool, const char *text);

/* By id. NULL: it is gone. */
const struct master_name *master_name_by_id(const struct master *master, uint32_t id);

/* The name that the server in a place of the scoreboard is an address of, or NULL. */
const struct master_name *master_name_of_server(const struct master *master, unsigned server);

/* How many servers there are of it now, those that leave apart. */
unsigned master_name_servers(const struct master *master, const struct master_name *name);

/*
 * Adds a name: of `name` all that the caller says, text to options. It is looked up at once. -1 with a
 * sentence: the pool has it already, or there are too many, or no memory.
 */
int master_name_add(struct master *master, const struct master_name *name, struct error *err);
int master_name_check(const struct master *master, const struct master_name *name, struct error *err);

/* Takes a name out, and all servers of it as in master_server_remove. -1: it is the last of its pool. */
int master_name_remove(struct master *master, uint32_t id, bool force, struct error *err);
int master_name_remove_check(const struct master *master, uint32_t id, struct error *err);

/* How many servers of a name, there or not any more, have not left yet; *load: their requests in progress. */
unsigned master_name_left(const struct master *master, uint32_t id, uint32_t *load);

/* Has it looked up now; `answers` grows then. */
void master_name_resolve(struct master *master, uint32_t id);

#endif

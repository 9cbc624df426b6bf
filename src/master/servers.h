/*
 * The servers of all pools, on the scoreboard: what the configuration begins
 * with and what an admin adds, changes and takes out. Workers copy what they need
 * when servers_version changes and say so in servers_seen; a place is used again
 * only when no worker can still be using what was there. Master.
 */
#ifndef DROVER_MASTER_SERVERS_H
#define DROVER_MASTER_SERVERS_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "ipc/scoreboard.h"
#include "master/master.h"
#include "net/loop.h"

struct master;

struct servers {
	uint32_t last_id;
	unsigned leaving; /* servers that have not left yet */
	bool unpublished; /* there are changes that workers have not been told of */
	uint64_t published_at; /* monotonic microseconds */
	struct timer publish;
	struct timer timer; /* looks after those that leave */
	unsigned next; /* place to look at */
	struct {
		uint32_t version; /* of the last change of its state: what workers must have seen */
		unsigned pool; /* the scoreboard's is for readers: a worker can write there */
		bool leaving;
		uint64_t cut_at; /* monotonic microseconds */
		enum conf_server_state before; /* of one that leaves */
		uint32_t from; /* id of the name that it is an address of, or was; 0: of none */
		uint16_t given_weight; /* by that name: another one was set by an admin */
		uint16_t number; /* of the instance that it is */
		bool instance; /* it is one of an app, which alone brings it and takes it away */
	} places[SCOREBOARD_SERVERS];
};

/* What a section says of a server, but for its name and address, which may be many. */
struct master_server servers_from_conf(unsigned pool, const struct conf_server *conf);

/* The same back: a section without its name and address. */
struct conf_server servers_to_conf(const struct master_server *server);

/*
 * Adds the instance of that number of an app, which takes no requests before servers_instance_ready. Its
 * place, or -1 with a sentence.
 */
int servers_add_instance(struct master *master, const struct master_server *server, unsigned number, struct error *err);
void servers_instance_ready(struct master *master, unsigned server);

/* Whether instances of that pool come, so that requests wait for them. */
void servers_expect(struct master *master, unsigned pool, bool coming);

/* Takes a server out whatever it is, the last of its pool, too; else as master_server_remove. */
void servers_leave(struct master *master, unsigned server, bool force);

/* Has one that is leaving come back as it was. false: it is not leaving, or is cut off already. */
bool servers_return(struct master *master, unsigned server);

/* The weight by its name: what an admin has set instead stays. */
void servers_give_weight(struct master *master, unsigned server, uint16_t weight);

/* Whether it takes requests only while no other server of the pool can, by its name. */
void servers_give_backup(struct master *master, unsigned server, bool backup);

/* Whether the pool has a server or name beside that server (-1: none) and that name (0: none) and its servers. */
bool servers_pool_has_other(const struct master *master, unsigned pool, int server, uint32_t name);

/* Writes those of the configuration down. */
void servers_init(struct master *master);
void servers_close(struct master *master);

/* ---- servers_publish.c */

void servers_publish_init(struct master *master);

/* The number that what changes now will be published under. */
uint32_t servers_next_version(const struct master *master);

/* Every worker process works by this version or a later one. 0: one that is starting has not said so yet. */
uint32_t servers_seen(const struct master *master);

/* What was written down since the last time is to be seen by the children. */
void servers_publish(struct master *master);

/* To be called after each change. A worker copies all servers then, so that many changes in a row are published together. */
void servers_changed(struct master *master);

/* Has the workers look at the servers of the scoreboard now; one that cannot be told looks with its next heartbeat. */
void servers_tell(struct master *master);

#endif

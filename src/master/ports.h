/*
 * The listening sockets of the service: bound here or taken from systemd, owned
 * by the master for as long as the service is up. Master.
 */
#ifndef DROVER_MASTER_PORTS_H
#define DROVER_MASTER_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/address.h"
#include "base/error.h"
#include "conf/conf.h"
#include "net/loop.h"

struct master;
struct systemd_sockets;

struct port {
	struct master *master;
	int fd;
	unsigned listener; /* index in conf.listeners */
	bool passed; /* by systemd */
	dev_t device; /* of the unix socket's file, which we made and are to remove; inode 0: none */
	ino_t inode;
	struct address address; /* that it is bound to */
	struct watch watch;
};

struct ports {
	struct port *all;
	size_t count;
	bool paused[CONF_LISTENERS_MAX]; /* by index in conf.listeners: the admin wants nothing accepted */
};

/* Opens every listener of conf. -1 with a sentence: none is left open. Sockets that fit are taken out of `passed`. */
int ports_open(
    struct ports *ports, const struct conf *conf, struct systemd_sockets *passed, struct error *err);

/* Begins to accept. -1: no memory. */
int ports_watch(struct master *master);

/* For the dispatcher, while nobody can take connections: all of them. Those that the admin has paused stay so. */
void ports_pause(struct master *master);
void ports_resume(struct master *master);

/* Closes them and removes the files of unix sockets. */
void ports_close(struct ports *ports);

/* In a forked child: its copies. */
void ports_close_copies(const struct ports *ports);

#endif

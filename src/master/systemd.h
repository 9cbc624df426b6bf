/* Listening sockets that systemd (or whoever speaks its protocol) opened and passed on: LISTEN_FDS. Master, at start. */
#ifndef DROVER_MASTER_SYSTEMD_H
#define DROVER_MASTER_SYSTEMD_H

#include <stddef.h>
#include <stdbool.h>

#include "base/address.h"
#include "base/error.h"

enum { SYSTEMD_SOCKETS_MAX = 256, SYSTEMD_NAME_MAX = 64 };

struct systemd_socket {
	int fd; /* -1: taken */
	char name[SYSTEMD_NAME_MAX];
	struct address address;
};

struct systemd_sockets {
	struct systemd_socket all[SYSTEMD_SOCKETS_MAX];
	size_t count;
};

/*
 * Takes over what was passed to this process and removes LISTEN_FDS, LISTEN_PID
 * and LISTEN_FDNAMES from the environment. -1 with a sentence when one of
 * them is no listening stream socket.
 */
int systemd_receive(struct systemd_sockets *sockets, struct error *err);

/* Takes out the next with this name (name not NULL) or bound to this address: its descriptor, or -1. */
int systemd_take(struct systemd_sockets *sockets, const char *name, const struct address *address);

/* Closes those that nobody took; with a warning for each when `tell` is set. */
void systemd_close(struct systemd_sockets *sockets, bool tell);

#endif

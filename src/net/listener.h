/*
 * Sockets that accept: bound by the master, which owns them for as long as the
 * service is up. Control sockets are made with the same functions.
 */
#ifndef DROVER_NET_LISTENER_H
#define DROVER_NET_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/address.h"
#include "base/error.h"

struct listener_options {
	int backlog;
	bool defer_accept; /* TCP only: TCP_DEFER_ACCEPT */
	bool ipv6_only;
	mode_t mode; /* unix sockets only, with uid and gid: owner in the file system; -1: as created */
	uid_t uid;
	gid_t gid;
};

/*
 * Binds and listens; non-blocking, close-on-exec; SO_REUSEADDR, TCP_NODELAY
 * (inherited by what is accepted). "*" is one socket for IPv6 and IPv4, or IPv4
 * alone where the kernel has no IPv6. A left-over unix socket that nobody
 * listens on is replaced; a live one, or a file that is no socket, is an error.
 * Returns the descriptor, or -1 with a sentence that says what and, for an
 * address in use, which process has it when that can be seen.
 */
int listener_open(const struct address *address, const struct listener_options *options, struct error *err);

/* The address it is bound to (the port that the kernel chose for port 0). */
int listener_address(int fd, struct address *address);

/*
 * How many connections wait to be accepted, and for how many there is room. The
 * kernel tells it of TCP sockets alone: of others both are 0.
 */
void listener_queue(int fd, uint32_t *waiting, uint32_t *room);

/*
 * Accepts one connection: non-blocking, close-on-exec. `peer` is filled in.
 * -1 with errno as accept4(2): EAGAIN none, EMFILE, ENFILE, ENOBUFS, ENOMEM:
 * pause and try later; transient network errors are taken care of (EAGAIN when
 * nothing is left).
 */
int listener_accept(int fd, struct address *peer);

#endif

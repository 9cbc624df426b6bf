/*
 * Which process listens on an address, as far as /proc shows it: for the
 * sentence that says why a port cannot be had. Master, at start.
 */
#ifndef DROVER_NET_PORT_OWNER_H
#define DROVER_NET_PORT_OWNER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/address.h"

enum { PORT_OWNER_TEXT_MAX = 64 };

/*
 * Writes "nginx (pid 812)" for the process that listens on the TCP port of
 * `address`. false when it cannot be seen (it belongs to another user).
 */
bool port_owner_find(const struct address *address, char text[PORT_OWNER_TEXT_MAX]);

/* Writes "nginx (pid 812)" for a process; "pid 812" when it has no name to be seen. Returns `text`. */
const char *port_owner_name(pid_t pid, char text[PORT_OWNER_TEXT_MAX]);

#endif

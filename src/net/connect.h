/* Opening a connection without waiting for it. Runs in workers and the prober. */
#ifndef DROVER_NET_CONNECT_H
#define DROVER_NET_CONNECT_H

#include "base/address.h"

/*
 * Begins to connect: non-blocking, close-on-exec, TCP_NODELAY. Returns the
 * descriptor, whose first write fails with the error when connecting did, or -1
 * with errno when it failed at once. *connected tells whether it is already through.
 */
int connect_begin(const struct address *address, bool *connected);

#endif

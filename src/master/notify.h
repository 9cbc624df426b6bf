/* Tells systemd how it goes (the sd_notify protocol). Without NOTIFY_SOCKET all of it does nothing. Master. */
#ifndef DROVER_MASTER_NOTIFY_H
#define DROVER_MASTER_NOTIFY_H

#include "base/address.h"

struct notify {
	int fd; /* -1: nobody listens */
	struct address to;
};

/* Reads NOTIFY_SOCKET and takes it out of the environment. */
void notify_open(struct notify *notify);
void notify_close(struct notify *notify);

/* Sends lines such as "READY=1\nSTATUS=...". Never blocks; what cannot be sent is lost. */
void notify_send(const struct notify *notify, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

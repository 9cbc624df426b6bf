/* The names of servers, which are their addresses as written. Master only. */
#ifndef DROVER_CONF_SERVER_H
#define DROVER_CONF_SERVER_H

#include "base/address.h"
#include "base/error.h"

/* Reads the address that the name stands for. -1 with a sentence when it is none, or too long for a server's name. */
int conf_server_read_name(struct address *address, const char *name, enum address_use use, struct error *err);

#endif

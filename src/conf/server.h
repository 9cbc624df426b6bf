/* How servers are written: as addresses, or as names that are looked up. Master only. */
#ifndef DROVER_CONF_SERVER_H
#define DROVER_CONF_SERVER_H

#include "base/address.h"
#include "base/error.h"
#include "net/dns.h"

/* As conf_server_from_text, for text whose bytes are known to be those of a configuration. */
int conf_server_read(
    struct address *address, struct dns_question *question, const char *name, struct error *err);

#endif

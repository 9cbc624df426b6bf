/*
 * Looks names up, in the hosts file and by DNS, many at a time and without
 * blocking. c-ares is behind it and nowhere else. The prober, and the start of
 * drover before there is a master.
 */
#ifndef DROVER_NET_RESOLVER_H
#define DROVER_NET_RESOLVER_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/error.h"
#include "net/dns.h"
#include "net/loop.h"

struct resolver;
struct resolver_lookup;

struct resolver_options {
	const struct address *servers; /* of DNS, to be asked; copied */
	size_t server_count; /* 0: as /etc/resolv.conf says, which is read again when it has changed */
	uint64_t timeout; /* microseconds for one look-up, whatever it takes */
};

/* NULL with a sentence. */
struct resolver *resolver_new(struct loop *loop, const struct resolver_options *options, struct error *err);

/* Look-ups that are in progress are forgotten. NULL is allowed. */
void resolver_free(struct resolver *resolver);

/* Called once, the look-up is over then. `answer` is the resolver's; its addresses are sorted. */
typedef void resolver_fn(void *arg, const struct dns_answer *answer);

/*
 * Looks a name up: of a host in the hosts file first, then by DNS (A and AAAA records, within the
 * search domains); of a service by DNS (SRV records, then their targets). `done` is called later, never from within.
 * NULL: no memory.
 */
struct resolver_lookup *resolver_ask(
    struct resolver *resolver, const struct dns_question *question, resolver_fn *done, void *arg);

/* Ends a look-up before it has called back. */
void resolver_forget(struct resolver_lookup *lookup);

#endif

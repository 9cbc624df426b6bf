/*
 * What a name stands for: addresses as DNS or the hosts file gave them, and the
 * reading of SRV records (RFC 2782). Pure. All processes.
 */
#ifndef DROVER_NET_DNS_H
#define DROVER_NET_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

enum {
	DNS_NAME_MAX = 253, /* bytes of a name, without a dot at its end (RFC 1035, 2.3.4) */
	DNS_ADDRESSES_MAX = 256, /* of one name */
	DNS_WHY_MAX = 96
};

/* What is asked. */
struct dns_question {
	char name[DNS_NAME_MAX + 2]; /* with or without a dot at its end */
	uint16_t family; /* AF_INET, AF_INET6 or AF_UNSPEC: both */
	uint16_t port; /* of the addresses; a service has its own */
	bool service; /* SRV records, whose targets are looked up then */
};

/* One address, in as few bytes as it takes. */
struct dns_address {
	uint8_t bytes[16]; /* in network order, the first 4 of them for AF_INET */
	uint16_t family; /* AF_INET or AF_INET6 */
	uint16_t port;
	uint16_t priority; /* lower comes first; 0 when it is not of a service */
	uint16_t weight; /* 1 when it is not of a service */
};

struct dns_answer {
	uint32_t ttl; /* seconds; the least of all records that the addresses come from */
	bool fixed; /* of the hosts file: there is no ttl */
	bool more; /* addresses were left out, as there are more than DNS_ADDRESSES_MAX */
	/* "": all was answered. With addresses: a part was, and what is missing here may exist all the same. */
	char why[DNS_WHY_MAX];
	unsigned count;
	struct dns_address addresses[DNS_ADDRESSES_MAX];
};

/* No addresses, and a ttl that any other is less than. */
void dns_answer_clear(struct dns_answer *answer);

/*
 * Adds an address that is not there yet. When there is no room the last in the order is
 * left out, so that the same ones stay in whatever order they come.
 */
void dns_answer_add(struct dns_answer *answer, const struct dns_address *address);

/* Puts the addresses into an order of their own: by priority, IPv4 before IPv6, then by number. */
void dns_answer_sort(struct dns_answer *answer);

/* Whether what another process says is within its bounds. */
bool dns_answer_is_sound(const struct dns_answer *answer);
bool dns_address_is_sound(const struct dns_address *address);
bool dns_why_is_sound(const char why[DNS_WHY_MAX]);

void dns_address_get(const struct dns_address *address, struct address *to);

/* What one SRV record names. */
struct dns_target {
	char name[DNS_NAME_MAX + 2];
	uint16_t port;
	uint16_t priority;
	uint16_t weight;
};

/*
 * Reads the SRV records of a DNS message, those of lowest priority value first. How
 * many there were, at most `most`; *ttl becomes the least of theirs, *more whether
 * some were left out. Records that name no target (".") or no port are none. -1: nonsense.
 */
int dns_targets_read(const uint8_t *bytes, size_t length, struct dns_target *targets, unsigned most, uint32_t *ttl,
    bool *more);

/* Whether the text can be a name of a host or service: letters, digits, "-" and "_" between dots. */
bool dns_name_is_valid(const char *text);

#endif

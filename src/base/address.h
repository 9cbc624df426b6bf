/*
 * Socket addresses as people write them: "10.0.0.5:8080", "[::1]:80", "*:80",
 * ":80", "unix:/path", and "localhost:3000" for what is connected to. All
 * processes.
 */
#ifndef DROVER_BASE_ADDRESS_H
#define DROVER_BASE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/error.h"

struct address {
	socklen_t length;
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} socket;
};

enum { ADDRESS_TEXT_MAX = 128 }; /* room for any address_format, with its NUL */

enum address_use {
	ADDRESS_LISTEN, /* "*" and an empty host mean any address (IPv6 and IPv4 together); port 0 is allowed */
	ADDRESS_CONNECT /* a host is needed, of names "localhost" alone is known, as 127.0.0.1 */
};

/* Fills *a from text; nothing is looked up. -1 with a sentence when it is not an address. */
int address_parse(struct address *a, const char *text, enum address_use use, struct error *err);

enum { ADDRESS_HOST_MAX = 256 };

/*
 * Whether the text is "HOST:PORT" with what may be a name that has to be looked up:
 * no address, no "localhost", nothing that address_parse says more about. Then *host is
 * the name, not checked further, and *port the port in host order.
 */
bool address_has_name(const char *text, char host[ADDRESS_HOST_MAX], uint16_t *port);

/* A network as "10.0.0.0/8", "::1", "fd00::/8"; "unix" stands for peers on unix sockets. */
struct address_range {
	int family; /* AF_INET, AF_INET6 or AF_UNIX */
	uint8_t bits;
	uint8_t bytes[16];
};
int address_range_parse(struct address_range *r, const char *text, struct error *err);

/* Writes it as address_range_parse reads it and returns `text`. */
const char *address_range_format(const struct address_range *r, char text[ADDRESS_TEXT_MAX]);

/*
 * Whether the range holds the address: bytes in network order, the first 4 of
 * them for AF_INET, none for AF_UNIX. An IPv4 address mapped into IPv6 counts
 * as IPv4.
 */
bool address_range_holds(const struct address_range *r, int family, const uint8_t bytes[16]);

/* Writes it as address_parse reads it ("*:80" for any address) and returns `text`. */
const char *address_format(const struct address *a, char text[ADDRESS_TEXT_MAX]);

/* The port in host order; 0 for a unix socket. */
uint16_t address_port(const struct address *a);

bool address_equal(const struct address *a, const struct address *b);

#endif

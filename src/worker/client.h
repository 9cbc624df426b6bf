/*
 * Who a request comes from: the peer or, behind trusted-proxies, whom they name
 * in X-Forwarded-For or Forwarded. Runs in workers.
 */
#ifndef DROVER_WORKER_CLIENT_H
#define DROVER_WORKER_CLIENT_H

#include "worker/internal.h"

struct client {
	int family; /* AF_INET, AF_INET6 or AF_UNIX */
	uint8_t address[16];
};

/* Whether one of the ranges holds it. */
bool client_is_among(const struct client *client, const struct address_range *ranges, size_t count);

struct client client_of_peer(const struct channel_connection *peer);

/*
 * The last address in X-Forwarded-For (or, without that, of "for" in Forwarded, RFC 7239)
 * that is none of trusted-proxies, when the peer is one of them; else, and when what stands
 * there is no address, the last that is known for certain.
 */
struct client client_of(const struct session *session, const struct h1_request *request);

#endif

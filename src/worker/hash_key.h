/* The key by which consistent-hash chooses: `hash-key` of the pool. Runs in workers. */
#ifndef DROVER_WORKER_HASH_KEY_H
#define DROVER_WORKER_HASH_KEY_H

#include "worker/internal.h"

/*
 * The hash of what the pool's hash-key names in the request; of the client's address
 * where the request does not have that. Worked out once for a request.
 */
uint64_t hash_key_get(struct exchange *exchange);

/* The hash of the client's address. */
uint64_t hash_key_of_client(const struct exchange *exchange);

/* The hash of a request's own: 0 when it does not have that. `name`: of the field or cookie. */
uint64_t hash_key_of(const struct h1_request *request, enum conf_hash_kind kind, const char *name);

#endif

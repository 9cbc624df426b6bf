#include "worker/hash_key.h"

#include <string.h>

#include "balance/ring.h"
#include "base/text.h"
#include "http/cookies.h"
#include "worker/exchange.h"

/* Path and query, or the path alone. */
static uint64_t
hash_target(const struct h1_request *request, bool query)
{
	const char *path = request->head + request->path.offset;
	const char *end = query ? NULL : memchr(path, '?', request->path.length);

	if (request->path.length == 0)
		return 0;
	return ring_hash(0, path, end != NULL ? (size_t)(end - path) : request->path.length);
}

static bool
field_is(const struct h1_request *request, const struct h1_field *field, const char *name)
{
	return text_equal_nocase(request->head + field->line, field->name_length, name, strlen(name));
}

/* All values of that name, one after the other. */
static uint64_t
hash_header(const struct h1_request *request, const char *name)
{
	uint64_t hash = 0;
	unsigned i;

	for (i = 0; i < request->field_count; i++)
		if (field_is(request, &request->fields[i], name))
			hash = ring_hash(hash, request->head + request->fields[i].value, request->fields[i].value_length);
	return hash;
}

static uint64_t
hash_cookie(const struct h1_request *request, const char *name)
{
	struct cookies at = { 0 };
	struct text value;

	if (!cookies_next(&at, request, (struct text){ name, strlen(name) }, &value))
		return 0;
	return ring_hash(0, value.bytes, value.length);
}

uint64_t
hash_key_of(const struct h1_request *request, enum conf_hash_kind kind, const char *name)
{
	switch (kind) {
	case CONF_HASH_PATH:
	case CONF_HASH_URI:
		return hash_target(request, kind == CONF_HASH_URI);
	case CONF_HASH_HEADER:
		return hash_header(request, name);
	case CONF_HASH_COOKIE:
		return hash_cookie(request, name);
	case CONF_HASH_ADDRESS:
		break;
	}
	return 0;
}

uint64_t
hash_key_of_client(const struct exchange *exchange)
{
	const struct channel_connection *peer = &exchange->session->peer;

	return ring_hash(0, peer->address, peer->family == AF_INET6 ? 16 : 4);
}

uint64_t
hash_key_get(struct exchange *exchange)
{
	const struct pool *pool = exchange->pool;

	if (exchange->hash_key == 0 && pool->hash_kind != CONF_HASH_ADDRESS && !exchange->tcp)
		exchange->hash_key = hash_key_of(exchange_request(exchange), pool->hash_kind, pool->hash_name);
	if (exchange->hash_key == 0)
		exchange->hash_key = hash_key_of_client(exchange);
	return exchange->hash_key;
}

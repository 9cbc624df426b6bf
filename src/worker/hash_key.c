#include "worker/hash_key.h"

#include <string.h>

#include "balance/ring.h"
#include "base/text.h"
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

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The value of a cookie in one field (RFC 6265 4.2.1): "a=1; b=2". *length; NULL: it is not there. */
static const char *
cookie_find(const char *at, const char *end, const char *name, size_t *length)
{
	size_t name_length = strlen(name);

	while (at < end) {
		const char *next = memchr(at, ';', (size_t)(end - at)), *stop = next != NULL ? next : end;

		while (at < stop && is_blank(*at))
			at++;
		while (stop > at && is_blank(stop[-1]))
			stop--;
		if ((size_t)(stop - at) > name_length && at[name_length] == '=' && memcmp(at, name, name_length) == 0) {
			*length = (size_t)(stop - at) - name_length - 1;
			return at + name_length + 1;
		}
		at = next != NULL ? next + 1 : end;
	}
	return NULL;
}

static uint64_t
hash_cookie(const struct h1_request *request, const char *name)
{
	const char *cookie;
	size_t length;
	unsigned i;

	for (i = 0; i < request->field_count; i++) {
		const char *value = request->head + request->fields[i].value;

		if (!field_is(request, &request->fields[i], "cookie"))
			continue;
		cookie = cookie_find(value, value + request->fields[i].value_length, name, &length);
		if (cookie != NULL)
			return ring_hash(0, cookie, length);
	}
	return 0;
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
hash_key_get(struct exchange *exchange)
{
	const struct channel_connection *peer = &exchange->session->peer;
	const struct pool *pool = exchange->pool;

	if (exchange->hash_key == 0 && pool->hash_kind != CONF_HASH_ADDRESS && !exchange->tcp)
		exchange->hash_key = hash_key_of(exchange_request(exchange), pool->hash_kind, pool->hash_name);
	if (exchange->hash_key == 0)
		exchange->hash_key = ring_hash(0, peer->address, peer->family == AF_INET6 ? 16 : 4);
	return exchange->hash_key;
}

#include "worker/sticky.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balance/ring.h"
#include "base/object.h"
#include "http/cookies.h"
#include "worker/exchange.h"
#include "worker/hash_key.h"

static const char attributes[] = "; Path=/; HttpOnly; SameSite=Lax", secure[] = "; Secure";
enum { LINE_MORE = sizeof "Set-Cookie: =" + STICKY_WORD + sizeof attributes + sizeof secure + sizeof "\r\n" };

/* Of a pool with sticky = cookie. */
struct sticky {
	char *name; /* of the cookie */
	struct server **table; /* by word: each in its place or in one behind it; NULL: nobody */
	size_t size; /* a power of two, at least twice as many as there are servers; 0: there never were any */
	size_t line_size;
	char line[];
};

/* The name of the cookie: pools of one site must not take theirs from each other. NULL: no memory. */
static char *
cookie_name(const struct conf_pool *conf)
{
	static const char prefix[] = "drover-", others[] = "!#$%&'*+-.^_`|~"; /* of a token: RFC 9110 5.6.2 */
	size_t size = sizeof prefix + strlen(conf->name), i;
	char *name;

	if (conf->sticky_cookie != NULL)
		return strdup(conf->sticky_cookie);
	name = malloc(size);
	if (name == NULL)
		return NULL;
	snprintf(name, size, "%s%s", prefix, conf->name);
	for (i = 0; name[i] != '\0'; i++)
		if (!isalnum((unsigned char)name[i]) && strchr(others, name[i]) == NULL)
			name[i] = '-';
	return name;
}

int
sticky_open(struct pool *pool)
{
	char *name;
	size_t line;

	if (pool->conf->sticky_kind != CONF_STICKY_COOKIE)
		return 0;
	name = cookie_name(pool->conf);
	if (name == NULL)
		return -1;
	line = strlen(name) + LINE_MORE + STICKY_MORE;
	pool->sticky = calloc(1, sizeof *pool->sticky + line);
	if (pool->sticky == NULL) {
		free(name);
		return -1;
	}
	pool->sticky->name = name;
	pool->sticky->line_size = line;
	return 0;
}

void
sticky_close(struct pool *pool)
{
	if (pool->sticky == NULL)
		return;
	free(pool->sticky->name);
	free(pool->sticky->table);
	free(pool->sticky);
	pool->sticky = NULL;
}

/* ---- words */

struct siphash
sticky_word(const struct worker *worker, const struct server *server)
{
	/* the next process of an app may have the address of this one, but knows nothing of its clients */
	uint32_t id = server->pool->conf->app.wanted ? server->id : 0;
	char text[CONF_POOL_NAME_MAX + 1 + SCOREBOARD_NAME + sizeof id];
	size_t length = (size_t)snprintf(text, sizeof text - sizeof id, "%s", server->pool->conf->name) + 1;

	length += (size_t)snprintf(text + length, sizeof text - sizeof id - length, "%s", server->name) + 1;
	memcpy(text + length, &id, sizeof id);
	return siphash(&worker->board->sticky_key, text, length + sizeof id);
}

static bool
words_equal(const struct siphash *a, const struct siphash *b)
{
	return a->words[0] == b->words[0] && a->words[1] == b->words[1];
}

/* 16 hex digits. */
static bool
number_read(const char *text, uint64_t *number)
{
	int i;

	*number = 0;
	for (i = 0; i < STICKY_WORD / 2; i++) {
		char c = text[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
		*number = *number << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return true;
}

static bool
word_read(struct text text, struct siphash *word)
{
	return text.length == STICKY_WORD && number_read(text.bytes, &word->words[0]) &&
	    number_read(text.bytes + STICKY_WORD / 2, &word->words[1]);
}

/* ---- the table */

int
sticky_reserve(struct pool *pool, size_t count)
{
	struct server **table;
	size_t size = 2;

	if (pool->sticky == NULL)
		return 0;
	while (size < 2 * count)
		size *= 2;
	if (size <= pool->sticky->size)
		return 0;
	table = calloc(size, sizeof *table);
	if (table == NULL)
		return -1;
	free(pool->sticky->table);
	pool->sticky->table = table;
	pool->sticky->size = size;
	return 0;
}

void
sticky_change(struct pool *pool)
{
	struct sticky *sticky = pool->sticky;
	size_t i, at;

	if (sticky == NULL || sticky->size == 0)
		return;
	memset(sticky->table, 0, sticky->size * sizeof sticky->table[0]);
	for (i = 0; i < pool->count; i++) {
		for (at = pool->servers[i]->word.words[0]; sticky->table[at & (sticky->size - 1)] != NULL;)
			at++;
		sticky->table[at & (sticky->size - 1)] = pool->servers[i];
	}
}

static struct server *
table_find(const struct sticky *sticky, const struct siphash *word)
{
	struct server *server;
	size_t at = word->words[0];

	if (sticky->size == 0)
		return NULL;
	for (; (server = sticky->table[at & (sticky->size - 1)]) != NULL; at++)
		if (words_equal(&server->word, word))
			return server;
	return NULL;
}

/* ---- requests */

/* Whether the client came by https to a proxy before this one that is believed. */
static bool
request_is_secure(const struct exchange *x, const struct h1_request *request)
{
	static const char https[] = "https";
	unsigned i;

	if (!x->session->trusted)
		return false;
	for (i = 0; i < request->field_count; i++) {
		const struct h1_field *field = &request->fields[i];

		if (field->name == H1_NAME_X_FORWARDED_PROTO)
			return text_equal_nocase(request->head + field->value, field->value_length, https, sizeof https - 1);
	}
	return false;
}

struct server *
sticky_server(struct exchange *exchange)
{
	const struct sticky *sticky = exchange->pool->sticky;
	const struct h1_request *request;
	struct server *server = NULL;
	struct cookies at = { 0 };
	struct siphash word;
	struct text name, value;

	exchange->sticky_id = 0;
	if (sticky == NULL || exchange->tcp)
		return NULL;
	name = (struct text){ sticky->name, strlen(sticky->name) };
	request = exchange_request(exchange);
	exchange->secure = request_is_secure(exchange, request);
	while (server == NULL && cookies_next(&at, request, name, &value))
		if (word_read(value, &word))
			server = table_find(sticky, &word);
	exchange->sticky_id = server != NULL ? server->id : 0;
	return server;
}

uint64_t
sticky_key(struct exchange *exchange)
{
	const struct conf_pool *conf = exchange->pool->conf;

	if (conf->sticky_kind == CONF_STICKY_ADDRESS)
		return hash_key_of_client(exchange);
	return exchange->tcp ? 0 : hash_key_of(exchange_request(exchange), CONF_HASH_HEADER, conf->sticky_header);
}

struct text
sticky_line(const struct exchange *exchange, struct text more)
{
	struct sticky *sticky = exchange->pool->sticky;
	const struct server *server = exchange->server;
	int length;

	if (sticky == NULL || server == NULL || server->id == exchange->sticky_id)
		return (struct text){ NULL, 0 };
	length = snprintf(sticky->line, sticky->line_size, "Set-Cookie: %s=%016" PRIx64 "%016" PRIx64 "%s%s\r\n%.*s",
	    sticky->name, server->word.words[0], server->word.words[1], attributes, exchange->secure ? secure : "",
	    (int)more.length, more.bytes);
	INVARIANT(length > 0 && (size_t)length < sticky->line_size);
	return (struct text){ sticky->line, (size_t)length };
}

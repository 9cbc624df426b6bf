#include "worker/additions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/object.h"
#include "worker/sticky.h"

static_assert((int)STICKY_MORE >= (int)ANSWER_MORE, "a cookie has room for them");

int
addition_field(struct additions *additions, const char *name, struct text value)
{
	size_t length = additions->length + strlen(name) + 2 + value.length + 2;
	/* one more, for a NUL that is no part of it */
	char *to = length <= ADDITIONS_MAX ? realloc(additions->bytes, length + 1) : NULL;

	if (to == NULL)
		return -1;
	snprintf(to + additions->length, length + 1 - additions->length, "%s: %.*s\r\n", name, (int)value.length, value.bytes);
	additions->bytes = to;
	additions->length = length;
	return 0;
}

int
additions_set(struct additions *additions, struct text lines)
{
	char *to = realloc(additions->bytes, lines.length);

	if (to == NULL)
		return -1;
	memcpy(to, lines.bytes, lines.length);
	additions->bytes = to;
	additions->length = lines.length;
	return 0;
}

void
additions_clear(struct additions *additions)
{
	free(additions->bytes);
	*additions = (struct additions){ NULL, 0 };
}

int
rules_open(struct rules *rules)
{
	const struct conf_rules *conf = rules->conf;
	const char **names = calloc(conf->ask_copy_count + 2, sizeof *names);
	size_t n = 0, i;

	if (names == NULL)
		return -1;
	if (conf->auth_realm != NULL && !conf->auth_forward)
		names[n++] = "authorization";
	if (conf->auth_user_header != NULL)
		names[n++] = conf->auth_user_header;
	for (i = 0; i < conf->ask_copy_count; i++)
		names[n++] = conf->ask_copies[i];
	rules->without = (struct forward_names){ names, n };
	return 0;
}

void
rules_close(struct rules *rules)
{
	free((void *)(uintptr_t)rules->without.all);
}

const struct forward_changes *
additions_of_request(const struct exchange *exchange, struct forward_changes *space)
{
	const struct forward_names *first = &session_policy(exchange->session)->rules.without;
	const struct forward_names *second = exchange->route != NULL ? &exchange->route->rules.without : NULL;
	size_t count = first->count + (second != NULL ? second->count : 0);

	if (count == 0 && exchange->more.length == 0)
		return NULL;
	space->without[0] = *first;
	space->without[1] = second != NULL ? *second : (struct forward_names){ NULL, 0 };
	space->more = (struct text){ exchange->more.bytes, exchange->more.length };
	return space;
}

/* What is said of other origins, by drover or by the server. */
static const char *const cors_names[] = { "access-control-allow-origin", "access-control-allow-credentials",
	"access-control-expose-headers", "access-control-allow-methods", "access-control-allow-headers",
	"access-control-max-age" };

const struct forward_changes *
additions_of_response(const struct exchange *exchange, struct forward_changes *space)
{
	bool cors = exchange->cors && !exchange->tunnel;
	struct text more = cors ? additions_to_answer(exchange) : (struct text){ NULL, 0 };
	struct text cookie = exchange->pool->sticky != NULL ? sticky_line(exchange, more) : (struct text){ NULL, 0 };

	if (!cors && cookie.length == 0)
		return NULL;
	space->without[0] = (struct forward_names){ cors_names, cors ? ARRAY_LENGTH(cors_names) : 0 };
	space->without[1] = (struct forward_names){ NULL, 0 };
	space->more = cookie.length > 0 ? cookie : more;
	return space;
}

struct text
additions_to_answer(const struct exchange *exchange)
{
	static const char vary[] = "Vary: Origin\r\n";

	if (exchange->answer_more.length > 0)
		return (struct text){ exchange->answer_more.bytes, exchange->answer_more.length };
	return (struct text){ vary, exchange->cors_varies ? sizeof vary - 1 : 0 };
}

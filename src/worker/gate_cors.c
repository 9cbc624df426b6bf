/*
 * Pages of other origins (the Fetch standard's CORS protocol): `cors-origins` and what
 * goes with it. What a browser asks first, drover answers; responses are told who may
 * read them. Runs in workers.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/object.h"
#include "http/fields.h"
#include "worker/additions.h"
#include "worker/exchange.h"
#include "worker/gate.h"

enum {
	ECHO_MAX = 2048, /* bytes of names that a browser asks for and is told back */
	ORIGIN_MAX = 512 /* a name of a host has 253 bytes at most: what is longer is no page's */
};

/* Field lines under construction. */
struct lines {
	size_t used;
	char bytes[ANSWER_FIELDS];
};

static bool
cors_wanted(const struct conf_rules *rules)
{
	return rules->cors_origin_count > 0;
}

static bool
list_has(char *const *list, size_t count, const char *word)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(list[i], word) == 0)
			return true;
	return false;
}

static bool
cors_is_for_all(const struct conf_rules *rules)
{
	return list_has(rules->cors_origins, rules->cors_origin_count, "*");
}

static bool
is_host_part(const char *bytes, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (!(bytes[i] >= 'a' && bytes[i] <= 'z') && !(bytes[i] >= '0' && bytes[i] <= '9') &&
		    strchr("-_.", bytes[i]) == NULL)
			return false;
	return length > 0;
}

/* A star stands for names before the dot that follows it. Browsers write origins in lower case. */
static bool
origin_fits(const char *pattern, struct text origin)
{
	const char *star = strchr(pattern, '*');
	size_t before, behind;

	if (star == NULL)
		return strlen(pattern) == origin.length && memcmp(pattern, origin.bytes, origin.length) == 0;
	before = (size_t)(star - pattern);
	behind = strlen(star + 1);
	return origin.length > before + behind && memcmp(pattern, origin.bytes, before) == 0 &&
	    memcmp(star + 1, origin.bytes + origin.length - behind, behind) == 0 &&
	    is_host_part(origin.bytes + before, origin.length - before - behind);
}

static bool
origin_is_allowed(const struct conf_rules *rules, struct text origin)
{
	size_t i;

	if (origin.length > ORIGIN_MAX)
		return false;
	for (i = 0; i < rules->cors_origin_count; i++)
		if (strcmp(rules->cors_origins[i], "*") == 0 || origin_fits(rules->cors_origins[i], origin))
			return true;
	return false;
}

static void lines_add(struct lines *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
lines_add(struct lines *lines, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(lines->bytes + lines->used, sizeof lines->bytes - lines->used, format, ap);
	va_end(ap);
	INVARIANT(n >= 0 && (size_t)n < sizeof lines->bytes - lines->used); /* see conf_check_auth, ECHO_MAX, ORIGIN_MAX */
	lines->used += (size_t)n;
}

static void
lines_add_list(struct lines *lines, const char *name, char *const *list, size_t count)
{
	size_t i;

	lines_add(lines, "%s: ", name);
	for (i = 0; i < count; i++)
		lines_add(lines, "%s%s", i > 0 ? ", " : "", list[i]);
	lines_add(lines, "\r\n");
}

/* Who may read, and whether with cookies. */
static void
lines_add_origin(struct lines *lines, const struct conf_rules *rules, struct text origin)
{
	if (cors_is_for_all(rules))
		lines_add(lines, "Access-Control-Allow-Origin: *\r\n");
	else
		lines_add(lines, "Access-Control-Allow-Origin: %.*s\r\n", (int)origin.length, origin.bytes);
	if (rules->cors_credentials)
		lines_add(lines, "Access-Control-Allow-Credentials: true\r\n");
}

/* ---- what a browser asks first */

/* The methods beside those that need no leave; what was asked for, when any may be used. */
static void
preflight_methods(struct lines *lines, const struct conf_rules *rules, struct text wanted)
{
	size_t i;

	lines_add(lines, "Access-Control-Allow-Methods: GET, HEAD, POST");
	if (list_has(rules->cors_methods, rules->cors_method_count, "*"))
		lines_add(lines, ", %.*s", (int)wanted.length, wanted.bytes);
	for (i = 0; i < rules->cors_method_count; i++)
		if (strcmp(rules->cors_methods[i], "*") != 0)
			lines_add(lines, ", %s", rules->cors_methods[i]);
	lines_add(lines, "\r\n");
}

static void
preflight_headers(struct lines *lines, const struct conf_rules *rules, struct text wanted)
{
	if (list_has(rules->cors_headers, rules->cors_header_count, "*")) {
		if (wanted.length > 0)
			lines_add(lines, "Access-Control-Allow-Headers: %.*s\r\n", (int)wanted.length, wanted.bytes);
	} else if (rules->cors_header_count > 0) {
		lines_add_list(lines, "Access-Control-Allow-Headers", rules->cors_headers, rules->cors_header_count);
	}
}

static enum gate_result
preflight_answer(struct exchange *x, const struct conf_rules *rules, const struct h1_request *request, struct text origin,
    struct text method)
{
	unsigned number;
	struct text headers = fields_value(request, "access-control-request-headers", &number);
	bool allowed = origin_is_allowed(rules, origin) && number <= 1 && method.length + headers.length <= ECHO_MAX;
	struct lines lines = { .used = 0 };
	struct answer answer = { .status = allowed ? 204 : 403, .fields = lines.bytes, .keeps = true };

	if (allowed) {
		lines_add_origin(&lines, rules, origin);
		preflight_methods(&lines, rules, method);
		preflight_headers(&lines, rules, headers);
		lines_add(&lines, "Access-Control-Max-Age: %llu\r\n",
		    (unsigned long long)(rules->cors_max_age / CLOCK_SECOND));
	}
	lines_add(&lines, "Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\r\n");
	additions_clear(&x->answer_more);
	exchange_answer(x, &answer, allowed ? "cors" : "cors-origin");
	return GATE_ANSWERED;
}

/* ---- */

static int
response_allow(struct exchange *x, const struct conf_rules *rules, struct text origin)
{
	struct lines lines = { .used = 0 };

	lines_add_origin(&lines, rules, origin);
	if (rules->cors_exposed_count > 0)
		lines_add_list(&lines, "Access-Control-Expose-Headers", rules->cors_exposed, rules->cors_exposed_count);
	if (x->cors_varies)
		lines_add(&lines, "Vary: Origin\r\n");
	return additions_set(&x->answer_more, (struct text){ lines.bytes, lines.used });
}

static enum gate_result
cors_enter(struct exchange *exchange, const struct conf_rules *rules, const struct h1_request *request)
{
	unsigned origins, methods;
	struct text origin = fields_value(request, "origin", &origins);
	struct text method = fields_value(request, "access-control-request-method", &methods);

	if (request->method == H1_METHOD_OPTIONS && origins == 1 && methods == 1)
		return preflight_answer(exchange, rules, request, origin, method);
	exchange->cors = true;
	exchange->cors_varies = !cors_is_for_all(rules);
	additions_clear(&exchange->answer_more);
	if (origins == 1 && origin_is_allowed(rules, origin) && response_allow(exchange, rules, origin) < 0) {
		exchange_reply(exchange, 503, "no-memory");
		return GATE_ANSWERED;
	}
	return GATE_PASS;
}

const struct gate gate_cors = { "cors", cors_wanted, cors_enter };

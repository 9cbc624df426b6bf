#include "prober/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/body.h"
#include "prober/judge.h"

enum {
	INTERIMS_MAX = 8, /* 1xx responses before the one that counts */
	CHUNK = 16 * 1024, /* of a body, read at once */
	BODY_READ_MAX = 4 * ANSWER_BODY_SEEN /* with the framing of chunks */
};

struct answer_reader {
	const struct conf_health *conf;
	struct h1_limits limits;
	struct h1_scan scan;
	bool in_body;
	unsigned interims;
	struct body body;
	size_t body_read; /* bytes, framing counted */
	size_t body_seen; /* of its data */
	size_t matched; /* bytes of the text that the last bytes of data are */
	uint16_t *fallback; /* by bytes matched: how many still are when the next one differs */
	size_t length; /* of the head so far */
	size_t room;
	char bytes[]; /* the head; then the body, piece by piece */
};

/* ---- the request */

size_t
answer_greet(char to[ANSWER_GREETING_MAX], enum conf_send_proxy version)
{
	static const char text[] = "PROXY UNKNOWN\r\n";
	static const char binary[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"; /* version 2, LOCAL, nothing behind it */

	if (version == CONF_SEND_PROXY_OFF)
		return 0;
	memcpy(to, version == CONF_SEND_PROXY_V1 ? text : binary,
	    version == CONF_SEND_PROXY_V1 ? sizeof text - 1 : sizeof binary - 1);
	return version == CONF_SEND_PROXY_V1 ? sizeof text - 1 : sizeof binary - 1;
}

static bool
has_user_agent(const struct conf_health *conf)
{
	size_t i;

	for (i = 0; i < conf->field_count; i++)
		if (strncasecmp(conf->fields[i], "User-Agent:", 11) == 0)
			return true;
	return false;
}

size_t
answer_ask(char to[ANSWER_REQUEST_MAX], const struct conf_health *conf, const char *authority)
{
	size_t n, i;

	n = (size_t)snprintf(to, ANSWER_REQUEST_MAX, "%s %s HTTP/1.1\r\nHost: %s\r\n",
	    conf->method == CONF_HEALTH_HEAD ? "HEAD" : "GET", conf->path,
	    conf->host != NULL ? conf->host : authority);
	if (!has_user_agent(conf))
		n += (size_t)snprintf(to + n, ANSWER_REQUEST_MAX - n, "User-Agent: drover/%s\r\n", PACKAGE_VERSION);
	for (i = 0; i < conf->field_count; i++)
		n += (size_t)snprintf(to + n, ANSWER_REQUEST_MAX - n, "%s\r\n", conf->fields[i]);
	n += (size_t)snprintf(to + n, ANSWER_REQUEST_MAX - n, "Connection: close\r\n\r\n");
	return n;
}

/* ---- the text in the body */

/* Knuth, Morris and Pratt: no byte of the body is looked at twice, so none is kept. */
static int
match_prepare(struct answer_reader *a)
{
	const char *text = a->conf->body;
	size_t length = strlen(text), i, k = 0;

	a->fallback = calloc(length + 1, sizeof *a->fallback);
	if (a->fallback == NULL)
		return -1;
	for (i = 1; i < length; i++) {
		while (k > 0 && text[k] != text[i])
			k = a->fallback[k];
		if (text[k] == text[i])
			k++;
		a->fallback[i + 1] = (uint16_t)k;
	}
	return 0;
}

/* Whether the text is there now. */
static bool
match_take(struct answer_reader *a, const char *bytes, size_t length)
{
	const char *text = a->conf->body;
	size_t i;

	if (length > ANSWER_BODY_SEEN - a->body_seen)
		length = ANSWER_BODY_SEEN - a->body_seen;
	a->body_seen += length;
	for (i = 0; i < length; i++) {
		while (a->matched > 0 && text[a->matched] != bytes[i])
			a->matched = a->fallback[a->matched];
		if (text[a->matched] == bytes[i])
			a->matched++;
		if (text[a->matched] == '\0')
			return true;
	}
	return false;
}

/* ---- reading */

static bool
decide(struct answer_result *result, enum health_reason reason)
{
	result->reason = reason;
	return true;
}

static bool
read_body(struct answer_reader *a, const char *bytes, size_t length, struct answer_result *result)
{
	size_t skip, ready;

	a->body_read += length;
	while (length > 0 && !a->body.done) {
		if (body_accept(&a->body, bytes, length, &skip, &ready) < 0)
			return decide(result, HEALTH_REASON_BAD_RESPONSE);
		if (match_take(a, bytes + skip, ready))
			return decide(result, HEALTH_REASON_OK);
		bytes += skip + ready;
		length -= skip + ready;
	}
	if (a->body.done || a->body_seen == ANSWER_BODY_SEEN || a->body_read > BODY_READ_MAX)
		return decide(result, HEALTH_REASON_BODY_MISMATCH);
	return false;
}

/* Goes on behind an interim response. */
static void
skip_head(struct answer_reader *a, size_t length)
{
	a->length -= length;
	memmove(a->bytes, a->bytes + length, a->length);
	a->scan = (struct h1_scan){ 0 };
}

static bool
take_final(struct answer_reader *a, const struct h1_response *response, struct answer_result *result)
{
	size_t rest = a->length - response->length;

	if (!judge_status(a->conf, response->status)) {
		result->status = response->status;
		return decide(result, HEALTH_REASON_STATUS);
	}
	if (a->conf->body == NULL)
		return decide(result, HEALTH_REASON_OK);
	a->in_body = true;
	body_begin(&a->body, (enum h1_framing)response->framing, response->content_length, true);
	return read_body(a, a->bytes + response->length, rest, result);
}

static bool
read_head(struct answer_reader *a, struct answer_result *result)
{
	enum h1_method method = a->conf->method == CONF_HEALTH_HEAD ? H1_METHOD_HEAD : H1_METHOD_GET;
	struct h1_response response = { .reason = NULL };

	for (;;) {
		switch (h1_response_parse(&response, &a->scan, a->bytes, a->length, &a->limits, method)) {
		case H1_MORE:
			return false;
		case H1_ERROR:
			return decide(result, HEALTH_REASON_BAD_RESPONSE);
		case H1_DONE:
			break;
		}
		if (response.status >= 200)
			return take_final(a, &response, result);
		/* a switch of protocols was not asked for */
		if (response.status == 101 || ++a->interims > INTERIMS_MAX)
			return decide(result, HEALTH_REASON_BAD_RESPONSE);
		skip_head(a, response.length);
	}
}

bool
answer_read(struct answer_reader *a, size_t length, struct answer_result *result)
{
	if (a->in_body)
		return read_body(a, a->bytes, length, result);
	a->length += length;
	return read_head(a, result);
}

void
answer_end(struct answer_reader *a, struct answer_result *result)
{
	if (!a->in_body)
		result->reason =
		    a->length == 0 ? HEALTH_REASON_CLOSED_BY_SERVER : HEALTH_REASON_TRUNCATED_RESPONSE;
	else
		result->reason =
		    body_end(&a->body) ? HEALTH_REASON_BODY_MISMATCH : HEALTH_REASON_TRUNCATED_RESPONSE;
}

char *
answer_space(struct answer_reader *a, size_t *size)
{
	*size = a->in_body ? a->room : a->room - a->length;
	return a->in_body ? a->bytes : a->bytes + a->length;
}

/* ---- */

struct answer_reader *
answer_new(const struct conf_health *conf, const struct h1_limits *limits)
{
	/* a byte more than a head may have: then the parser has refused it before the room ends */
	size_t room = limits->head + 1 > CHUNK ? limits->head + 1 : CHUNK;
	struct answer_reader *a = malloc(sizeof *a + room);

	if (a == NULL)
		return NULL;
	memset(a, 0, sizeof *a);
	a->conf = conf;
	a->limits = *limits;
	a->room = room;
	if (conf->body == NULL || match_prepare(a) == 0)
		return a;
	free(a);
	return NULL;
}

void
answer_free(struct answer_reader *a)
{
	if (a != NULL)
		free(a->fallback);
	free(a);
}

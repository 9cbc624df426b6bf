/* Request heads: the request line (RFC 9112 3), and what the fields of a request mean together. */
#include "http/h1_internal.h"

#include <string.h>

enum {
	METHOD_MAX = 32,
	EMPTY_LINES_MAX = 4,
	VERSION_LENGTH = 8, /* "HTTP/1.1" */
	AFTER_TARGET = 1 + VERSION_LENGTH + 1 /* the most that follows a target: SP, version, CR */
};

/* `end`: its LF, or the end of what there is of a line that is too long for any. */
static enum h1_result
version_refuse(struct h1_head *head, const char *version, const char *end)
{
	bool shaped = end - version >= VERSION_LENGTH && memcmp(version, "HTTP/", 5) == 0 &&
		      h1_is_digit(version[5]) && version[6] == '.' && h1_is_digit(version[7]);

	if (shaped && end - version == VERSION_LENGTH)
		return h1_refuse(head, 400, "a request line that ends in a bare LF");
	if (!shaped || end - version != VERSION_LENGTH + 1 || end[-1] != '\r')
		return h1_refuse(head, 400, "a malformed HTTP version");
	return h1_refuse(head, 505, "an HTTP version other than 1.x");
}

/* Says what is wrong from the target on. */
static enum h1_result
request_line_refuse(struct h1_head *head, const char *target, const char *end)
{
	const char *space = memchr(target, ' ', (size_t)(end - target));
	const char *last = space != NULL ? space : end, *p = target;

	if ((size_t)(last - target) > head->limits->target)
		return h1_refuse(head, 414, "the request target is too long");
	if (last == target)
		return h1_refuse(head, 400, "no request target, or two spaces before it");
	while (p < last && h1_is(*p, H1_TARGET))
		p++;
	if (p < last && (*p != '\r' || p + 1 != end))
		return h1_refuse(head, 400, "a byte that cannot be in a request target");
	if (space == NULL)
		return h1_refuse(head, 400, "a request line without a version");
	return version_refuse(head, space + 1, end);
}

/* Moves *at behind the method and its space. H1_MORE when `end` is met before it is whole. */
static enum h1_result
method_parse(struct h1_head *head, struct h1_request *request, const char **at, const char *end)
{
	const char *method = head->start, *p = method;
	const char *limit = end - method > METHOD_MAX ? method + METHOD_MAX + 1 : end;

	while (p < limit && h1_is(*p, H1_TOKEN))
		p++;
	if (p - method > METHOD_MAX)
		return h1_refuse(head, 501, "the method is too long");
	if (p == end)
		return H1_MORE;
	if (p == method || *p != ' ')
		return h1_refuse(head, 400, "not a request: no method with a space behind it");
	request->method = (uint8_t)h1_method_find(method, (size_t)(p - method));
	request->method_text = (struct h1_span){ .length = (uint32_t)(p - method) };
	*at = p + 1;
	return H1_DONE;
}

/* The rest of the line has not come: is it longer already than it can be? */
static enum h1_result
request_line_wait(struct h1_head *head, const char *target)
{
	const char *end = head->end;

	if ((size_t)(end - target) > (size_t)head->limits->target + AFTER_TARGET)
		return request_line_refuse(head, target, end);
	if ((size_t)(end - head->start) >= head->limits->head)
		return h1_refuse(head, 414, "the request line is too long");
	return H1_MORE;
}

static enum h1_result
request_line_parse(struct h1_head *head, const char *lf, void *message)
{
	struct h1_request *request = message;
	const char *target = head->start, *p;
	enum h1_result result = method_parse(head, request, &target, lf != NULL ? lf : head->end);

	if (result == H1_MORE && lf != NULL)
		return h1_refuse(head, 400, "a request line that is only a word");
	if (result != H1_DONE)
		return result;
	if (lf == NULL)
		return request_line_wait(head, target);
	for (p = target; h1_is(*p, H1_TARGET); p++)
		;
	if (*p != ' ' || p == target || (size_t)(p - target) > head->limits->target)
		return request_line_refuse(head, target, lf);
	request->target.offset = (uint32_t)(target - head->start);
	request->target.length = (uint32_t)(p - target);
	p++;
	if (lf - p != VERSION_LENGTH + 1 || memcmp(p, "HTTP/1.", 7) != 0 || !h1_is_digit(p[7]) ||
	    p[8] != '\r')
		return request_line_refuse(head, target, lf);
	request->minor = p[7] != '0';
	return h1_target_split(head, request);
}

/* Whether Host says what an absolute-form target has said, "http://" or "https://" before it. */
static bool
host_agrees(const struct h1_head *head, const struct h1_request *request, struct h1_span host)
{
	bool secure = request->authority.offset - request->target.offset == sizeof "https://" - 1;

	return h1_authority_same(head->start, request->authority, host, secure ? 443 : 80);
}

/* RFC 9110 7.2: exactly one in HTTP/1.1, and never an invalid or contradictory one. */
static enum h1_result
host_read(struct h1_head *head, struct h1_request *request)
{
	const struct h1_field *host;
	struct h1_span value;

	if (!h1_has(head, H1_NAME_HOST))
		return request->minor == 0 ? H1_DONE : h1_refuse(head, 400, "no Host");
	if (h1_has_many(head, H1_NAME_HOST))
		return h1_refuse(head, 400, "more than one Host");
	host = &head->fields[head->first[H1_NAME_HOST]];
	if (!h1_authority_valid(head->start + host->value, host->value_length, false))
		return h1_refuse(head, 400, "an invalid Host");
	value = (struct h1_span){ host->value, host->value_length };
	if (request->authority.length == 0)
		request->authority = value;
	else if (request->method != H1_METHOD_CONNECT && !host_agrees(head, request, value))
		return h1_refuse(head, 400, "a Host that contradicts the request target");
	return H1_DONE;
}

/*
 * RFC 9110 10.1.1. An expectation that cannot be (HTTP/1.0) or need not be met
 * (no body) is not passed on. Another one, or one in disguise, is refused: what
 * servers make of those differs.
 */
static enum h1_result
expect_read(struct h1_head *head, struct h1_request *request)
{
	struct h1_field *expect = &head->fields[head->first[H1_NAME_EXPECT]];

	request->expect_continue = false;
	if (!h1_has(head, H1_NAME_EXPECT))
		return H1_DONE;
	if (h1_has_many(head, H1_NAME_EXPECT) ||
	    !h1_spells(head->start + expect->value, expect->value_length, "100-continue"))
		return h1_refuse(head, 417, "an expectation other than 100-continue");
	request->expect_continue =
	    request->minor != 0 && (request->framing == H1_FRAMING_CHUNKED || request->content_length != 0);
	expect->hop = !request->expect_continue;
	return H1_DONE;
}

/*
 * Upgrades to another kind or layer of HTTP would carry requests past the proxy:
 * they are not forwarded. Nor is what is not a list of protocols (RFC 9110 7.8).
 */
static bool
protocol_may_pass(const char *protocol, size_t length)
{
	const char *slash = memchr(protocol, '/', length);
	size_t name = slash != NULL ? (size_t)(slash - protocol) : length;
	size_t i;

	for (i = 0; i < length; i++)
		if (!h1_is(protocol[i], H1_TOKEN) && protocol + i != slash)
			return false;
	return name != 0 && !h1_spells(protocol, name, "h2c") && !h1_spells(protocol, name, "h2") &&
	       !h1_spells(protocol, name, "http") && !h1_spells(protocol, name, "tls");
}

static bool
upgrade_read(const struct h1_head *head)
{
	bool found = false;
	struct h1_list list;
	const char *protocol;
	size_t length;
	unsigned i;

	for (i = 0; i < head->count; i++) {
		if (head->fields[i].name != H1_NAME_UPGRADE)
			continue;
		list = h1_list_of(head, &head->fields[i]);
		while (h1_list_next(&list, &protocol, &length)) {
			if (!protocol_may_pass(protocol, length))
				return false;
			found = true;
		}
	}
	return found;
}

static bool
trailers_wanted(const struct h1_head *head)
{
	struct h1_list list;
	const char *coding;
	size_t length;
	unsigned i;

	for (i = head->first[H1_NAME_TE]; i < head->count; i++) {
		if (head->fields[i].name != H1_NAME_TE)
			continue;
		list = h1_list_of(head, &head->fields[i]);
		while (h1_list_next(&list, &coding, &length))
			if (h1_spells(coding, length, "trailers"))
				return true;
	}
	return false;
}

/* RFC 9110 7.6.2. */
static enum h1_result
max_forwards_read(struct h1_head *head, struct h1_request *request)
{
	const struct h1_field *field = &head->fields[head->first[H1_NAME_MAX_FORWARDS]];
	const char *p = head->start + field->value, *end = p + field->value_length;

	if (request->method != H1_METHOD_OPTIONS && request->method != H1_METHOD_TRACE)
		return H1_DONE;
	if (h1_has_many(head, H1_NAME_MAX_FORWARDS) || p == end)
		return h1_refuse(head, 400, "Max-Forwards is empty, or there is more than one");
	for (request->max_forwards = 0; p < end; p++) {
		if (!h1_is_digit(*p))
			return h1_refuse(head, 400, "Max-Forwards is not a number");
		request->max_forwards = request->max_forwards * 10 + (*p - '0');
		if (request->max_forwards > H1_FORWARDS_MAX)
			request->max_forwards = H1_FORWARDS_MAX;
	}
	return H1_DONE;
}

/* Does to names with "_" or "." what the limits say, which is not what h1_fields_parse did. */
static enum h1_result
underscores_apply(struct h1_head *head)
{
	struct h1_field *field = head->fields;
	unsigned i;

	for (i = 0; i < head->count; i++, field++) {
		const char *name = head->start + field->line;

		if (memchr(name, '_', field->name_length) == NULL && memchr(name, '.', field->name_length) == NULL)
			continue;
		if (head->limits->underscores == H1_UNDERSCORES_REFUSE)
			return h1_refuse(head, 400, "a field name with an underscore or a dot");
		field->hop = head->limits->underscores == H1_UNDERSCORES_DROP;
	}
	return H1_DONE;
}

/* What few requests have. */
static enum h1_result
rare_read(struct h1_head *head, struct h1_request *request)
{
	request->max_forwards = -1;
	if (head->limits->underscores != H1_UNDERSCORES_GUARD && underscores_apply(head) != H1_DONE)
		return H1_ERROR;
	return h1_has(head, H1_NAME_MAX_FORWARDS) ? max_forwards_read(head, request) : H1_DONE;
}

/* The fields are there, each valid as a line: what do they mean together? */
static enum h1_result
request_finish(struct h1_head *head, struct h1_request *request)
{
	struct h1_options options;

	if (host_read(head, request) != H1_DONE ||
	    h1_framing_read(head, request->minor, &request->framing, &request->content_length) != H1_DONE ||
	    rare_read(head, request) != H1_DONE || h1_options_read(head, &options) != H1_DONE || expect_read(head, request) != H1_DONE)
		return H1_ERROR;
	request->keep_alive = !options.close && (request->minor != 0 || options.keep_alive);
	request->upgrade = request->minor != 0 && options.upgrade && h1_has(head, H1_NAME_UPGRADE) &&
			   request->framing != H1_FRAMING_CHUNKED && request->content_length == 0 && upgrade_read(head);
	request->trailers_wanted = h1_has(head, H1_NAME_TE) && trailers_wanted(head);
	request->head = head->start;
	request->field_count = head->count;
	return H1_DONE;
}

/* RFC 9112 2.2: some old clients send an empty line behind a body. H1_MORE: nothing else has come. */
static enum h1_result
empty_lines_skip(struct h1_scan *scan, const char *bytes, size_t length)
{
	if (scan->line != scan->start)
		return H1_DONE;
	while (length - scan->start >= 2 && bytes[scan->start] == '\r' && bytes[scan->start + 1] == '\n') {
		if (scan->start == 2 * EMPTY_LINES_MAX)
			return H1_ERROR;
		scan->start = (uint16_t)(scan->start + 2);
	}
	scan->line = scan->start;
	return length == scan->start || (length == scan->start + (size_t)1 && bytes[scan->start] == '\r') ? H1_MORE
												  : H1_DONE;
}

enum h1_result
h1_request_parse(struct h1_request *request, struct h1_scan *scan, const char *bytes, size_t length,
    const struct h1_limits *limits)
{
	struct h1_head head = { .limits = limits, .fields = request->fields };
	enum h1_result result = empty_lines_skip(scan, bytes, length);

	if (result == H1_MORE)
		return H1_MORE;
	if (result == H1_ERROR)
		h1_refuse(&head, 400, "too many empty lines before a request");
	else
		result = h1_head_read(&head, scan, bytes, &length, request_line_parse, request);
	if (result == H1_DONE)
		result = request_finish(&head, request);
	request->length = (uint32_t)length;
	request->status = head.status;
	request->reason = head.reason;
	return result;
}

/*
 * Response heads: the status line (RFC 9112 4), and how the body ends (RFC 9112
 * 6.3). Servers are not trusted more than clients.
 */
#include "http/h1_internal.h"

#include <string.h>

#include "base/text.h"

enum {
	STATUS_OFFSET = 9, /* of "200" in "HTTP/1.1 200 OK" */
	STATUS_LINE_MIN = STATUS_OFFSET + 3 + 1 /* without a phrase, with CR */
};

static enum h1_result
status_line_refuse(struct h1_head *head)
{
	return h1_refuse(head, 502, "a malformed status line");
}

/* Before the line is whole: a server that speaks something else is noticed at once. */
static enum h1_result
status_line_wait(struct h1_head *head)
{
	static const char prefix[] = "HTTP/1.";
	size_t there = (size_t)(head->end - head->start), length = sizeof prefix - 1;

	if (memcmp(head->start, prefix, there < length ? there : length) != 0)
		return status_line_refuse(head);
	return H1_MORE;
}

/* The phrase, and the space before it, may be missing: servers do that, and nothing depends on it. */
static enum h1_result
phrase_parse(struct h1_head *head, struct h1_response *response, const char *p, const char *lf)
{
	const char *end;

	response->reason_phrase = (struct h1_span){ 0 };
	if (p + 1 == lf && *p == '\r')
		return H1_DONE;
	if (*p != ' ')
		return status_line_refuse(head);
	end = h1_text_end(++p, lf);
	if (end + 1 != lf || *end != '\r')
		return status_line_refuse(head);
	response->reason_phrase.offset = (uint32_t)(p - head->start);
	response->reason_phrase.length = (uint32_t)(end - p);
	return H1_DONE;
}

static enum h1_result
status_line_parse(struct h1_head *head, const char *lf, void *message)
{
	struct h1_response *response = message;
	const char *line = head->start, *p = line + STATUS_OFFSET;

	if (status_line_wait(head) == H1_ERROR)
		return H1_ERROR;
	if (lf == NULL)
		return H1_MORE;
	if (lf - line < STATUS_LINE_MIN || !h1_is_digit(line[7]) || line[8] != ' ')
		return status_line_refuse(head);
	if (*p < '1' || *p > '5' || !h1_is_digit(p[1]) || !h1_is_digit(p[2]))
		return status_line_refuse(head);
	response->minor = line[7] != '0';
	response->status = (uint16_t)((p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0'));
	return phrase_parse(head, response, p + 3, lf);
}

/* A length that RFC 9110 8.6 and RFC 9112 6.1 forbid here, where it means nothing, is not passed on. */
static void
length_hide(struct h1_head *head)
{
	unsigned i;

	for (i = 0; i < head->count; i++)
		if (head->fields[i].name == H1_NAME_CONTENT_LENGTH)
			head->fields[i].hop = true;
}

/* 1xx and 204 have no body and must not speak of one: a server that does is not to be relied on. */
static enum h1_result
bodiless_read(struct h1_head *head, struct h1_response *response)
{
	if (response->framing == H1_FRAMING_CHUNKED || response->content_length != 0)
		return h1_refuse(head, 502, "a body announced where none can be");
	length_hide(head);
	response->framing = response->status == 101 ? H1_FRAMING_TUNNEL : H1_FRAMING_NONE;
	return H1_DONE;
}

/* RFC 9112 6.3, in its order. */
static enum h1_result
framing_read(struct h1_head *head, struct h1_response *response, enum h1_method method)
{
	if (h1_framing_read(head, response->minor, &response->framing, &response->content_length) != H1_DONE)
		return H1_ERROR;
	if (response->status < 200 || response->status == 204)
		return bodiless_read(head, response);
	if (method == H1_METHOD_HEAD || response->status == 304) {
		/* to a 304 it means nothing (RFC 9110 8.6), and there are clients that wait for such a body */
		if (response->status == 304)
			length_hide(head);
		response->framing = H1_FRAMING_NONE;
		response->content_length = 0;
	} else if (method == H1_METHOD_CONNECT && response->status < 300) {
		length_hide(head);
		response->framing = H1_FRAMING_TUNNEL;
		response->content_length = 0;
	} else if (response->framing == H1_FRAMING_NONE) {
		response->framing = H1_FRAMING_CLOSE;
	}
	return H1_DONE;
}

static enum h1_result
response_finish(struct h1_head *head, struct h1_response *response, enum h1_method method)
{
	struct h1_options options;

	if (framing_read(head, response, method) != H1_DONE || h1_options_read(head, &options) != H1_DONE)
		return H1_ERROR;
	response->keep_alive = !options.close && (response->minor != 0 || options.keep_alive) &&
			       response->framing != H1_FRAMING_CLOSE &&
			       response->framing != H1_FRAMING_TUNNEL;
	response->head = head->start;
	response->field_count = head->count;
	return H1_DONE;
}

enum h1_result
h1_response_parse(struct h1_response *response, struct h1_scan *scan, const char *bytes, size_t length,
    const struct h1_limits *limits, enum h1_method method)
{
	struct h1_head head = { .limits = limits, .fields = response->fields };
	enum h1_result result;

	if (length == 0)
		return H1_MORE;
	result = h1_head_read(&head, scan, bytes, &length, status_line_parse, response);
	if (result == H1_DONE)
		result = response_finish(&head, response, method);
	response->length = (uint32_t)length;
	response->reason = head.reason;
	return result;
}

/* The next member of a message's Upgrade fields, from field *i on; *list begins empty. */
static bool
upgrade_next(const char *head, const struct h1_field *fields, unsigned count, unsigned *i, struct h1_list *list,
    struct text *protocol)
{
	const struct h1_field *field;

	while (!h1_list_next(list, &protocol->bytes, &protocol->length)) {
		while (*i < count && fields[*i].name != H1_NAME_UPGRADE)
			++*i;
		if (*i == count)
			return false;
		field = &fields[(*i)++];
		list->at = head + field->value;
		list->end = list->at + field->value_length;
	}
	return true;
}

static bool
upgrade_was_asked(const struct h1_request *request, struct text protocol)
{
	struct h1_list list = { 0 };
	struct text asked;
	unsigned i = 0;

	while (upgrade_next(request->head, request->fields, request->field_count, &i, &list, &asked))
		if (text_equal_nocase(asked.bytes, asked.length, protocol.bytes, protocol.length))
			return true;
	return false;
}

bool
h1_upgrade_agreed(const struct h1_request *request, const struct h1_response *response)
{
	struct h1_list list = { 0 };
	struct text protocol;
	bool found = false;
	unsigned i = 0;

	while (upgrade_next(response->head, response->fields, response->field_count, &i, &list, &protocol)) {
		if (!upgrade_was_asked(request, protocol))
			return false;
		found = true;
	}
	return found;
}

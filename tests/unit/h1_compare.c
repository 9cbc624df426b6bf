#include "h1_compare.h"

#include <stdlib.h>
#include <string.h>

static char *copy;

static bool
span_same(struct h1_span a, struct h1_span b)
{
	return a.offset == b.offset && a.length == b.length;
}

static bool
fields_same(const struct h1_field *a, const struct h1_field *b, unsigned count)
{
	unsigned i;

	for (i = 0; i < count; i++, a++, b++)
		if (a->line != b->line || a->line_length != b->line_length || a->value != b->value ||
		    a->value_length != b->value_length || a->name_length != b->name_length ||
		    a->name != b->name || a->hop != b->hop)
			return false;
	return true;
}

bool
h1_request_same(const struct h1_request *a, const struct h1_request *b)
{
	return a->length == b->length && a->minor == b->minor && a->method == b->method &&
	       a->framing == b->framing && a->keep_alive == b->keep_alive &&
	       a->expect_continue == b->expect_continue && a->upgrade == b->upgrade &&
	       a->trailers_wanted == b->trailers_wanted && a->content_length == b->content_length &&
	       span_same(a->method_text, b->method_text) && span_same(a->target, b->target) &&
	       span_same(a->authority, b->authority) && span_same(a->path, b->path) &&
	       a->field_count == b->field_count && fields_same(a->fields, b->fields, a->field_count);
}

bool
h1_response_same(const struct h1_response *a, const struct h1_response *b)
{
	return a->length == b->length && a->status == b->status && a->minor == b->minor &&
	       a->framing == b->framing && a->keep_alive == b->keep_alive &&
	       a->content_length == b->content_length && span_same(a->reason_phrase, b->reason_phrase) &&
	       a->field_count == b->field_count && fields_same(a->fields, b->fields, a->field_count);
}

/* Field lines follow each other without a gap and end with the head. */
static const char *
fields_fault(const char *head, uint32_t length, const struct h1_field *field, unsigned count)
{
	uint32_t next = count != 0 ? field->line : length - 2;

	for (; count != 0; count--, field++) {
		uint32_t end = field->line + field->line_length;

		if (field->line != next || end > length - 2)
			return "a field line is not where it should be";
		if (field->name_length == 0 || head[field->line + field->name_length] != ':')
			return "a field name is not as long as it should be";
		if (field->value <= field->line + field->name_length ||
		    field->value + field->value_length > end - 2)
			return "a value is outside of its line";
		if (memcmp(head + end - 2, "\r\n", 2) != 0 ||
		    memchr(head + field->line, '\n', field->line_length - 1))
			return "a field line does not end in its only CRLF";
		if (memchr(head + field->line, '\0', field->line_length) != NULL ||
		    memchr(head + field->line, '\r', field->line_length - 2) != NULL)
			return "a NUL or CR in a field line";
		next = end;
	}
	if (next != length - 2 || memcmp(head + next, "\r\n", 2) != 0)
		return "the head does not end behind the last field";
	return NULL;
}

static bool
span_is_inside(struct h1_span span, uint32_t length)
{
	return span.offset <= length && span.length <= length - span.offset;
}

static unsigned
names_count(const struct h1_request *request, enum h1_name name)
{
	unsigned i, count = 0;

	for (i = 0; i < request->field_count; i++)
		count += request->fields[i].name == name;
	return count;
}

static const char *
request_framing_fault(const struct h1_request *request)
{
	unsigned lengths = names_count(request, H1_NAME_CONTENT_LENGTH);
	unsigned codings = names_count(request, H1_NAME_TRANSFER_ENCODING);

	if (lengths > 1 || (lengths != 0 && codings != 0) || (codings != 0 && request->minor == 0))
		return "two ways to frame one body";
	if (request->framing != (lengths != 0	   ? H1_FRAMING_LENGTH
				    : codings != 0 ? H1_FRAMING_CHUNKED
						   : H1_FRAMING_NONE))
		return "a framing that the fields do not say";
	if (request->content_length > INT64_MAX || (lengths == 0 && request->content_length != 0))
		return "a length that no field says";
	if (names_count(request, H1_NAME_HOST) != 1 &&
	    (request->minor != 0 || names_count(request, H1_NAME_HOST) > 1))
		return "not one Host";
	return NULL;
}

const char *
h1_request_fault(const struct h1_request *request)
{
	const char *head = request->head;
	uint32_t length = request->length;
	const char *fault = fields_fault(head, length, request->fields, request->field_count);

	if (fault != NULL)
		return fault;
	if (!span_is_inside(request->method_text, length) || !span_is_inside(request->target, length) ||
	    !span_is_inside(request->authority, length) || !span_is_inside(request->path, length))
		return "a span is outside of the head";
	if (request->method_text.length == 0 || request->target.length == 0)
		return "no method or no target";
	if (request->path.length != 0 && head[request->path.offset] != '/' &&
	    request->method != H1_METHOD_OPTIONS)
		return "a path that does not begin with a slash";
	if (request->authority.length == 0 && request->minor != 0)
		return "HTTP/1.1 without an authority";
	if (request->upgrade && request->minor == 0)
		return "an upgrade from HTTP/1.0";
	return request_framing_fault(request);
}

const char *
h1_response_fault(const struct h1_response *response)
{
	const char *fault =
	    fields_fault(response->head, response->length, response->fields, response->field_count);

	if (fault != NULL)
		return fault;
	if (!span_is_inside(response->reason_phrase, response->length))
		return "the phrase is outside of the head";
	if (response->status < 100 || response->status > 599)
		return "an impossible status";
	if (response->framing == H1_FRAMING_CLOSE && response->keep_alive)
		return "keep-alive without an end of the body";
	if (response->framing != H1_FRAMING_LENGTH && response->content_length != 0)
		return "a length without the framing";
	return NULL;
}

static char *
bytes_copy(const char *bytes, size_t length)
{
	char *new = malloc(length != 0 ? length : 1);

	if (new == NULL)
		abort();
	memcpy(new, bytes, length);
	free(copy);
	copy = new;
	return new;
}

enum h1_result
h1_request_parse_cut(struct h1_request *request, const char *bytes, size_t length, size_t cut,
    const struct h1_limits *limits, size_t *start)
{
	struct h1_scan scan = { 0 };
	size_t there = cut != 0 ? cut : 1;
	enum h1_result result;

	for (;;) {
		memset(request, 0xa5, sizeof *request); /* nothing of the last call is needed */
		result = h1_request_parse(request, &scan, bytes_copy(bytes, there), there, limits);
		*start = scan.start;
		if (result != H1_MORE || there >= length)
			return result;
		there = cut != 0 ? length : there + 1;
	}
}

enum h1_result
h1_response_parse_cut(struct h1_response *response, const char *bytes, size_t length, size_t cut,
    const struct h1_limits *limits, enum h1_method method)
{
	struct h1_scan scan = { 0 };
	size_t there = cut != 0 ? cut : 1;
	enum h1_result result;

	for (;;) {
		memset(response, 0xa5, sizeof *response);
		result = h1_response_parse(response, &scan, bytes_copy(bytes, there), there, limits, method);
		if (result != H1_MORE || there >= length)
			return result;
		there = cut != 0 ? length : there + 1;
	}
}

void
h1_parse_cut_free(void)
{
	free(copy);
	copy = NULL;
}

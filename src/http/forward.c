#include "http/forward.h"

#include <stdio.h>
#include <string.h>

#include "http/h1_internal.h"

enum {
	FORWARD_COPY = 512, /* the longest run of bytes that is copied */
	FORWARD_OWN = 1536  /* room for what drover adds to a head, at most */
};

static void
forward_begin(struct forward *forward)
{
	forward->count = 0;
	forward->length = 0;
	forward->text_used = 0;
}

/* Adds a piece that stays where it is until the head is written. */
static void
forward_point(struct forward *forward, const char *bytes, size_t length)
{
	forward->length += length;
	if (forward->count == FORWARD_PIECES) /* cannot happen: see FORWARD_PIECES */
		return;
	forward->pieces[forward->count].iov_base = (void *)(uintptr_t)bytes;
	forward->pieces[forward->count].iov_len = length;
	forward->count++;
}

/* Adds bytes that will not stay where they are; cut off where the room for them ends. */
static inline void
forward_copy(struct forward *forward, const char *bytes, size_t length)
{
	char *to = forward->text + forward->text_used;
	size_t room = FORWARD_TEXT - forward->text_used;
	struct iovec *last;

	if (length > room)
		length = room;
	memcpy(to, bytes, length);
	forward->text_used += length;
	if (forward->count > 0) {
		last = &forward->pieces[forward->count - 1];
		if ((const char *)last->iov_base + last->iov_len == to) {
			last->iov_len += length;
			forward->length += length;
			return;
		}
	}
	forward_point(forward, to, length);
}

void
forward_add(struct forward *forward, const char *bytes, size_t length)
{
	if (length == 0)
		return;
	/* for the kernel another piece costs more than copying some bytes; the room at the end is for drover's own words */
	if (length <= FORWARD_COPY && forward->text_used + length <= FORWARD_TEXT - FORWARD_OWN)
		forward_copy(forward, bytes, length);
	else
		forward_point(forward, bytes, length);
}

/* Adds a string literal. */
#define forward_literal(forward, words) forward_copy(forward, words, sizeof words - 1)

static void
forward_words(struct forward *forward, const char *words)
{
	forward_copy(forward, words, strlen(words));
}

static void
forward_span(struct forward *forward, const char *head, struct h1_span span)
{
	forward_add(forward, head + span.offset, span.length);
}

/* Parts of the received head that go on as they stand: what is in one run there is added as a whole. */
struct run {
	const char *start;
	size_t length;
};

static inline void
run_end(struct run *run, struct forward *forward)
{
	forward_add(forward, run->start, run->length);
	run->length = 0;
}

static inline void
run_add(struct run *run, struct forward *forward, const char *bytes, size_t length)
{
	if (run->start + run->length != bytes) {
		run_end(run, forward);
		run->start = bytes;
	}
	run->length += length;
}

static inline void
run_add_field(struct run *run, struct forward *forward, const char *head, const struct h1_field *field)
{
	run_add(run, forward, head + field->line, field->line_length);
}

static bool
name_fits(const char *name, const char *bytes, size_t length)
{
	size_t i;

	for (i = 0; i < length && name[i] != '\0'; i++)
		if (h1_lower(name[i]) != h1_lower(bytes[i]) && !(name[i] == '-' && (bytes[i] == '_' || bytes[i] == '.')))
			return false;
	return i == length && name[i] == '\0';
}

/* Whether a field that was received is not to go on. */
static bool
changes_drop(const struct forward_changes *changes, const char *head, const struct h1_field *field)
{
	const struct forward_names *names;
	size_t i;

	for (names = changes->without; names < changes->without + 2; names++)
		for (i = 0; i < names->count; i++)
			if (name_fits(names->all[i], head + field->line, field->name_length))
				return true;
	return false;
}

static inline bool
field_is_dropped(const struct forward_changes *changes, const char *head, const struct h1_field *field)
{
	return changes != NULL && changes_drop(changes, head, field);
}

static inline void
forward_changes_add(struct forward *forward, const struct forward_changes *changes)
{
	if (changes != NULL)
		forward_add(forward, changes->more.bytes, changes->more.length);
}

/* Whether the field goes to the server as it stands. */
static bool
request_keeps(const struct h1_request *request, const struct h1_field *field, const struct forward_request_policy *policy)
{
	/* a stranger forges none of them: an app may believe just those that drover does not write */
	bool forged = (policy->x_forwarded || policy->forwarded) && !policy->trusted;

	if (field->hop)
		return false;
	switch (field->name) {
	case H1_NAME_HOST:
		/* an absolute-form target overrides Host (RFC 9112 3.2.2) */
		return request->target.length == request->path.length;
	case H1_NAME_X_FORWARDED_FOR:
		return !forged && !policy->x_forwarded; /* written anew, with what was there */
	case H1_NAME_X_FORWARDED_PROTO:
	case H1_NAME_X_FORWARDED_HOST:
		return !forged;
	case H1_NAME_FORWARDED:
		return !forged && !policy->forwarded;
	case H1_NAME_MAX_FORWARDS:
		return request->max_forwards < 0; /* written anew */
	case H1_NAME_X_REQUEST_ID:
		return policy->request_id == NULL;
	default:
		return true;
	}
}

static bool
request_has(const struct h1_request *request, enum h1_name name)
{
	unsigned i;

	for (i = 0; i < request->field_count; i++)
		if (request->fields[i].name == name)
			return true;
	return false;
}

/* "Name: value, value, " of all fields of that name; just "Name: " when there are none. */
static void
request_list_begin(struct forward *forward, const struct h1_request *request, const char *name, enum h1_name id, bool keep)
{
	unsigned i;

	forward_words(forward, name);
	for (i = 0; keep && i < request->field_count; i++) {
		const struct h1_field *field = &request->fields[i];

		if (field->name != id || field->value_length == 0)
			continue;
		forward_add(forward, request->head + field->value, field->value_length);
		forward_literal(forward, ", ");
	}
}

static void
request_x_forwarded(struct forward *forward, const struct h1_request *request, const struct forward_request_policy *policy)
{
	request_list_begin(forward, request, "X-Forwarded-For: ", H1_NAME_X_FORWARDED_FOR, policy->trusted);
	forward_words(forward, policy->client);
	if (!policy->trusted || !request_has(request, H1_NAME_X_FORWARDED_PROTO)) {
		forward_literal(forward, "\r\nX-Forwarded-Proto: ");
		forward_words(forward, policy->scheme);
	}
	if (request->authority.length > 0 && (!policy->trusted || !request_has(request, H1_NAME_X_FORWARDED_HOST))) {
		forward_literal(forward, "\r\nX-Forwarded-Host: ");
		forward_span(forward, request->head, request->authority);
	}
	forward_literal(forward, "\r\n");
}

static void
request_forwarded(struct forward *forward, const struct h1_request *request, const struct forward_request_policy *policy)
{
	request_list_begin(forward, request, "Forwarded: ", H1_NAME_FORWARDED, policy->trusted);
	forward_words(forward, policy->client_is_ipv6 ? "for=\"[" : "for=");
	forward_words(forward, policy->client);
	forward_words(forward, policy->client_is_ipv6 ? "]\"" : "");
	if (request->authority.length > 0) {
		forward_literal(forward, ";host=\"");
		forward_span(forward, request->head, request->authority);
		forward_literal(forward, "\"");
	}
	forward_literal(forward, ";proto=");
	forward_words(forward, policy->scheme);
	forward_literal(forward, "\r\n");
}

/* Connection and what it names, written anew for the hop to the server (RFC 9110 7.6.1). */
static void
request_connection(struct forward *forward, const struct h1_request *request)
{
	unsigned i;

	if (request->framing == H1_FRAMING_CHUNKED)
		forward_literal(forward, "Transfer-Encoding: chunked\r\n");
	if (request->trailers_wanted)
		forward_words(forward, request->upgrade ? "TE: trailers\r\nConnection: upgrade, TE\r\n"
							: "TE: trailers\r\nConnection: TE\r\n");
	else if (request->upgrade)
		forward_literal(forward, "Connection: upgrade\r\n");
	for (i = 0; request->upgrade && i < request->field_count; i++)
		if (request->fields[i].name == H1_NAME_UPGRADE)
			forward_add(forward, request->head + request->fields[i].line, request->fields[i].line_length);
}

static void
request_line(struct forward *forward, const struct h1_request *request, struct run *run)
{
	const char *head = request->head;
	uint32_t end = request->target.offset + request->target.length;

	/* a proxy speaks its own version (RFC 9110 2.5), which is mostly the client's */
	if (head[end + sizeof " HTTP/1." - 1] == '1' && request->path.offset == request->target.offset) {
		run_add(run, forward, head, end + sizeof " HTTP/1.1\r\n" - 1);
		return;
	}
	forward_add(forward, head, request->method_text.length + 1);
	if (request->path.length == 0)
		forward_words(forward, request->method == H1_METHOD_OPTIONS ? "*" : "/");
	forward_add(forward, head + request->path.offset, request->path.length);
	forward_literal(forward, " HTTP/1.1\r\n");
}

static void
request_host(struct forward *forward, const struct h1_request *request, const struct forward_request_policy *policy,
    struct run *run)
{
	bool absolute = request->target.length != request->path.length;

	if (!absolute && (request->minor == 1 || request_has(request, H1_NAME_HOST)))
		return; /* the client's own field was kept */
	run_end(run, forward);
	forward_literal(forward, "Host: ");
	if (request->authority.length > 0)
		forward_span(forward, request->head, request->authority);
	else
		forward_words(forward, policy->fallback_host);
	forward_literal(forward, "\r\n");
}

/* RFC 9110 7.6.2: one less than was received. */
static void
request_max_forwards(struct forward *forward, unsigned received)
{
	char line[32];

	forward_copy(forward, line, (size_t)snprintf(line, sizeof line, "Max-Forwards: %u\r\n", received - 1));
}

/* RFC 9110 7.6.3. */
static void
forward_via(struct forward *forward, unsigned minor, const char *name)
{
	forward_words(forward, minor == 1 ? "Via: 1.1 " : "Via: 1.0 ");
	forward_words(forward, name);
	forward_literal(forward, "\r\n");
}

/* What drover says of the client and of itself, and the end of the head. */
static void
request_own_fields(struct forward *forward, const struct h1_request *request, const struct forward_request_policy *policy)
{
	if (policy->x_forwarded)
		request_x_forwarded(forward, request, policy);
	if (policy->forwarded)
		request_forwarded(forward, request, policy);
	if (policy->request_id != NULL) {
		forward_literal(forward, "X-Request-Id: ");
		forward_words(forward, policy->request_id);
		forward_literal(forward, "\r\n");
	}
	if (request->max_forwards > 0)
		request_max_forwards(forward, (unsigned)request->max_forwards);
	if (policy->via != NULL)
		forward_via(forward, request->minor, policy->via);
	forward_literal(forward, "\r\n");
}

void
forward_request(struct forward *forward, const struct h1_request *request, const struct forward_request_policy *policy)
{
	struct run run = { request->head, 0 };
	unsigned i;

	forward_begin(forward);
	request_line(forward, request, &run);
	request_host(forward, request, policy, &run);
	for (i = 0; i < request->field_count; i++)
		if (request_keeps(request, &request->fields[i], policy) &&
		    !field_is_dropped(policy->changes, request->head, &request->fields[i]))
			run_add_field(&run, forward, request->head, &request->fields[i]);
	run_end(&run, forward);
	forward_changes_add(forward, policy->changes);
	request_connection(forward, request);
	request_own_fields(forward, request, policy);
}

/* What of a request is about its body, or makes it depend on what only its own server knows, or is said anew. */
static bool
ask_drops(const struct h1_request *request, const struct h1_field *field)
{
	static const char *const names[] = { "range", "expect", "trailer", "x-original-method", "x-original-uri" };
	static const char *const beginnings[] = { "content-", "if-" };
	const char *name = request->head + field->line;
	size_t i, length;

	for (i = 0; i < sizeof names / sizeof *names; i++)
		if (name_fits(names[i], name, field->name_length))
			return true;
	for (i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
		length = strlen(beginnings[i]);
		if (field->name_length >= length && name_fits(beginnings[i], name, length))
			return true;
	}
	return false;
}

void
forward_ask(struct forward *forward, const struct h1_request *request, const struct forward_request_policy *policy,
    struct text path)
{
	struct run run = { request->head, 0 };
	unsigned i;

	forward_begin(forward);
	forward_literal(forward, "GET ");
	forward_add(forward, path.bytes, path.length);
	forward_literal(forward, " HTTP/1.1\r\n");
	request_host(forward, request, policy, &run);
	for (i = 0; i < request->field_count; i++)
		if (request_keeps(request, &request->fields[i], policy) && !ask_drops(request, &request->fields[i]) &&
		    !field_is_dropped(policy->changes, request->head, &request->fields[i]))
			run_add_field(&run, forward, request->head, &request->fields[i]);
	run_end(&run, forward);
	forward_changes_add(forward, policy->changes);
	forward_literal(forward, "X-Original-Method: ");
	forward_span(forward, request->head, request->method_text);
	forward_literal(forward, "\r\nX-Original-URI: ");
	if (request->path.length > 0)
		forward_span(forward, request->head, request->path);
	else
		forward_literal(forward, "/");
	forward_literal(forward, "\r\n");
	request_own_fields(forward, request, policy);
}

static bool
response_keeps(const struct h1_field *field, const struct forward_response_policy *policy)
{
	if (field->name == H1_NAME_CONTENT_LENGTH)
		return policy->keep_length && !field->hop;
	if (field->name == H1_NAME_UPGRADE)
		return policy->upgrade || !field->hop;
	return !field->hop;
}

static void
response_connection(struct forward *forward, const struct forward_response_policy *policy)
{
	if (policy->upgrade)
		forward_literal(forward, "Connection: upgrade\r\n");
	else if (!policy->keep_alive)
		forward_literal(forward, "Connection: close\r\n");
	else if (policy->client_is_10)
		forward_literal(forward, "Connection: keep-alive\r\n");
	if (policy->chunked)
		forward_literal(forward, "Transfer-Encoding: chunked\r\n");
}

void
forward_response(struct forward *forward, const struct h1_response *response,
    const struct forward_response_policy *policy)
{
	const char *head = response->head;
	struct run run = { head, 0 };
	uint32_t first = response->field_count > 0 ? response->fields[0].line : response->length - 2;
	unsigned i;

	forward_begin(forward);
	if (head[sizeof "HTTP/1." - 1] == '1') {
		run_add(&run, forward, head, first);
	} else {
		forward_literal(forward, "HTTP/1.1");
		forward_add(forward, head + sizeof "HTTP/1.1" - 1, first - (uint32_t)(sizeof "HTTP/1.1" - 1));
	}
	for (i = 0; i < response->field_count; i++)
		if (response_keeps(&response->fields[i], policy) &&
		    !field_is_dropped(policy->changes, head, &response->fields[i]))
			run_add_field(&run, forward, head, &response->fields[i]);
	run_end(&run, forward);
	forward_changes_add(forward, policy->changes);
	response_connection(forward, policy);
	if (policy->via != NULL)
		forward_via(forward, response->minor, policy->via);
	forward_literal(forward, "\r\n");
}

void
forward_skip(struct forward *forward, size_t sent)
{
	int first = 0;

	forward->length -= sent;
	while (first < forward->count && sent >= forward->pieces[first].iov_len)
		sent -= forward->pieces[first++].iov_len;
	if (first < forward->count) {
		forward->pieces[first].iov_base = (char *)forward->pieces[first].iov_base + sent;
		forward->pieces[first].iov_len -= sent;
	}
	memmove(forward->pieces, forward->pieces + first, (size_t)(forward->count - first) * sizeof *forward->pieces);
	forward->count -= first;
}

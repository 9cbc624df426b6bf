/* Heads of requests as they go on to servers. Runs in workers. */
#include <stdio.h>

#include "http/forward_internal.h"

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
		/* an absolute-form target overrides Host (RFC 9112 3.2.2), as does an edit */
		return request->target.length == request->path.length &&
		    (policy->edits == NULL || edits_host(policy->edits).length == 0);
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
		forward_put(forward, request->head + field->value, field->value_length);
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

/* The same field by field: the edits may have taken over some of them. */
static void
request_x_forwarded_edited(
    struct forward *forward, const struct h1_request *request, const struct forward_request_policy *policy)
{
	const struct edits *edits = policy->edits;

	if (own_stays(edits, "X-Forwarded-For")) {
		request_list_begin(forward, request, "X-Forwarded-For: ", H1_NAME_X_FORWARDED_FOR, policy->trusted);
		forward_words(forward, policy->client);
		forward_literal(forward, "\r\n");
	}
	if (own_stays(edits, "X-Forwarded-Proto") &&
	    !(policy->trusted && request_has(request, H1_NAME_X_FORWARDED_PROTO))) {
		forward_literal(forward, "X-Forwarded-Proto: ");
		forward_words(forward, policy->scheme);
		forward_literal(forward, "\r\n");
	}
	if (own_stays(edits, "X-Forwarded-Host") && request->authority.length > 0 &&
	    !(policy->trusted && request_has(request, H1_NAME_X_FORWARDED_HOST))) {
		forward_literal(forward, "X-Forwarded-Host: ");
		forward_span(forward, request->head, request->authority);
		forward_literal(forward, "\r\n");
	}
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
			forward_put(forward, request->head + request->fields[i].line, request->fields[i].line_length);
}

static void
request_line_rewritten(struct forward *forward, const struct h1_request *request, const struct rewritten *path)
{
	unsigned i;

	forward_put(forward, request->head, request->method_text.length + 1);
	for (i = 0; i < REWRITTEN_PARTS; i++)
		forward_put(forward, path->parts[i].bytes, path->parts[i].length);
	forward_literal(forward, " HTTP/1.1\r\n");
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
	forward_put(forward, head, request->method_text.length + 1);
	if (request->path.length == 0)
		forward_words(forward, request->method == H1_METHOD_OPTIONS ? "*" : "/");
	forward_put(forward, head + request->path.offset, request->path.length);
	forward_literal(forward, " HTTP/1.1\r\n");
}

static void
request_host(struct forward *forward, const struct h1_request *request, const struct forward_request_policy *policy,
    struct run *run)
{
	struct text set = policy->edits != NULL ? edits_host(policy->edits) : (struct text){ NULL, 0 };
	bool absolute = request->target.length != request->path.length;

	if (set.length == 0 && !absolute && (request->minor == 1 || request_has(request, H1_NAME_HOST)))
		return; /* the client's own field was kept */
	run_end(run, forward);
	forward_literal(forward, "Host: ");
	if (set.length > 0)
		forward_put(forward, set.bytes, set.length);
	else if (request->authority.length > 0)
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

/* What drover says of the client and of itself, and the end of the head. */
static void
request_own_fields(struct forward *forward, const struct h1_request *request, const struct forward_request_policy *policy)
{
	if (policy->x_forwarded && policy->edits == NULL)
		request_x_forwarded(forward, request, policy);
	else if (policy->x_forwarded)
		request_x_forwarded_edited(forward, request, policy);
	if (policy->forwarded && own_stays(policy->edits, "Forwarded"))
		request_forwarded(forward, request, policy);
	if (policy->request_id != NULL && own_stays(policy->edits, "X-Request-Id")) {
		forward_literal(forward, "X-Request-Id: ");
		forward_words(forward, policy->request_id);
		forward_literal(forward, "\r\n");
	}
	if (request->max_forwards > 0)
		request_max_forwards(forward, (unsigned)request->max_forwards);
	if (policy->via != NULL && own_stays(policy->edits, "Via"))
		forward_via(forward, request->minor, policy->via);
	forward_literal(forward, "\r\n");
}

/* Whether the server is sent a field of this name before the edits change it. */
static bool
request_sends(const struct h1_request *request, struct text name, const struct forward_request_policy *policy)
{
	const struct h1_field *field;

	for (field = request->fields; field < request->fields + request->field_count; field++)
		if (h1_name_fits(name.bytes, name.length, request->head + field->line, field->name_length) &&
		    request_keeps(request, field, policy) &&
		    !field_is_dropped(policy->changes, NULL, request->head, field))
			return true;
	switch (h1_name_find(name.bytes, name.length)) {
	case H1_NAME_X_FORWARDED_FOR:
	case H1_NAME_X_FORWARDED_PROTO:
		return policy->x_forwarded;
	case H1_NAME_X_FORWARDED_HOST:
		return policy->x_forwarded && request->authority.length > 0;
	case H1_NAME_FORWARDED:
		return policy->forwarded;
	case H1_NAME_X_REQUEST_ID:
		return policy->request_id != NULL;
	case H1_NAME_VIA:
		return policy->via != NULL;
	default:
		return policy->changes != NULL && edits_lines_have(policy->changes->more, name);
	}
}

/* The lines of the edits; Host is there already. */
static void
request_edits_add(
    struct forward *forward, const struct h1_request *request, const struct forward_request_policy *policy)
{
	const struct edits *edits = policy->edits;
	const struct edit *edit;
	struct text line;

	for (edit = edits->list; edit < edits->list + edits->count; edit++) {
		if (h1_name_find(edit->name.bytes, edit->name.length) == H1_NAME_HOST)
			continue;
		line = edits_line(edits, edit, edit->action == EDIT_DEFAULT && request_sends(request, edit->name, policy));
		forward_put(forward, line.bytes, line.length);
	}
}

void
forward_request(struct forward *forward, const struct h1_request *request, const struct forward_request_policy *policy)
{
	struct run run = { request->head, 0 };
	unsigned i;

	forward_begin(forward);
	if (policy->path != NULL)
		request_line_rewritten(forward, request, policy->path);
	else
		request_line(forward, request, &run);
	request_host(forward, request, policy, &run);
	for (i = 0; i < request->field_count; i++)
		if (request_keeps(request, &request->fields[i], policy) &&
		    !field_is_dropped(policy->changes, policy->edits, request->head, &request->fields[i]))
			run_add_field(&run, forward, request->head, &request->fields[i]);
	run_end(&run, forward);
	forward_changes_add(forward, policy->changes, policy->edits);
	if (policy->edits != NULL)
		request_edits_add(forward, request, policy);
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
		if (h1_name_fits(names[i], strlen(names[i]), name, field->name_length))
			return true;
	for (i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
		length = strlen(beginnings[i]);
		if (field->name_length >= length && h1_name_fits(beginnings[i], length, name, length))
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
	forward_put(forward, path.bytes, path.length);
	forward_literal(forward, " HTTP/1.1\r\n");
	request_host(forward, request, policy, &run);
	for (i = 0; i < request->field_count; i++)
		if (request_keeps(request, &request->fields[i], policy) && !ask_drops(request, &request->fields[i]) &&
		    !field_is_dropped(policy->changes, policy->edits, request->head, &request->fields[i]))
			run_add_field(&run, forward, request->head, &request->fields[i]);
	run_end(&run, forward);
	forward_changes_add(forward, policy->changes, policy->edits);
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

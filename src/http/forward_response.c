/* Heads of responses as they go on to clients. Runs in workers. */
#include "http/forward_internal.h"

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

/* Whether the client is sent a field of this name before the edits change it. */
static bool
response_sends(const struct h1_response *response, struct text name, const struct forward_response_policy *policy)
{
	const struct h1_field *field;

	for (field = response->fields; field < response->fields + response->field_count; field++)
		if (h1_name_fits(name.bytes, name.length, response->head + field->line, field->name_length) &&
		    response_keeps(field, policy) && !field_is_dropped(policy->changes, NULL, response->head, field))
			return true;
	return (policy->via != NULL && h1_name_find(name.bytes, name.length) == H1_NAME_VIA) ||
	    (policy->changes != NULL && edits_lines_have(policy->changes->more, name));
}

static void
response_edits_add(
    struct forward *forward, const struct h1_response *response, const struct forward_response_policy *policy)
{
	const struct edits *edits = policy->edits;
	const struct edit *edit;
	struct text line;

	for (edit = edits->list; edit < edits->list + edits->count; edit++) {
		line = edits_line(edits, edit, edit->action == EDIT_DEFAULT && response_sends(response, edit->name, policy));
		forward_put(forward, line.bytes, line.length);
	}
}

/* RFC 9112 4: HTTP/1.1, and the space behind the status also when the server has left it out. */
static void
status_line_add(struct run *run, struct forward *forward, const char *head, uint32_t length)
{
	enum { VERSION_END = sizeof "HTTP/1.1" - 1, STATUS_END = VERSION_END + sizeof " 200" - 1 };

	if (head[VERSION_END - 1] == '1' && head[STATUS_END] == ' ') {
		run_add(run, forward, head, length);
		return;
	}
	forward_literal(forward, "HTTP/1.1");
	forward_put(forward, head + VERSION_END, STATUS_END - VERSION_END);
	if (head[STATUS_END] != ' ')
		forward_literal(forward, " ");
	forward_put(forward, head + STATUS_END, length - STATUS_END);
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
	status_line_add(&run, forward, head, first);
	for (i = 0; i < response->field_count; i++)
		if (response_keeps(&response->fields[i], policy) &&
		    !field_is_dropped(policy->changes, policy->edits, head, &response->fields[i]))
			run_add_field(&run, forward, head, &response->fields[i]);
	run_end(&run, forward);
	forward_changes_add(forward, policy->changes, policy->edits);
	if (policy->edits != NULL)
		response_edits_add(forward, response, policy);
	response_connection(forward, policy);
	if (policy->via != NULL && own_stays(policy->edits, "Via"))
		forward_via(forward, response->minor, policy->via);
	forward_literal(forward, "\r\n");
}

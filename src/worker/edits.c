#include "worker/edits.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "worker/access_log.h"
#include "worker/exchange.h"
#include "worker/variables.h"

static_assert((int)EDIT_SET == (int)CONF_HEADER_SET && (int)EDIT_ADD == (int)CONF_HEADER_ADD &&
		  (int)EDIT_DEFAULT == (int)CONF_HEADER_DEFAULT && (int)EDIT_REMOVE == (int)CONF_HEADER_REMOVE,
    "rules are edits");
static_assert(EDITS_MAX >= 2 * CONF_HEADER_RULES_MAX + 2, "EDITS_MAX is too small");
static_assert(EDITS_TEXT >= 2 * CONF_HEADER_RULES_BYTES + NOTES_SIZE + 1024, "responses always have room");

static const struct rules *
listener_rules(const struct exchange *x)
{
	return &session_policy(x->session)->rules;
}

/* One rule with its value. 0, or the status to refuse it with. */
static unsigned
edit_add(struct edits *edits, const struct conf_header_rule *rule, struct variables *from)
{
	struct edit *edit =
	    edits_open(edits, (enum edit_action)rule->action, rule->name, rule->name_length, rule->prefix);
	ptrdiff_t length;
	size_t room;
	char *to;

	if (edit == NULL)
		return 431;
	if (rule->action == CONF_HEADER_REMOVE)
		return 0;
	to = edits_end(edits, &room);
	length = variables_fill(from, &rule->value, to, room);
	if (length < 0)
		return 431;
	return edits_close(edits, edit, (size_t)length) < 0 ? 400 : 0;
}

static unsigned
edits_fill(struct edits *edits, const struct conf_header_rule *rules, size_t count, struct variables *from)
{
	unsigned status = 0;
	size_t i;

	for (i = 0; i < count && status == 0; i++)
		status = edit_add(edits, &rules[i], from);
	return status;
}

static void
edit_add_id(struct edits *edits, const struct exchange *x)
{
	char text[REQUEST_ID_MAX];
	const char *id = request_id(x, text);

	edits_add(edits, EDIT_SET, x->worker->conf->request_id_header, (struct text){ id, strlen(id) });
}

unsigned
edits_of_request(struct exchange *exchange, const struct edits **edits)
{
	const struct rules *first = listener_rules(exchange), *second = &exchange->route->rules;
	struct edits *to = &exchange->worker->edits;
	struct variables from = { .exchange = exchange };
	unsigned status;

	*edits = NULL;
	if (!first->edits_requests && !second->edits_requests && !exchange->worker->id_is_edit)
		return 0;
	from.request = exchange_request(exchange);
	edits_begin(to);
	if (exchange->worker->id_is_edit)
		edit_add_id(to, exchange);
	status = edits_fill(to, first->conf->request_headers, first->conf->request_header_count, &from);
	if (status == 0)
		status = edits_fill(to, second->conf->request_headers, second->conf->request_header_count, &from);
	if (status == 0 && !edits_host_is_valid(to))
		status = 400;
	*edits = to;
	return status;
}

/* ---- responses */

struct notes *
exchange_notes(struct exchange *exchange)
{
	struct notes *notes = exchange->notes;

	if (notes != NULL)
		return notes;
	notes = exchange->notes = freelist_get(&exchange->worker->notes);
	if (notes != NULL) { /* most of it is not looked at before it is written */
		notes->taken = false;
		notes->used = 0;
		notes->id_length = 0;
	}
	return notes;
}

static int
rules_note(struct notes *notes, const struct variables *from, const struct conf_rules *rules)
{
	ptrdiff_t n;
	size_t i;

	for (i = 0; i < rules->response_header_count; i++) {
		n = variables_note(
		    from, &rules->response_headers[i].value, notes->bytes + notes->used, NOTES_SIZE - notes->used);
		if (n < 0)
			return -1;
		notes->used += (uint16_t)n;
	}
	return 0;
}

unsigned
edits_note(struct exchange *exchange)
{
	const struct rules *first = listener_rules(exchange);
	const struct rules *second = exchange->route != NULL ? &exchange->route->rules : NULL;
	struct variables from = { .exchange = exchange };
	struct notes *notes;

	if (!first->notes && (second == NULL || !second->notes))
		return 0;
	if (exchange->notes != NULL && exchange->notes->taken)
		return 0;
	notes = exchange_notes(exchange);
	if (notes == NULL)
		return 503;
	from.request = exchange_request(exchange);
	notes->used = 0;
	if (rules_note(notes, &from, first->conf) < 0 ||
	    (second != NULL && rules_note(notes, &from, second->conf) < 0)) {
		notes->used = 0;
		return 431;
	}
	notes->taken = true;
	return 0;
}

/* Milliseconds with three places; what was not measured took no time. */
static double
between(uint64_t from, uint64_t to)
{
	return from > 0 && to > from ? (double)(to - from) / 1e3 : 0;
}

/* Where the time went, up to the first byte of the response: its sum is all of it. The same each time it is asked. */
static void
edit_add_timing(struct edits *edits, const struct exchange *x)
{
	bool served = x->received && x->first_byte_at > 0;
	double whole = between(x->begun, served ? x->first_byte_at : clock_monotonic());
	double queue = x->chosen_at > 0 ? between(x->asked_at, x->chosen_at) : 0;
	double server = served ? between(x->connected_at, x->first_byte_at) : 0;
	double own = whole - queue - server;
	char text[128];
	int n;

	if (own < 0)
		own = 0;
	n = served ? snprintf(text, sizeof text, "drover;dur=%.3f, queue;dur=%.3f, server;dur=%.3f", own, queue, server)
		   : snprintf(text, sizeof text, "drover;dur=%.3f, queue;dur=%.3f", own, queue);
	edits_add(edits, EDIT_ADD, "Server-Timing", (struct text){ text, (size_t)n });
}

const struct edits *
edits_of_response(struct exchange *exchange, unsigned status)
{
	const struct rules *first = listener_rules(exchange);
	const struct rules *second = exchange->route != NULL ? &exchange->route->rules : NULL;
	const struct notes *notes = exchange->notes;
	struct edits *to = &exchange->worker->edits;
	struct variables from = { .exchange = exchange, .status = status };

	bool edits = first->edits_responses || (second != NULL && second->edits_responses);

	if (!edits && !exchange->worker->conf->request_id_response)
		return NULL;
	if (notes != NULL && notes->taken) {
		from.notes = notes->bytes;
		from.notes_end = notes->bytes + notes->used;
	}
	edits_begin(to);
	if (exchange->worker->conf->request_id_response)
		edit_add_id(to, exchange);
	if (first->conf->server_timing || (second != NULL && second->conf->server_timing))
		edit_add_timing(to, exchange);
	edits_fill(to, first->conf->response_headers, first->conf->response_header_count, &from);
	if (second != NULL)
		edits_fill(to, second->conf->response_headers, second->conf->response_header_count, &from);
	return to;
}

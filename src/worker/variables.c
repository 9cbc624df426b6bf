#include "worker/variables.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "worker/access_log.h"
#include "worker/route.h"
#include "worker/session.h"

enum { SCRATCH = 64, NOTE_LENGTH = 2 };
static_assert((int)VARIABLES_TIME <= (int)SCRATCH, "the time is written there");
static_assert((int)ADDRESS_TEXT_MAX >= (int)SCRATCH, "a client's address is written there");

/* Text that grows. */
struct fill {
	char *to;
	size_t used, room;
	bool full;
};

static void
fill_add(struct fill *fill, struct text text)
{
	if (fill->full || text.length > fill->room - fill->used) {
		fill->full = true;
		return;
	}
	if (text.length > 0)
		memcpy(fill->to + fill->used, text.bytes, text.length);
	fill->used += text.length;
}

static struct text
text_of(const char *string)
{
	return (struct text){ string, strlen(string) };
}

/* ---- what the request's head has */

static struct text
request_path(const struct h1_request *request)
{
	struct text path = { request->head + request->path.offset, request->path.length };

	if (path.length == 0)
		return (struct text){ "/", 1 };
	return path.bytes[0] == '/' ? path : (struct text){ NULL, 0 };
}

static struct text
path_of(struct text uri)
{
	const char *query = uri.length > 0 ? memchr(uri.bytes, '?', uri.length) : NULL;

	return (struct text){ uri.bytes, query != NULL ? (size_t)(query - uri.bytes) : uri.length };
}

static struct text
query_of(struct text uri)
{
	size_t before = path_of(uri).length + 1;

	return before < uri.length ? (struct text){ uri.bytes + before, uri.length - before } : (struct text){ NULL, 0 };
}

/* All fields of the name, as one list (RFC 9110 5.3). */
static void
fill_header(struct fill *fill, const struct h1_request *request, const struct template_part *part)
{
	const struct h1_field *field;
	bool more = false;

	for (field = request->fields; field < request->fields + request->field_count; field++) {
		if (!text_equal_nocase(request->head + field->line, field->name_length, part->text, part->length))
			continue;
		fill_add(fill, text_of(more ? ", " : ""));
		fill_add(fill, (struct text){ request->head + field->value, field->value_length });
		more = true;
	}
}

static void
fill_from_request(struct fill *fill, const struct h1_request *request, const struct template_part *part)
{
	switch (part->variable) {
	case TEMPLATE_HOST:
		fill_add(fill, route_host(request));
		break;
	case TEMPLATE_AUTHORITY:
		fill_add(fill, (struct text){ request->head + request->authority.offset, request->authority.length });
		break;
	case TEMPLATE_PATH:
		fill_add(fill, path_of(request_path(request)));
		break;
	case TEMPLATE_QUERY:
		fill_add(fill, query_of(request_path(request)));
		break;
	case TEMPLATE_URI:
		fill_add(fill, request_path(request));
		break;
	case TEMPLATE_METHOD:
		fill_add(fill, (struct text){ request->head, request->method_text.length });
		break;
	default:
		fill_header(fill, request, part);
	}
}

/* The next value of the notes. */
static struct text
note_next(struct variables *from)
{
	struct text note = { NULL, 0 };
	uint16_t length;

	if (from->notes == NULL || from->notes == from->notes_end)
		return note;
	memcpy(&length, from->notes, NOTE_LENGTH);
	note = (struct text){ from->notes + NOTE_LENGTH, length };
	from->notes += NOTE_LENGTH + (size_t)length;
	return note;
}

/* ---- what the exchange has */

struct text
variables_time(struct exchange *x, char to[VARIABLES_TIME])
{
	struct tm tm;

	if (x->second == 0)
		x->second = (time_t)(clock_wall() / CLOCK_SECOND);
	gmtime_r(&x->second, &tm);
	return (struct text){ to, strftime(to, VARIABLES_TIME, "%a, %d %b %Y %H:%M:%S GMT", &tm) };
}

static struct text
number_text(uint64_t number, char scratch[SCRATCH])
{
	return text_of(text_from_number(number, scratch, SCRATCH));
}

static struct text
exchange_text(const struct variables *from, enum template_variable variable, char scratch[ADDRESS_TEXT_MAX])
{
	struct exchange *x = from->exchange;

	switch (variable) {
	case TEMPLATE_CLIENT:
		return text_of(session_client(x->session, scratch));
	case TEMPLATE_CLIENT_PORT:
		return number_text(x->session->peer.port, scratch);
	case TEMPLATE_REQUEST_ID:
		return text_of(request_id(x, scratch));
	case TEMPLATE_LISTENER:
		return text_of(session_policy(x->session)->listener->name);
	case TEMPLATE_POOL:
		return text_of(x->pool != NULL ? x->pool->conf->name : "");
	case TEMPLATE_SERVER:
		return text_of(x->log_server != NULL ? x->log_server->name : "");
	case TEMPLATE_WORKER:
		return number_text(x->worker->slot, scratch);
	case TEMPLATE_STATUS:
		return number_text(from->status, scratch);
	case TEMPLATE_TIME:
		return variables_time(x, scratch);
	default:
		return text_of("http"); /* TEMPLATE_SCHEME */
	}
}

ptrdiff_t
variables_fill(struct variables *from, const struct template *template, char *to, size_t room)
{
	struct fill fill = { to, 0, room, false };
	char scratch[ADDRESS_TEXT_MAX];
	size_t i;

	for (i = 0; i < template->count; i++) {
		const struct template_part *part = &template->parts[i];

		if (part->variable == TEMPLATE_TEXT)
			fill_add(&fill, (struct text){ part->text, part->length });
		else if (!template_variables[part->variable].request)
			fill_add(&fill, exchange_text(from, part->variable, scratch));
		else if (from->request != NULL)
			fill_from_request(&fill, from->request, part);
		else
			fill_add(&fill, note_next(from));
	}
	return fill.full ? -1 : (ptrdiff_t)fill.used;
}

ptrdiff_t
variables_note(const struct variables *from, const struct template *template, char *to, size_t room)
{
	struct fill fill = { to, 0, room, false };
	size_t i, begin;
	uint16_t length;

	for (i = 0; i < template->count; i++) {
		if (!template_variables[template->parts[i].variable].request)
			continue;
		begin = fill.used;
		fill_add(&fill, (struct text){ "\0", NOTE_LENGTH });
		fill_from_request(&fill, from->request, &template->parts[i]);
		if (fill.full)
			return -1;
		length = (uint16_t)(fill.used - begin - NOTE_LENGTH);
		memcpy(to + begin, &length, NOTE_LENGTH);
	}
	return (ptrdiff_t)fill.used;
}

#include "worker/access_line.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "worker/access_log.h"
#include "worker/edits.h"
#include "worker/session.h"

void
request_ids_begin(struct worker *worker)
{
	struct line line = { worker->id_begin, worker->id_begin + sizeof worker->id_begin };

	line_hex(&line, worker->board->started_wall / CLOCK_MILLISECOND, 8);
	line_hex(&line, worker->slot, 2);
	line_hex(&line, (uint64_t)getpid(), 4);
}

static void
line_id(struct line *line, const struct exchange *x)
{
	if (x->notes != NULL && x->notes->id_length > 0) {
		line_bytes(line, x->notes->id, x->notes->id_length);
		return;
	}
	line_bytes(line, x->worker->id_begin, sizeof x->worker->id_begin);
	line_hex(line, x->number, 8);
}

const char *
request_id(const struct exchange *exchange, char text[REQUEST_ID_MAX])
{
	struct line line = { text, text + REQUEST_ID_MAX - 1 };

	if (exchange->notes != NULL && exchange->notes->id_length > 0)
		return exchange->notes->id;
	line_id(&line, exchange);
	*line.at = '\0';
	return text;
}

/* Whether it can go into fields and logs as it is: letters, digits, and what else ids are made of. */
static bool
id_is_good(const char *id, size_t length)
{
	static const char others[] = "-_.~:/+=@";
	size_t i;

	for (i = 0; i < length; i++) {
		char c = id[i], lower = (char)(c | 0x20);

		if (!(c >= '0' && c <= '9') && !(lower >= 'a' && lower <= 'z') && memchr(others, c, sizeof others - 1) == NULL)
			return false;
	}
	return length > 0 && length <= REQUEST_ID_KEPT;
}

void
request_id_keep(struct exchange *exchange, const struct h1_request *request)
{
	const char *name = exchange->worker->conf->request_id_header;
	const struct h1_field *field, *found = NULL;
	struct notes *notes;
	size_t length = strlen(name);

	for (field = request->fields; field < request->fields + request->field_count; field++) {
		if (!text_equal_nocase(request->head + field->line, field->name_length, name, length))
			continue;
		if (found != NULL)
			return;
		found = field;
	}
	if (found == NULL || found->hop || !id_is_good(request->head + found->value, found->value_length))
		return;
	notes = exchange_notes(exchange);
	if (notes == NULL)
		return;
	memcpy(notes->id, request->head + found->value, found->value_length);
	notes->id[found->value_length] = '\0';
	notes->id_length = (uint8_t)found->value_length;
}

/* What a client sent, so that it ends neither field nor line. */
static void
line_log(struct line *line, const char *bytes, size_t length)
{
	if (length == 0)
		line_literal(line, "-");
	line->at += text_escape_log(line->at, (size_t)(line->end - line->at), bytes, length);
}

static void
line_json(struct line *line, const char *bytes, size_t length)
{
	line->at += text_escape_json(line->at, (size_t)(line->end - line->at), bytes, length);
}

static const char *
line_time(struct access_line_time *time, uint64_t wall)
{
	time_t second = (time_t)(wall / CLOCK_SECOND);
	struct tm tm;

	if (time->second == second)
		return time->text;
	time->second = second;
	if (time->json)
		gmtime_r(&second, &tm);
	else
		localtime_r(&second, &tm);
	strftime(time->text, sizeof time->text, time->json ? "%Y-%m-%dT%H:%M:%S" : "%d/%b/%Y:%H:%M:%S %z", &tm);
	return time->text;
}

static void
line_client(struct line *line, const struct exchange *x)
{
	char text[ADDRESS_TEXT_MAX];

	line_string(line, session_client(x->session, text));
}

/* From the exchange's beginning to `to`; `never`, when it did not come to that. */
static void
line_span(struct line *line, const struct exchange *x, uint64_t to, const char *never)
{
	if (to >= x->begun && x->begun > 0)
		line_seconds(line, to - x->begun);
	else
		line_string(line, never);
}

static unsigned
retries(const struct exchange *x)
{
	return x->attempts > 1 ? x->attempts - 1U : 0U;
}

static const char *
server_name(const struct exchange *x)
{
	return x->log_server != NULL ? x->log_server->name : "-";
}

/* The parts of a record, in their order. */
struct parts {
	const char *method, *target, *host, *referer, *agent;
};

static struct parts
record_parts(const struct log_record *r)
{
	struct parts p;

	p.method = r->bytes;
	p.target = p.method + r->method;
	p.host = p.target + r->target;
	p.referer = p.host + r->host;
	p.agent = p.referer + r->referer;
	return p;
}

static void
combined_request(struct line *line, const struct exchange *x, const struct log_record *r, const struct parts *p)
{
	if (x->tcp) {
		line_literal(line, "TCP");
		return;
	}
	if (r->method == 0) {
		line_literal(line, "-");
		return;
	}
	line_log(line, p->method, r->method);
	line_literal(line, " ");
	line_log(line, p->target, r->target);
	line_literal(line, " HTTP/1.");
	line_number(line, r->minor);
}

static void
combined_times(struct line *line, const struct exchange *x)
{
	line_literal(line, " time=");
	line_span(line, x, clock_monotonic(), "-");
	line_literal(line, " connect=");
	line_span(line, x, x->connected_at, "-");
	line_literal(line, " first-byte=");
	line_span(line, x, x->first_byte_at, "-");
}

static void
combined_write(struct line *line, struct access_line_time *time, const struct exchange *x, uint64_t wall)
{
	const struct log_record *r = x->record;
	struct parts p = record_parts(r);

	line_client(line, x);
	line_literal(line, " - ");
	line_log(line, x->user, x->user != NULL ? strlen(x->user) : 0);
	line_literal(line, " [");
	line_string(line, line_time(time, wall));
	line_literal(line, "] \"");
	combined_request(line, x, r, &p);
	line_literal(line, "\" ");
	line_number(line, x->status);
	line_literal(line, " ");
	line_number(line, x->response.bytes);
	line_literal(line, " \"");
	line_log(line, p.referer, r->referer);
	line_literal(line, "\" \"");
	line_log(line, p.agent, r->agent);
	line_literal(line, "\" host=\"");
	line_log(line, p.host, r->host);
	line_literal(line, "\" upstream=\"");
	line_string(line, server_name(x));
	line_literal(line, "\"");
	combined_times(line, x);
	line_literal(line, " bytes-in=");
	line_number(line, x->request.bytes);
	line_literal(line, " retries=");
	line_number(line, retries(x));
	line_literal(line, " id=");
	line_id(line, x);
	line_literal(line, " reason=\"");
	line_string(line, x->reason != NULL ? x->reason : "-");
	line_literal(line, "\"\n");
}

static void
json_user(struct line *line, const char *user)
{
	if (user == NULL) {
		line_literal(line, "\",\"user\":null");
		return;
	}
	line_literal(line, "\",\"user\":\"");
	line_json(line, user, strlen(user));
	line_literal(line, "\"");
}

static void
json_request(struct line *line, const struct exchange *x, const struct log_record *r, const struct parts *p)
{
	if (x->tcp) {
		line_literal(line, ",\"method\":\"TCP\",\"target\":\"\",\"protocol\":\"TCP\",\"host\":\"\"");
		return;
	}
	line_literal(line, ",\"method\":\"");
	line_json(line, p->method, r->method);
	line_literal(line, "\",\"target\":\"");
	line_json(line, p->target, r->target);
	line_literal(line, "\",\"protocol\":\"HTTP/1.");
	line_number(line, r->minor);
	line_literal(line, "\",\"host\":\"");
	line_json(line, p->host, r->host);
	line_literal(line, "\"");
}

static void
json_times(struct line *line, const struct exchange *x)
{
	line_literal(line, ",\"seconds\":");
	line_span(line, x, clock_monotonic(), "null");
	line_literal(line, ",\"connect-seconds\":");
	line_span(line, x, x->connected_at, "null");
	line_literal(line, ",\"first-byte-seconds\":");
	line_span(line, x, x->first_byte_at, "null");
}

static void
json_write(struct line *line, struct access_line_time *time, const struct exchange *x, uint64_t wall)
{
	const struct log_record *r = x->record;
	const char *server = server_name(x);
	struct parts p = record_parts(r);

	line_literal(line, "{\"time\":\"");
	line_string(line, line_time(time, wall));
	line_literal(line, ".");
	line_number_padded(line, wall % CLOCK_SECOND, 6);
	line_literal(line, "Z\",\"client\":\"");
	line_client(line, x);
	json_user(line, x->user);
	json_request(line, x, r, &p);
	line_literal(line, ",\"status\":");
	line_number(line, x->status);
	line_literal(line, ",\"bytes-out\":");
	line_number(line, x->response.bytes);
	line_literal(line, ",\"bytes-in\":");
	line_number(line, x->request.bytes);
	line_literal(line, ",\"referer\":\"");
	line_json(line, p.referer, r->referer);
	line_literal(line, "\",\"user-agent\":\"");
	line_json(line, p.agent, r->agent);
	line_literal(line, "\",\"upstream\":\"");
	line_json(line, server, strlen(server));
	line_literal(line, "\"");
	json_times(line, x);
	line_literal(line, ",\"queue-ms\":");
	line_number(line, (x->waiting.waited + CLOCK_MILLISECOND / 2) / CLOCK_MILLISECOND);
	line_literal(line, ",\"retries\":");
	line_number(line, retries(x));
	line_literal(line, ",\"id\":\"");
	line_id(line, x);
	line_literal(line, "\",\"reason\":");
	line_string(line, x->reason != NULL ? "\"" : "null");
	line_string(line, x->reason != NULL ? x->reason : "");
	line_string(line, x->reason != NULL ? "\"}\n" : "}\n");
}

void
access_line_write(struct line *line, struct access_line_time *time, const struct exchange *exchange, uint64_t wall)
{
	if (time->json)
		json_write(line, time, exchange, wall);
	else
		combined_write(line, time, exchange, wall);
}

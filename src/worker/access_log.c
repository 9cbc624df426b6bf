#include "worker/access_log.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "worker/session.h"

enum {
	LOG_BUFFER = 65536,
	LOG_LINE = 20480, /* the longest line: each byte of the record may become four or six */
	LOG_METHOD = 32,
	LOG_HOST = 255,
	LOG_TARGET = 1024,
	LOG_REFERER = 1024,
	LOG_AGENT = 512
};

struct access_log {
	int fd;
	bool is_file; /* writing never waits for a reader */
	bool json;
	bool failing; /* the last write failed: said once */
	size_t used;
	struct timer flush;
	struct worker *worker;
	time_t second; /* that time_text stands for */
	char time_text[40];
	char bytes[LOG_BUFFER];
};

/* The parts of a request, one behind the other. */
struct log_record {
	uint16_t method, target, host, referer, agent; /* lengths */
	uint8_t minor;
	char bytes[];
};

/* As much of the text as goes out in one piece: to a pipe, whole lines that no other writer can break into. */
static size_t
access_log_piece(const struct access_log *log, size_t from)
{
	size_t left = log->used - from;
	const char *end;

	if (log->is_file || left <= PIPE_BUF)
		return left;
	end = memrchr(log->bytes + from, '\n', PIPE_BUF);
	return end != NULL ? (size_t)(end - log->bytes) + 1 - from : PIPE_BUF;
}

/* Writes what goes without waiting for a reader. Returns how much. */
static size_t
access_log_push(struct access_log *log)
{
	size_t done = 0;
	ssize_t n;

	while (done < log->used) {
		errno = EAGAIN;
		if (!log->is_file && !log_fd_takes(log->fd))
			break;
		n = write(log->fd, log->bytes + done, access_log_piece(log, done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}

static void
access_log_lose(struct access_log *log, size_t from)
{
	size_t lines = 0, i;

	for (i = from; i < log->used; i++)
		lines += log->bytes[i] == '\n';
	count(log->worker, LOG_LINES_LOST, lines);
	if (!log->failing)
		log_error("the access log cannot be written: %s; lines are lost until it can", strerror(errno));
	log->failing = true;
}

static void
access_log_write(struct access_log *log)
{
	size_t done = access_log_push(log);

	if (done < log->used)
		access_log_lose(log, done);
	else
		log->failing = false;
	log->used = 0;
}

static void
access_log_flush_cb(struct timer *timer)
{
	access_log_write(CONTAINER_OF(timer, struct access_log, flush));
}

int
access_log_open(struct worker *worker, int fd)
{
	struct access_log *log;

	if (fd < 0)
		return 0;
	log = calloc(1, sizeof *log);
	if (log == NULL)
		return -1;
	log->fd = fd;
	log->is_file = log_fd_is_file(fd);
	log->json = worker->conf->access_log_format == CONF_LOG_JSON;
	log->worker = worker;
	timer_init(&log->flush, worker->loop, access_log_flush_cb);
	worker->access_log = log;
	return 0;
}

void
access_log_close(struct worker *worker)
{
	struct access_log *log = worker->access_log;

	if (log == NULL)
		return;
	access_log_write(log);
	timer_clear(&log->flush);
	close(log->fd);
	free(log);
	worker->access_log = NULL;
}

void
access_log_take_fd(struct worker *worker, int fd)
{
	struct access_log *log = worker->access_log;

	if (log == NULL) {
		close(fd);
		return;
	}
	access_log_write(log);
	close(log->fd);
	log->fd = fd;
	log->is_file = log_fd_is_file(fd);
	log->failing = false;
}

static const struct h1_field *
request_field(const struct h1_request *request, enum h1_name name)
{
	unsigned i;

	for (i = 0; i < request->field_count; i++)
		if (request->fields[i].name == name)
			return &request->fields[i];
	return NULL;
}

static struct text
field_text(const struct h1_request *request, enum h1_name name, size_t most)
{
	const struct h1_field *field = request_field(request, name);

	if (field == NULL)
		return (struct text){ NULL, 0 };
	return (struct text){ request->head + field->value, field->value_length < most ? field->value_length : most };
}

static struct text
span_text(const struct h1_request *request, struct h1_span span, size_t most)
{
	return (struct text){ request->head + span.offset, span.length < most ? span.length : most };
}

static char *
record_put(char *to, struct text text, uint16_t *length)
{
	if (text.length > 0)
		memcpy(to, text.bytes, text.length);
	*length = (uint16_t)text.length;
	return to + text.length;
}

void
access_log_begin(struct exchange *exchange, const struct h1_request *request)
{
	struct text method = { NULL, 0 }, target = method, host = method, referer = method, agent = method;
	struct log_record *record;
	char *to;

	if (exchange->worker->access_log == NULL)
		return;
	if (request != NULL) {
		method = span_text(request, request->method_text, LOG_METHOD);
		target = span_text(request, request->target, LOG_TARGET);
		host = span_text(request, request->authority, LOG_HOST);
		referer = field_text(request, H1_NAME_REFERER, LOG_REFERER);
		agent = field_text(request, H1_NAME_USER_AGENT, LOG_AGENT);
	}
	record = malloc(sizeof *record + method.length + target.length + host.length + referer.length + agent.length);
	exchange->record = record;
	if (record == NULL)
		return; /* the line is counted as lost when it is due */
	record->minor = request != NULL ? request->minor : 1;
	to = record_put(record->bytes, method, &record->method);
	to = record_put(to, target, &record->target);
	to = record_put(to, host, &record->host);
	to = record_put(to, referer, &record->referer);
	record_put(to, agent, &record->agent);
}

const char *
request_id(const struct exchange *exchange, char text[REQUEST_ID_MAX])
{
	const struct worker *worker = exchange->worker;

	snprintf(text, REQUEST_ID_MAX, "%08llx%02x%04x%08llx",
	    (unsigned long long)(worker->board->started_wall / CLOCK_MILLISECOND & 0xffffffff), worker->slot & 0xff,
	    (unsigned)(scoreboard_get(&worker->me->pid) & 0xffff), (unsigned long long)exchange->number);
	return text;
}

/* A line under construction. */
struct line {
	char *to;
	size_t used, size;
};

static void line_add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
line_add(struct line *line, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line->to + line->used, line->size - line->used, format, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < line->size - line->used)
		line->used += (size_t)n;
}

static void
line_text(struct line *line, const char *before, bool json, const char *bytes, size_t length, const char *after)
{
	line_add(line, "%s", before);
	if (length == 0 && !json)
		line_add(line, "-");
	line->used += (json ? text_escape_json : text_escape_log)(line->to + line->used, line->size - line->used, bytes,
	    length);
	line_add(line, "%s", after);
}

static const char *
log_time(struct access_log *log, uint64_t wall)
{
	time_t second = (time_t)(wall / CLOCK_SECOND);
	struct tm tm;

	if (log->second != second) {
		log->second = second;
		if (log->json)
			gmtime_r(&second, &tm);
		else
			localtime_r(&second, &tm);
		strftime(log->time_text, sizeof log->time_text, log->json ? "%Y-%m-%dT%H:%M:%S" : "%d/%b/%Y:%H:%M:%S %z",
		    &tm);
	}
	return log->time_text;
}

/* What of an exchange both formats show. */
struct facts {
	char client[ADDRESS_TEXT_MAX], id[REQUEST_ID_MAX];
	const char *server;
	double total, connect, first_byte; /* seconds; < 0: never came to it */
	const char *method, *target, *host, *referer, *agent;
};

static double
seconds_between(uint64_t from, uint64_t to)
{
	return to >= from && from > 0 ? (double)(to - from) / 1e6 : -1;
}

static void
facts_fill(struct facts *facts, const struct exchange *x)
{
	session_client(x->session, facts->client);
	request_id(x, facts->id);
	facts->server = x->log_server != NULL ? x->log_server->name : "-";
	facts->total = seconds_between(x->begun, clock_monotonic());
	facts->connect = seconds_between(x->begun, x->connected_at);
	facts->first_byte = seconds_between(x->begun, x->first_byte_at);
	facts->method = x->record->bytes;
	facts->target = facts->method + x->record->method;
	facts->host = facts->target + x->record->target;
	facts->referer = facts->host + x->record->host;
	facts->agent = facts->referer + x->record->referer;
}

static void
line_seconds(struct line *line, const char *name, double seconds, bool json)
{
	if (seconds >= 0)
		line_add(line, "%s%.6f", name, seconds);
	else
		line_add(line, "%s%s", name, json ? "null" : "-");
}

static void
line_combined(struct line *line, struct access_log *log, const struct exchange *x, const struct facts *f)
{
	const struct log_record *r = x->record;

	line_add(line, "%s - - [%s] \"", f->client, log_time(log, clock_wall()));
	if (r->method > 0) {
		line_text(line, "", false, f->method, r->method, " ");
		line_text(line, "", false, f->target, r->target, "");
		line_add(line, " HTTP/1.%u", r->minor);
	} else {
		line_add(line, "-");
	}
	line_add(line, "\" %u %llu", x->status, (unsigned long long)x->response.bytes);
	line_text(line, " \"", false, f->referer, r->referer, "\"");
	line_text(line, " \"", false, f->agent, r->agent, "\"");
	line_text(line, " host=\"", false, f->host, r->host, "\"");
	line_add(line, " upstream=\"%s\"", f->server);
	line_seconds(line, " time=", f->total, false);
	line_seconds(line, " connect=", f->connect, false);
	line_seconds(line, " first-byte=", f->first_byte, false);
	line_add(line, " bytes-in=%llu retries=%u id=%s reason=\"%s\"\n", (unsigned long long)x->request.bytes,
	    x->attempts > 1 ? x->attempts - 1U : 0U, f->id, x->reason != NULL ? x->reason : "-");
}

static void
line_json(struct line *line, struct access_log *log, const struct exchange *x, const struct facts *f)
{
	const struct log_record *r = x->record;
	uint64_t now = clock_wall();

	line_add(line, "{\"time\":\"%s.%06uZ\",\"client\":\"%s\"", log_time(log, now), (unsigned)(now % CLOCK_SECOND),
	    f->client);
	line_text(line, ",\"method\":\"", true, f->method, r->method, "\"");
	line_text(line, ",\"target\":\"", true, f->target, r->target, "\"");
	line_add(line, ",\"protocol\":\"HTTP/1.%u\"", r->minor);
	line_text(line, ",\"host\":\"", true, f->host, r->host, "\"");
	line_add(line, ",\"status\":%u,\"bytes-out\":%llu,\"bytes-in\":%llu", x->status,
	    (unsigned long long)x->response.bytes, (unsigned long long)x->request.bytes);
	line_text(line, ",\"referer\":\"", true, f->referer, r->referer, "\"");
	line_text(line, ",\"user-agent\":\"", true, f->agent, r->agent, "\"");
	line_text(line, ",\"upstream\":\"", true, f->server, strlen(f->server), "\"");
	line_seconds(line, ",\"seconds\":", f->total, true);
	line_seconds(line, ",\"connect-seconds\":", f->connect, true);
	line_seconds(line, ",\"first-byte-seconds\":", f->first_byte, true);
	line_add(line, ",\"retries\":%u,\"id\":\"%s\"", x->attempts > 1 ? x->attempts - 1U : 0U, f->id);
	if (x->reason != NULL)
		line_add(line, ",\"reason\":\"%s\"}\n", x->reason);
	else
		line_add(line, ",\"reason\":null}\n");
}

void
access_log_add(struct exchange *exchange)
{
	struct access_log *log = exchange->worker->access_log;
	struct facts facts;
	struct line line;

	if (log == NULL)
		return;
	if (exchange->record == NULL) {
		count(exchange->worker, LOG_LINES_LOST, 1);
		return;
	}
	if (LOG_BUFFER - log->used < LOG_LINE)
		access_log_write(log);
	line = (struct line){ log->bytes + log->used, 0, LOG_LINE };
	facts_fill(&facts, exchange);
	if (log->json)
		line_json(&line, log, exchange, &facts);
	else
		line_combined(&line, log, exchange, &facts);
	log->used += line.used;
	if (!timer_is_set(&log->flush))
		timer_set(&log->flush, CLOCK_SECOND);
	free(exchange->record);
	exchange->record = NULL;
}

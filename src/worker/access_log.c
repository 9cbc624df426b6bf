#include "worker/access_log.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/line.h"
#include "base/log.h"
#include "worker/access_line.h"

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
	bool failing; /* the last write failed: said once */
	bool torn; /* the file ends within a line of this process */
	size_t used;
	struct timer flush;
	struct worker *worker;
	bool flush_is_set;
	struct access_line_time time;
	char bytes[LOG_BUFFER];
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

/* A line that a full disk has cut ends before the next one. false: not even that can be written. */
static bool
access_log_end_torn(struct access_log *log)
{
	if (log->torn)
		log->torn = write(log->fd, "\n", 1) != 1;
	return !log->torn;
}

/* Writes what goes without waiting for a reader. Returns how much. */
static size_t
access_log_push(struct access_log *log)
{
	size_t done = 0;
	ssize_t n;

	if (!access_log_end_torn(log))
		return 0;
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
	if (from > 0)
		log->torn = log->is_file && log->bytes[from - 1] != '\n';
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
	struct access_log *log = CONTAINER_OF(timer, struct access_log, flush);

	log->flush_is_set = false;
	access_log_write(log);
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
	log->time.json = worker->conf->access_log_format == CONF_LOG_JSON;
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
	log->failing = log->torn = false;
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

void
access_log_add(struct exchange *exchange)
{
	struct access_log *log = exchange->worker->access_log;
	struct line line;

	if (log == NULL)
		return;
	if (exchange->record == NULL) {
		count(exchange->worker, LOG_LINES_LOST, 1);
		return;
	}
	if (LOG_BUFFER - log->used < LOG_LINE)
		access_log_write(log);
	line = (struct line){ log->bytes + log->used, log->bytes + log->used + LOG_LINE };
	access_line_write(&line, &log->time, exchange, clock_wall());
	log->used = (size_t)(line.at - log->bytes);
	if (!log->flush_is_set)
		timer_set(&log->flush, CLOCK_SECOND);
	log->flush_is_set = true;
	free(exchange->record);
	exchange->record = NULL;
}

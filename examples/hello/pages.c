#include "pages.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

enum {
	SLOW_MAX_MS = 60000,
	STREAM_MAX = 100000,
	STREAM_INTERVAL_MS = 200,
	GONE_INTERVAL_US = 100000,
	PATTERN_LENGTH = 251 * 256 /* a whole number of rounds of the pattern */
};

static struct event_base *base;
static const char *instance;
static unsigned char pattern[PATTERN_LENGTH];

/* A request that is being answered. Freed when the answer is sent, or with its connection. */
struct reply {
	LIST_ENTRY(reply) entry;
	struct evhttp_request *request;
	struct event *timer; /* of an answer that takes more than one turn of the loop, or NULL */
	uint64_t sent;
	uint64_t total;
};

static LIST_HEAD(reply_list, reply) replies = LIST_HEAD_INITIALIZER(replies);
static unsigned in_progress; /* how many there are */
static struct event *gone_timer; /* it is stopping */

static void
header_add(struct evhttp_request *request, const char *name, const char *value)
{
	evhttp_add_header(evhttp_request_get_output_headers(request), name, value);
}

/* ---- one answer */

static void
reply_free(struct reply *reply)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(reply->request);

	if (connection != NULL)
		evhttp_connection_set_closecb(connection, NULL, NULL);
	if (reply->timer != NULL)
		event_free(reply->timer);
	LIST_REMOVE(reply, entry);
	free(reply);
	in_progress--;
	if (gone_timer != NULL && in_progress == 0)
		event_base_loopexit(base, NULL);
}

/* All of it is with the kernel. */
static void
reply_sent_cb(struct evhttp_request *request, void *arg)
{
	(void)request;
	reply_free(arg);
}

/* The client is gone. A request that evhttp has let go of is ours to free. */
static void
reply_closed_cb(struct evhttp_connection *connection, void *arg)
{
	struct reply *reply = arg;
	struct evhttp_request *request = reply->request;
	bool orphan = evhttp_request_get_connection(request) == NULL;

	(void)connection;
	reply_free(reply);
	if (orphan)
		evhttp_request_free(request);
}

/* NULL when there is no memory: then the client has its answer already. */
static struct reply *
reply_new(struct evhttp_request *request)
{
	struct reply *reply = calloc(1, sizeof *reply);

	if (reply == NULL) {
		evhttp_send_error(request, HTTP_SERVUNAVAIL, NULL);
		return NULL;
	}
	in_progress++;
	LIST_INSERT_HEAD(&replies, reply, entry);
	reply->request = request;
	evhttp_request_set_on_complete_cb(request, reply_sent_cb, reply);
	evhttp_connection_set_closecb(evhttp_request_get_connection(request), reply_closed_cb, reply);
	return reply;
}

/* The fields of every answer. The last one on a connection says so. */
static void
reply_begin(struct reply *reply, const char *type)
{
	header_add(reply->request, "Content-Type", type);
	header_add(reply->request, "X-Instance", instance);
	if (gone_timer != NULL)
		header_add(reply->request, "Connection", "close");
}

/* Sends `body` (NULL: none) as the whole answer and frees it. */
static void
answer(struct reply *reply, int status, const char *type, struct evbuffer *body)
{
	reply_begin(reply, type);
	evhttp_send_reply(reply->request, status, NULL, body);
	if (body != NULL)
		evbuffer_free(body);
}

static void
answer_text(struct reply *reply, int status, const char *text)
{
	struct evbuffer *body = evbuffer_new();

	if (body != NULL)
		evbuffer_add_printf(body, "%s\n", text);
	answer(reply, status, "text/plain", body);
}

/* ---- answers that take time */

/* Has `callback` called every `milliseconds`, and answers when that cannot be. */
static bool
reply_wait(struct reply *reply, uint64_t milliseconds, event_callback_fn callback)
{
	struct timeval wait = { (time_t)(milliseconds / 1000), (suseconds_t)(milliseconds % 1000 * 1000) };

	reply->timer = event_new(base, -1, EV_PERSIST, callback, reply);
	if (reply->timer != NULL && event_add(reply->timer, &wait) == 0)
		return true;
	evhttp_send_error(reply->request, HTTP_SERVUNAVAIL, NULL);
	return false;
}

/* Nothing more is to come; the reply may be gone behind this. */
static void
reply_end(struct reply *reply)
{
	if (reply->timer != NULL)
		event_del(reply->timer);
	evhttp_send_reply_end(reply->request);
}

static void
bytes_next_cb(struct evhttp_connection *connection, void *arg)
{
	struct reply *reply = arg;
	uint64_t left = reply->total - reply->sent;
	size_t length = left < PATTERN_LENGTH ? (size_t)left : PATTERN_LENGTH;
	struct evbuffer *block;

	(void)connection;
	if (length == 0) {
		reply_end(reply);
		return;
	}
	block = evbuffer_new();
	if (block == NULL || evbuffer_add_reference(block, pattern, length, NULL, NULL) != 0) {
		reply_end(reply); /* short of Content-Length: the client can tell */
	} else {
		reply->sent += length;
		evhttp_send_reply_chunk_with_cb(reply->request, block, bytes_next_cb, reply);
	}
	if (block != NULL)
		evbuffer_free(block);
}

static void
page_bytes(struct reply *reply, uint64_t count)
{
	char length[24];

	reply->total = count;
	snprintf(length, sizeof length, "%" PRIu64, count);
	reply_begin(reply, "application/octet-stream");
	header_add(reply->request, "Content-Length", length);
	evhttp_send_reply_start(reply->request, HTTP_OK, NULL);
	if (evhttp_request_get_command(reply->request) == EVHTTP_REQ_HEAD)
		reply_end(reply);
	else
		bytes_next_cb(NULL, reply);
}

static void
slow_over_cb(evutil_socket_t fd, short what, void *arg)
{
	struct reply *reply = arg;

	(void)fd;
	(void)what;
	event_del(reply->timer);
	answer_text(reply, HTTP_OK, "slow");
}

static void
page_slow(struct reply *reply, uint64_t milliseconds)
{
	if (milliseconds > SLOW_MAX_MS)
		answer_text(reply, HTTP_BADREQUEST, "at most 60000 milliseconds");
	else
		reply_wait(reply, milliseconds, slow_over_cb);
}

static void
stream_tick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct reply *reply = arg;
	struct evbuffer *event;

	(void)fd;
	(void)what;
	if (reply->sent == reply->total) {
		reply_end(reply);
		return;
	}
	event = evbuffer_new();
	if (event == NULL)
		return; /* the next tick tries again */
	reply->sent++;
	evbuffer_add_printf(event, "id: %" PRIu64 "\ndata: %s\n\n", reply->sent, instance);
	evhttp_send_reply_chunk(reply->request, event);
	evbuffer_free(event);
}

static void
page_stream(struct reply *reply, uint64_t count)
{
	if (count > STREAM_MAX) {
		answer_text(reply, HTTP_BADREQUEST, "at most 100000 events");
		return;
	}
	if (!reply_wait(reply, STREAM_INTERVAL_MS, stream_tick_cb))
		return;
	reply->total = count;
	reply_begin(reply, "text/event-stream");
	header_add(reply->request, "Cache-Control", "no-store");
	evhttp_send_reply_start(reply->request, HTTP_OK, NULL);
	stream_tick_cb(-1, 0, reply);
}

/* ---- answers that are there at once */

static void
page_root(struct reply *reply, uint64_t unused)
{
	const struct evkeyvalq *fields = evhttp_request_get_input_headers(reply->request);
	const char *from = evhttp_find_header(fields, "X-Forwarded-For");
	char *client = evhttp_htmlescape(from != NULL ? from : "someone who came directly");
	char *name = evhttp_htmlescape(instance);
	struct evbuffer *body = evbuffer_new();

	(void)unused;
	if (body != NULL && client != NULL && name != NULL)
		evbuffer_add_printf(body,
		    "<!DOCTYPE html>\n<title>%s</title>\n<h1>Hello from %s</h1>\n"
		    "<p>I am process %ld, and you are %s.</p>\n",
		    name, name, (long)getpid(), client);
	free(client);
	free(name);
	answer(reply, HTTP_OK, "text/html; charset=utf-8", body);
}

static void
page_health(struct reply *reply, uint64_t unused)
{
	(void)unused;
	answer_text(reply, HTTP_OK, "ok");
}

static const char *
method_name(struct evhttp_request *request)
{
	switch (evhttp_request_get_command(request)) {
	case EVHTTP_REQ_GET: return "GET";
	case EVHTTP_REQ_POST: return "POST";
	case EVHTTP_REQ_HEAD: return "HEAD";
	case EVHTTP_REQ_PUT: return "PUT";
	case EVHTTP_REQ_DELETE: return "DELETE";
	case EVHTTP_REQ_OPTIONS: return "OPTIONS";
	case EVHTTP_REQ_TRACE: return "TRACE";
	case EVHTTP_REQ_CONNECT: return "CONNECT";
	case EVHTTP_REQ_PATCH: return "PATCH";
	}
	return "-";
}

static void
page_echo(struct reply *reply, uint64_t unused)
{
	struct evhttp_request *request = reply->request;
	const struct evkeyval *field = evhttp_request_get_input_headers(request)->tqh_first;
	struct evbuffer *body = evbuffer_new();

	(void)unused;
	if (body == NULL) {
		evhttp_send_error(request, HTTP_SERVUNAVAIL, NULL);
		return;
	}
	evbuffer_add_printf(body, "%s %s\n", method_name(request), evhttp_request_get_uri(request));
	for (; field != NULL; field = field->next.tqe_next)
		evbuffer_add_printf(body, "%s: %s\n", field->key, field->value);
	evbuffer_add(body, "\n", 1);
	evbuffer_add_buffer(body, evhttp_request_get_input_buffer(request));
	answer(reply, HTTP_OK, "text/plain", body);
}

static void
page_status(struct reply *reply, uint64_t status)
{
	if (status < 200 || status > 599)
		answer_text(reply, HTTP_BADREQUEST, "a status is 200 to 599");
	else if (status == HTTP_NOCONTENT || status == HTTP_NOTMODIFIED)
		evhttp_send_reply(reply->request, (int)status, NULL, NULL);
	else
		answer_text(reply, (int)status, "as you asked");
}

/* FNV-1a, 64 bits: small enough for a client in any language to compute too. */
static uint64_t
fnv1a(uint64_t hash, const unsigned char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static void
page_upload(struct reply *reply, uint64_t unused)
{
	struct evbuffer *input = evhttp_request_get_input_buffer(reply->request);
	uint64_t hash = UINT64_C(0xcbf29ce484222325), count = 0;
	struct evbuffer_iovec part;
	char text[96];

	(void)unused;
	while (evbuffer_peek(input, -1, NULL, &part, 1) > 0) {
		hash = fnv1a(hash, part.iov_base, part.iov_len);
		count += part.iov_len;
		evbuffer_drain(input, part.iov_len);
	}
	snprintf(text, sizeof text, "{\"bytes\":%" PRIu64 ",\"fnv1a\":\"%016" PRIx64 "\"}", count, hash);
	answer_text(reply, HTTP_OK, text);
}

/* ---- which page */

enum { READS = EVHTTP_REQ_GET | EVHTTP_REQ_HEAD, WRITES = EVHTTP_REQ_POST | EVHTTP_REQ_PUT, ANY = PAGES_METHODS };

enum number { NUMBER_NONE, NUMBER_NEEDED, NUMBER_OPTIONAL };

static const struct page {
	const char *path;
	unsigned methods;
	enum number number; /* whether "/NUMBER" follows */
	uint64_t number_default;
	void (*show)(struct reply *reply, uint64_t number);
} pages[] = {
	{ "/", READS, NUMBER_NONE, 0, page_root },
	{ "/health", READS, NUMBER_NONE, 0, page_health },
	{ "/echo", ANY, NUMBER_NONE, 0, page_echo },
	{ "/bytes", READS, NUMBER_NEEDED, 0, page_bytes },
	{ "/slow", ANY, NUMBER_NEEDED, 0, page_slow },
	{ "/stream", READS, NUMBER_OPTIONAL, 10, page_stream },
	{ "/status", ANY, NUMBER_NEEDED, 0, page_status },
	{ "/upload", WRITES, NUMBER_NONE, 0, page_upload },
};

bool
number_parse(const char *text, uint64_t *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && *number <= INT64_MAX;
}

static bool
page_matches(const struct page *page, const char *path, uint64_t *number)
{
	size_t length = strlen(page->path);

	*number = page->number_default;
	if (strncmp(path, page->path, length) != 0)
		return false;
	if (path[length] == '\0')
		return page->number != NUMBER_NEEDED;
	return page->number != NUMBER_NONE && path[length] == '/' && number_parse(path + length + 1, number);
}

void
pages_request_cb(struct evhttp_request *request, void *unused)
{
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
	struct reply *reply = reply_new(request);
	uint64_t number;

	(void)unused;
	if (reply == NULL)
		return;
	for (size_t i = 0; path != NULL && i < sizeof pages / sizeof *pages; i++) {
		if (!page_matches(&pages[i], path, &number))
			continue;
		if ((pages[i].methods & evhttp_request_get_command(request)) != 0)
			pages[i].show(reply, number);
		else
			answer_text(reply, HTTP_BADMETHOD, "not with this method");
		return;
	}
	answer_text(reply, HTTP_NOTFOUND, "there is no such page");
}

void
pages_open(struct event_base *loop, const char *name)
{
	base = loop;
	instance = name;
	for (size_t i = 0; i < sizeof pattern; i++)
		pattern[i] = (unsigned char)(i % 251);
}

unsigned
pages_in_progress(void)
{
	return in_progress;
}

/* Whether the client has ended its side, which evhttp would see with the next write. */
static bool
reply_is_for_nobody(const struct reply *reply)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(reply->request);
	struct pollfd p = { .events = POLLRDHUP };

	if (connection == NULL)
		return false;
	p.fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));
	return poll(&p, 1, 0) == 1;
}

static void
gone_cb(evutil_socket_t fd, short what, void *unused)
{
	struct reply *reply = LIST_FIRST(&replies), *next;

	(void)fd;
	(void)what;
	(void)unused;
	for (; reply != NULL; reply = next) {
		next = LIST_NEXT(reply, entry);
		if (reply_is_for_nobody(reply))
			evhttp_connection_free(evhttp_request_get_connection(reply->request));
	}
}

void
pages_stop(void)
{
	static const struct timeval interval = { 0, GONE_INTERVAL_US };

	if (in_progress > 0)
		gone_timer = event_new(base, -1, EV_PERSIST, gone_cb, NULL);
	if (gone_timer == NULL || event_add(gone_timer, &interval) != 0)
		event_base_loopexit(base, NULL);
}

void
pages_close(void)
{
	if (gone_timer != NULL)
		event_free(gone_timer);
	gone_timer = NULL;
}

/*
 * hello: a small HTTP app to put behind drover, on libevent's evhttp. It is
 * what `./dev run` fronts and what tests talk to, so its pages show what a
 * proxy does to a request: who the client was, which fields arrived, how fast
 * bytes flow.
 *
 *   /            a page that names this instance and its client
 *   /health      200 "ok"
 *   /echo        the request as it arrived: request line, fields, body
 *   /bytes/N     N bytes (byte i of them is i % 251), never held in memory
 *   /slow/MS     answers after MS milliseconds
 *   /stream/N    N server-sent events, one each 200 ms (/stream: 10)
 *   /status/CODE an answer with that status
 *   POST /upload how many bytes came, and their FNV-1a checksum
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

enum {
	BODY_MAX = 64 << 20, /* evhttp keeps request bodies in memory */
	HEADERS_MAX = 64 << 10,
	IDLE_SECONDS = 3600,
	SLOW_MAX_MS = 60000,
	STREAM_MAX = 100000,
	STREAM_INTERVAL_US = 200000,
	PATTERN_LENGTH = 251 * 256 /* a whole number of rounds of the pattern */
};

static struct event_base *base;
static const char *instance = "hello";
static unsigned char pattern[PATTERN_LENGTH];

/* An answer that takes more than one turn of the loop. Freed at its end or with its connection. */
struct reply {
	struct evhttp_request *request;
	struct event *timer; /* or NULL */
	uint64_t sent;
	uint64_t total;
};

static void
header_add(struct evhttp_request *request, const char *name, const char *value)
{
	evhttp_add_header(evhttp_request_get_output_headers(request), name, value);
}

/* Sends `body` (NULL: none) as the whole answer and frees it. */
static void
answer(struct evhttp_request *request, int status, const char *type, struct evbuffer *body)
{
	header_add(request, "Content-Type", type);
	header_add(request, "X-Instance", instance);
	evhttp_send_reply(request, status, NULL, body);
	if (body != NULL)
		evbuffer_free(body);
}

static void
answer_text(struct evhttp_request *request, int status, const char *text)
{
	struct evbuffer *body = evbuffer_new();

	if (body != NULL)
		evbuffer_add_printf(body, "%s\n", text);
	answer(request, status, "text/plain", body);
}

/* ---- answers that take time */

static void
reply_free(struct reply *reply)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(reply->request);

	if (connection != NULL)
		evhttp_connection_set_closecb(connection, NULL, NULL);
	if (reply->timer != NULL)
		event_free(reply->timer);
	free(reply);
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
reply_new(struct evhttp_request *request, uint64_t total, event_callback_fn timer_cb)
{
	struct reply *reply = calloc(1, sizeof *reply);

	if (reply != NULL && timer_cb != NULL)
		reply->timer = event_new(base, -1, EV_PERSIST, timer_cb, reply);
	if (reply == NULL || (timer_cb != NULL && reply->timer == NULL)) {
		free(reply);
		evhttp_send_error(request, HTTP_SERVUNAVAIL, NULL);
		return NULL;
	}
	reply->request = request;
	reply->total = total;
	evhttp_connection_set_closecb(evhttp_request_get_connection(request), reply_closed_cb, reply);
	return reply;
}

static void
reply_end(struct reply *reply)
{
	struct evhttp_request *request = reply->request;

	reply_free(reply);
	evhttp_send_reply_end(request);
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
page_bytes(struct evhttp_request *request, uint64_t count)
{
	struct reply *reply = reply_new(request, count, NULL);
	char length[24];

	if (reply == NULL)
		return;
	snprintf(length, sizeof length, "%" PRIu64, count);
	header_add(request, "Content-Type", "application/octet-stream");
	header_add(request, "Content-Length", length);
	evhttp_send_reply_start(request, HTTP_OK, NULL);
	if (evhttp_request_get_command(request) == EVHTTP_REQ_HEAD)
		reply_end(reply);
	else
		bytes_next_cb(NULL, reply);
}

static void
slow_over_cb(evutil_socket_t fd, short what, void *arg)
{
	struct reply *reply = arg;
	struct evhttp_request *request = reply->request;

	(void)fd;
	(void)what;
	reply_free(reply);
	answer_text(request, HTTP_OK, "slow");
}

static void
page_slow(struct evhttp_request *request, uint64_t milliseconds)
{
	struct timeval wait = { (time_t)(milliseconds / 1000), (suseconds_t)(milliseconds % 1000 * 1000) };
	struct reply *reply;

	if (milliseconds > SLOW_MAX_MS) {
		answer_text(request, HTTP_BADREQUEST, "at most 60000 milliseconds");
		return;
	}
	reply = reply_new(request, 0, slow_over_cb);
	if (reply != NULL)
		event_add(reply->timer, &wait);
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
page_stream(struct evhttp_request *request, uint64_t count)
{
	static const struct timeval interval = { 0, STREAM_INTERVAL_US };
	struct reply *reply;

	if (count > STREAM_MAX) {
		answer_text(request, HTTP_BADREQUEST, "at most 100000 events");
		return;
	}
	reply = reply_new(request, count, stream_tick_cb);
	if (reply == NULL)
		return;
	header_add(request, "Content-Type", "text/event-stream");
	header_add(request, "Cache-Control", "no-store");
	evhttp_send_reply_start(request, HTTP_OK, NULL);
	event_add(reply->timer, &interval);
	stream_tick_cb(-1, 0, reply);
}

/* ---- answers that are there at once */

static void
page_root(struct evhttp_request *request, uint64_t unused)
{
	const char *from = evhttp_find_header(evhttp_request_get_input_headers(request), "X-Forwarded-For");
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
	answer(request, HTTP_OK, "text/html; charset=utf-8", body);
}

static void
page_health(struct evhttp_request *request, uint64_t unused)
{
	(void)unused;
	answer_text(request, HTTP_OK, "ok");
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
page_echo(struct evhttp_request *request, uint64_t unused)
{
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
	answer(request, HTTP_OK, "text/plain", body);
}

static void
page_status(struct evhttp_request *request, uint64_t status)
{
	if (status < 200 || status > 599)
		answer_text(request, HTTP_BADREQUEST, "a status is 200 to 599");
	else if (status == HTTP_NOCONTENT || status == HTTP_NOTMODIFIED)
		evhttp_send_reply(request, (int)status, NULL, NULL);
	else
		answer_text(request, (int)status, "as you asked");
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
page_upload(struct evhttp_request *request, uint64_t unused)
{
	struct evbuffer *input = evhttp_request_get_input_buffer(request);
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
	answer_text(request, HTTP_OK, text);
}

/* ---- which page */

enum { READS = EVHTTP_REQ_GET | EVHTTP_REQ_HEAD, WRITES = EVHTTP_REQ_POST | EVHTTP_REQ_PUT, ANY = 0xffff };

enum number { NUMBER_NONE, NUMBER_NEEDED, NUMBER_OPTIONAL };

static const struct page {
	const char *path;
	unsigned methods;
	enum number number; /* whether "/NUMBER" follows */
	uint64_t number_default;
	void (*show)(struct evhttp_request *request, uint64_t number);
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

static bool
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

static void
request_cb(struct evhttp_request *request, void *unused)
{
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
	uint64_t number;

	(void)unused;
	for (size_t i = 0; path != NULL && i < sizeof pages / sizeof *pages; i++) {
		if (!page_matches(&pages[i], path, &number))
			continue;
		if ((pages[i].methods & evhttp_request_get_command(request)) != 0)
			pages[i].show(request, number);
		else
			answer_text(request, HTTP_BADMETHOD, "not with this method");
		return;
	}
	answer_text(request, HTTP_NOTFOUND, "there is no such page");
}

/* ---- start and end */

static void
stop_cb(evutil_socket_t signal_number, short what, void *unused)
{
	(void)signal_number;
	(void)what;
	(void)unused;
	event_base_loopbreak(base);
}

/* The port that fd is bound to; 0 when it cannot be told. */
static unsigned
port_of(evutil_socket_t fd)
{
	struct sockaddr_in6 bound = { 0 }; /* the port is where sockaddr_in has it */
	socklen_t length = sizeof bound;

	return getsockname(fd, (struct sockaddr *)&bound, &length) == 0 ? ntohs(bound.sin6_port) : 0;
}

/* Listens and says where, so that whoever started us can read it. -1: an error, shown. */
static int
listen_on(struct evhttp *http, const char *address, uint16_t port)
{
	struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(http, address, port);
	bool v6 = strchr(address, ':') != NULL;

	if (bound == NULL) {
		fprintf(stderr, "hello: cannot listen on %s port %u: %s\n", address, port, strerror(errno));
		return -1;
	}
	printf("listening on http://%s%s%s:%u\n", v6 ? "[" : "", address, v6 ? "]" : "",
	    port_of(evhttp_bound_socket_get_fd(bound)));
	return fflush(stdout) == 0 ? 0 : -1;
}

/* Serves until a signal says stop. Returns the exit status. */
static int
serve(const char *address, uint16_t port)
{
	struct evhttp *http = evhttp_new(base);
	struct event *term = evsignal_new(base, SIGTERM, stop_cb, NULL);
	struct event *interrupt = evsignal_new(base, SIGINT, stop_cb, NULL);
	int status = EXIT_FAILURE;

	if (http == NULL || term == NULL || interrupt == NULL || evsignal_add(term, NULL) != 0 ||
	    evsignal_add(interrupt, NULL) != 0) {
		fprintf(stderr, "hello: cannot start: no memory\n");
	} else {
		evhttp_set_max_body_size(http, BODY_MAX);
		evhttp_set_max_headers_size(http, HEADERS_MAX);
		evhttp_set_timeout(http, IDLE_SECONDS);
		evhttp_set_allowed_methods(http, ANY);
		evhttp_set_gencb(http, request_cb, NULL);
		if (listen_on(http, address, port) == 0 && event_base_dispatch(base) == 0)
			status = EXIT_SUCCESS;
	}
	if (http != NULL)
		evhttp_free(http);
	if (term != NULL)
		event_free(term);
	if (interrupt != NULL)
		event_free(interrupt);
	return status;
}

static void
usage(FILE *to)
{
	fprintf(to, "usage: hello [-a ADDRESS] [-p PORT] [-n NAME]\n"
		    "  -a ADDRESS  listen on this address (127.0.0.1)\n"
		    "  -p PORT     and this port (8080; 0: the kernel chooses)\n"
		    "  -n NAME     what this instance calls itself (hello)\n");
}

int
main(int argc, char **argv)
{
	const char *address = "127.0.0.1";
	uint64_t port = 8080;
	int option, status;

	while ((option = getopt(argc, argv, "a:p:n:h")) != -1) {
		switch (option) {
		case 'a':
			address = optarg;
			break;
		case 'n':
			instance = optarg;
			break;
		case 'p':
			if (number_parse(optarg, &port) && port <= UINT16_MAX)
				break;
			fprintf(stderr, "hello: '%s' is not a port\n", optarg);
			return EXIT_FAILURE;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return EXIT_FAILURE;
		}
	}
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof pattern; i++)
		pattern[i] = (unsigned char)(i % 251);
	base = event_base_new();
	if (base == NULL) {
		fprintf(stderr, "hello: cannot make an event loop\n");
		return EXIT_FAILURE;
	}
	status = serve(address, (uint16_t)port);
	event_base_free(base);
	libevent_global_shutdown();
	return status;
}

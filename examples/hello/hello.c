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
 *
 * It listens where it is told (listen.h). SIGTERM and SIGINT let it finish the requests in
 * progress, a second one or SIGQUIT ends it at once; it says which signals it gets.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/http.h>

#include "listen.h"
#include "pages.h"

enum {
	BODY_MAX = 64 << 20, /* evhttp keeps request bodies in memory */
	HEADERS_MAX = 64 << 10,
	IDLE_SECONDS = 3600
};

static struct event_base *base;
static struct evhttp *http;
static struct evhttp_bound_socket *bound; /* NULL: it is stopping */

/* The first asks to stop: nothing new is accepted, and what is in progress is finished. The second is for at once. */
static void
stop_cb(evutil_socket_t number, short what, void *unused)
{
	(void)what;
	(void)unused;
	printf("SIG%s, %u requests in progress\n", sigabbrev_np(number), pages_in_progress());
	fflush(stdout);
	if (bound == NULL) {
		event_base_loopbreak(base);
		return;
	}
	evhttp_del_accept_socket(http, bound);
	bound = NULL;
	pages_stop();
}

static void
quit_cb(evutil_socket_t number, short what, void *unused)
{
	(void)what;
	(void)unused;
	printf("SIG%s, %u requests are cut\n", sigabbrev_np(number), pages_in_progress());
	fflush(stdout);
	event_base_loopbreak(base);
}

static void
note_cb(evutil_socket_t number, short what, void *unused)
{
	(void)what;
	(void)unused;
	printf("SIG%s\n", sigabbrev_np(number));
	fflush(stdout);
}

static const struct {
	int number;
	event_callback_fn callback;
} signals[] = {
	{ SIGTERM, stop_cb },
	{ SIGINT, stop_cb },
	{ SIGQUIT, quit_cb },
	{ SIGHUP, note_cb },
	{ SIGUSR1, note_cb },
	{ SIGUSR2, note_cb },
};
enum { SIGNALS = sizeof signals / sizeof *signals };

static bool
signals_open(struct event *watches[SIGNALS])
{
	for (size_t i = 0; i < SIGNALS; i++) {
		watches[i] = evsignal_new(base, signals[i].number, signals[i].callback, NULL);
		if (watches[i] == NULL || evsignal_add(watches[i], NULL) != 0)
			return false;
	}
	return true;
}

/* Listens and says where, so that whoever started us can read it. false: an error, shown. */
static bool
begin(const struct listen_wish *wish)
{
	char text[LISTEN_TEXT_MAX];
	int fd = listen_open(wish, text);

	if (fd < 0)
		return false;
	bound = evhttp_accept_socket_with_handle(http, fd);
	if (bound == NULL) {
		fprintf(stderr, "hello: cannot accept connections\n");
		close(fd);
		return false;
	}
	printf("listening on %s\n", text);
	return fflush(stdout) == 0;
}

/* Serves until a signal says stop. Returns the exit status. */
static int
serve(const struct listen_wish *wish)
{
	struct event *watches[SIGNALS] = { NULL };
	int status = EXIT_FAILURE;

	http = evhttp_new(base);
	if (http == NULL || !signals_open(watches)) {
		fprintf(stderr, "hello: cannot start: no memory\n");
	} else {
		evhttp_set_max_body_size(http, BODY_MAX);
		evhttp_set_max_headers_size(http, HEADERS_MAX);
		evhttp_set_timeout(http, IDLE_SECONDS);
		evhttp_set_allowed_methods(http, PAGES_METHODS);
		evhttp_set_gencb(http, pages_request_cb, NULL);
		if (begin(wish) && event_base_dispatch(base) == 0)
			status = EXIT_SUCCESS;
	}
	if (http != NULL)
		evhttp_free(http);
	pages_close();
	for (size_t i = 0; i < SIGNALS && watches[i] != NULL; i++)
		event_free(watches[i]);
	return status;
}

static void
usage(FILE *to)
{
	fprintf(to, "usage: hello [-a ADDRESS] [-p PORT] [-n NAME]\n"
		    "  -a ADDRESS  listen on this address (HOST, or 127.0.0.1), or on unix:PATH\n"
		    "  -p PORT     and this port (PORT, or 8080; 0: the kernel chooses)\n"
		    "  -n NAME     what this instance calls itself (DROVER_APP.DROVER_INSTANCE, or hello)\n"
		    "Without -a and -p it takes a socket that it is passed (LISTEN_FDS).\n"
		    "TERM and INT finish the requests in progress; a second one, or QUIT, ends it at once.\n");
}

/* What it is called by drover, when that has started it. */
static const char *
instance_find(void)
{
	static char name[80];
	const char *app = getenv("DROVER_APP"), *number = getenv("DROVER_INSTANCE");

	if (app == NULL || number == NULL)
		return "hello";
	snprintf(name, sizeof name, "%s.%s", app, number);
	return name;
}

int
main(int argc, char **argv)
{
	struct listen_wish wish = { .address = NULL };
	const char *instance = instance_find();
	uint64_t number;
	int option, status;

	while ((option = getopt(argc, argv, "a:p:n:h")) != -1) {
		switch (option) {
		case 'a':
			wish.address = optarg;
			break;
		case 'n':
			instance = optarg;
			break;
		case 'p':
			wish.port = optarg;
			if (number_parse(optarg, &number) && number <= UINT16_MAX)
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
	base = event_base_new();
	if (base == NULL) {
		fprintf(stderr, "hello: cannot make an event loop\n");
		return EXIT_FAILURE;
	}
	pages_open(base, instance);
	status = serve(&wish);
	event_base_free(base);
	libevent_global_shutdown();
	return status;
}

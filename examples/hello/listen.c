#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PASSED = 3, BACKLOG = 1024, HOST_MAX = 128 };

static int
refuse(const char *address, const char *port, const char *why)
{
	fprintf(stderr, "hello: cannot listen on %s%s%s: %s\n", address, port != NULL ? " port " : "", port != NULL ? port : "",
	    why);
	return -1;
}

static int
open_unix(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof un.sun_path)
		return refuse(path, NULL, "the path is too long");
	memcpy(un.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return refuse(path, NULL, strerror(errno));
	if (bind(fd, (const struct sockaddr *)&un, sizeof un) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	refuse(path, NULL, strerror(errno));
	close(fd);
	return -1;
}

static int
open_tcp(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM }, *found;
	int code = getaddrinfo(host, port, &hints, &found), on = 1, fd;

	if (code != 0)
		return refuse(host, port, gai_strerror(code));
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
		refuse(host, port, strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

/* Whether a socket was passed, and to this process: children inherit the variables, too. */
static bool
is_passed(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");

	return pid != NULL && count != NULL && strtol(pid, NULL, 10) == (long)getpid() && strtol(count, NULL, 10) > 0;
}

static int
open_wish(const struct listen_wish *wish)
{
	const char *host = wish->address, *port = wish->port;

	if (host != NULL && strncmp(host, "unix:", 5) == 0)
		return open_unix(host + 5);
	if (host == NULL && port == NULL && is_passed())
		return PASSED;
	if (host == NULL)
		host = getenv("HOST");
	if (port == NULL)
		port = getenv("PORT");
	return open_tcp(host != NULL ? host : "127.0.0.1", port != NULL ? port : "8080");
}

/* The socket as it really is, for the kernel may have chosen the port. */
static void
describe(int fd, char text[LISTEN_TEXT_MAX])
{
	union {
		struct sockaddr any;
		struct sockaddr_un un;
		struct sockaddr_storage room;
	} address = { .any = { .sa_family = AF_UNSPEC } };
	socklen_t length = sizeof address - 1;
	char host[HOST_MAX], port[8];

	snprintf(text, LISTEN_TEXT_MAX, "a socket that has no name");
	if (getsockname(fd, &address.any, &length) < 0)
		return;
	if (address.any.sa_family == AF_UNIX)
		snprintf(text, LISTEN_TEXT_MAX, "unix:%.*s", (int)(length - offsetof(struct sockaddr_un, sun_path)),
		    address.un.sun_path);
	else if (getnameinfo(&address.any, length, host, sizeof host, port, sizeof port,
		     NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		snprintf(text, LISTEN_TEXT_MAX, strchr(host, ':') != NULL ? "http://[%s]:%s" : "http://%s:%s", host, port);
}

int
listen_open(const struct listen_wish *wish, char text[LISTEN_TEXT_MAX])
{
	int fd = open_wish(wish);

	if (fd < 0)
		return -1;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		close(fd);
		return refuse("the socket", NULL, strerror(errno));
	}
	describe(fd, text);
	return fd;
}

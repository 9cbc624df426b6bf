#include "net/listener.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/port_owner.h"

enum {
	DEFER_ACCEPT_SECONDS = 1, /* a client that says nothing is handed over after about this time */
	ACCEPT_TRIES = 64 /* connections in a row that were gone before they could be accepted */
};

static int
option_on(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value);
}

static bool
is_any_ipv6(const struct address *address)
{
	return address->socket.any.sa_family == AF_INET6 &&
	       IN6_IS_ADDR_UNSPECIFIED(&address->socket.in6.sin6_addr);
}

/* The IPv4 form of "*", for a kernel without IPv6. */
static struct address
any_ipv4(const struct address *address)
{
	struct address a = { .length = sizeof a.socket.in };

	a.socket.in.sin_family = AF_INET;
	a.socket.in.sin_port = address->socket.in6.sin6_port;
	return a;
}

static int
in_use_error(const struct address *address, struct error *err)
{
	char text[ADDRESS_TEXT_MAX], owner[PORT_OWNER_TEXT_MAX];

	address_format(address, text);
	if (port_owner_find(address, owner))
		return error_set(err, "cannot listen on %s: in use by %s", text, owner);
	return error_set(err, "cannot listen on %s: in use by another process", text);
}

static int
bind_error(const struct address *address, struct error *err)
{
	char text[ADDRESS_TEXT_MAX];

	address_format(address, text);
	if (errno == EADDRINUSE)
		return in_use_error(address, err);
	if (errno == EACCES && address_port(address) != 0 && address_port(address) < 1024)
		return error_errno(
		    err, "cannot listen on %s: ports below 1024 need root or CAP_NET_BIND_SERVICE", text);
	return error_errno(err, "cannot listen on %s", text);
}

/* ---- TCP */

static int
tcp_prepare(int fd, const struct address *address, const struct listener_options *options)
{
	if (option_on(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0 || option_on(fd, IPPROTO_TCP, TCP_NODELAY, 1) < 0)
		return -1;
	if (options->defer_accept && option_on(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_ACCEPT_SECONDS) < 0)
		return -1;
	if (address->socket.any.sa_family == AF_INET6)
		return option_on(fd, IPPROTO_IPV6, IPV6_V6ONLY, options->ipv6_only);
	return 0;
}

static int
tcp_open(const struct address *address, const struct listener_options *options)
{
	int fd = socket(address->socket.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int saved;

	if (fd < 0)
		return -1;
	if (tcp_prepare(fd, address, options) == 0 && bind(fd, &address->socket.any, address->length) == 0 &&
	    listen(fd, options->backlog) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static int
tcp_listen(const struct address *address, const struct listener_options *options, struct error *err)
{
	struct address ipv4;
	int fd = tcp_open(address, options);

	if (fd < 0 && is_any_ipv6(address) && !options->ipv6_only &&
	    (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
		ipv4 = any_ipv4(address);
		fd = tcp_open(&ipv4, options);
	}
	return fd >= 0 ? fd : bind_error(address, err);
}

/* ---- unix sockets */

static int
live_error(int probe, const char *path, struct error *err)
{
	struct ucred peer = { .pid = 0 };
	socklen_t length = sizeof peer;
	char owner[PORT_OWNER_TEXT_MAX];

	if (getsockopt(probe, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.pid > 0)
		return error_set(
		    err, "cannot listen on unix:%s: in use by %s", path, port_owner_name(peer.pid, owner));
	return error_set(err, "cannot listen on unix:%s: in use by another process", path);
}

/* Whether nobody listens there any more. false with a sentence: somebody does, or it cannot be told. */
static bool
unix_is_left_over(const struct address *address, struct error *err)
{
	const char *path = address->socket.un.sun_path;
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool left_over = false;

	if (probe < 0) {
		error_errno(err, "cannot listen on unix:%s", path);
		return false;
	}
	if (connect(probe, &address->socket.any, address->length) == 0 || errno == EAGAIN)
		live_error(probe, path, err);
	else if (errno == ECONNREFUSED || errno == ENOENT)
		left_over = true;
	else
		error_errno(err, "cannot listen on unix:%s: cannot tell whether it is in use", path);
	close(probe);
	return left_over;
}

/* Removes a socket that nobody listens on. -1 with a sentence when the path is taken. */
static int
unix_make_room(const struct address *address, struct error *err)
{
	const char *path = address->socket.un.sun_path;
	struct stat st;

	if (lstat(path, &st) < 0)
		return 0; /* bind finds out what is wrong, if anything */
	if (!S_ISSOCK(st.st_mode))
		return error_set(
		    err, "cannot listen on unix:%s: there is a file of that name that is no socket", path);
	if (!unix_is_left_over(address, err))
		return -1;
	if (unlink(path) < 0 && errno != ENOENT)
		return error_errno(err, "cannot remove the left-over socket %s", path);
	return 0;
}

/* Between bind and listen: nobody can connect before the owner and the mode are right. */
static int
unix_set_owner(const char *path, const struct listener_options *options, struct error *err)
{
	if ((options->uid != (uid_t)-1 || options->gid != (gid_t)-1) &&
	    chown(path, options->uid, options->gid) < 0)
		return error_errno(err, "cannot change the owner of %s", path);
	if (options->mode != (mode_t)-1 && chmod(path, options->mode) < 0)
		return error_errno(err, "cannot change the mode of %s", path);
	return 0;
}

static int
unix_listen(const struct address *address, const struct listener_options *options, struct error *err)
{
	const char *path = address->socket.un.sun_path;
	int fd;

	if (unix_make_room(address, err) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_errno(err, "cannot listen on unix:%s", path);
	if (bind(fd, &address->socket.any, address->length) < 0) {
		error_file(err, path, "cannot listen on unix:%s", path);
		close(fd);
		return -1;
	}
	if (unix_set_owner(path, options, err) < 0)
		goto fail;
	if (listen(fd, options->backlog) < 0) {
		error_errno(err, "cannot listen on unix:%s", path);
		goto fail;
	}
	return fd;

fail:
	unlink(path);
	close(fd);
	return -1;
}

int
listener_open(const struct address *address, const struct listener_options *options, struct error *err)
{
	if (address->socket.any.sa_family == AF_UNIX)
		return unix_listen(address, options, err);
	return tcp_listen(address, options, err);
}

/* ---- accept */

int
listener_address(int fd, struct address *address)
{
	memset(address, 0, sizeof *address);
	address->length = sizeof address->socket;
	if (getsockname(fd, &address->socket.any, &address->length) == 0)
		return 0;
	address->length = 0;
	return -1;
}

/* accept(2) passes on what went wrong with one connection that was still in the queue. */
static bool
is_one_connections_error(int number)
{
	switch (number) {
	case EINTR:
	case ECONNABORTED:
	case ENETDOWN:
	case EPROTO:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case ENONET:
	case EHOSTUNREACH:
	case EOPNOTSUPP:
	case ENETUNREACH:
	case ETIMEDOUT:
	case EPERM: /* a firewall's word */
		return true;
	default:
		return false;
	}
}

int
listener_accept(int fd, struct address *peer)
{
	int tries, client;

	for (tries = 0; tries < ACCEPT_TRIES; tries++) {
		peer->length = sizeof peer->socket;
		client = accept4(fd, &peer->socket.any, &peer->length, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client >= 0 || !is_one_connections_error(errno))
			return client;
	}
	errno = EAGAIN;
	return -1;
}

void
listener_queue(int fd, uint32_t *waiting, uint32_t *room)
{
	struct tcp_info info;
	socklen_t length = sizeof info;

	*waiting = *room = 0;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
		return;
	/* of a listening socket these two are the queue and its limit */
	*waiting = info.tcpi_unacked;
	*room = info.tcpi_sacked;
}

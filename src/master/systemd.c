#include "master/systemd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "net/listener.h"

enum { FIRST_PASSED_FD = 3 };

static int
socket_number(int fd, int option)
{
	int value = 0;
	socklen_t length = sizeof value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &length) < 0 ? -1 : value;
}

static int
socket_check(int fd, struct error *err)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || socket_number(fd, SO_TYPE) != SOCK_STREAM || socket_number(fd, SO_ACCEPTCONN) != 1)
		return error_set(
		    err, "descriptor %d was passed as a listening socket (LISTEN_FDS) and is none", fd);
	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return error_errno(err, "cannot use the passed socket %d", fd);
	return 0;
}

/* Takes the next name off a list with colons. */
static void
name_next(const char **list, char name[SYSTEMD_NAME_MAX])
{
	size_t length = strcspn(*list, ":");

	snprintf(name, SYSTEMD_NAME_MAX, "%.*s", (int)length, *list);
	*list += length;
	if (**list == ':')
		++*list;
}

static int
receive_all(struct systemd_sockets *sockets, uint64_t count, const char *names, struct error *err)
{
	size_t i;

	if (count > SYSTEMD_SOCKETS_MAX)
		return error_set(err, "at most %d sockets can be passed (LISTEN_FDS)", SYSTEMD_SOCKETS_MAX);
	for (i = 0; i < count; i++) {
		struct systemd_socket *s = &sockets->all[i];

		s->fd = FIRST_PASSED_FD + (int)i;
		name_next(&names, s->name);
		if (socket_check(s->fd, err) < 0)
			return -1;
		listener_address(s->fd, &s->address);
		sockets->count++;
	}
	return 0;
}

int
systemd_receive(struct systemd_sockets *sockets, struct error *err)
{
	const char *count_text = getenv("LISTEN_FDS"), *pid_text = getenv("LISTEN_PID"),
		   *names = getenv("LISTEN_FDNAMES");
	uint64_t count, pid;
	int result = 0;

	sockets->count = 0;
	if (count_text != NULL && pid_text != NULL && text_to_number(pid_text, &pid) &&
	    pid == (uint64_t)getpid()) {
		if (text_to_number(count_text, &count))
			result = receive_all(sockets, count, names != NULL ? names : "", err);
		else
			result = error_set(err, "LISTEN_FDS is not a number: \"%.100s\"", count_text);
	}
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	return result;
}

int
systemd_take(struct systemd_sockets *sockets, const char *name, const struct address *address)
{
	size_t i;

	for (i = 0; i < sockets->count; i++) {
		struct systemd_socket *s = &sockets->all[i];
		int fd = s->fd;

		if (fd < 0)
			continue;
		if (name != NULL ? strcmp(name, s->name) != 0 : !address_equal(address, &s->address))
			continue;
		s->fd = -1;
		return fd;
	}
	return -1;
}

void
systemd_close(struct systemd_sockets *sockets, bool tell)
{
	char text[ADDRESS_TEXT_MAX];
	size_t i;

	for (i = 0; i < sockets->count; i++) {
		struct systemd_socket *s = &sockets->all[i];

		if (s->fd < 0)
			continue;
		if (tell)
			log_warn("no listener is configured for the passed socket \"%s\" (%s); it is closed",
			    s->name, address_format(&s->address, text));
		close(s->fd);
	}
	sockets->count = 0;
}

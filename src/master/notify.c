#include "master/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

static bool
notify_address(struct address *to, const char *path)
{
	size_t length = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || length >= sizeof to->socket.un.sun_path)
		return false;
	memset(to, 0, sizeof *to);
	to->socket.un.sun_family = AF_UNIX;
	memcpy(to->socket.un.sun_path, path, length);
	if (path[0] == '@')
		to->socket.un.sun_path[0] =
		    '\0'; /* an abstract name: its length counts, it has no NUL at its end */
	else
		length++;
	to->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	return true;
}

void
notify_open(struct notify *notify)
{
	const char *path = getenv("NOTIFY_SOCKET");

	notify->fd = -1;
	if (path == NULL)
		return;
	if (!notify_address(&notify->to, path))
		log_warn("NOTIFY_SOCKET makes no sense: \"%s\"", path);
	else
		notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	unsetenv("NOTIFY_SOCKET");
}

void
notify_close(struct notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

void
notify_send(const struct notify *notify, const char *format, ...)
{
	char text[256];
	va_list ap;

	if (notify->fd < 0)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (sendto(notify->fd, text, strlen(text), MSG_NOSIGNAL, &notify->to.socket.any, notify->to.length) <
	    0)
		log_debug("cannot notify systemd");
}

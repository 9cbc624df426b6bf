#include "net/connect.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

int
connect_begin(const struct address *address, bool *connected)
{
	int fd, on = 1, saved;

	fd = socket(address->socket.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (address->socket.any.sa_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	*connected = connect(fd, &address->socket.any, address->length) == 0;
	if (*connected || errno == EINPROGRESS)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

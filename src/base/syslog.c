#include "base/syslog.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static int syslog_fd = -1;

void
syslog_open(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (syslog_fd >= 0)
		close(syslog_fd);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", _PATH_LOG);
	syslog_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (syslog_fd < 0)
		return;
	if (connect(syslog_fd, (const struct sockaddr *)&address, sizeof address) < 0) {
		close(syslog_fd);
		syslog_fd = -1;
	}
}

/* As RFC 3164 and every daemon on Linux has it: <priority>time tag[pid]: text */
static int
syslog_format(char *line, size_t size, int priority, const char *process, const char *text)
{
	time_t now = time(NULL);
	char when[32];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(when, sizeof when, "%b %e %H:%M:%S", &tm);
	return snprintf(line, size, "<%d>%s drover[%d]: %s: %s", LOG_DAEMON | priority, when, (int)getpid(), process, text);
}

bool
syslog_send(int priority, const char *process, const char *text)
{
	char line[2304];
	int length = syslog_format(line, sizeof line, priority, process, text);
	size_t size = (size_t)length < sizeof line ? (size_t)length : sizeof line - 1;

	if (syslog_fd >= 0 && send(syslog_fd, line, size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return true;
	/* the daemon may have been started anew */
	syslog_open();
	return syslog_fd >= 0 && send(syslog_fd, line, size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

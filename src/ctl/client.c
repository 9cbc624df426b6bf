#include "ctl/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/object.h"
#include "ctl/memory.h"
#include "ctl/printable.h"

enum { READ_SIZE = 64 * 1024, RETRY_MS = 20, SHOWN_MAX = 60 };

const char *
client_path(const char *named)
{
	const char *path = getenv("DROVER_CONTROL");

	if (named != NULL)
		return named;
	return path != NULL && *path != '\0' ? path : DROVER_RUNDIR "/control.sock";
}

/* Milliseconds for poll(2), rounded up. */
static int
time_left(uint64_t deadline)
{
	uint64_t now = clock_monotonic(), ms;

	if (deadline == CLIENT_NEVER)
		return -1;
	if (deadline <= now)
		return 0;
	ms = (deadline - now + CLOCK_MILLISECOND - 1) / CLOCK_MILLISECOND;
	return ms < 3600000 ? (int)ms : 3600000;
}

static enum client_status
broken(struct error *err, const char *sentence)
{
	error_set(err, "%s", sentence);
	return CLIENT_BROKEN;
}

/* The sentence for a connect(2) that failed. */
static enum client_status
open_failed(struct error *err, const char *path)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
		error_set(err, "there is no control socket %s. Is drover running? Its configuration says where "
			       "(section control); -S or DROVER_CONTROL names another.", path);
		break;
	case ECONNREFUSED:
		error_set(err, "nobody listens on %s: drover has ended, or it is not its socket. "
			       "-S or DROVER_CONTROL names another.", path);
		break;
	case EACCES:
	case EPERM:
		error_set(err, "no permission to use %s. Owner, group and mode of the socket are set in "
			       "section control of drover's configuration; root may always.", path);
		break;
	default:
		error_errno(err, "cannot connect to %s", path);
	}
	return CLIENT_BROKEN;
}

static enum client_status
connect_until(int fd, const struct sockaddr_un *address, uint64_t deadline, struct error *err)
{
	while (connect(fd, (const struct sockaddr *)address, sizeof *address) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return open_failed(err, address->sun_path);
		if (time_left(deadline) == 0) {
			error_set(err, "too many wait to be let in on %s.", address->sun_path);
			return CLIENT_LATE;
		}
		poll(NULL, 0, RETRY_MS); /* its queue is full: poll(2) cannot wait for that */
	}
	return CLIENT_OK;
}

enum client_status
client_open(struct client *c, const char *path, uint64_t deadline, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	enum client_status status;

	*c = (struct client){ .fd = -1 };
	if (strlen(path) >= sizeof address.sun_path)
		return broken(err, "the path of the control socket is too long.");
	memcpy(address.sun_path, path, strlen(path) + 1);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0) {
		error_errno(err, "cannot make a socket");
		return CLIENT_BROKEN;
	}
	status = connect_until(c->fd, &address, deadline, err);
	if (status != CLIENT_OK)
		client_close(c);
	return status;
}

void
client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->bytes);
	*c = (struct client){ .fd = -1 };
}

/* Waits until fd is ready for `events`: 1, or 0 when the deadline has passed. */
static int
wait_for(int fd, short events, uint64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = events };
	int count;

	do
		count = poll(&p, 1, time_left(deadline));
	while ((count < 0 && errno == EINTR) || (count == 0 && time_left(deadline) != 0));
	return count > 0;
}

static enum client_status
send_all(struct client *c, const char *line, size_t length, uint64_t deadline, struct error *err)
{
	ssize_t n;

	while (length > 0) {
		n = send(c->fd, line, length, MSG_NOSIGNAL);
		if (n > 0) {
			line += n;
			length -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			if (!wait_for(c->fd, POLLOUT, deadline))
				return CLIENT_LATE;
		} else if (n < 0 && errno != EINTR) {
			/* what it has said may tell why: client_receive reads that first */
			if (errno == EPIPE || errno == ECONNRESET)
				return CLIENT_OK;
			error_errno(err, "cannot send to drover");
			return CLIENT_BROKEN;
		}
	}
	return CLIENT_OK;
}

enum client_status
client_send(struct client *c, int id, const char *method, json_t *params, uint64_t deadline, struct error *err)
{
	json_t *request = memory_need(json_pack("{s:s,s:i,s:s}", "jsonrpc", "2.0", "id", id, "method", method));
	enum client_status status;
	char *text, *line;

	if (params != NULL && json_object_set(request, "params", params) < 0)
		memory_need(NULL);
	text = memory_need(json_dumps(request, JSON_COMPACT));
	line = memory_print("%s\n", text);
	status = send_all(c, line, strlen(line), deadline, err);
	free(line);
	free(text);
	json_decref(request);
	return status;
}

/* Reads once what is there: 1, 0 at the end, -1 with errno. */
static int
read_some(struct client *c)
{
	ssize_t n;

	if (c->start > 0) {
		memmove(c->bytes, c->bytes + c->start, c->end - c->start);
		c->end -= c->start;
		c->start = 0;
	}
	if (c->size - c->end < READ_SIZE) {
		c->size = c->size * 2 + READ_SIZE;
		c->bytes = memory_grow(c->bytes, c->size, 1);
	}
	n = recv(c->fd, c->bytes + c->end, c->size - c->end, 0);
	if (n > 0)
		c->end += (size_t)n;
	return n > 0 ? 1 : (int)n;
}

/* Reads until a whole line is in the buffer; its length without the newline. */
static enum client_status
fill(struct client *c, size_t *length, uint64_t deadline, struct error *err)
{
	const char *newline;
	int got;

	for (;;) {
		newline = c->end - c->start == c->scanned
			      ? NULL
			      : memchr(c->bytes + c->start + c->scanned, '\n', c->end - c->start - c->scanned);
		if (newline != NULL) {
			*length = (size_t)(newline - c->bytes) - c->start;
			return CLIENT_OK;
		}
		c->scanned = c->end - c->start;
		if (c->scanned > CLIENT_LINE_MAX)
			return broken(err, "what answers sends a line without end: it is not drover.");
		got = read_some(c);
		if (got == 0 || (got < 0 && errno == ECONNRESET))
			return broken(err, c->scanned > 0 ? "drover closed the connection in the middle of its answer."
							  : "drover closed the connection.");
		if (got < 0 && errno == EAGAIN) {
			if (!wait_for(c->fd, POLLIN, deadline))
				return CLIENT_LATE;
		} else if (got < 0 && errno != EINTR) {
			error_errno(err, "cannot read from drover");
			return CLIENT_BROKEN;
		}
	}
}

/* The sentence for a line that is no JSON object. */
static enum client_status
not_drover(struct error *err, const char *line, size_t length)
{
	char *shown = printable(line, length < SHOWN_MAX ? length : SHOWN_MAX, false);

	error_set(err, "what answers does not speak drover's protocol: it says '%s'%s", shown,
	    length > SHOWN_MAX ? "..." : "");
	free(shown);
	return CLIENT_BROKEN;
}

enum client_status
client_receive(struct client *c, json_t **object, uint64_t deadline, struct error *err)
{
	enum client_status status;
	size_t length = 0;

	status = fill(c, &length, deadline, err);
	if (status != CLIENT_OK)
		return status;
	*object = json_loadb(c->bytes + c->start, length, JSON_ALLOW_NUL, NULL);
	if (!json_is_object(*object)) {
		json_decref(*object);
		*object = NULL;
		return not_drover(err, c->bytes + c->start, length);
	}
	c->start += length + 1;
	c->scanned = 0;
	return CLIENT_OK;
}

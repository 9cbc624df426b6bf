#include "app/place.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/process.h"
#include "app/who.h"
#include "base/log.h"
#include "base/random.h"
#include "net/listener.h"

enum {
	PORT_FIRST = 20000, /* when the range for outgoing connections begins above it */
	PORTS_WANTED = 2000, /* fewer are no room */
	PORT_TRIES = 500, /* 3 us each */
	BACKLOG = 4096, /* of a passed socket: what waits while the instance is started again */
	TURNED_AWAY_MAX = 100 /* at a time: less than a millisecond */
};

void
app_place_init(struct app_place *place)
{
	memset(place, 0, sizeof *place);
	place->fd = place->claim = -1;
}

/* ---- ports */

/* ip(7): those of outgoing connections, from ... to. */
static void
outgoing_read(unsigned *from, unsigned *to)
{
	char text[64], *end = text;

	*from = *to = 0;
	if (process_read_file("/proc/sys/net/ipv4/ip_local_port_range", text, sizeof text) > 0) {
		*from = (unsigned)strtoul(text, &end, 10);
		*to = (unsigned)strtoul(end, NULL, 10);
	}
	if (*from > 0 && *from <= *to && *to <= UINT16_MAX)
		return;
	*from = 32768;
	*to = 60999;
}

static void
ports_open(struct app_ports *ports)
{
	unsigned from, to;

	outgoing_read(&from, &to);
	ports->first = ports->last = 1;
	if (from >= PORT_FIRST + PORTS_WANTED) {
		ports->first = PORT_FIRST;
		ports->last = (uint16_t)(from - 1);
	} else if (to + PORTS_WANTED <= UINT16_MAX) {
		ports->first = (uint16_t)(to + 1);
		ports->last = UINT16_MAX;
	} else {
		ports->by_kernel = true;
		log_notice("ip_local_port_range leaves no ports for apps: theirs may be taken by outgoing connections");
	}
}

static bool
port_was_given(const struct app_ports *ports, uint16_t port)
{
	unsigned i;

	for (i = 0; i < APP_PORTS_REMEMBERED; i++)
		if (ports->given[i] == port)
			return true;
	return false;
}

/* Whether a server of a pool has it, which may be down at present. */
static bool
port_is_a_servers(const struct conf *conf, uint16_t port)
{
	const struct conf_pool *pool;
	size_t i, j;

	for (i = 0; i < conf->first_app; i++)
		for (pool = &conf->pools[i], j = 0; j < pool->server_count; j++)
			if (address_port(&pool->servers[j].address) == port)
				return true;
	return false;
}

/*
 * Binds it on all addresses, as an instance may do, and leaves it again. The port, which for 0
 * is one that the kernel chooses; 0: it is taken.
 */
static uint16_t
port_try(uint16_t port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in any4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, off = 0;
	bool v6 = fd >= 0 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0, bound;
	struct address address;

	if (fd < 0)
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	bound = v6 ? bind(fd, (const struct sockaddr *)&any, sizeof any) == 0 :
		     bind(fd, (const struct sockaddr *)&any4, sizeof any4) == 0;
	port = bound && listener_address(fd, &address) == 0 ? address_port(&address) : 0;
	close(fd);
	return port;
}

/*
 * Tells other drovers beside this one that the port is given, until the descriptor is closed: by a name in the abstract
 * namespace, which belongs to the network as ports do. False: another one has it. Where there are
 * no such names, or no descriptors, `claim` is -1, and it is as if nobody else were there.
 */
static bool
port_claim(uint16_t port, int *claim)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "drover-port-%u", port);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
	bool taken;

	*claim = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (*claim < 0 || bind(*claim, (const struct sockaddr *)&name, size) == 0)
		return true;
	taken = errno == EADDRINUSE;
	close(*claim);
	*claim = -1;
	return !taken;
}

static void
claim_close(int *claim)
{
	if (*claim >= 0)
		close(*claim);
	*claim = -1;
}

/* Claimed first: who had it has let it go because the instance listens now. */
static bool
port_take(const struct app_ports *ports, uint16_t port, int *claim)
{
	if (!port_claim(port, claim))
		return false;
	if (ports->by_kernel || port_try(port) != 0)
		return true;
	claim_close(claim);
	return false;
}

/* Whether the last port could not even be tried. */
static bool
lacks_descriptors(void)
{
	return errno == EMFILE || errno == ENFILE;
}

/* 0: none was found, or errno says that there are no descriptors to look with. */
static uint16_t
port_find(struct app_ports *ports, const struct conf *conf, int *claim)
{
	unsigned size, offset, i;
	uint16_t port;

	if (ports->first == 0)
		ports_open(ports);
	size = (unsigned)(ports->last - ports->first) + 1;
	offset = random_number() % size;
	errno = 0;
	for (i = 0; i < PORT_TRIES && !lacks_descriptors(); i++) {
		port = ports->by_kernel ? port_try(0) : (uint16_t)(ports->first + (offset + i) % size);
		if (port == 0 || port_was_given(ports, port) || port_is_a_servers(conf, port))
			continue;
		if (!port_take(ports, port, claim))
			continue;
		ports->given[ports->next++ % APP_PORTS_REMEMBERED] = port;
		return port;
	}
	return 0;
}

static int
place_set_port(struct app_place *place, uint16_t port, struct error *err)
{
	char text[ADDRESS_TEXT_MAX];

	snprintf(text, sizeof text, "127.0.0.1:%u", port);
	place->port = port;
	return address_parse(&place->address, text, ADDRESS_CONNECT, err);
}

static int
place_find_port(struct app_place *place, const struct conf *conf, struct app_places *from, struct error *err)
{
	uint16_t port;

	claim_close(&place->claim);
	port = port_find(&from->ports, conf, &place->claim);
	if (port == 0)
		return lacks_descriptors() ? error_errno(err, "cannot look for a free port")
					   : error_set(err, "cannot find a free port from %u to %u", from->ports.first, from->ports.last);
	return place_set_port(place, port, err);
}

/* ---- paths */

static int
place_find_path(struct app_place *place, const struct conf *conf, const struct conf_pool *app, unsigned seat,
    struct app_places *from, struct error *err)
{
	bool ours = place->kind == CONF_APP_ACTIVATION;
	char path[CONF_SERVER_NAME_MAX + 1], text[sizeof path + 16];

	place->owner = ours ? geteuid() : who_is_app(conf, &app->app).uid;
	place->port = 0;
	if (app->name[0] == '.' || strchr(app->name, '/') != NULL)
		return error_set(err, "no directory for its sockets can have that name");
	if (app_directory_make(&from->directory, err) < 0)
		return -1;
	if ((size_t)snprintf(path, sizeof path, "%s/%s", from->directory.path, app->name) >= sizeof path)
		return error_set(err, "the path %s is too long for a socket", path);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "cannot make the directory %s", path);
	if (app_directory_give(path, place->owner, who_is_worker(conf).gid, err) < 0)
		return -1;
	if ((size_t)snprintf(text, sizeof text, "unix:%s/%u.sock", path, seat) > CONF_SERVER_NAME_MAX)
		return error_set(err, "the path %s is too long for a socket", path);
	return address_parse(&place->address, text, ADDRESS_CONNECT, err);
}

/* What the last process of the instance has left there. */
static int
path_clear(const struct app_place *place, struct error *err)
{
	const char *path = place->address.socket.un.sun_path;

	if (unlink(path) < 0 && errno != ENOENT)
		return error_errno(err, "cannot remove %s, which another process of the app has left", path);
	return 0;
}

/* ---- passed sockets */

static void
path_remember(struct app_place *place)
{
	struct stat st;

	if (lstat(place->address.socket.un.sun_path, &st) < 0)
		return; /* it is gone already: no path is the same */
	place->device = st.st_dev;
	place->inode = st.st_ino;
}

/* Whether that path is still the socket that was bound to it. */
static bool
path_is_ours(const struct app_place *place)
{
	struct stat st;

	return lstat(place->address.socket.un.sun_path, &st) == 0 && st.st_dev == place->device &&
	    st.st_ino == place->inode;
}

/* Whether one can still connect to it: who has it may shut it down, and remove its path, for all. */
static bool
passed_is_good(const struct app_place *place)
{
	struct pollfd p = { .fd = place->fd, .events = POLLRDHUP };
	int listens = 0;
	socklen_t length = sizeof listens;

	if (getsockopt(place->fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) < 0 || !listens)
		return false;
	return poll(&p, 1, 0) == 0 && (place->port != 0 || path_is_ours(place));
}

/*
 * A program that was written for systemd expects one that waits; the one before may have changed that for all,
 * and the length of its queue.
 */
static int
passed_prepare(int fd, struct error *err)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 || listen(fd, BACKLOG) < 0)
		return error_errno(err, "cannot prepare the socket that is passed");
	return 0;
}

/* Another address when another has come to listen there since it was chosen. */
static int
passed_open_port(struct app_place *place, const struct conf *conf, struct app_places *from,
    const struct listener_options *options, struct error *err)
{
	unsigned i;

	for (i = 0; i < 3 && place->fd < 0; i++) {
		if (place_find_port(place, conf, from, err) < 0)
			return -1;
		place->fd = listener_open(&place->address, options, err);
	}
	app_place_listens(place);
	return place->fd < 0 ? -1 : 0;
}

static int
passed_open(struct app_place *place, const struct conf *conf, const struct conf_pool *app, unsigned seat,
    struct app_places *from, struct error *err)
{
	struct listener_options options = { .backlog = BACKLOG, .mode = 0660, .uid = (uid_t)-1,
		.gid = geteuid() == 0 ? who_is_worker(conf).gid : (gid_t)-1 };

	if (place->kind == CONF_APP_ACTIVATION_PORT)
		return passed_open_port(place, conf, from, &options, err);
	if (place_find_path(place, conf, app, seat, from, err) < 0 || path_clear(place, err) < 0)
		return -1;
	place->fd = listener_open(&place->address, &options, err);
	if (place->fd < 0)
		return -1;
	path_remember(place);
	return 0;
}

/* ---- one place */

static int
place_find(struct app_place *place, const struct conf *conf, const struct conf_pool *app, unsigned seat,
    struct app_places *from, struct error *err)
{
	switch (place->kind) {
	case CONF_APP_AUTO:
	case CONF_APP_PORT:
		return place_find_port(place, conf, from, err);
	case CONF_APP_UNIX:
		if (place_find_path(place, conf, app, seat, from, err) < 0)
			return -1;
		return path_clear(place, err);
	case CONF_APP_ACTIVATION:
	case CONF_APP_ACTIVATION_PORT:
		if (place->fd < 0 && passed_open(place, conf, app, seat, from, err) < 0)
			return -1;
		return passed_prepare(place->fd, err);
	}
	return error_set(err, "there is no such kind of place: %d", (int)place->kind);
}

int
app_place_find(struct app_place *place, const struct conf *conf, const struct conf_pool *app, unsigned seat,
    struct app_places *from, struct error *err)
{
	char text[ADDRESS_TEXT_MAX];

	if (place->kind != app->app.listen || place->fd < 0 || !passed_is_good(place))
		app_place_close(place);
	place->kind = app->app.listen;
	if (place_find(place, conf, app, seat, from, err) < 0)
		return error_prefix(err, "app %s", app->name);
	snprintf(place->name, sizeof place->name, "%s", address_format(&place->address, text));
	return 0;
}

void
app_place_turn_away(const struct app_place *place)
{
	int flags = place->fd >= 0 ? fcntl(place->fd, F_GETFL) : -1, fd;
	struct address peer;
	unsigned count;

	if (flags < 0 || fcntl(place->fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return;
	for (count = 0; count < TURNED_AWAY_MAX; count++) {
		fd = listener_accept(place->fd, &peer);
		if (fd < 0)
			break;
		close(fd);
	}
	fcntl(place->fd, F_SETFL, flags);
}

void
app_place_close(struct app_place *place)
{
	app_place_close_copies(place);
	if (place->address.length > 0 && place->port == 0)
		unlink(place->address.socket.un.sun_path);
	app_place_init(place);
}

void
app_place_listens(struct app_place *place)
{
	claim_close(&place->claim);
}

void
app_place_close_copies(const struct app_place *place)
{
	if (place->fd >= 0)
		close(place->fd);
	if (place->claim >= 0)
		close(place->claim);
}

/*
 * `fd` is the socket itself, whatever becomes of its path. Nothing is changed but of a socket that the
 * app's own user has made: it is all that this user could change as well.
 */
static int
socket_admit(int fd, const struct app_place *place, gid_t group, struct error *err)
{
	char self[40];
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode))
		return error_set(err, "%s is no socket", place->name);
	if (st.st_uid != place->owner)
		return error_set(err, "%s belongs to user %u, not to that of the app, %u", place->name, (unsigned)st.st_uid,
		    (unsigned)place->owner);
	if (group != (gid_t)-1 && st.st_gid != group && fchownat(fd, "", (uid_t)-1, group, AT_EMPTY_PATH) < 0)
		return error_errno(err, "cannot change the group of %s", place->name);
	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	if ((st.st_mode & 0660) != 0660 && chmod(self, (st.st_mode & 0777) | 0660) < 0)
		return error_errno(err, "cannot change the mode of %s", place->name);
	return 0;
}

int
app_place_admit(const struct app_place *place, const struct conf *conf, struct error *err)
{
	int fd, result;

	if (place->kind != CONF_APP_UNIX || place->address.length == 0)
		return 0;
	fd = open(place->address.socket.un.sun_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "cannot open %s", place->name);
	result = socket_admit(fd, place, geteuid() == 0 ? who_is_worker(conf).gid : (gid_t)-1, err);
	close(fd);
	return result;
}

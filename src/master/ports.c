#include "master/ports.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "master/dispatch.h"
#include "master/state.h"
#include "master/systemd.h"
#include "net/listener.h"

static void
port_add(struct ports *ports, unsigned listener, int fd, bool passed)
{
	struct port *p = &ports->all[ports->count++];
	struct stat file;

	p->fd = fd;
	p->listener = listener;
	p->passed = passed;
	listener_address(fd, &p->address);
	if (!passed && p->address.socket.any.sa_family == AF_UNIX &&
	    stat(p->address.socket.un.sun_path, &file) == 0) {
		p->device = file.st_dev;
		p->inode = file.st_ino;
	}
}

/* `listen "systemd:NAME"`: all sockets of that name. */
static int
ports_take_named(struct ports *ports, const struct conf_listener *l, unsigned index,
    struct systemd_sockets *passed, struct error *err)
{
	size_t before = ports->count;
	int fd;

	while ((fd = systemd_take(passed, l->systemd, NULL)) >= 0)
		port_add(ports, index, fd, true);
	if (ports->count > before)
		return 0;
	return error_set(
	    err, "cannot listen on %s: no socket of that name was passed (LISTEN_FDNAMES)", l->name);
}

static int
ports_open_one(struct ports *ports, const struct conf_listener *l, unsigned index,
    struct systemd_sockets *passed, struct error *err)
{
	struct listener_options options = {
		.backlog = l->backlog,
		.defer_accept = l->defer_accept,
		.ipv6_only = l->ipv6_only,
		.mode = l->unix_socket.mode,
		.uid = l->unix_socket.uid,
		.gid = l->unix_socket.gid,
	};
	int fd;

	if (l->systemd != NULL)
		return ports_take_named(ports, l, index, passed, err);
	fd = systemd_take(passed, NULL, &l->address);
	if (fd >= 0) {
		port_add(ports, index, fd, true);
		return 0;
	}
	fd = listener_open(&l->address, &options, err);
	if (fd < 0)
		return -1;
	port_add(ports, index, fd, false);
	return 0;
}

int
ports_open(struct ports *ports, const struct conf *conf, struct systemd_sockets *passed, struct error *err)
{
	unsigned i;

	ports->count = 0;
	for (i = 0; i < conf->listener_count; i++)
		ports->paused[i] = conf->listeners[i].paused;
	ports->all = calloc(conf->listener_count + passed->count, sizeof *ports->all);
	if (ports->all == NULL)
		return error_set(err, "no memory for the listeners");
	for (i = 0; i < conf->listener_count; i++) {
		if (ports_open_one(ports, &conf->listeners[i], i, passed, err) == 0)
			continue;
		ports_close(ports);
		return -1;
	}
	return 0;
}

static void
port_accept_cb(struct watch *watch, unsigned events)
{
	struct port *p = CONTAINER_OF(watch, struct port, watch);

	(void)events;
	dispatch_accept(p->master, p->fd, p->listener);
}

int
ports_watch(struct master *m)
{
	size_t i;

	for (i = 0; i < m->ports.count; i++) {
		struct port *p = &m->ports.all[i];
		char text[ADDRESS_TEXT_MAX];

		p->master = m;
		if (watch_open_level(&p->watch, m->loop, p->fd, port_accept_cb) < 0)
			return -1;
		if (m->ports.paused[p->listener])
			watch_pause(&p->watch);
		log_notice("listening on %s%s%s", address_format(&p->address, text),
		    p->passed ? " (passed)" : "", m->ports.paused[p->listener] ? " (paused)" : "");
	}
	return 0;
}

void
ports_pause(struct master *m)
{
	size_t i;

	for (i = 0; i < m->ports.count; i++)
		watch_pause(&m->ports.all[i].watch);
}

void
ports_resume(struct master *m)
{
	size_t i;

	for (i = 0; i < m->ports.count; i++)
		if (!m->ports.paused[m->ports.all[i].listener])
			watch_resume(&m->ports.all[i].watch);
}

/* A socket that a successor has put in its place is left alone. */
static void
port_remove_file(const struct port *p)
{
	const char *path = p->address.socket.un.sun_path;
	struct stat now;

	if (p->inode != 0 && stat(path, &now) == 0 && now.st_ino == p->inode && now.st_dev == p->device)
		unlink(path);
}

void
ports_close(struct ports *ports)
{
	size_t i;

	for (i = 0; i < ports->count; i++) {
		watch_close(&ports->all[i].watch);
		port_remove_file(&ports->all[i]);
		close(ports->all[i].fd);
	}
	free(ports->all);
	ports->all = NULL;
	ports->count = 0;
}

void
ports_close_copies(const struct ports *ports)
{
	size_t i;

	for (i = 0; i < ports->count; i++)
		close(ports->all[i].fd);
}

/* ---- verbs */

void
master_listener_pause(struct master *m, size_t listener, bool paused)
{
	size_t i;

	if (m->ports.paused[listener] == paused)
		return;
	m->ports.paused[listener] = paused;
	for (i = 0; i < m->ports.count; i++) {
		struct port *p = &m->ports.all[i];

		if (p->listener != listener)
			continue;
		if (paused)
			watch_pause(&p->watch);
		else if (!m->dispatch.paused)
			watch_resume(&p->watch);
	}
	master_changed(m);
}

bool
master_listener_is_paused(const struct master *m, size_t listener)
{
	return m->ports.paused[listener];
}

void
master_listener_figures(const struct master *m, size_t listener, struct master_listener_figures *figures)
{
	size_t i;

	*figures = (struct master_listener_figures){ .accepted = m->dispatch.accepted_from[listener] };
	for (i = 0; i < m->ports.count; i++) {
		uint32_t waiting, backlog;

		if (m->ports.all[i].listener != listener)
			continue;
		listener_queue(m->ports.all[i].fd, &waiting, &backlog);
		figures->waiting += waiting;
		figures->backlog += backlog;
	}
}

#include "control/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/object.h"
#include "control/connection.h"
#include "master/apps.h"
#include "net/listener.h"

#define CONTROL_MAGIC 0xc0117000u

enum {
	ACCEPTS_PER_TURN = 16,
	STEPS_PER_TURN = 32, /* a request takes about two */
	BACKLOG = 128
};

static const uint64_t work_time = 200; /* microseconds a turn, so that clients do not wait; a step that was begun is finished */
static const uint64_t tick_time = 100 * CLOCK_MILLISECOND;
static const uint64_t accept_pause = 200 * CLOCK_MILLISECOND;
static const uint64_t warn_pause = 60 * CLOCK_SECOND;
static const uint64_t room_idle = 10 * CLOCK_SECOND; /* who has been idle for so long makes room for others */

TAILQ_HEAD(connection_list, connection);

struct control_listener {
	struct control *control;
	const struct conf_control *conf;
	int fd;
	struct watch watch;
	dev_t device; /* of the file that was made: no other is removed */
	ino_t inode;
};

struct control {
	uint32_t magic;
	struct master *master;
	struct loop *loop;
	struct control_listener *listeners;
	size_t listener_count;
	struct connection_list connections;
	struct connection_list ready[2]; /* with something to do: ordinary and privileged ones */
	unsigned count;
	int spare; /* a descriptor kept back, so that an admin gets in when there are no more; -1: in use */
	struct control_shared shared;
	uint64_t full; /* monotonic microseconds: when the log last said that there is no room */
	struct later work;
	struct timer tick;
	struct timer pause;
};

/* ---- connections */

static void control_work_cb(struct later *later);

static void
control_wake(struct connection *c)
{
	struct control *control = c->owner;

	if (!c->is_ready) {
		c->is_ready = true;
		TAILQ_INSERT_TAIL(&control->ready[c->peer.privileged], c, ready_link);
	}
	loop_later(control->loop, &control->work, control_work_cb);
}

static void
spare_open(struct control *control)
{
	if (control->spare < 0)
		control->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
control_drop(struct control *control, struct connection *c)
{
	if (c->is_ready)
		TAILQ_REMOVE(&control->ready[c->peer.privileged], c, ready_link);
	TAILQ_REMOVE(&control->connections, c, link);
	connection_free(c);
	control->count--;
	spare_open(control);
}

static void
control_tick_start(struct control *control)
{
	if (!timer_is_set(&control->tick))
		timer_set(&control->tick, tick_time);
}

static void
control_stepped(struct control *control, struct connection *c, enum connection_step step)
{
	if (step == CONNECTION_OVER) {
		control_drop(control, c);
		return;
	}
	if (step == CONNECTION_AGAIN)
		control_wake(c);
	if (connection_is_waiting(c))
		control_tick_start(control);
}

/* Whose turn it is. Privileged ones come first; of every four steps one is for the others all the same. */
static struct connection *
control_next(struct control *control, unsigned step)
{
	bool first = step % 4 != 3;
	struct connection *c = TAILQ_FIRST(&control->ready[first]);

	if (c == NULL)
		c = TAILQ_FIRST(&control->ready[!first]);
	if (c != NULL) {
		TAILQ_REMOVE(&control->ready[c->peer.privileged], c, ready_link);
		c->is_ready = false;
	}
	return c;
}

/* Every connection in turn does one step, until the time for this turn of the loop is used up. */
static void
control_work_cb(struct later *later)
{
	struct control *control = CONTAINER_OF(later, struct control, work);
	uint64_t begin = clock_monotonic();
	struct connection *c;
	unsigned steps;

	OBJECT_CHECK(control, CONTROL_MAGIC);
	for (steps = 0; steps < STEPS_PER_TURN && (c = control_next(control, steps)) != NULL; steps++) {
		control_stepped(control, c, connection_step(c));
		if (clock_monotonic() - begin > work_time)
			break;
	}
	if (!TAILQ_EMPTY(&control->ready[0]) || !TAILQ_EMPTY(&control->ready[1]))
		loop_later(control->loop, &control->work, control_work_cb);
}

static void
control_tick_cb(struct timer *timer)
{
	struct control *control = CONTAINER_OF(timer, struct control, tick);
	struct connection *c, *next;
	uint64_t now = clock_monotonic();

	OBJECT_CHECK(control, CONTROL_MAGIC);
	for (c = TAILQ_FIRST(&control->connections); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (connection_is_waiting(c))
			control_stepped(control, c, connection_tick(c, now));
	}
}

static void
control_event_cb(void *arg)
{
	struct control *control = OBJECT_CAST(arg, struct control, CONTROL_MAGIC);
	struct connection *c;

	TAILQ_FOREACH (c, &control->connections, link)
		connection_event(c);
}

/* An app whose output somebody follows, or followed, has written. */
static void
control_journal_cb(void *arg)
{
	struct control *control = OBJECT_CAST(arg, struct control, CONTROL_MAGIC);
	struct connection *c;

	TAILQ_FOREACH (c, &control->connections, link)
		connection_output(c);
}

/* ---- accepting */

/*
 * Sends one error to who is about to be closed; the socket's buffer is empty, so that it does not
 * block. What has come in is taken out: a socket closed over it would be reset.
 */
static void
control_say(int fd, const struct fault *fault)
{
	struct buffer out = { 0 };
	char unread[4096];

	if (reply_fault(&out, NULL, fault) == 0 && buffer_append(&out, "\n", 1) == 0 &&
	    send(fd, buffer_first(&out), buffer_length(&out), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("control: a refusal could not be sent: %s", strerror(errno));
	buffer_free(&out);
	recv(fd, unread, sizeof unread, MSG_DONTWAIT);
}

static void
control_refuse(int fd, const char *sentence, const char *hint)
{
	struct fault fault;

	fault_set(&fault, REPLY_ERROR_LIMIT, "%s", sentence);
	fault_hint(&fault, "%s", hint);
	control_say(fd, &fault);
}

/* Who has been idle longest gives its place up. */
static void
control_make_room(struct control *control)
{
	struct connection *c, *oldest = NULL;

	TAILQ_FOREACH (c, &control->connections, link)
		if (connection_is_idle(c) && (oldest == NULL || c->active < oldest->active))
			oldest = c;
	if (oldest == NULL || clock_monotonic() - oldest->active < room_idle)
		return;
	control_refuse(
	    oldest->fd, "The connection was idle and is closed to make room for others.", "Connect again.");
	control_drop(control, oldest);
}

/* Now and then: who is refused may well try again at once. */
static void
control_warn_full(struct control *control)
{
	uint64_t now = loop_now(control->loop);

	master_limit_hit(control->master, LIMIT_CONTROL);
	if (control->full != 0 && now - control->full < warn_pause)
		return;
	control->full = now;
	log_warn("control: %u connections are open: more are refused", control->count);
}

static bool
control_has_room(struct control *control, const struct peer *peer)
{
	unsigned limit = CONTROL_CONNECTIONS_MAX - (peer->privileged ? 0 : CONTROL_CONNECTIONS_RESERVED);

	if (control->count >= limit)
		control_make_room(control);
	if (control->count < limit)
		return true;
	control_warn_full(control);
	return false;
}

/* Nothing is read from who may do nothing: it costs no place among the connections. */
static void
control_deny(struct control *control, int fd, const struct peer *peer)
{
	struct fault fault;

	fault_set(&fault, REPLY_ERROR_PERMISSION, "You have no permission on this control socket (uid %u).",
	    (unsigned)peer->uid);
	fault_hint(&fault, PEER_HINT, peer->socket);
	control_say(fd, &fault);
	refusals_add(&control->shared.refusals, peer, "it has no permission at all");
}

static void
control_take(struct control_listener *listener, int fd)
{
	struct control *control = listener->control;
	struct connection *c;
	struct peer peer;

	if (peer_read(&peer, fd, listener->conf) < 0) {
		log_warn("control: cannot tell who connected: %s", strerror(errno));
		close(fd);
		return;
	}
	if (peer.permission == CONF_PERMISSION_NONE) {
		control_deny(control, fd, &peer);
		close(fd);
		return;
	}
	if (!control_has_room(control, &peer)) {
		control_refuse(
		    fd, "Too many control connections are open.", "Close some, or try again in ten seconds.");
		close(fd);
		return;
	}
	c = connection_new(fd, &peer, control->master, control_wake, control);
	if (c == NULL) {
		control_refuse(fd, "There is no memory for the connection.", "Try again later.");
		close(fd);
		return;
	}
	c->call.shared = &control->shared;
	TAILQ_INSERT_TAIL(&control->connections, c, link);
	control->count++;
	control_wake(c);
}

static void
control_pause(struct control *control, int why)
{
	size_t i;

	if (timer_is_set(&control->pause))
		return;
	log_warn("control: cannot accept: %s", strerror(why));
	for (i = 0; i < control->listener_count; i++)
		watch_pause(&control->listeners[i].watch);
	timer_set(&control->pause, accept_pause);
}

static void
control_resume_cb(struct timer *timer)
{
	struct control *control = CONTAINER_OF(timer, struct control, pause);
	size_t i;

	OBJECT_CHECK(control, CONTROL_MAGIC);
	spare_open(control);
	for (i = 0; i < control->listener_count; i++)
		watch_resume(&control->listeners[i].watch);
}

/* Accepts; when there is no descriptor left, with the one kept back. */
static int
control_accept(struct control_listener *listener)
{
	struct control *control = listener->control;
	struct address peer;
	int fd = listener_accept(listener->fd, &peer);

	if (fd >= 0 || (errno != EMFILE && errno != ENFILE) || control->spare < 0)
		return fd;
	close(control->spare);
	control->spare = -1;
	return listener_accept(listener->fd, &peer);
}

static void
control_accept_cb(struct watch *watch, unsigned events)
{
	struct control_listener *listener = CONTAINER_OF(watch, struct control_listener, watch);
	int i, fd;

	(void)events;
	OBJECT_CHECK(listener->control, CONTROL_MAGIC);
	for (i = 0; i < ACCEPTS_PER_TURN; i++) {
		fd = control_accept(listener);
		if (fd < 0) {
			if (errno != EAGAIN)
				control_pause(listener->control, errno);
			return;
		}
		control_take(listener, fd);
	}
}

/* ---- opening and closing */

static int
listener_start(struct control *control, const struct conf_control *conf, struct error *err)
{
	struct control_listener *listener = &control->listeners[control->listener_count];
	struct listener_options options = {
		.backlog = BACKLOG,
		.mode = conf->unix_socket.mode,
		.uid = conf->unix_socket.uid,
		.gid = conf->unix_socket.gid,
	};
	struct address address;
	char text[ADDRESS_TEXT_MAX];
	struct stat file;

	snprintf(text, sizeof text, "unix:%s", conf->path);
	if (address_parse(&address, text, ADDRESS_LISTEN, err) < 0 ||
	    (listener->fd = listener_open(&address, &options, err)) < 0)
		return error_prefix(err, "control socket");
	listener->control = control;
	listener->conf = conf;
	if (stat(conf->path, &file) == 0) {
		listener->device = file.st_dev;
		listener->inode = file.st_ino;
	}
	control->listener_count++; /* from here on control_close takes care of it */
	if (watch_open_level(&listener->watch, control->loop, listener->fd, control_accept_cb) < 0)
		return error_errno(err, "control socket %s", conf->path);
	return 0;
}

struct control *
control_open(struct master *master, struct error *err)
{
	const struct conf *conf = master_conf(master);
	struct control *control = calloc(1, sizeof *control);
	size_t i;

	if (control != NULL)
		control->listeners = calloc(conf->control_count + 1, sizeof *control->listeners);
	if (control == NULL || control->listeners == NULL) {
		error_set(err, "no memory for the control socket");
		free(control);
		return NULL;
	}
	control->magic = CONTROL_MAGIC;
	control->master = master;
	control->loop = master_loop(master);
	control->spare = -1;
	TAILQ_INIT(&control->connections);
	TAILQ_INIT(&control->ready[0]);
	TAILQ_INIT(&control->ready[1]);
	timer_init(&control->tick, control->loop, control_tick_cb);
	timer_init(&control->pause, control->loop, control_resume_cb);
	refusals_open(&control->shared.refusals, control->loop);
	control->shared.journal_listener = control_journal_cb;
	control->shared.journal_arg = control;
	for (i = 0; i < conf->control_count; i++)
		if (listener_start(control, &conf->controls[i], err) < 0)
			goto fail;
	spare_open(control);
	master_on_event(master, control_event_cb, control);
	return control;

fail:
	control_close(control);
	return NULL;
}

static void
listener_stop(struct control_listener *listener)
{
	struct stat file;

	watch_close(&listener->watch);
	close(listener->fd);
	if (stat(listener->conf->path, &file) == 0 && file.st_dev == listener->device &&
	    file.st_ino == listener->inode)
		unlink(listener->conf->path);
}

/* Apps write on, but nobody listens any more. */
static void
control_leave_apps(struct control *control)
{
	const struct conf *conf = master_conf(control->master);
	struct app_journal *journal;
	size_t i;

	for (i = conf->first_app; i < conf->pool_count; i++) {
		journal = master_app_journal(control->master, (unsigned)i);
		if (journal != NULL)
			app_journal_listen(journal, NULL, NULL);
	}
}

void
control_close(struct control *control)
{
	struct connection *c;
	size_t i;

	if (control == NULL)
		return;
	master_on_event(control->master, NULL, NULL);
	control_leave_apps(control);
	for (i = 0; i < control->listener_count; i++)
		listener_stop(&control->listeners[i]);
	while ((c = TAILQ_FIRST(&control->connections)) != NULL) {
		connection_finish(c);
		control_drop(control, c);
	}
	loop_later_cancel(control->loop, &control->work);
	timer_clear(&control->tick);
	timer_clear(&control->pause);
	refusals_close(&control->shared.refusals);
	if (control->spare >= 0)
		close(control->spare);
	config_texts_free(&control->shared.config);
	free(control->listeners);
	control->magic = 0;
	free(control);
}

void
control_child(void *arg)
{
	struct control *control = OBJECT_CAST(arg, struct control, CONTROL_MAGIC);
	struct connection *c;
	size_t i;

	for (i = 0; i < control->listener_count; i++)
		close(control->listeners[i].fd);
	TAILQ_FOREACH (c, &control->connections, link)
		close(c->fd);
	if (control->spare >= 0)
		close(control->spare);
}

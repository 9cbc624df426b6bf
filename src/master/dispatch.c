#include "master/dispatch.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "balance/loads.h"
#include "base/clock.h"
#include "base/log.h"
#include "master/orphans.h"
#include "master/ports.h"
#include "master/state.h"
#include "master/workers.h"
#include "net/listener.h"

enum { DISPATCH_BURST = 64 }; /* connections accepted in a row, before other events get their turn */

static const uint64_t retry_after = 10 * CLOCK_MILLISECOND;
static const uint64_t starved_for = 100 * CLOCK_MILLISECOND;
static const uint64_t starved_log_every = 60 * CLOCK_SECOND;

static void
dispatch_retry_cb(struct timer *timer)
{
	struct dispatch *d = CONTAINER_OF(timer, struct dispatch, retry);

	dispatch_resume(CONTAINER_OF(d, struct master, dispatch));
}

void
dispatch_init(struct master *m)
{
	m->dispatch.balance = m->conf->balance;
	m->dispatch.set.ends = m->dispatch.ends;
	m->dispatch.set.room = SCOREBOARD_WORKERS;
	timer_init(&m->dispatch.retry, m->loop, dispatch_retry_cb);
}

void
dispatch_retry_soon(struct master *m)
{
	if (!timer_is_set(&m->dispatch.retry))
		timer_set(&m->dispatch.retry, retry_after);
}

/* Whether there are workers, and each has as many connections as it may. */
static bool
dispatch_is_full(const struct master *m)
{
	const struct dispatch *d = &m->dispatch;
	uint32_t i;

	for (i = 0; i < d->set.count; i++)
		if (scoreboard_worker_load(m->board, d->workers[i]->slot) < m->conf->worker_connections)
			return false;
	return d->set.count > 0;
}

static void
dispatch_pause(struct master *m)
{
	if (m->dispatch.paused)
		return;
	ports_pause(m);
	m->dispatch.paused = true;
	if (dispatch_is_full(m))
		master_limit_hit(m, LIMIT_WORKER_CONNECTIONS);
}

/* ---- choosing */

/* What a member carries, or that it can take no more. */
static uint32_t
dispatch_load(const struct master *m, const struct worker *w)
{
	uint32_t load = scoreboard_worker_load(m->board, w->slot);

	return !w->stuck && load < m->conf->worker_connections ? load : BALANCE_FULL;
}

void
dispatch_begin(struct master *m)
{
	struct dispatch *d = &m->dispatch;
	unsigned slot;
	uint32_t i;

	balance_set_clear(&d->set);
	for (slot = 0; slot < m->workers.used; slot++) {
		struct worker *w = &m->workers.slots[slot];

		if (!worker_is_open(w))
			continue;
		d->workers[d->set.count] = w;
		d->loads[d->set.count] = dispatch_load(m, w);
		balance_set_add(&d->set, 1);
	}
	balance_set_finish(&d->set);
	for (i = d->set.count; i % BALANCE_LANES != 0; i++)
		d->loads[i] = BALANCE_FULL;
}

static int
dispatch_choose(const struct master *m)
{
	const struct dispatch *d = &m->dispatch;
	struct balance_question question = { .turn = d->turn };
	struct balance_array array;

	balance_array_init(&array, d->loads, d->set.count);
	question.loads = &array.loads;
	return d->balance->choose(&d->set, &question);
}

/*
 * Gives a connection to member `index`. It counts as handed over from here
 * on, so that the load on the scoreboard is right within a burst, too.
 */
static void
dispatch_stage(struct master *m, int index, int fd, const struct channel_connection *connection)
{
	struct worker *w = m->dispatch.workers[index];
	struct channel_message *staged = &w->staged;

	staged->connections[staged->count++] = *connection;
	staged->fds[staged->fd_count++] = fd;
	scoreboard_add(&m->board->workers[w->slot].handed, 1);
	m->dispatch.turn++;
	if (staged->count == CHANNEL_BATCH)
		dispatch_send_staged(w);
	m->dispatch.loads[index] = dispatch_load(m, w);
}

bool
dispatch_connections(struct master *m, struct channel_message *message)
{
	int index;

	while (message->count > 0) {
		index = dispatch_choose(m);
		if (index == BALANCE_NONE)
			return false;
		message->count--;
		message->fd_count--;
		dispatch_stage(
		    m, index, message->fds[message->fd_count], &message->connections[message->count]);
	}
	return true;
}

/* ---- sending */

bool
dispatch_send_staged(struct worker *w)
{
	if (w->staged.count == 0)
		return true;
	w->staged.type = CHANNEL_CONNECTIONS;
	if (channel_send(w->channel, &w->staged) < 0) {
		if (errno != EAGAIN && errno != ETOOMANYREFS)
			log_warn("cannot hand connections to worker %u: %s; trying again", w->slot,
			    strerror(errno));
		w->stuck = true;
		dispatch_retry_soon(w->master);
		return false;
	}
	channel_close_fds(&w->staged);
	w->staged.count = 0;
	w->stuck = false;
	return true;
}

void
dispatch_flush(struct master *m)
{
	uint32_t i;

	for (i = 0; i < m->dispatch.set.count; i++)
		if (!m->dispatch.workers[i]->stuck)
			dispatch_send_staged(m->dispatch.workers[i]);
}

/* ---- accepting */

static void
connection_describe(struct master *m, struct channel_connection *c, const struct address *peer, unsigned listener)
{
	const struct in6_addr *ipv6 = &peer->socket.in6.sin6_addr;

	memset(c, 0, sizeof *c);
	c->number = ++m->dispatch.accepted;
	c->accepted = loop_now(m->loop);
	c->listener = (uint16_t)listener;
	c->family = peer->socket.any.sa_family;
	c->port = address_port(peer);
	if (c->family == AF_INET) {
		memcpy(c->address, &peer->socket.in.sin_addr, 4);
	} else if (c->family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(ipv6)) {
		c->family = AF_INET;
		memcpy(c->address, ipv6->s6_addr + 12, 4);
	} else if (c->family == AF_INET6) {
		memcpy(c->address, ipv6->s6_addr, 16);
	}
}

/* No descriptors or no memory for a connection: it waits in the kernel's queue, and so does the rest. */
static void
dispatch_starve(struct master *m)
{
	struct dispatch *d = &m->dispatch;
	uint64_t now = loop_now(m->loop);

	if (d->starved_told == 0 || now - d->starved_told > starved_log_every) {
		log_error("cannot accept connections: %s; they wait (told once a minute)", strerror(errno));
		d->starved_told = now;
	}
	master_limit_hit(m, LIMIT_OPEN_FILES);
	d->starved_until = now + starved_for;
	dispatch_pause(m);
	timer_set(&d->retry, starved_for);
}

static bool
dispatch_accept_one(struct master *m, int fd, unsigned listener)
{
	struct channel_connection connection;
	struct address peer;
	int index = dispatch_choose(m), client;

	if (index == BALANCE_NONE) {
		dispatch_pause(m);
		if (m->dispatch.set.count > 0)
			dispatch_retry_soon(m);
		return false;
	}
	client = listener_accept(fd, &peer);
	if (client < 0) {
		if (errno != EAGAIN)
			dispatch_starve(m);
		return false;
	}
	m->dispatch.accepted_from[listener]++;
	connection_describe(m, &connection, &peer, listener);
	dispatch_stage(m, index, client, &connection);
	return true;
}

bool
dispatch_accept(struct master *m, int fd, unsigned listener)
{
	int i;

	dispatch_begin(m);
	for (i = 0; i < DISPATCH_BURST; i++)
		if (!dispatch_accept_one(m, fd, listener))
			break;
	dispatch_flush(m);
	return i == DISPATCH_BURST;
}

/* ---- waiting for room */

/* Tries the workers whose channel was full. false: something is still not sent. */
static bool
dispatch_send_waiting(struct master *m)
{
	bool sent = true;
	unsigned slot;

	for (slot = 0; slot < m->workers.used; slot++) {
		struct worker *w = &m->workers.slots[slot];

		if (w->process.pid == 0 || (!w->stuck && w->owed == 0))
			continue;
		worker_send_owed(w);
		sent = sent && !w->stuck && w->owed == 0;
	}
	return sent;
}

static void
dispatch_hear_all(struct master *m)
{
	unsigned slot;

	for (slot = 0; slot < m->workers.used; slot++) {
		struct worker *w = &m->workers.slots[slot];

		if (!w->deaf || w->process.killed)
			continue;
		w->deaf = false;
		watch_resume(&w->watch);
	}
}

/* Whether there is a worker to wait for: when there is none, the next one to get ready calls. */
static bool
dispatch_update_pause(struct master *m)
{
	struct dispatch *d = &m->dispatch;
	uint64_t now = loop_now(m->loop);

	if (now < d->starved_until) {
		timer_set(&d->retry, d->starved_until - now);
		return false;
	}
	if (dispatch_choose(m) == BALANCE_NONE) {
		dispatch_pause(m);
		return d->set.count > 0;
	}
	if (d->paused)
		ports_resume(m);
	d->paused = false;
	return false;
}

void
dispatch_resume(struct master *m)
{
	bool placed, wait;

	wait = !dispatch_send_waiting(m);
	dispatch_begin(m);
	placed = orphans_dispatch(m);
	dispatch_flush(m);
	if (placed)
		dispatch_hear_all(m);
	wait |= dispatch_update_pause(m);
	if (wait || (!placed && m->dispatch.set.count > 0))
		dispatch_retry_soon(m);
}

/* ---- verbs */

const struct balance_algorithm *
master_balance(const struct master *m)
{
	return m->dispatch.balance;
}

void
master_set_balance(struct master *m, const struct balance_algorithm *algorithm)
{
	if (m->dispatch.balance == algorithm)
		return;
	m->dispatch.balance = algorithm;
	master_changed(m);
}

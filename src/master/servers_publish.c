/* Telling the children what has changed about servers, and who knows it. Master. */
#include "base/clock.h"
#include "ipc/channel.h"
#include "master/servers.h"
#include "master/state.h"

static const uint64_t publish_every = 5 * CLOCK_MILLISECOND; /* at most */

uint32_t
servers_next_version(const struct master *m)
{
	uint32_t next = scoreboard_get(&m->board->servers_version) + 1;

	return next != 0 ? next : 1;
}

void
servers_tell(struct master *m)
{
	struct channel_message message = { .type = CHANNEL_SERVERS };
	unsigned slot;

	for (slot = 0; slot < m->workers.used; slot++)
		if (m->workers.slots[slot].process.pid != 0 && m->workers.slots[slot].channel >= 0)
			channel_send(m->workers.slots[slot].channel, &message);
}

void
servers_publish(struct master *m)
{
	m->servers.unpublished = false;
	m->servers.published_at = loop_now(m->loop);
	atomic_store_explicit(&m->board->servers_version, servers_next_version(m), memory_order_release);
	servers_tell(m);
	prober_tell_servers(m);
}

static void
servers_publish_cb(struct timer *timer)
{
	struct servers *servers = CONTAINER_OF(timer, struct servers, publish);

	servers_publish(CONTAINER_OF(servers, struct master, servers));
}

void
servers_changed(struct master *m)
{
	uint64_t due = m->servers.published_at + publish_every, now = loop_now(m->loop);

	master_changed(m);
	if (!m->servers.unpublished)
		timer_set(&m->servers.publish, due > now ? due - now : 0);
	m->servers.unpublished = true;
}

static bool
worker_has_seen(const struct master *m, unsigned slot, uint32_t version)
{
	uint32_t seen = atomic_load_explicit(&m->board->workers[slot].servers_seen, memory_order_acquire);

	return seen != 0 && (int32_t)(seen - version) >= 0;
}

/* The prober as well writes where the servers are. */
static bool
prober_has_seen(const struct master *m, uint32_t version)
{
	uint32_t seen = atomic_load_explicit(&m->board->prober.servers_seen, memory_order_acquire);

	return m->prober.process.pid == 0 || (seen != 0 && (int32_t)(seen - version) >= 0);
}

uint32_t
servers_seen(const struct master *m)
{
	uint32_t oldest = servers_next_version(m);
	unsigned slot;

	for (slot = 0; slot < m->workers.used; slot++) {
		if (m->workers.slots[slot].process.pid == 0 || worker_has_seen(m, slot, oldest))
			continue;
		oldest = scoreboard_get(&m->board->workers[slot].servers_seen);
		if (oldest == 0)
			return 0;
	}
	return prober_has_seen(m, oldest) ? oldest : scoreboard_get(&m->board->prober.servers_seen);
}

bool
master_worker_is_current(const struct master *m, unsigned slot)
{
	return !m->servers.unpublished && worker_has_seen(m, slot, scoreboard_get(&m->board->servers_version));
}

bool
master_servers_settled(const struct master *m)
{
	unsigned slot;

	for (slot = 0; slot < m->workers.used; slot++)
		if (m->workers.slots[slot].process.pid != 0 && !master_worker_is_current(m, slot))
			return false;
	return !m->servers.unpublished;
}

void
servers_publish_init(struct master *m)
{
	timer_init(&m->servers.publish, m->loop, servers_publish_cb);
}

#include "master/follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/object.h"
#include "master/state.h"

enum {
	/* of one turn, in places of servers that are looked at: some 0.5 ms */
	COST_A_TURN = 1 << 17,
	COST_OF_ADDING = 8 /* times the places: it is looked for a twin, and for a free place */
};

/* ---- the servers of a name */

bool
follow_is_server_of(const struct master *m, unsigned slot, const struct master_name *name)
{
	enum server_state state;

	if (m->servers.places[slot].from != name->id)
		return false;
	state = scoreboard_server_state(m->board, slot);
	return state != SERVER_FREE && state != SERVER_CUT;
}

static int
server_find(const struct master *m, const struct master_name *name, const struct address *address)
{
	unsigned slots = scoreboard_server_slots(m->board), slot;

	for (slot = 0; slot < slots; slot++)
		if (follow_is_server_of(m, slot, name) && address_equal(&m->board->servers[slot].address, address))
			return (int)slot;
	return -1;
}

static void
name_tell_change(struct master_name *name, char sign, const struct address *address)
{
	size_t used = strlen(name->changes), room = sizeof name->changes - used;
	char text[ADDRESS_TEXT_MAX];

	address_format(address, text);
	if (strlen(text) + sizeof " ..." + 2 <= room)
		snprintf(name->changes + used, room, "%s%c%s", used > 0 ? " " : "", sign, text);
	else if (used > 0 && name->changes[used - 1] != '.' && room > sizeof " ...")
		snprintf(name->changes + used, room, " ...");
}

/* The share of an address among those of its service (RFC 2782), in the range of a weight. */
static uint16_t
weight_of(const struct master_name *name, const struct dns_address *address)
{
	uint32_t heaviest = BALANCE_WEIGHT_MAX, weight;
	unsigned i;

	if (!name->question.service)
		return name->options.weight;
	for (i = 0; i < name->wanted->count; i++)
		if (name->wanted->addresses[i].weight > heaviest)
			heaviest = name->wanted->addresses[i].weight;
	weight = address->weight * (uint32_t)BALANCE_WEIGHT_MAX / heaviest;
	if (heaviest == BALANCE_WEIGHT_MAX)
		weight = address->weight;
	return weight > 0 ? (uint16_t)weight : 1;
}

/* Of a service, addresses of another than the lowest priority value are backups; they are sorted by it. */
static bool
is_backup(const struct master_name *name, const struct dns_address *address)
{
	return name->options.backup || address->priority > name->wanted->addresses[0].priority;
}

/* Requests would go in a circle. */
static bool
is_own(const struct master *m, const struct address *address)
{
	size_t i;

	for (i = 0; i < m->conf->listener_count; i++)
		if (address_equal(address, &m->conf->listeners[i].address))
			return true;
	return false;
}

static void
name_add_server(struct master *m, struct master_name *name, const struct dns_address *from,
    const struct address *address)
{
	struct master_server server = name->options;
	char text[ADDRESS_TEXT_MAX];
	struct error err;

	server.name = address_format(address, text);
	server.address = *address;
	server.weight = weight_of(name, from);
	server.backup = is_backup(name, from);
	server.from = name->id;
	if (is_own(m, address)) {
		snprintf(name->problem, sizeof name->problem, "drover itself listens at %.60s", text);
	} else if (master_server_add(m, &server, &err) < 0) {
		snprintf(name->problem, sizeof name->problem, "%.*s", DNS_WHY_MAX - 1, err.text);
	} else {
		name->came++;
		name_tell_change(name, '+', address);
	}
}

/* What it costs. */
static unsigned
name_take_address(struct master *m, struct master_name *name, const struct dns_address *from)
{
	unsigned slots = scoreboard_server_slots(m->board);
	struct address address;
	int slot;

	dns_address_get(from, &address);
	slot = server_find(m, name, &address);
	if (slot < 0) {
		name_add_server(m, name, from, &address);
		return (slots + 1) * COST_OF_ADDING;
	}
	if (servers_return(m, (unsigned)slot)) {
		name->came++;
		name_tell_change(name, '+', &address);
	}
	servers_give_weight(m, (unsigned)slot, weight_of(name, from));
	servers_give_backup(m, (unsigned)slot, is_backup(name, from));
	return slots;
}

static bool
is_wanted(const struct dns_answer *wanted, const struct address *address)
{
	struct address one;
	unsigned i;

	for (i = 0; i < wanted->count; i++) {
		dns_address_get(&wanted->addresses[i], &one);
		if (address_equal(&one, address))
			return true;
	}
	return false;
}

/* Those that the answer has not: requests in progress on them end first. */
static void
name_drop_others(struct master *m, struct master_name *name)
{
	unsigned slots = scoreboard_server_slots(m->board), slot;

	for (slot = 0; slot < slots; slot++) {
		const struct address *address = &m->board->servers[slot].address;

		if (!follow_is_server_of(m, slot, name) || m->servers.places[slot].leaving ||
		    is_wanted(name->wanted, address))
			continue;
		name->went++;
		name_tell_change(name, '-', address);
		servers_leave(m, slot, false);
	}
}

void
follow_drop(struct master *m, struct master_name *name)
{
	if (name->wanted == NULL)
		return;
	TAILQ_REMOVE(&m->names.pending, name, pending_link);
	free(name->wanted);
	name->wanted = NULL;
}

static void
name_done(struct master *m, struct master_name *name)
{
	follow_drop(m, name);
	if (name->came + name->went == 0 || m->workers.used == 0) /* at the start it is no change */
		return;
	log_notice("server %s of pool %s has other addresses: %s", name->text,
	    m->conf->pools[name->options.pool].name, name->changes);
	news_name(m, name, EVENT_NAME_CHANGED, name->changes);
}

/* Adds first and removes then, so that a pool is not empty in between. false: the turn is over. */
static bool
name_carry_on(struct master *m, struct master_name *name, unsigned *cost)
{
	INVARIANT(name->wanted != NULL);
	while (name->taken < name->wanted->count) {
		if (*cost >= COST_A_TURN)
			return false;
		*cost += name_take_address(m, name, &name->wanted->addresses[name->taken++]);
	}
	/* of a name of which a part was not answered nothing is known to be gone */
	if (name->wanted->why[0] == '\0')
		name_drop_others(m, name);
	*cost += (scoreboard_server_slots(m->board) + 1) * COST_OF_ADDING;
	name_done(m, name);
	return true;
}

static void
follow_cb(struct later *later)
{
	struct names *names = CONTAINER_OF(later, struct names, carry_on);
	struct master *m = CONTAINER_OF(names, struct master, names);
	struct master_name *name;
	unsigned cost = 0;

	while (!m->stopping && (name = TAILQ_FIRST(&names->pending)) != NULL && cost < COST_A_TURN)
		if (!name_carry_on(m, name, &cost))
			break;
	if (!m->stopping && !TAILQ_EMPTY(&names->pending))
		loop_later(m->loop, later, follow_cb);
}

/* ---- what is wanted */

/* With `first` the one that there is stays while the answer has it. */
static void
answer_reduce(const struct master *m, const struct master_name *name, struct dns_answer *answer)
{
	unsigned i, kept = 0;
	struct address address;
	int slot;

	for (i = 0; i < answer->count; i++) {
		dns_address_get(&answer->addresses[i], &address);
		slot = server_find(m, name, &address);
		if (slot >= 0 && !m->servers.places[slot].leaving) {
			kept = i;
			break;
		}
	}
	answer->addresses[0] = answer->addresses[kept];
	answer->count = 1;
}

int
follow_want(struct master *m, struct master_name *name, const struct dns_answer *answer)
{
	if (name->wanted == NULL) {
		name->wanted = malloc(sizeof *name->wanted);
		if (name->wanted == NULL)
			return -1;
		TAILQ_INSERT_TAIL(&m->names.pending, name, pending_link);
		name->came = name->went = 0;
		name->changes[0] = '\0';
	}
	*name->wanted = *answer;
	if (name->addresses == CONF_ADDRESSES_FIRST)
		answer_reduce(m, name, name->wanted);
	name->taken = 0;
	name->problem[0] = '\0';
	loop_later(m->loop, &m->names.carry_on, follow_cb);
	return 0;
}

void
follow_all(struct master *m)
{
	struct master_name *name;
	unsigned cost;

	while ((name = TAILQ_FIRST(&m->names.pending)) != NULL) {
		cost = 0;
		name_carry_on(m, name, &cost);
	}
}

void
follow_init(struct master *m)
{
	TAILQ_INIT(&m->names.pending);
}

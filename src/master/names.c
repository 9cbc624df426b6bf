#include "master/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "master/follow.h"
#include "master/state.h"

enum { TOLD_A_TURN = 128 };

static const uint64_t tell_again = 5 * CLOCK_MILLISECOND; /* when the prober's channel was full */

/* ---- looking */

static struct master_name *
name_by_id(const struct master *m, uint32_t id)
{
	unsigned place;

	for (place = 0; place < m->names.used; place++)
		if (m->names.all[place] != NULL && m->names.all[place]->id == id)
			return m->names.all[place];
	return NULL;
}

unsigned
master_names_used(const struct master *m)
{
	return m->names.used;
}

const struct master_name *
master_name_at(const struct master *m, unsigned place)
{
	return place < m->names.used ? m->names.all[place] : NULL;
}

const struct master_name *
master_name_by_id(const struct master *m, uint32_t id)
{
	return id == 0 ? NULL : name_by_id(m, id);
}

const struct master_name *
master_name_of_server(const struct master *m, unsigned server)
{
	return master_name_by_id(m, m->servers.places[server].from);
}

const struct master_name *
master_name_find(const struct master *m, unsigned pool, const char *text)
{
	unsigned place;

	for (place = 0; place < m->names.used; place++) {
		const struct master_name *name = m->names.all[place];

		if (name != NULL && name->options.pool == pool && strcmp(name->text, text) == 0)
			return name;
	}
	return NULL;
}

bool
names_exist(const struct master *m)
{
	unsigned place;

	for (place = 0; place < m->names.used; place++)
		if (m->names.all[place] != NULL)
			return true;
	return false;
}

unsigned
master_name_servers(const struct master *m, const struct master_name *name)
{
	unsigned slots = scoreboard_server_slots(m->board), slot, count = 0;

	for (slot = 0; slot < slots; slot++)
		count += follow_is_server_of(m, slot, name) && !m->servers.places[slot].leaving;
	return count;
}

/* ---- answers */

/* Notes what was found, and what was not. */
static void
name_note(struct master_name *name, const struct dns_answer *answer)
{
	name->answers++;
	if (answer->why[0] != '\0')
		name->failures++;
	if (answer->count > 0) {
		name->resolved = clock_wall();
		name->ttl = answer->ttl;
		name->fixed = answer->fixed;
	}
	if (answer->why[0] == '\0' && answer->more)
		snprintf(name->why, sizeof name->why, "it has more than %d addresses: the others are left out",
		    DNS_ADDRESSES_MAX);
	else
		memcpy(name->why, answer->why, sizeof name->why);
}

static void
name_answered(struct master *m, struct master_name *name, const struct dns_answer *answer)
{
	char before[DNS_WHY_MAX];

	memcpy(before, name->why, sizeof before);
	name_note(name, answer);
	if (name->why[0] != '\0' && strcmp(before, name->why) != 0) {
		log_warn("server %s of pool %s: %s", name->text, m->conf->pools[name->options.pool].name,
		    name->why);
		news_name(m, name, EVENT_NAME_FAILED, name->why);
	} else if (before[0] != '\0' && name->why[0] == '\0') {
		news_name(m, name, EVENT_NAME_FOUND, "");
	}
	if (answer->count > 0)
		follow_want(m, name, answer);
}

static void name_send(struct master *m, uint32_t id, enum names_wish_kind kind);

bool
names_take(struct master *m, const struct names_part *part)
{
	struct names *names = &m->names;
	struct master_name *name = part->id == 0 ? NULL : name_by_id(m, part->id);
	int rc;

	if (!names_part_is_sound(part) || part->id == 0 || part->id > names->last_id)
		return false;
	if (name == NULL) { /* it was removed, and the prober has not heard of it */
		if (part->last)
			name_send(m, part->id, NAMES_FORGET);
		return true;
	}
	if (part->first)
		names->part_id = part->id;
	else if (names->part_id != part->id)
		return false;
	rc = names_part_take(part, &names->part);
	if (rc <= 0)
		return rc == 0;
	name->asked = false;
	name->next = loop_now(m->loop) + (part->wait < m->conf->resolve.interval_max ? part->wait
										     : m->conf->resolve.interval_max);
	if (!m->stopping)
		name_answered(m, name, &names->part);
	return true;
}

/* ---- telling the prober */

static bool
prober_hears(const struct master *m)
{
	return m->prober.channel >= 0 && m->prober.process.child.state == CHILD_READY;
}

/* false: its channel is full. */
static bool
name_tell(struct master *m, struct master_name *name)
{
	struct channel_message message = { .type = CHANNEL_NAME };
	uint64_t now = loop_now(m->loop);

	message.name.id = name->id;
	if (!name->told) {
		message.name.kind = NAMES_WATCH;
		message.name.question = name->question;
		message.name.delay = name->next > now && !name->now ? name->next - now : 0;
	} else {
		message.name.kind = NAMES_NOW;
	}
	if (channel_send(m->prober.channel, &message) < 0)
		return false;
	name->told = true;
	name->asked |= name->now;
	name->now = false;
	return true;
}

/* Those that have something to tell, some in each turn. */
static void
names_tell_some(struct master *m)
{
	unsigned place, told = 0;

	for (place = 0; prober_hears(m) && place < m->names.used; place++) {
		struct master_name *name = m->names.all[place];

		if (name == NULL || (name->told && !name->now))
			continue;
		if (told++ == TOLD_A_TURN || !name_tell(m, name)) {
			timer_set(&m->names.tell, tell_again);
			return;
		}
	}
}

static void
names_tell_cb(struct timer *timer)
{
	struct names *names = CONTAINER_OF(timer, struct names, tell);

	names_tell_some(CONTAINER_OF(names, struct master, names));
}

void
names_tell(struct master *m)
{
	unsigned place;

	for (place = 0; place < m->names.used; place++) {
		struct master_name *name = m->names.all[place];

		if (name == NULL)
			continue;
		name->told = false;
		name->now |= name->asked; /* the one before it has not answered that */
	}
	m->names.part_id = 0;
	names_tell_some(m);
}

/* What is not sent now is sent when the prober tells of that name again. */
static void
name_send(struct master *m, uint32_t id, enum names_wish_kind kind)
{
	struct channel_message message = { .type = CHANNEL_NAME };

	message.name.id = id;
	message.name.kind = kind;
	if (prober_hears(m))
		channel_send(m->prober.channel, &message);
}

/* ---- verbs */

static int
name_free_place(const struct master *m)
{
	unsigned place;

	for (place = 0; place < m->names.used; place++)
		if (m->names.all[place] == NULL)
			return (int)place;
	return place < CONF_SERVERS_MAX ? (int)place : -1;
}

int
master_name_check(const struct master *m, const struct master_name *name, struct error *err)
{
	if (master_name_find(m, name->options.pool, name->text) != NULL)
		return error_set(err, "pool %s has the server %s already",
		    m->conf->pools[name->options.pool].name, name->text);
	if (name_free_place(m) < 0)
		return error_set(err, "there are %d names already", CONF_SERVERS_MAX);
	return 0;
}

/* NULL with a sentence. */
static struct master_name *
name_new(struct master *m, const struct master_name *like, struct error *err)
{
	struct names *names = &m->names;
	struct master_name *name = malloc(sizeof *name);
	int place = name_free_place(m);

	if (name == NULL || place < 0) {
		error_set(err, "no memory");
		free(name);
		return NULL;
	}
	*name = *like;
	name->id = ++names->last_id;
	name->place = (unsigned)place;
	names->all[place] = name;
	if (names->used <= (unsigned)place)
		names->used = (unsigned)place + 1;
	return name;
}

int
master_name_add(struct master *m, const struct master_name *like, struct error *err)
{
	struct master_name *name;

	if (master_name_check(m, like, err) < 0 || (name = name_new(m, like, err)) == NULL)
		return -1;
	name->next = loop_now(m->loop);
	master_changed(m);
	prober_adjust(m);
	names_tell_some(m);
	return 0;
}

int
master_name_remove_check(const struct master *m, uint32_t id, struct error *err)
{
	const struct master_name *name = name_by_id(m, id);

	if (name == NULL)
		return error_set(err, "it is gone");
	if (servers_pool_has_other(m, name->options.pool, -1, id))
		return 0;
	return error_set(err, "%s is the last server of pool %s", name->text,
	    m->conf->pools[name->options.pool].name);
}

int
master_name_remove(struct master *m, uint32_t id, bool force, struct error *err)
{
	struct master_name *name = name_by_id(m, id);
	unsigned slots = scoreboard_server_slots(m->board), slot;

	if (master_name_remove_check(m, id, err) < 0)
		return -1;
	for (slot = 0; slot < slots; slot++)
		if (follow_is_server_of(m, slot, name))
			servers_leave(m, slot, force);
	name_send(m, id, NAMES_FORGET);
	follow_drop(m, name);
	m->names.all[name->place] = NULL;
	free(name);
	master_changed(m);
	return 0;
}

unsigned
master_name_left(const struct master *m, uint32_t id, uint32_t *load)
{
	unsigned slots = scoreboard_server_slots(m->board), slot, count = 0;

	*load = 0;
	for (slot = 0; slot < slots; slot++) {
		if (m->servers.places[slot].from != id || scoreboard_server_state(m->board, slot) == SERVER_FREE)
			continue;
		*load += scoreboard_server_load(m->board, slot);
		count++;
	}
	return count;
}

void
master_name_resolve(struct master *m, uint32_t id)
{
	struct master_name *name = name_by_id(m, id);

	if (name == NULL)
		return;
	name->now = true;
	names_tell_some(m);
}

/* ---- start and end */

static int
name_from_conf(struct master *m, unsigned pool, const struct conf_server *conf)
{
	struct master_name like = {
		.question = conf->question,
		.family = conf->family,
		.addresses = conf->addresses,
		.options = servers_from_conf(pool, conf),
	};
	struct master_name *name;
	struct error err;

	snprintf(like.text, sizeof like.text, "%s", conf->name);
	name = name_new(m, &like, &err);
	if (name == NULL)
		return -1;
	name->next = loop_now(m->loop);
	if (conf->answer == NULL)
		return 0;
	name->next += conf->answer->count > 0 ? names_interval(conf->answer, m->conf->resolve.interval_min,
						    m->conf->resolve.interval_max)
					      : m->conf->resolve.interval_min;
	name_note(name, conf->answer);
	if (name->why[0] != '\0')
		log_warn("server %s of pool %s: %s", name->text, m->conf->pools[pool].name, name->why);
	return conf->answer->count > 0 ? follow_want(m, name, conf->answer) : 0;
}

int
names_init(struct master *m)
{
	size_t p, s;

	follow_init(m);
	timer_init(&m->names.tell, m->loop, names_tell_cb);
	for (p = 0; p < m->conf->pool_count; p++)
		for (s = 0; s < m->conf->pools[p].server_count; s++)
			if (m->conf->pools[p].servers[s].question.name[0] != '\0' &&
			    name_from_conf(m, (unsigned)p, &m->conf->pools[p].servers[s]) < 0)
				return -1;
	follow_all(m);
	return 0;
}

void
names_close(struct master *m)
{
	unsigned place;

	loop_later_cancel(m->loop, &m->names.carry_on);
	timer_clear(&m->names.tell);
	for (place = 0; place < m->names.used; place++) {
		if (m->names.all[place] != NULL)
			free(m->names.all[place]->wanted);
		free(m->names.all[place]);
	}
}

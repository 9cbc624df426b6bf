#include "control/named.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "master/names.h"

enum {
	NEAREST_OF = 1000, /* servers: more would take longer than a typing mistake is worth */
	NAMED_HINT_MAX = 256
};

/* What to do about a name that is none of these: the nearest, or where all of them are shown. Returns `hint`. */
static const char *
hint_of(char hint[NAMED_HINT_MAX], const char *name, const char *const *names, const char *method)
{
	const char *near = text_nearest(name, names);

	if (near != NULL)
		snprintf(hint, NAMED_HINT_MAX, "Did you mean %.200s?", near);
	else
		snprintf(hint, NAMED_HINT_MAX, "The method %s shows all.", method);
	return hint;
}

static int
pool_unknown(struct call *call, const struct conf *conf, const char *name)
{
	const char *names[CONF_POOLS_MAX + 1];
	char word[FAULT_WORD_MAX], hint[NAMED_HINT_MAX];
	size_t i;

	for (i = 0; i < conf->pool_count; i++)
		names[i] = conf->pools[i].name;
	names[i] = NULL;
	call_fail(call, REPLY_ERROR_PARAMS, hint_of(hint, name, names, "pools"), "There is no pool %s.",
	    fault_word(name, word));
	return -1;
}

int
pool_named(struct call *call, const char *name)
{
	const struct conf *conf = master_conf(call->master);
	size_t i;

	for (i = 0; i < conf->pool_count; i++)
		if (strcmp(conf->pools[i].name, name) == 0)
			return (int)i;
	return pool_unknown(call, conf, name);
}

/* ---- servers */

static bool
server_leaves(enum server_state state)
{
	return state == SERVER_LEAVING || state == SERVER_CUT;
}

/* What stands on the scoreboard may be nonsense: it is not read beyond its room. */
static bool
server_has_name(const struct scoreboard_server *server, const char *name, const struct address *address)
{
	if (strncmp(server->name, name, sizeof server->name) == 0)
		return true;
	return address != NULL && address_equal(&server->address, address);
}

static int
server_unknown(struct call *call, unsigned pool, const char *name)
{
	const struct conf *conf = master_conf(call->master);
	const struct scoreboard *board = master_board(call->master);
	unsigned slots = scoreboard_server_slots(board), slot, count = 0;
	const char *names[NEAREST_OF + 1];
	char word[FAULT_WORD_MAX], hint[NAMED_HINT_MAX];

	for (slot = 0; slot < slots && count < NEAREST_OF; slot++)
		if (scoreboard_server_state(board, slot) != SERVER_FREE &&
		    board->servers[slot].pool == pool &&
		    memchr(board->servers[slot].name, '\0', sizeof board->servers[slot].name) != NULL)
			names[count++] = board->servers[slot].name;
	names[count] = NULL;
	if (master_name_find(call->master, pool, name) != NULL) {
		call_fail(call, REPLY_ERROR_PARAMS, "The method servers shows them.",
		    "%s is a name: give one of its addresses.", fault_word(name, word));
		return -1;
	}
	call_fail(call, REPLY_ERROR_PARAMS, hint_of(hint, name, names, "servers"), "Pool %s has no server %s.",
	    conf->pools[pool].name, fault_word(name, word));
	return -1;
}

int
server_named(struct call *call, unsigned pool, const char *name)
{
	const struct scoreboard *board = master_board(call->master);
	unsigned slots = scoreboard_server_slots(board), slot;
	struct address address;
	bool is_address = conf_server_from_text(&address, NULL, name, NULL) == 0;
	int leaving = -1;

	for (slot = 0; slot < slots; slot++) {
		enum server_state state = scoreboard_server_state(board, slot);

		if (state == SERVER_FREE || board->servers[slot].pool != pool ||
		    !server_has_name(&board->servers[slot], name, is_address ? &address : NULL))
			continue;
		if (!server_leaves(state))
			return (int)slot;
		leaving = (int)slot;
	}
	return leaving >= 0 ? leaving : server_unknown(call, pool, name);
}

/* ---- listeners */

static int
listener_unknown(struct call *call, const struct conf *conf, const char *name)
{
	const char *names[CONF_LISTENERS_MAX + 1];
	char word[FAULT_WORD_MAX], hint[NAMED_HINT_MAX];
	size_t i;

	for (i = 0; i < conf->listener_count; i++)
		names[i] = conf->listeners[i].name;
	names[i] = NULL;
	call_fail(call, REPLY_ERROR_PARAMS, hint_of(hint, name, names, "listeners"), "There is no listener %s.",
	    fault_word(name, word));
	return -1;
}

int
listener_named(struct call *call, const char *name)
{
	const struct conf *conf = master_conf(call->master);
	char text[ADDRESS_TEXT_MAX], word[FAULT_WORD_MAX];
	size_t i, found = 0;
	int index = -1;

	for (i = 0; i < conf->listener_count; i++) {
		if (strcmp(master_listener_address(call->master, i, text), name) == 0)
			return (int)i;
		if (strcmp(conf->listeners[i].name, name) != 0)
			continue;
		index = (int)i;
		found++;
	}
	if (found == 0)
		return listener_unknown(call, conf, name);
	if (found == 1)
		return index;
	call_fail(call, REPLY_ERROR_PARAMS,
	    "Give the address that it is bound to; the method listeners shows it.",
	    "%zu listeners have the name %s.", found, fault_word(name, word));
	return -1;
}

/* ---- workers */

/* Any process that maps the scoreboard can have written there. */
static enum child_state
state_read(uint32_t state)
{
	return state < CHILD_STATES ? (enum child_state)state : CHILD_EMPTY;
}

enum child_state
worker_state(const struct scoreboard *board, unsigned slot)
{
	return state_read(scoreboard_get(&board->workers[slot].child.state));
}

enum child_state
prober_state(const struct scoreboard *board)
{
	return state_read(scoreboard_get(&board->prober.child.state));
}

bool
worker_is_there(struct master *master, unsigned slot)
{
	return slot < SCOREBOARD_WORKERS && worker_state(master_board(master), slot) != CHILD_EMPTY;
}

bool
worker_named(struct call *call)
{
	int64_t slot = call_integer(call, "worker");

	if (worker_is_there(call->master, (unsigned)slot))
		return true;
	call_fail(call, REPLY_ERROR_PARAMS, "The method workers shows all.", "There is no worker %lld.",
	    (long long)slot);
	return false;
}

/* server-add, server-remove, server-set: the servers of the pools, changed while drover runs. Master. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "control/command_names.h"
#include "control/commands.h"
#include "control/named.h"
#include "control/values.h"
#include "master/apps.h"
#include "master/names.h"

static const uint64_t patience = 30 * CLOCK_SECOND;

const char *const server_states_to_set[] = { /* by enum conf_server_state */
	"ready", "drain", "maintenance", NULL
};

static enum conf_server_state
state_read(const char *word)
{
	int state = CONF_SERVER_READY;

	while (server_states_to_set[state] != NULL && strcmp(server_states_to_set[state], word) != 0)
		state++;
	return server_states_to_set[state] != NULL ? (enum conf_server_state)state : CONF_SERVER_READY;
}

static const struct scoreboard_server *
row_at(const struct call *call, size_t place)
{
	return &master_board(call->master)->servers[place];
}

/* Workers can write to the scoreboard, too: no more of a name is read than there is room for. */
static const char *
name_of(const struct scoreboard_server *row, char name[SCOREBOARD_NAME])
{
	snprintf(name, SCOREBOARD_NAME, "%.*s", SCOREBOARD_NAME - 1, row->name);
	return name;
}

static void
place_end(struct call *call)
{
	json_decref(call->state);
}

/*
 * The place of the server that the call names, or -1: it has failed. For later, call->cursor
 * becomes the place, call->inner its id, and call->state its name as written, as JSON.
 */
static int
place_named(struct call *call)
{
	int pool = pool_named(call, call_text(call, "pool"));
	int place = pool < 0 ? -1 : server_named(call, (unsigned)pool, call_text(call, "server"));

	if (place < 0)
		return -1;
	call->cursor = (size_t)place;
	call->inner = row_at(call, call->cursor)->id;
	call->state = value_server_name(row_at(call, call->cursor));
	call->end = place_end;
	if (call->state != NULL)
		return place;
	call_fail(call, REPLY_ERROR_INTERNAL, "Try again later.", "There is no memory for the reply.");
	return -1;
}

/* How a server stands now, for a reply. */
static json_t *
server_stands(const struct call *call, size_t place)
{
	const struct scoreboard *board = master_board(call->master);
	const struct scoreboard_server *row = row_at(call, place);

	return json_pack("{s:o,s:o,s:s,s:I,s:I,s:I}", "pool", value_text(call_text(call, "pool")), "server",
	    value_server_name(row), "state",
	    server_state_names[scoreboard_server_state(board, (unsigned)place)], "weight",
	    (json_int_t)scoreboard_get(&row->weight), "max-connections",
	    (json_int_t)scoreboard_get(&row->max_connections), "load",
	    (json_int_t)scoreboard_server_load(board, (unsigned)place));
}

/* What it is, as `config` has it. */
static json_t *
server_options(const struct master_server *server)
{
	struct master_name name = { .options = *server };

	snprintf(name.text, sizeof name.text, "%s", server->name);
	return value_name_options(&name);
}

/* ---- server-add */

/* Whether drover runs the servers of that pool: then the call has failed. */
static bool
add_is_of_app(struct call *call, unsigned pool)
{
	if (pool < master_conf(call->master)->first_app)
		return false;
	call_fail(call, REPLY_ERROR_IMPOSSIBLE, "The method scale changes how many instances it has.",
	    "Nothing is added: %s is an app, which has its instances for servers.", call_text(call, "pool"));
	return true;
}

/* What it is but for its name and address; false: the call has failed. */
static bool
add_read_options(struct call *call, struct master_server *server)
{
	const struct conf *conf = master_conf(call->master);
	int pool = pool_named(call, call_text(call, "pool"));

	if (pool < 0 || add_is_of_app(call, (unsigned)pool))
		return false;
	*server = (struct master_server){
		.pool = (unsigned)pool,
		.name = call_text(call, "server"),
		.state = state_read(call_text(call, "state")),
		.weight = (uint16_t)call_integer(call, "weight"),
		.max_connections = (uint32_t)call_integer(call, "max-connections"),
		.max_fails = conf->pools[pool].max_fails,
		.fail_timeout = conf->pools[pool].fail_timeout,
		.slow_start = conf->pools[pool].slow_start,
		.backup = call_boolean(call, "backup"),
	};
	if (call_has(call, "max-fails"))
		server->max_fails = (uint32_t)call_integer(call, "max-fails");
	if (call_has(call, "fail-timeout-ms"))
		server->fail_timeout = (uint64_t)call_integer(call, "fail-timeout-ms") * CLOCK_MILLISECOND;
	if (call_has(call, "slow-start-ms"))
		server->slow_start = (uint64_t)call_integer(call, "slow-start-ms") * CLOCK_MILLISECOND;
	return true;
}

/* Its address, or what a name is asked for; false: the call has failed. */
static bool
add_read_name(struct call *call, struct master_name *name)
{
	struct master_server *server = &name->options;
	char word[FAULT_WORD_MAX];
	struct error err;

	if (conf_server_from_text(&server->address, &name->question, server->name, &err) < 0) {
		call_fail(call, REPLY_ERROR_PARAMS,
		    "Write an address or a name, and a port, as 10.0.0.5:8080, [::1]:8080 or app.internal:8080; "
		    "or unix:/path.",
		    "The parameter server cannot be %s: %s", fault_word(server->name, word), err.text);
		return false;
	}
	if (name->question.name[0] == '\0' && (call_has(call, "family") || call_has(call, "addresses"))) {
		call_fail(call, REPLY_ERROR_PARAMS, "Leave them out.",
		    "The parameters family and addresses are for names of hosts and services only.");
		return false;
	}
	return name_read(call, name);
}

static void
add_reply(struct call *call, const struct master_server *server)
{
	call_reply_changes(
	    call, json_pack("{s:o,s:o,s:o,s:s}", "pool",
		      value_text(master_conf(call->master)->pools[server->pool].name), "server",
		      value_text(server->name), "address", value_address(&server->address), "state",
		      server_states_to_set[server->state]));
}

static void
server_add(struct call *call, const struct master_server *added)
{
	struct master_server server = *added;
	struct error err;

	if (master_server_check(call->master, &server, &err) < 0) {
		call_fail(call, REPLY_ERROR_IMPOSSIBLE,
		    "The method servers shows all; server-set changes one that is there.",
		    "Nothing is added: %s.", err.text);
		return;
	}
	call_change(call, json_null(), server_options(&server), "pool %s server %s",
	    master_conf(call->master)->pools[server.pool].name, server.name);
	if (call_is_to_change(call) && master_server_add(call->master, &server, &err) < 0)
		call_fail(call, REPLY_ERROR_IMPOSSIBLE, "The method servers shows all.",
		    "Nothing is changed: %s.", err.text);
	else
		add_reply(call, &server);
}

void
command_server_add(struct call *call)
{
	struct master_name name = { .options = { .name = NULL } };

	if (call_comes_too_late(call) || !add_read_options(call, &name.options) || !add_read_name(call, &name))
		return;
	if (name.question.name[0] != '\0')
		name_add(call, &name);
	else
		server_add(call, &name.options);
}

/* ---- server-remove: call->cursor, inner and state as place_named left them */

static bool
is_gone(const struct call *call)
{
	return scoreboard_server_state(master_board(call->master), (unsigned)call->cursor) == SERVER_FREE ||
	       row_at(call, call->cursor)->id != call->inner;
}

static void
remove_reply(struct call *call)
{
	bool gone = is_gone(call);
	uint32_t load = gone ? 0 : scoreboard_server_load(master_board(call->master), (unsigned)call->cursor);

	call_reply_changes(call, json_pack("{s:s,s:O,s:b,s:I}", "pool", call_text(call, "pool"), "server",
				     call->state, "gone", (int)gone, "load", (json_int_t)load));
}

static bool
remove_poll(struct call *call, bool expired)
{
	if (!expired && !is_gone(call) && !master_is_stopping(call->master))
		return false;
	remove_reply(call);
	return true;
}

/* What is taken out, of a server that is not leaving. */
static json_t *
remove_options(const struct scoreboard_server *row, enum server_state state)
{
	char name[SCOREBOARD_NAME];
	struct master_server server = {
		.name = name_of(row, name),
		.weight = (uint16_t)scoreboard_get(&row->weight),
		.max_connections = scoreboard_get(&row->max_connections),
		.state = state_read(server_state_names[state]),
		.max_fails = row->max_fails,
		.fail_timeout = row->fail_timeout,
		.slow_start = row->slow_start,
		.backup = scoreboard_get(&row->backup),
	};

	return server_options(&server);
}

static void
remove_note(struct call *call, enum server_state state)
{
	const struct scoreboard_server *row = row_at(call, call->cursor);
	bool force = call_boolean(call, "force");
	char name[SCOREBOARD_NAME];

	if (state != SERVER_LEAVING && state != SERVER_CUT)
		call_change(call, remove_options(row, state), json_null(), "pool %s server %s",
		    call_text(call, "pool"), name_of(row, name));
	else if (force && state == SERVER_LEAVING)
		call_change(call, json_string(server_state_names[SERVER_LEAVING]),
		    json_string(server_state_names[SERVER_CUT]), "pool %s server %s state",
		    call_text(call, "pool"), name_of(row, name));
}

/* What to do about one that cannot be taken out. */
static const char *
remove_hint(const struct call *call, unsigned place)
{
	if (master_server_is_instance(call->master, place))
		return "Have fewer instances with scale, replace it with restart, or set its state to drain with server-set.";
	if (master_name_of_server(call->master, place) != NULL)
		return "Remove the name, or set the state of this one to maintenance with server-set.";
	return "Add another one first, or set its state to maintenance with server-set.";
}

/* -1: it cannot be taken out, and the call has failed. */
static int
remove_check(struct call *call, unsigned place, enum server_state state)
{
	struct error err;

	if (master_server_is_instance(call->master, place))
		error_set(&err, "it is an instance of the app %s", call_text(call, "pool"));
	else if (state == SERVER_LEAVING || state == SERVER_CUT ||
	    master_server_remove_check(call->master, place, &err) == 0)
		return 0;
	call_fail(call, REPLY_ERROR_IMPOSSIBLE, remove_hint(call, place), "Nothing is removed: %s.", err.text);
	return -1;
}

void
command_server_remove(struct call *call)
{
	enum server_state state;
	struct error err;
	int place;

	if (call_comes_too_late(call) || name_remove(call) || (place = place_named(call)) < 0)
		return;
	state = scoreboard_server_state(master_board(call->master), (unsigned)place);
	if (remove_check(call, (unsigned)place, state) < 0)
		return;
	remove_note(call, state);
	if (call_is_to_change(call) &&
	    master_server_remove(call->master, (unsigned)place, call_boolean(call, "force"), &err) < 0)
		call_fail(call, REPLY_ERROR_IMPOSSIBLE, "The method servers shows all.",
		    "Nothing is changed: %s.", err.text);
	else if (call_boolean(call, "wait") && call_is_to_change(call))
		call_wait(call, remove_poll, patience);
	else
		remove_reply(call);
}

/* ---- server-set: the same */

static void
set_reply(struct call *call)
{
	json_t *result = is_gone(call) ? json_pack("{s:s,s:O,s:n}", "pool", call_text(call, "pool"), "server",
					     call->state, "state")
				       : server_stands(call, call->cursor);

	json_object_set_new(result, "settled", json_boolean(master_servers_settled(call->master)));
	call_reply_changes(call, result);
}

/* Whether somebody else has changed the state meanwhile, or the server is on its way out. */
static bool
set_is_overtaken(const struct call *call)
{
	enum server_state state = scoreboard_server_state(master_board(call->master), (unsigned)call->cursor);

	if (is_gone(call) || state == SERVER_LEAVING || state == SERVER_CUT)
		return true;
	return call_has(call, "state") && strcmp(server_state_names[state], call_text(call, "state")) != 0;
}

static bool
set_is_over(const struct call *call)
{
	bool empties = call_has(call, "state") && strcmp(call_text(call, "state"), "ready") != 0;

	return master_servers_settled(call->master) &&
	       (!empties || scoreboard_server_load(master_board(call->master), (unsigned)call->cursor) == 0);
}

static bool
set_poll(struct call *call, bool expired)
{
	if (!expired && !set_is_overtaken(call) && !set_is_over(call) && !master_is_stopping(call->master))
		return false;
	set_reply(call);
	return true;
}

static void
set_note_number(struct call *call, const char *option, uint32_t now)
{
	const struct scoreboard_server *row = row_at(call, call->cursor);
	char name[SCOREBOARD_NAME];

	if (call_has(call, option))
		call_change(call, json_integer(now), json_integer(call_integer(call, option)),
		    "pool %s server %s %s", call_text(call, "pool"), name_of(row, name), option);
}

static void
set_note(struct call *call, enum server_state state)
{
	const struct scoreboard_server *row = row_at(call, call->cursor);
	char name[SCOREBOARD_NAME];

	set_note_number(call, "weight", scoreboard_get(&row->weight));
	set_note_number(call, "max-connections", scoreboard_get(&row->max_connections));
	if (call_has(call, "state"))
		call_change(call, json_string(server_state_names[state]),
		    json_string(call_text(call, "state")), "pool %s server %s state", call_text(call, "pool"),
		    name_of(row, name));
}

static void
set_carry_out(struct call *call, unsigned place)
{
	if (call_has(call, "weight"))
		master_server_set_weight(call->master, place, (uint16_t)call_integer(call, "weight"));
	if (call_has(call, "max-connections"))
		master_server_set_max_connections(
		    call->master, place, (uint32_t)call_integer(call, "max-connections"));
	if (call_has(call, "state"))
		master_server_set_state(call->master, place, state_read(call_text(call, "state")));
}

static int
set_check(struct call *call)
{
	if (call_has(call, "weight") || call_has(call, "max-connections") || call_has(call, "state"))
		return 0;
	call_fail(call, REPLY_ERROR_PARAMS, "Give at least one of weight, state and max-connections.",
	    "There is nothing to set.");
	return -1;
}

/* -1: it is on its way in or out, and the call has failed. */
static int
set_check_state(struct call *call, enum server_state state)
{
	if (state == SERVER_STARTING && call_has(call, "state")) {
		call_fail(call, REPLY_ERROR_IMPOSSIBLE, "Ask again when it is ready.", "The instance is starting.");
		return -1;
	}
	if (state != SERVER_LEAVING && state != SERVER_CUT)
		return 0;
	call_fail(
	    call, REPLY_ERROR_IMPOSSIBLE, "Add it again with server-add.", "The server is being removed.");
	return -1;
}

void
command_server_set(struct call *call)
{
	enum server_state state;
	int place;

	if (call_comes_too_late(call) || set_check(call) < 0 || (place = place_named(call)) < 0)
		return;
	state = scoreboard_server_state(master_board(call->master), (unsigned)place);
	if (set_check_state(call, state) < 0)
		return;
	set_note(call, state);
	if (call_is_to_change(call))
		set_carry_out(call, (unsigned)place);
	if (call_boolean(call, "wait") && call_is_to_change(call))
		call_wait(call, set_poll, patience);
	else
		set_reply(call);
}

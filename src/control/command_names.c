/* names, resolve: servers that have names; and what server-add and server-remove do with them. Master. */
#include "control/command_names.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "control/commands.h"
#include "control/named.h"
#include "control/values.h"

static const uint64_t patience = 30 * CLOCK_SECOND;

const char *const name_families[] = { "any", "ipv4", "ipv6", NULL }; /* by enum conf_family */
const char *const name_addresses[] = { "all", "first", NULL }; /* by enum conf_addresses */

static unsigned
word_index(const char *const *words, const char *word)
{
	unsigned i = 0;

	while (word != NULL && words[i] != NULL && strcmp(words[i], word) != 0)
		i++;
	return word == NULL || words[i] == NULL ? 0 : i;
}

static const char *
pool_of(const struct call *call, const struct master_name *name)
{
	return master_conf(call->master)->pools[name->options.pool].name;
}

/* ---- names */

/* Of what the last look-up did not find, or what cannot be used of it; null: of nothing. */
static json_t *
name_error(const struct master_name *name)
{
	const char *why = name->why[0] != '\0' ? name->why : name->problem;

	return why[0] != '\0' ? value_text(why) : json_null();
}

static json_t *
name_show(const struct call *call, const struct master_name *name)
{
	uint64_t now = clock_monotonic();
	bool has_ttl = name->resolved != 0 && !name->fixed;

	return json_pack("{s:o,s:o,s:s,s:i,s:o,s:o,s:o,s:I,s:I,s:o}", "pool", value_text(pool_of(call, name)), "server",
	    value_text(name->text), "type", name->question.service ? "service" : "host", "servers",
	    (int)master_name_servers(call->master, name), "resolved",
	    name->resolved != 0 ? value_time(name->resolved) : json_null(), "ttl-ms",
	    has_ttl ? value_ms(name->ttl * CLOCK_SECOND) : json_null(), "next-ms",
	    value_ms(name->next > now ? name->next - now : 0), "answers", (json_int_t)name->answers, "failures",
	    (json_int_t)name->failures, "error", name_error(name));
}

/* cursor: places of names that were looked at; inner: the pool's index + 1, 0: all pools. */
static enum stream_row
names_next(struct call *call, json_t **row)
{
	const struct master_name *name;

	while (call->cursor < master_names_used(call->master)) {
		name = master_name_at(call->master, (unsigned)call->cursor++);
		if (name == NULL || (call->inner != 0 && name->options.pool != call->inner - 1))
			continue;
		*row = name_show(call, name);
		return STREAM_ROW;
	}
	return STREAM_LAST;
}

void
command_names(struct call *call)
{
	const char *wanted = call_text(call, "pool");
	int pool = wanted == NULL ? -1 : pool_named(call, wanted);

	if (wanted != NULL && pool < 0)
		return;
	call->inner = (size_t)pool + 1;
	call_rows(call, json_object(), "names", names_next);
}

/* ---- resolve: call->inner is the id, call->cursor how many answers there had been */

/* NULL: there is none, and the call has failed. */
static const struct master_name *
name_named(struct call *call)
{
	const char *text = call_text(call, "server");
	int pool = pool_named(call, call_text(call, "pool"));
	const struct master_name *name = pool < 0 ? NULL : master_name_find(call->master, (unsigned)pool, text);
	char word[FAULT_WORD_MAX];

	if (name == NULL && pool >= 0)
		call_fail(call, REPLY_ERROR_PARAMS, "The method names shows all.", "Pool %s has no name %s.",
		    master_conf(call->master)->pools[pool].name, fault_word(text, word));
	return name;
}

static void
resolve_reply(struct call *call, const struct master_name *name)
{
	json_t *shown = name == NULL ? json_pack("{s:s,s:s,s:n}", "pool", call_text(call, "pool"), "server",
					   call_text(call, "server"), "answers")
				     : name_show(call, name);

	call_reply_changes(call, shown);
}

static bool
resolve_poll(struct call *call, bool expired)
{
	const struct master_name *name = master_name_by_id(call->master, (uint32_t)call->inner);

	if (!expired && name != NULL && (name->answers == call->cursor || name->wanted != NULL) &&
	    !master_is_stopping(call->master))
		return false;
	resolve_reply(call, name);
	return true;
}

void
command_resolve(struct call *call)
{
	const struct master_name *name;

	if (call_comes_too_late(call) || (name = name_named(call)) == NULL)
		return;
	call->inner = name->id;
	call->cursor = (size_t)name->answers;
	if (call_is_to_change(call))
		master_name_resolve(call->master, name->id);
	if (call_boolean(call, "wait") && call_is_to_change(call))
		call_wait(call, resolve_poll, patience);
	else
		resolve_reply(call, name);
}

/* ---- server-add */

bool
name_read(struct call *call, struct master_name *name)
{
	name->family = (enum conf_family)word_index(name_families, call_text(call, "family"));
	name->addresses = (enum conf_addresses)word_index(name_addresses, call_text(call, "addresses"));
	name->question.family = conf_family_number(name->family);
	snprintf(name->text, sizeof name->text, "%s", name->options.name);
	return true;
}

void
name_add(struct call *call, const struct master_name *name)
{
	struct error err;

	if (master_name_check(call->master, name, &err) < 0) {
		call_fail(call, REPLY_ERROR_IMPOSSIBLE, "The method names shows all.", "Nothing is added: %s.", err.text);
		return;
	}
	call_change(call, json_null(), value_name_options(name), "pool %s server %s", pool_of(call, name), name->text);
	if (call_is_to_change(call) && master_name_add(call->master, name, &err) < 0)
		call_fail(call, REPLY_ERROR_IMPOSSIBLE, "The method names shows all.", "Nothing is changed: %s.",
		    err.text);
	else
		call_reply_changes(call, json_pack("{s:o,s:o,s:n,s:s}", "pool", value_text(pool_of(call, name)), "server",
					     value_text(name->text), "address", "state",
					     server_states_to_set[name->options.state]));
}

/* ---- server-remove: call->inner is the id */

static void
remove_reply(struct call *call)
{
	uint32_t load;
	bool gone = master_name_by_id(call->master, (uint32_t)call->inner) == NULL &&
	    master_name_left(call->master, (uint32_t)call->inner, &load) == 0;

	master_name_left(call->master, (uint32_t)call->inner, &load);
	call_reply_changes(call, json_pack("{s:s,s:s,s:b,s:I}", "pool", call_text(call, "pool"), "server",
				     call_text(call, "server"), "gone", (int)gone, "load", (json_int_t)load));
}

static bool
remove_poll(struct call *call, bool expired)
{
	uint32_t load;

	if (!expired && master_name_left(call->master, (uint32_t)call->inner, &load) > 0 &&
	    !master_is_stopping(call->master))
		return false;
	remove_reply(call);
	return true;
}

/* It is there, and what is to be done is checked. */
static void
remove_carry_out(struct call *call, const struct master_name *name)
{
	struct error err;

	call->inner = name->id;
	call_change(call, value_name_options(name), json_null(), "pool %s server %s", pool_of(call, name), name->text);
	if (call_is_to_change(call))
		master_name_remove(call->master, name->id, call_boolean(call, "force"), &err);
	if (call_boolean(call, "wait") && call_is_to_change(call))
		call_wait(call, remove_poll, patience);
	else
		remove_reply(call);
}

bool
name_remove(struct call *call)
{
	int pool = pool_named(call, call_text(call, "pool"));
	const struct master_name *name;
	struct error err;

	if (pool < 0)
		return true;
	name = master_name_find(call->master, (unsigned)pool, call_text(call, "server"));
	if (name == NULL)
		return false;
	if (master_name_remove_check(call->master, name->id, &err) == 0)
		remove_carry_out(call, name);
	else
		call_fail(call, REPLY_ERROR_IMPOSSIBLE, "Add another one first.", "Nothing is removed: %s.", err.text);
	return true;
}

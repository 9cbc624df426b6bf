/* maintenance: what is answered 503 for a time. Master. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "control/commands.h"
#include "control/named.h"
#include "control/values.h"

static const uint64_t patience = 30 * CLOCK_SECOND;

/* What the call is about. */
struct target {
	enum master_part part;
	size_t index;
	char what[512]; /* as in the drift of `config` */
};

static int
route_named(struct call *call, int64_t number)
{
	size_t count = master_conf(call->master)->route_count;

	if ((uint64_t)number <= count)
		return (int)number - 1;
	call_fail(call, REPLY_ERROR_PARAMS, "The method routes shows them with their numbers.",
	    "There is no route %lld; there %s %zu.", (long long)number, count == 1 ? "is" : "are", count);
	return -1;
}

/* -1: the call has failed. */
static int
target_read(struct call *call, struct target *target)
{
	const struct conf *conf = master_conf(call->master);
	const char *pool = call_text(call, "pool"), *listener = call_text(call, "listener");
	int index = 0;

	*target = (struct target){ .part = MASTER_ALL, .what = "maintenance" };
	if ((pool != NULL) + (listener != NULL) + call_has(call, "route") > 1) {
		call_fail(call, REPLY_ERROR_PARAMS, "Call it once for each.",
		    "One of pool, listener and route can be given.");
		return -1;
	}
	if (pool != NULL && (index = pool_named(call, pool)) >= 0) {
		target->part = MASTER_POOL;
		snprintf(target->what, sizeof target->what, "pool %s maintenance", conf->pools[index].name);
	} else if (listener != NULL && (index = listener_named(call, listener)) >= 0) {
		target->part = MASTER_LISTENER;
		snprintf(target->what, sizeof target->what, "listen %s maintenance", conf->listeners[index].name);
	} else if (call_has(call, "route") && (index = route_named(call, call_integer(call, "route"))) >= 0) {
		target->part = MASTER_ROUTE;
		snprintf(target->what, sizeof target->what, "route %d maintenance", index + 1);
	}
	target->index = (size_t)index;
	return index < 0 ? -1 : 0;
}

/* ---- who is served all the same */

/* Reads networks parted by blanks or commas. How many; -1: the call has failed. */
static int
except_read(struct call *call, struct address_range except[SCOREBOARD_EXCEPT])
{
	static const char between[] = " ,\t";
	char text[1024], word[FAULT_WORD_MAX], *at, *save = NULL;
	struct error err;
	int count = 0;

	snprintf(text, sizeof text, "%s", call_text(call, "except"));
	for (at = strtok_r(text, between, &save); at != NULL; at = strtok_r(NULL, between, &save), count++) {
		if (count == SCOREBOARD_EXCEPT) {
			call_fail(call, REPLY_ERROR_PARAMS, "Give larger networks.",
			    "The parameter except can have %d networks.", SCOREBOARD_EXCEPT);
			return -1;
		}
		if (address_range_parse(&except[count], at, &err) < 0) {
			call_fail(call, REPLY_ERROR_PARAMS, "Write networks as 10.0.0.0/8, parted by blanks.",
			    "The parameter except cannot have %s: %s.", fault_word(at, word), err.text);
			return -1;
		}
	}
	return count;
}

static json_t *
except_show(const struct address_range *except, size_t count)
{
	json_t *list = json_array();
	char text[ADDRESS_TEXT_MAX];
	size_t i;

	for (i = 0; i < count; i++)
		if (json_array_append_new(list, json_string(address_range_format(&except[i], text))) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* -1: the call has failed, and nothing is changed. */
static int
except_change(struct call *call, struct address_range except[SCOREBOARD_EXCEPT])
{
	const struct address_range *before;
	size_t count_before;
	int count = except_read(call, except);

	if (count < 0)
		return -1;
	before = master_maintenance_except(call->master, &count_before);
	call_change(call, except_show(before, count_before), except_show(except, (size_t)count), "maintenance-except");
	return count;
}

/* ---- the call */

static void
maintenance_reply(struct call *call)
{
	const struct address_range *except;
	struct target target;
	size_t count;

	if (target_read(call, &target) < 0)
		return;
	except = master_maintenance_except(call->master, &count);
	call_reply_changes(call, json_pack("{s:o,s:s,s:o,s:b}", "what", value_text(target.what), "state",
				     master_is_in_maintenance(call->master, target.part, target.index) ? "on" : "off",
				     "except", except_show(except, count), "settled",
				     (int)master_servers_settled(call->master)));
}

static bool
maintenance_poll(struct call *call, bool expired)
{
	if (!expired && !master_servers_settled(call->master) && !master_is_stopping(call->master))
		return false;
	maintenance_reply(call);
	return true;
}

void
command_maintenance(struct call *call)
{
	bool on = strcmp(call_text(call, "state"), "on") == 0;
	struct address_range except[SCOREBOARD_EXCEPT];
	struct target target;
	int count = 0;

	if (call_comes_too_late(call) || target_read(call, &target) < 0)
		return;
	if (call_has(call, "except") && (count = except_change(call, except)) < 0)
		return;
	call_change(call, json_boolean(master_is_in_maintenance(call->master, target.part, target.index)),
	    json_boolean(on), "%s", target.what);
	if (call_is_to_change(call)) {
		if (call_has(call, "except"))
			master_set_maintenance_except(call->master, except, (size_t)count);
		master_set_maintenance(call->master, target.part, target.index, on);
	}
	if (call_boolean(call, "wait") && call_is_to_change(call))
		call_wait(call, maintenance_poll, patience);
	else
		maintenance_reply(call);
}

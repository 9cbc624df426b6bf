#include "control/named.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "supervise/child.h"

static int
pool_unknown(struct call *call, const struct conf *conf, const char *name)
{
	const char *names[CONF_POOLS_MAX + 1], *near;
	char word[FAULT_WORD_MAX], hint[128] = "The method pools shows all.";
	size_t i;

	for (i = 0; i < conf->pool_count; i++)
		names[i] = conf->pools[i].name;
	names[i] = NULL;
	near = text_nearest(name, names);
	if (near != NULL)
		snprintf(hint, sizeof hint, "Did you mean %s?", near);
	call_fail(call, REPLY_ERROR_PARAMS, hint, "There is no pool %s.", fault_word(name, word));
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

bool
worker_is_there(struct master *master, unsigned slot)
{
	return slot < master_workers_desired(master) ||
	       (slot < SCOREBOARD_WORKERS &&
		   scoreboard_get(&master_board(master)->workers[slot].state) != CHILD_EMPTY);
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

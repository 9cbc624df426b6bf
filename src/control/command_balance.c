/* balance: how connections are spread over workers, and requests over the servers of a pool. Master. */
#include "control/commands.h"
#include "control/named.h"
#include "control/values.h"

static void
balance_dispatcher(struct call *call, const struct balance_algorithm *algorithm)
{
	call_change(
	    call, json_string(master_balance(call->master)->name), json_string(algorithm->name), "balance");
	if (call_is_to_change(call))
		master_set_balance(call->master, algorithm);
}

static void
balance_pool(struct call *call, unsigned pool, const struct balance_algorithm *algorithm)
{
	const struct balance_algorithm *before = master_pool_balance(call->master, pool);

	call_change(call, json_string(before->name), json_string(algorithm->name), "pool %s balance",
	    master_conf(call->master)->pools[pool].name);
	if (call_is_to_change(call) && algorithm != before)
		master_set_pool_balance(call->master, pool, algorithm);
}

void
command_balance(struct call *call)
{
	const struct balance_algorithm *algorithm = balance_find(call_text(call, "algorithm"));
	const char *name = call_text(call, "pool");
	int pool = -1;

	if (call_comes_too_late(call) || (name != NULL && (pool = pool_named(call, name)) < 0))
		return;
	if (pool < 0 && algorithm->uses_key) {
		call_fail(call, REPLY_ERROR_PARAMS, "Name a pool, or take another algorithm.",
		    "%s needs requests to choose by: it is for pools.", algorithm->name);
		return;
	}
	if (pool < 0)
		balance_dispatcher(call, algorithm);
	else
		balance_pool(call, (unsigned)pool, algorithm);
	algorithm =
	    pool < 0 ? master_balance(call->master) : master_pool_balance(call->master, (unsigned)pool);
	call_reply_changes(
	    call, json_pack("{s:o,s:s}", "pool", value_text_or_null(name), "balance", algorithm->name));
}

#include "control/session_filter.h"

#include "base/clock.h"
#include "control/named.h"

enum { QUERIES_RESERVED = 4 }; /* of QUERIES_MAX, for those who are privileged */

struct query_filter
session_filter_all(void)
{
	return (struct query_filter){ .listener = -1, .pool = -1, .server = -1 };
}

bool
session_filter_client(struct call *call, struct query_filter *filter)
{
	const char *client = call_text(call, "client");
	char word[FAULT_WORD_MAX];
	struct error err;

	if (client == NULL)
		return true;
	filter->by_client = true;
	if (address_range_parse(&filter->client, client, &err) == 0)
		return true;
	call_fail(call, REPLY_ERROR_PARAMS,
	    "Give an address (10.0.0.9, ::1), a network (10.0.0.0/8) or the word unix.",
	    "The parameter client cannot be %s.", fault_word(client, word));
	return false;
}

static bool
session_filter_server(struct call *call, struct query_filter *filter)
{
	const char *pool = call_text(call, "pool"), *server = call_text(call, "server");

	if (pool == NULL && server != NULL) {
		call_fail(call, REPLY_ERROR_PARAMS, "Give the pool that the server belongs to.",
		    "The parameter server needs the parameter pool.");
		return false;
	}
	if (pool == NULL)
		return true;
	filter->pool = pool_named(call, pool);
	if (filter->pool < 0 || server == NULL)
		return filter->pool >= 0;
	filter->server = server_named(call, (unsigned)filter->pool, server);
	return filter->server >= 0;
}

bool
session_filter_rest(struct call *call, struct query_filter *filter)
{
	const char *listener = call_text(call, "listener");

	filter->active = call_boolean(call, "active");
	filter->min_age = (uint64_t)call_integer(call, "min-age-ms") * CLOCK_MILLISECOND;
	if (listener != NULL) {
		filter->listener = listener_named(call, listener);
		if (filter->listener < 0)
			return false;
	}
	return session_filter_server(call, filter);
}

struct master_query *
session_query_begin(
    struct call *call, const struct query *query, int worker, master_answer_fn *answer, void *arg)
{
	struct master_query *begun = NULL;
	struct error err;

	if (!call->peer->privileged && master_query_room(call->master) <= QUERIES_RESERVED)
		error_set(&err, "too many others look at them");
	else
		begun = master_query_begin(call->master, query, worker, answer, arg, &err);
	if (begun == NULL)
		call_fail(call, REPLY_ERROR_LIMIT, "Try again in a moment.", "Sessions cannot be looked at now: %s.",
		    err.text);
	return begun;
}

json_t *
session_workers(const bool marked[SCOREBOARD_WORKERS])
{
	json_t *list = json_array();
	unsigned slot;

	for (slot = 0; slot < SCOREBOARD_WORKERS; slot++)
		if (marked[slot] && json_array_append_new(list, json_integer((json_int_t)slot)) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

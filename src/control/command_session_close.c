/* session-close: ends client connections, one or all of a client. Master. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/object.h"
#include "control/commands.h"
#include "control/session_filter.h"

static const uint64_t closing_patience = 5 * CLOCK_SECOND; /* it is done all the same, but not known of then */

#define CLOSING_MAGIC 0x636c6f73u
struct closing {
	uint32_t magic;
	struct call *call;
	struct master_query *query;
	uint64_t matched; /* sessions: they are closed, or would be */
	bool complete[SCOREBOARD_WORKERS]; /* has told its part */
	bool missing[SCOREBOARD_WORKERS];
};

static void
closing_answer(void *arg, unsigned worker, const struct query_answer *answer)
{
	struct closing *c = OBJECT_CAST(arg, struct closing, CLOSING_MAGIC);

	if (answer == NULL) {
		c->missing[worker] |= !c->complete[worker];
		call_wake(c->call);
		return;
	}
	c->complete[worker] = answer->last != 0;
	if (c->complete[worker])
		c->matched += answer->matched;
	else
		master_query_more(c->query, worker, 0);
}

static void
closing_end(struct call *call)
{
	struct closing *c = OBJECT_CAST(call->state, struct closing, CLOSING_MAGIC);

	master_query_end(c->query);
	c->magic = 0;
	free(c);
}

static void
closing_reply(struct call *call, const struct closing *c)
{
	const char *client = call_text(call, "client");
	long long session = (long long)call_integer(call, "session");
	json_t *missing = session_workers(c->missing);

	if (client == NULL && c->matched == 0 && json_array_size(missing) == 0) {
		json_decref(missing);
		call_fail(call, REPLY_ERROR_IMPOSSIBLE, "The method sessions lists them; it may have ended.",
		    "There is no session %lld.", session);
		return;
	}
	if (client != NULL)
		call_change(call, json_integer((json_int_t)c->matched), json_integer(0), "sessions of %s", client);
	else if (c->matched > 0)
		call_change(call, json_string("open"), json_string("closed"), "session %lld", session);
	call_reply_changes(
	    call, json_pack("{s:I,s:o}", "closed", (json_int_t)c->matched, "missing-workers", missing));
}

static bool
closing_poll(struct call *call, bool expired)
{
	struct closing *c = OBJECT_CAST(call->state, struct closing, CLOSING_MAGIC);
	unsigned slot;

	if (!expired && master_query_left(c->query) > 0)
		return false;
	for (slot = 0; slot < SCOREBOARD_WORKERS; slot++)
		c->missing[slot] |= master_query_awaits(c->query, slot);
	closing_reply(call, c);
	return true;
}

static void
closing_begin(struct call *call, const struct query *query)
{
	struct closing *c = calloc(1, sizeof *c);

	if (c == NULL) {
		call_fail(call, REPLY_ERROR_INTERNAL, "Try again later.", "There is no memory to do it.");
		return;
	}
	c->query = session_query_begin(call, query, -1, closing_answer, c);
	if (c->query == NULL) {
		free(c);
		return;
	}
	c->magic = CLOSING_MAGIC;
	c->call = call;
	call->state = c;
	call->end = closing_end;
	call_wait(call, closing_poll, closing_patience);
}

void
command_session_close(struct call *call)
{
	struct query query = { .kind = call_is_dry_run(call) ? QUERY_SESSIONS : QUERY_CLOSE };

	if (call_has(call, "session") == call_has(call, "client")) {
		call_fail(call, REPLY_ERROR_PARAMS, "Give session, for one, or client, for all from there.",
		    "session-close needs either session or client.");
		return;
	}
	query.graceful = call_boolean(call, "graceful");
	query.filter = session_filter_all();
	query.filter.session = (uint64_t)call_integer(call, "session");
	if (session_filter_client(call, &query.filter))
		closing_begin(call, &query);
}

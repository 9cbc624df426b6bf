/* sessions: the client connections of all workers, asked for and shown a few at a time. Master. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/object.h"
#include "control/commands.h"
#include "control/named.h"
#include "control/session_filter.h"
#include "control/values.h"

static const uint64_t worker_patience = 5 * CLOCK_SECOND; /* for the next answer */
static const uint64_t reader_patience = 20 * CLOCK_SECOND; /* with a client that does not take what there is */

/* An answer that is not all shown. */
struct pending {
	struct pending *next;
	unsigned worker;
	struct query_answer answer; /* allocated up to its last row */
};

#define LISTING_MAGIC 0x6c697374u
struct listing {
	uint32_t magic;
	struct call *call;
	struct master_query *query; /* NULL: given up */
	struct timer patience;
	struct pending *pending; /* the oldest first; QUERY_WINDOW for each worker at most */
	struct pending **pending_end; /* where the next one goes */
	unsigned row; /* of the first: the next to show */
	uint32_t limit, shown;
	uint32_t matched[SCOREBOARD_WORKERS];
	bool complete[SCOREBOARD_WORKERS]; /* its last answer is here */
	bool missing[SCOREBOARD_WORKERS];
};

/* ---- rows */

static json_t *
client_show(const struct query_row *row)
{
	struct address a = { 0 };

	if (row->family == AF_INET) {
		a.length = sizeof a.socket.in;
		a.socket.in.sin_family = AF_INET;
		a.socket.in.sin_port = htons(row->port);
		memcpy(&a.socket.in.sin_addr, row->address, sizeof a.socket.in.sin_addr);
	} else if (row->family == AF_INET6) {
		a.length = sizeof a.socket.in6;
		a.socket.in6.sin6_family = AF_INET6;
		a.socket.in6.sin6_port = htons(row->port);
		memcpy(&a.socket.in6.sin6_addr, row->address, sizeof a.socket.in6.sin6_addr);
	} else {
		return json_string("unix");
	}
	return value_address(&a);
}

static json_t *
word_show(const char *word)
{
	return value_text_or_null(word[0] != '\0' ? word : NULL);
}

static json_t *
request_show(struct master *master, const struct query_row *row)
{
	const struct scoreboard *board = master_board(master);
	const struct query_request *r = &row->request;

	if (row->state != QUERY_STATE_ACTIVE && row->state != QUERY_STATE_TUNNEL)
		return json_null();
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "method", word_show(r->method), "host", word_show(r->host),
	    "target", word_show(r->target), "pool", value_pool(master_conf(master), (uint32_t)row->pool), "server",
	    row->server < 0 ? json_null() : value_server_name(&board->servers[row->server]), "age-ms",
	    value_ms(row->request_age));
}

static json_t *
session_show(struct master *master, unsigned worker, const struct query_row *row)
{
	const struct conf *conf = master_conf(master);

	return json_pack("{s:I,s:i,s:o,s:o,s:s,s:o,s:I,s:I,s:I,s:o}", "session", (json_int_t)row->number, "worker",
	    (int)worker, "client", client_show(row), "listener", value_text(conf->listeners[row->listener].name),
	    "state", query_state_names[row->state], "age-ms", value_ms(row->age), "requests",
	    (json_int_t)row->requests, "bytes-in", (json_int_t)row->bytes_in, "bytes-out",
	    (json_int_t)row->bytes_out, "request", request_show(master, row));
}

static json_t *
listing_tail(const struct listing *l)
{
	uint64_t matched = 0;
	unsigned slot;

	for (slot = 0; slot < SCOREBOARD_WORKERS; slot++)
		matched += l->matched[slot];
	return json_pack("{s:I,s:I,s:b,s:o}", "matched", (json_int_t)matched, "shown", (json_int_t)l->shown,
	    "truncated", (int)(matched > l->shown), "missing-workers", session_workers(l->missing));
}

/* ---- answers */

/* Shows what it has, and waits for no more. */
static void
listing_give_up(struct listing *l)
{
	unsigned slot;

	for (slot = 0; slot < SCOREBOARD_WORKERS; slot++)
		if (master_query_awaits(l->query, slot))
			l->missing[slot] = true;
	master_query_end(l->query);
	l->query = NULL;
	call_wake(l->call);
}

static void
listing_patience_cb(struct timer *timer)
{
	listing_give_up(
	    OBJECT_CAST(CONTAINER_OF(timer, struct listing, patience), struct listing, LISTING_MAGIC));
}

static void
listing_answer(void *arg, unsigned worker, const struct query_answer *answer)
{
	struct listing *l = OBJECT_CAST(arg, struct listing, LISTING_MAGIC);
	struct pending *p;

	call_wake(l->call);
	if (answer == NULL) {
		l->missing[worker] |= !l->complete[worker];
		return;
	}
	l->matched[worker] = answer->matched;
	l->complete[worker] = answer->last != 0;
	p = malloc(offsetof(struct pending, answer) + query_answer_length(answer));
	if (p == NULL) {
		l->missing[worker] = true;
		return;
	}
	p->worker = worker;
	memcpy(&p->answer, answer, query_answer_length(answer));
	p->next = NULL;
	if (l->pending == NULL)
		timer_set(&l->patience, reader_patience);
	*l->pending_end = p;
	l->pending_end = &p->next;
}

/* All that is to be shown of the first answer has been: its worker may send the next. */
static void
listing_drop_first(struct listing *l)
{
	struct pending *p = l->pending;

	l->pending = p->next;
	if (l->pending == NULL)
		l->pending_end = &l->pending;
	l->row = 0;
	if (l->query != NULL) {
		timer_set(&l->patience, l->pending == NULL ? worker_patience : reader_patience);
		if (p->answer.last == 0)
			master_query_more(l->query, p->worker, l->limit - l->shown);
	}
	free(p);
}

static enum stream_row
listing_next(struct call *call, json_t **row)
{
	struct listing *l = OBJECT_CAST(call->state, struct listing, LISTING_MAGIC);
	const struct pending *p;

	while ((p = l->pending) != NULL) {
		if (l->row < p->answer.count && l->shown < l->limit) {
			*row = session_show(call->master, p->worker, &p->answer.rows[l->row++]);
			l->shown++;
			return STREAM_ROW;
		}
		listing_drop_first(l);
	}
	if (l->query != NULL && master_query_left(l->query) > 0)
		return STREAM_LATER;
	*row = listing_tail(l);
	return STREAM_LAST;
}

static void
listing_end(struct call *call)
{
	struct listing *l = OBJECT_CAST(call->state, struct listing, LISTING_MAGIC);
	struct pending *p;

	timer_clear(&l->patience);
	master_query_end(l->query);
	while ((p = l->pending) != NULL) {
		l->pending = p->next;
		free(p);
	}
	l->magic = 0;
	free(l);
}

/* ---- the command */

static void
listing_begin(struct call *call, const struct query *query, int worker)
{
	struct listing *l = calloc(1, sizeof *l);

	if (l == NULL) {
		call_fail(call, REPLY_ERROR_INTERNAL, "Try again later.", "There is no memory for the reply.");
		return;
	}
	l->query = session_query_begin(call, query, worker, listing_answer, l);
	if (l->query == NULL) {
		free(l);
		return;
	}
	l->magic = LISTING_MAGIC;
	l->call = call;
	l->limit = query->limit;
	l->pending_end = &l->pending;
	timer_init(&l->patience, master_loop(call->master), listing_patience_cb);
	timer_set(&l->patience, worker_patience);
	call->state = l;
	call->end = listing_end;
	call_rows(call, json_object(), "sessions", listing_next);
}

void
command_sessions(struct call *call)
{
	struct query query = { .kind = QUERY_SESSIONS, .limit = (uint32_t)call_integer(call, "limit") };
	int worker = -1;

	query.filter = session_filter_all();
	if (!session_filter_client(call, &query.filter) || !session_filter_rest(call, &query.filter))
		return;
	if (call_has(call, "worker")) {
		if (!worker_named(call))
			return;
		worker = (int)call_integer(call, "worker");
	}
	listing_begin(call, &query, worker);
}

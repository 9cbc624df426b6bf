#include "worker/inspect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "worker/session.h"

/* What a turn may take: some 0.1 ms. */
enum { TURN_COST = 256, ROW_COST = 8, CLOSE_COST = 32 /* to look at a session costs 1 */ };

static const uint64_t full_pause = 5 * CLOCK_MILLISECOND; /* while the channel takes nothing */

/* A query being answered. */
struct inquiry {
	bool open;
	unsigned may_answer; /* so many answers may be sent */
	struct query query; /* its limit: rows to come */
	struct session *next; /* of worker->open, to be looked at; NULL: that was all */
	size_t left; /* sessions to look at, at most: not those that come while it goes on */
	struct query_answer answer; /* being made */
};

struct inspector {
	struct worker *worker;
	struct inquiry all[QUERIES_MAX];
	unsigned count; /* of open ones */
	unsigned turn; /* whose turn it is */
	struct later later;
	struct timer retry;
};

/* ---- rows */

static void
copy_span(char *to, size_t room, const struct h1_request *request, struct h1_span span)
{
	size_t length = span.length < room ? span.length : room - 1;

	memcpy(to, request->head + span.offset, length);
	to[length] = '\0';
}

void
inspect_note(struct exchange *x, const struct h1_request *request)
{
	copy_span(x->asked.method, sizeof x->asked.method, request, request->method_text);
	copy_span(x->asked.host, sizeof x->asked.host, request, request->authority);
	copy_span(x->asked.target, sizeof x->asked.target, request, request->target);
}

static enum query_state
session_state(const struct session *session)
{
	if (session->lingering)
		return QUERY_STATE_CLOSING;
	if (session->exchange != NULL)
		return session->exchange->tunnel ? QUERY_STATE_TUNNEL : QUERY_STATE_ACTIVE;
	if (block_length(&session->in) > 0)
		return QUERY_STATE_READING;
	return session->requests == 0 ? QUERY_STATE_NEW : QUERY_STATE_IDLE;
}

/* The pool and the server of its request in progress, -1: none. */
static int32_t
session_pool(const struct session *session)
{
	const struct exchange *x = session->exchange;

	return x == NULL || x->pool == NULL ? -1 : (int32_t)(x->pool - session->worker->pools);
}

static int32_t
session_server(const struct session *session)
{
	const struct exchange *x = session->exchange;

	return x == NULL || x->server == NULL ? -1 : (int32_t)x->server->index;
}

static uint64_t
age(const struct session *session, uint64_t since)
{
	uint64_t now = loop_now(session->worker->loop);

	return now > since ? now - since : 0;
}

static void
row_fill(struct query_row *row, const struct session *session)
{
	const struct channel_connection *peer = &session->peer;

	memset(row, 0, sizeof *row);
	row->number = peer->number;
	row->age = age(session, peer->accepted);
	row->bytes_in = session->stream.received;
	row->bytes_out = session->stream.sent;
	row->requests = session->requests;
	row->server = session_server(session);
	row->pool = session_pool(session);
	row->listener = peer->listener;
	row->state = (uint16_t)session_state(session);
	row->family = peer->family;
	row->port = peer->port;
	memcpy(row->address, peer->address, sizeof row->address);
	if (session->exchange != NULL) {
		row->request_age = age(session, session->exchange->asked_at);
		row->request = session->exchange->asked;
	}
}

static bool
session_fits(const struct session *session, const struct query_filter *filter)
{
	const struct channel_connection *peer = &session->peer;

	return (filter->session == 0 || filter->session == peer->number) &&
	    (filter->listener < 0 || filter->listener == peer->listener) &&
	    (!filter->active || session->exchange != NULL) &&
	    (!filter->by_client || address_range_holds(&filter->client, peer->family, peer->address)) &&
	    (filter->pool < 0 || filter->pool == session_pool(session)) &&
	    (filter->server < 0 || filter->server == session_server(session)) &&
	    (filter->min_age == 0 || age(session, peer->accepted) >= filter->min_age);
}

/* ---- one query */

static void
inquiry_end(struct inspector *inspector, struct inquiry *q)
{
	q->open = false;
	inspector->count--;
}

static bool
inquiry_is_over(const struct inquiry *q)
{
	return q->next == NULL || q->left == 0;
}

static int
inquiry_use(struct inquiry *q, struct session *session)
{
	if (!session_fits(session, &q->query.filter))
		return 1;
	q->answer.matched++;
	if (q->query.filter.session != 0)
		q->left = 0; /* there is no other of that number */
	if (q->query.kind == QUERY_CLOSE) {
		session_dismiss(session, q->query.graceful);
		return CLOSE_COST;
	}
	if (q->query.limit == 0)
		return 1;
	q->query.limit--;
	row_fill(&q->answer.rows[q->answer.count++], session);
	return ROW_COST;
}

/* Looks at as many sessions as a turn allows. Whether the answer is ready. */
static bool
inquiry_look(struct inquiry *q)
{
	int cost = 0;

	while (!inquiry_is_over(q) && q->answer.count < QUERY_ROWS) {
		struct session *session = q->next;

		if (cost >= TURN_COST)
			return false;
		q->next = TAILQ_NEXT(session, link);
		q->left--;
		cost += inquiry_use(q, session);
	}
	return true;
}

/* false: the channel takes nothing now. */
static bool
inquiry_send(struct inspector *inspector, struct inquiry *q)
{
	struct worker *worker = inspector->worker;
	struct channel_message *message = &worker->message;

	q->answer.last = inquiry_is_over(q);
	message->type = CHANNEL_ANSWER;
	message->count = 0;
	message->logs = 0;
	message->fd_count = 0;
	memcpy(&message->answer, &q->answer, query_answer_length(&q->answer));
	if (channel_send(worker->channel, message) < 0 && (errno == EAGAIN || errno == ETOOMANYREFS))
		return false;
	q->may_answer--;
	q->answer.count = 0;
	if (q->answer.last)
		inquiry_end(inspector, q);
	return true;
}

/* ---- all of them, in turn */

static struct inquiry *
inspector_next(struct inspector *inspector)
{
	unsigned i;

	for (i = 0; i < QUERIES_MAX; i++) {
		struct inquiry *q = &inspector->all[inspector->turn++ % QUERIES_MAX];

		if (q->open && q->may_answer > 0)
			return q;
	}
	return NULL;
}

static void
inspector_later_cb(struct later *later)
{
	struct inspector *inspector = CONTAINER_OF(later, struct inspector, later);
	struct inquiry *q = inspector_next(inspector);

	if (q == NULL)
		return;
	if (inquiry_look(q) && !inquiry_send(inspector, q))
		timer_set(&inspector->retry, full_pause);
	else
		loop_later(inspector->worker->loop, &inspector->later, inspector_later_cb);
}

static void
inspector_wake(struct inspector *inspector)
{
	if (!timer_is_set(&inspector->retry))
		loop_later(inspector->worker->loop, &inspector->later, inspector_later_cb);
}

static void
inspector_retry_cb(struct timer *timer)
{
	inspector_wake(CONTAINER_OF(timer, struct inspector, retry));
}

/* The open query of that id; of id 0: a place for a new one. */
static struct inquiry *
inspector_find(struct inspector *inspector, uint32_t id)
{
	unsigned i;

	for (i = 0; i < QUERIES_MAX; i++) {
		struct inquiry *q = &inspector->all[i];

		if (id == 0 ? !q->open : q->open && q->query.id == id)
			return q;
	}
	return NULL;
}

static void
inspect_begin(struct inspector *inspector, const struct query *query)
{
	struct inquiry *q = inspector_find(inspector, 0);

	if (q == NULL)
		fatal("the master asks more than %d things at a time", QUERIES_MAX);
	memset(q, 0, offsetof(struct inquiry, answer) + offsetof(struct query_answer, rows));
	q->open = true;
	q->may_answer = QUERY_WINDOW;
	q->query = *query;
	q->next = TAILQ_FIRST(&inspector->worker->open);
	q->left = inspector->worker->sessions.used;
	q->answer.id = query->id;
	inspector->count++;
}

void
inspect_take(struct worker *worker, const struct query *query)
{
	struct inspector *inspector = worker->inspector;
	struct inquiry *q = inspector_find(inspector, query->id);

	switch (query->kind) {
	case QUERY_SESSIONS:
	case QUERY_CLOSE:
		inspect_begin(inspector, query);
		break;
	case QUERY_MORE:
		if (q != NULL) {
			q->may_answer += query->answers;
			q->query.limit = query->limit;
		}
		break;
	case QUERY_CANCEL:
		if (q != NULL)
			inquiry_end(inspector, q);
		break;
	default:
		fatal("the master asks what nobody understands: %u", query->kind);
	}
	inspector_wake(inspector);
}

void
inspect_forget(const struct session *session)
{
	struct inspector *inspector = session->worker->inspector;
	unsigned i;

	if (inspector->count == 0)
		return;
	for (i = 0; i < QUERIES_MAX; i++)
		if (inspector->all[i].open && inspector->all[i].next == session)
			inspector->all[i].next = TAILQ_NEXT(session, link);
}

/* ---- start and end */

int
inspect_open(struct worker *worker)
{
	worker->inspector = calloc(1, sizeof *worker->inspector);
	if (worker->inspector == NULL)
		return -1;
	worker->inspector->worker = worker;
	timer_init(&worker->inspector->retry, worker->loop, inspector_retry_cb);
	return 0;
}

void
inspect_close(struct worker *worker)
{
	timer_clear(&worker->inspector->retry);
	loop_later_cancel(worker->loop, &worker->inspector->later);
	free(worker->inspector);
}

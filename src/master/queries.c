#include "master/queries.h"

#include <stdlib.h>
#include <string.h>

#include "base/object.h"
#include "master/state.h"

#define QUERY_MAGIC 0x71756572u

/* How far a worker is with a query. */
enum progress {
	PROGRESS_NONE, /* it was not asked, has said all, or was told to stop */
	PROGRESS_ASK, /* it is to be asked */
	PROGRESS_ASKED, /* it has more to say */
	PROGRESS_CANCEL /* it is to be told that nobody listens any more */
};

struct master_query {
	uint32_t magic;
	struct master *master;
	struct query query; /* its limit: rows to come */
	master_answer_fn *answer; /* NULL: it was ended, and goes as soon as no worker knows it */
	void *arg;
	uint8_t progress[SCOREBOARD_WORKERS];
	uint8_t due[SCOREBOARD_WORKERS]; /* answers that it may send */
	uint8_t more[SCOREBOARD_WORKERS]; /* that it is still to be told of */
};

unsigned
master_query_left(const struct master_query *query)
{
	unsigned slot, left = 0;

	for (slot = 0; slot < SCOREBOARD_WORKERS; slot++)
		left += query->progress[slot] != PROGRESS_NONE;
	return left;
}

bool
master_query_awaits(const struct master_query *query, unsigned worker)
{
	return query->progress[worker] != PROGRESS_NONE;
}

static struct master_query **
queries_find(struct queries *queries, uint32_t id)
{
	unsigned i;

	for (i = 0; i < QUERIES_MAX; i++)
		if (queries->all[i] == NULL ? id == 0 : queries->all[i]->query.id == id)
			return &queries->all[i];
	return NULL;
}

/* Frees it, if it was ended and no worker knows of it. */
static void
query_release(struct master_query *query)
{
	struct queries *queries = &query->master->queries;

	if (query->answer != NULL || master_query_left(query) > 0)
		return;
	*queries_find(queries, query->query.id) = NULL;
	query->magic = 0;
	free(query);
}

/* ---- to the workers */

/* Has every worker that is to be told something told it. */
static void
query_owe(struct master_query *query)
{
	struct master *m = query->master;
	unsigned slot;

	for (slot = 0; slot < m->workers.used; slot++)
		if (query->progress[slot] == PROGRESS_ASK || query->progress[slot] == PROGRESS_CANCEL)
			worker_owe(&m->workers.slots[slot], WORKER_OWED_QUERIES);
}

/* Whether it has sessions, and will answer. */
static bool
worker_can_tell(const struct worker *w)
{
	return w->process.pid != 0 && !w->process.killed && (w->process.child.state == CHILD_READY || w->process.child.state == CHILD_DRAINING);
}

static uint32_t
queries_new_id(struct queries *queries)
{
	do
		queries->last_id++;
	while (queries->last_id == 0 || queries_find(queries, queries->last_id) != NULL);
	return queries->last_id;
}

unsigned
master_query_room(const struct master *m)
{
	unsigned i, room = 0;

	for (i = 0; i < QUERIES_MAX; i++)
		room += m->queries.all[i] == NULL;
	return room;
}

struct master_query *
master_query_begin(struct master *m, const struct query *query, int worker, master_answer_fn *answer, void *arg,
    struct error *err)
{
	struct master_query **place = queries_find(&m->queries, 0), *q;
	unsigned slot;

	if (place == NULL) {
		error_set(err, "the workers are being asked %d things at a time already", QUERIES_MAX);
		return NULL;
	}
	q = calloc(1, sizeof *q);
	if (q == NULL) {
		error_set(err, "no memory");
		return NULL;
	}
	q->magic = QUERY_MAGIC;
	q->master = m;
	q->query = *query;
	q->query.id = queries_new_id(&m->queries);
	q->answer = answer;
	q->arg = arg;
	for (slot = 0; slot < m->workers.used; slot++)
		if ((worker < 0 || slot == (unsigned)worker) && worker_can_tell(&m->workers.slots[slot]))
			q->progress[slot] = PROGRESS_ASK;
	*place = q;
	query_owe(q);
	return q;
}

void
master_query_more(struct master_query *q, unsigned worker, uint32_t limit)
{
	OBJECT_CHECK(q, QUERY_MAGIC);
	q->query.limit = limit;
	if (q->progress[worker] != PROGRESS_ASKED)
		return;
	q->more[worker]++;
	worker_owe(&q->master->workers.slots[worker], WORKER_OWED_QUERIES);
}

void
master_query_end(struct master_query *q)
{
	unsigned slot;

	if (q == NULL)
		return;
	OBJECT_CHECK(q, QUERY_MAGIC);
	for (slot = 0; q->query.kind != QUERY_CLOSE && slot < SCOREBOARD_WORKERS; slot++) {
		if (q->progress[slot] == PROGRESS_ASK)
			q->progress[slot] = PROGRESS_NONE;
		else if (q->progress[slot] != PROGRESS_NONE)
			q->progress[slot] = PROGRESS_CANCEL;
	}
	query_owe(q);
	q->answer = NULL;
	query_release(q);
}

static bool
query_send(struct worker *w, struct master_query *q)
{
	struct channel_message message = { .type = CHANNEL_QUERY };
	unsigned slot = w->slot, more = q->more[slot];

	message.query = q->query;
	if (q->progress[slot] == PROGRESS_CANCEL)
		message.query.kind = QUERY_CANCEL;
	else if (q->progress[slot] == PROGRESS_ASK)
		more = QUERY_WINDOW;
	else if (q->progress[slot] == PROGRESS_ASKED && more > 0)
		message.query.kind = QUERY_MORE;
	else
		return true;
	message.query.answers = (uint8_t)more;
	if (channel_send(w->channel, &message) < 0)
		return false;
	q->progress[slot] = q->progress[slot] == PROGRESS_CANCEL ? PROGRESS_NONE : PROGRESS_ASKED;
	q->due[slot] = (uint8_t)(q->due[slot] + more);
	q->more[slot] = 0;
	return true;
}

bool
queries_send(struct worker *w)
{
	struct queries *queries = &w->master->queries;
	unsigned i;

	for (i = 0; i < QUERIES_MAX; i++) {
		struct master_query *q = queries->all[i];

		if (q == NULL)
			continue;
		if (!query_send(w, q))
			return false;
		query_release(q);
	}
	return true;
}

/* ---- from the workers */

/* The worker has said all. */
static void
query_worker_done(struct master_query *q, unsigned slot)
{
	q->progress[slot] = PROGRESS_NONE;
	q->due[slot] = 0;
	if (q->answer != NULL)
		q->answer(q->arg, slot, NULL);
	else
		query_release(q);
}

/* Whether a query of that id was ever begun: its answer was on its way when it was ended. */
static bool
queries_knew(const struct queries *queries, uint32_t id)
{
	return id != 0 && queries->last_id - id < UINT32_MAX / 2;
}

/* Whether the worker may say this now. */
static bool
answer_is_sound(const struct master_query *q, const struct worker *w, const struct query_answer *answer)
{
	const struct master *m = w->master;

	return q->due[w->slot] > 0 && (answer->last != 0 || q->query.kind != QUERY_CLOSE) &&
	    query_answer_is_sound(answer, m->conf->listener_count, m->conf->pool_count, SCOREBOARD_SERVERS);
}

bool
queries_answer(struct worker *w, const struct query_answer *answer)
{
	struct queries *queries = &w->master->queries;
	struct master_query **place = answer->id == 0 ? NULL : queries_find(queries, answer->id), *q;

	if (place == NULL)
		return queries_knew(queries, answer->id);
	q = *place;
	if (q->answer == NULL && q->query.kind != QUERY_CLOSE)
		return true; /* it crossed the word that nobody listens */
	if (!answer_is_sound(q, w, answer))
		return false;
	q->due[w->slot]--;
	if (q->answer != NULL)
		q->answer(q->arg, w->slot, answer);
	/* which may have ended it */
	if (answer->last != 0 && *place == q && q->progress[w->slot] == PROGRESS_ASKED)
		query_worker_done(q, w->slot);
	return true;
}

void
queries_worker_gone(struct worker *w)
{
	struct queries *queries = &w->master->queries;
	unsigned i;

	for (i = 0; i < QUERIES_MAX; i++)
		if (queries->all[i] != NULL && queries->all[i]->progress[w->slot] != PROGRESS_NONE)
			query_worker_done(queries->all[i], w->slot);
}

void
queries_close(struct master *m)
{
	unsigned i;

	for (i = 0; i < QUERIES_MAX; i++) {
		free(m->queries.all[i]);
		m->queries.all[i] = NULL;
	}
}

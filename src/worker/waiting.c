#include "worker/waiting.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/object.h"
#include "ipc/health.h"
#include "ipc/waker.h"
#include "worker/choice.h"
#include "worker/exchange.h"
#include "worker/membership.h"
#include "worker/pool.h"
#include "worker/session.h"

/*
 * An instance that is killed fails requests before the master knows of its end, and so
 * before it is known that another one is on its way: this is time for that to be said.
 */
static const uint64_t doubt_time = CLOCK_SECOND;

enum {
	TURN_EXCHANGES = 32, /* that go on, before others have their turn: some 0.5 ms */
	LOOK_GRANTS = 1024,  /* places that are given in one look */
	OPEN_MOST = ARRAY_LENGTH(((struct exchange *)NULL)->tried) + 1
};

static void waiting_work_cb(struct later *later);

static void
waiting_work(struct worker *worker)
{
	loop_later(worker->loop, &worker->waiting_work, waiting_work_cb);
}

/* ---- waking */

/* The worker in that slot has been granted something. */
static void
waiting_tell(struct worker *worker, int slot)
{
	if (slot == QUEUE_NOBODY)
		return;
	if ((unsigned)slot == worker->slot)
		waiting_work(worker);
	else
		waker_call(worker->board, (unsigned)slot, worker->wakers[slot]);
}

/* Has all pools looked at whose health or places were changed by others. */
static void
waiting_note_changes(struct worker *worker)
{
	uint32_t health = atomic_load_explicit(&worker->board->health_version, memory_order_acquire);
	struct pool *pool;

	TAILQ_FOREACH(pool, &worker->waiting, waiting_link)
		if (pool->health_seen != health || scoreboard_get(&pool->queue->dirty) != 0)
			pool->look = true;
}

static void
waiting_woken_cb(struct watch *watch, unsigned events)
{
	struct worker *worker = CONTAINER_OF(watch, struct worker, waker_watch);

	(void)events;
	waker_taken(worker->board, worker->slot);
	waiting_note_changes(worker);
	waiting_work_cb(&worker->waiting_work);
}

/* -1: no memory. */
static int
waiting_set_waker(struct worker *worker, unsigned slot, int fd)
{
	worker->wakers[slot] = fd;
	if (slot != worker->slot)
		return 0;
	return watch_open(&worker->waker_watch, worker->loop, fd, waiting_woken_cb);
}

void
waiting_take_wakers(struct worker *worker, const struct channel_message *message)
{
	int i;

	for (i = 0; i < message->fd_count; i++) {
		unsigned slot = message->first + (unsigned)i;

		if (slot >= SCOREBOARD_WORKERS || worker->wakers[slot] >= 0)
			close(message->fds[i]);
		else if (waiting_set_waker(worker, slot, message->fds[i]) < 0)
			worker_starved(worker, "requests that wait go on late: out of memory");
	}
}

/* ---- one exchange */

/* Among those of its pool that wait as it does. */
static struct exchange_list *
waiting_list(const struct exchange *x)
{
	return x->tried_count > 0 ? &x->pool->picky : &x->pool->waiting;
}

static bool
nobody_waits(const struct pool *pool)
{
	return TAILQ_EMPTY(&pool->waiting) && TAILQ_EMPTY(&pool->picky);
}

bool
waiting_join(struct exchange *x)
{
	struct worker *worker = x->worker;
	struct waiting *waiting = &x->waiting;
	struct pool *pool = x->pool;

	count(worker, QUEUED, 1);
	waiting->entry =
	    queue_join(&worker->queue_book, pool->number, pool->conf->queue_size, x->tried, x->tried_count);
	if (waiting->entry == 0) {
		uncount(worker, QUEUED);
		scoreboard_add(&pool->queue->full, 1);
		return false;
	}
	waiting->since = clock_monotonic();
	waiting->hopeless = false;
	if (nobody_waits(pool)) {
		pool->health_seen = scoreboard_get(&worker->board->health_version);
		TAILQ_INSERT_TAIL(&worker->waiting, pool, waiting_link);
	}
	TAILQ_INSERT_TAIL(waiting_list(x), x, waiting.link);
	return true;
}

/* When it ends: of one that waits for nothing certain after doubt_time, of others after queue-timeout in all. */
static void
waiting_set_deadline(struct exchange *x)
{
	struct waiting *waiting = &x->waiting;

	if (waiting->doubtful) {
		deadline_set(&waiting->deadline, &x->pool->doubt);
	} else if (waiting->until == 0) {
		deadline_set(&waiting->deadline, &x->pool->wait);
		waiting->until = waiting->deadline.at;
	} else { /* the end of its first wait is the end of all of them */
		deadline_set_at(&waiting->deadline, &x->pool->wait, waiting->until);
	}
}

int
waiting_begin(struct exchange *x)
{
	deadline_clear(&x->session->deadline); /* whatever its client is to send is not awaited meanwhile */
	waiting_set_deadline(x);
	return session_watch(x->session);
}

bool
waiting_goes_on(struct exchange *x)
{
	if (!x->waiting.doubtful || !x->pool->coming || pool_tried_are_there(x))
		return false;
	x->waiting.doubtful = false;
	waiting_set_deadline(x);
	return true;
}

/* It waits no more, as this worker sees it. */
static void
waiting_forget(struct exchange *x)
{
	struct waiting *waiting = &x->waiting;
	struct pool *pool = x->pool;

	deadline_clear(&waiting->deadline);
	TAILQ_REMOVE(waiting_list(x), x, waiting.link);
	if (nobody_waits(pool)) {
		TAILQ_REMOVE(&x->worker->waiting, pool, waiting_link);
		pool->look = pool->refusing = false;
	}
	waiting->entry = 0;
	uncount(x->worker, QUEUED);
}

static uint64_t
waiting_stop_clock(struct waiting *waiting)
{
	uint64_t waited = clock_monotonic() - waiting->since;

	waiting->waited += waited;
	return waited;
}

/* Under the lock. */
static int
place_pass_on(struct worker *worker, const struct server *server)
{
	return queue_leave(
	    worker->board, server->pool->number, worker->slot, server->index, pool_server_is_open(worker, server));
}

void
waiting_pass_on(struct worker *worker, struct server *server)
{
	unsigned pool = server->pool->number;
	int told;

	queue_lock(worker->board, pool, worker->slot);
	told = place_pass_on(worker, server);
	queue_unlock(worker->board, pool);
	waiting_tell(worker, told);
}

/* The place that was granted is not wanted. Under the lock. */
static int
place_refuse(struct worker *worker, unsigned pool, int place)
{
	const struct server *server = worker->servers[place];

	if (server != NULL)
		return place_pass_on(worker, server);
	return queue_leave(worker->board, pool, worker->slot, (unsigned)place, false);
}

void
waiting_end(struct exchange *x)
{
	struct worker *worker = x->worker;
	int place, told = QUEUE_NOBODY;
	unsigned pool;

	if (x->waiting.entry == 0)
		return;
	pool = x->pool->number;
	waiting_stop_clock(&x->waiting);
	queue_lock(worker->board, pool, worker->slot);
	place = queue_part(&worker->queue_book, pool, x->waiting.entry);
	if (place >= 0)
		told = place_refuse(worker, pool, place);
	queue_unlock(worker->board, pool);
	waiting_forget(x);
	waiting_tell(worker, told);
}

bool
waiting_is_over(const struct exchange *x)
{
	return queue_entry_state(&x->worker->queue_book, x->waiting.entry) == QUEUE_GRANTED;
}

/* The server on which it was granted a place, if that takes requests. Under the lock. */
static struct server *
granted_server(const struct exchange *x)
{
	struct worker *worker = x->worker;
	int place = queue_granted(&worker->queue_book, x->waiting.entry);
	struct server *server = place >= 0 ? worker->servers[place] : NULL;

	return server != NULL && server->state == SERVER_READY && server->pool == x->pool ? server : NULL;
}

bool
waiting_take(struct exchange *x)
{
	struct worker *worker = x->worker;
	unsigned pool = x->pool->number;
	struct server *server;

	if (membership_is_old(worker)) /* who granted it may have known of the server before this worker */
		membership_sync(worker);
	queue_lock(worker->board, pool, worker->slot);
	server = granted_server(x);
	if (server == NULL) {
		queue_refuse(&worker->queue_book, pool, x->waiting.entry);
	} else {
		queue_part(&worker->queue_book, pool, x->waiting.entry);
		queue_note_wait(x->pool->queue, waiting_stop_clock(&x->waiting));
	}
	queue_unlock(worker->board, pool);
	if (server == NULL) {
		waiting_look(worker);
		return false;
	}
	waiting_forget(x);
	pool_entered(x, server);
	return true;
}

/*
 * The end of what it sends may be all that is seen of a client that has gone away, and
 * of one that has said all and listens: abort-on-close says which is meant.
 */
bool
waiting_client_is_gone(const struct exchange *x)
{
	const struct stream *client = &x->session->stream;

	return client->ending && (x->pool->conf->abort_on_close || stream_error(client) != 0);
}

bool
waiting_is_hopeless(const struct exchange *x)
{
	return x->waiting.hopeless;
}

bool
waiting_is_late(const struct exchange *x)
{
	return x->waiting.deadline.queue == NULL;
}

static void
waiting_expired(struct deadline *deadline, struct deadline_queue *queue)
{
	struct exchange *x =
	    OBJECT_CAST(CONTAINER_OF(deadline, struct exchange, waiting.deadline), struct exchange, EXCHANGE_MAGIC);

	(void)queue;
	session_run(x->session);
}

/* ---- all of them */

/* Whether who waits may have a place on the server, which may be one that is to be tried by one request. */
static bool
server_may_be_given(struct worker *worker, const struct server *server)
{
	struct pool *pool = server->pool;

	if (pool_server_is_open(worker, server))
		return true;
	return server == pool->lineup.trial && queue_must_wait(pool->queue) &&
	    queue_has_room(worker->board, server->index) && lineup_take_trial(worker, pool);
}

/* Gives free places to those who wait, a place on each server in turn. Under the lock. Whether there are more. */
static bool
pool_give(struct worker *worker, struct pool *pool, bool told[SCOREBOARD_WORKERS])
{
	int given = 0, before;
	size_t i;

	do {
		before = given;
		for (i = 0; i < pool->count; i++) {
			const struct server *server = pool->servers[i];
			int slot = server_may_be_given(worker, server) ? queue_give(worker->board, pool->number, server->index) :
									  QUEUE_NOBODY;

			if (slot == QUEUE_NOBODY)
				continue;
			told[slot] = true;
			given++;
		}
	} while (given > before && given < LOOK_GRANTS);
	return given > before;
}

/* The servers for which it is any use to wait: `most` at most. How many. */
static unsigned
pool_open_servers(const struct worker *worker, const struct pool *pool, const struct server **open, unsigned most)
{
	unsigned count = 0;
	size_t i;

	for (i = 0; i < pool->count && count < most; i++)
		if (pool_server_is_open(worker, pool->servers[i]))
			open[count++] = pool->servers[i];
	return count;
}

static bool
exchange_may_have_one(const struct exchange *x, const struct server *const *open, unsigned count)
{
	unsigned i;

	for (i = 0; i < count; i++)
		if (!choice_was_tried(x, open[i]))
			return true;
	return false;
}

/*
 * Finds those that have tried every server that is left: nothing will be granted to them. Not those that wait
 * for doubt_time alone. Some 20 ns each; where OPEN_MOST servers are left nobody has tried all of them.
 */
static void
pool_find_hopeless(struct worker *worker, struct pool *pool)
{
	const struct server *open[OPEN_MOST];
	unsigned count = pool_open_servers(worker, pool, open, OPEN_MOST);
	struct exchange *x;

	pool->refusing = !pool->coming && count == 0;
	if (pool->coming || count == OPEN_MOST)
		return;
	TAILQ_FOREACH(x, &pool->picky, waiting.link)
		x->waiting.hopeless = !x->waiting.doubtful && !exchange_may_have_one(x, open, count);
}

static void
pool_look(struct worker *worker, struct pool *pool)
{
	bool told[SCOREBOARD_WORKERS] = { false };
	unsigned slot;

	pool->health_seen = atomic_load_explicit(&worker->board->health_version, memory_order_acquire);
	queue_lock(worker->board, pool->number, worker->slot);
	pool->look = pool_give(worker, pool, told);
	queue_unlock(worker->board, pool->number);
	pool_find_hopeless(worker, pool);
	for (slot = 0; slot < SCOREBOARD_WORKERS; slot++)
		if (told[slot])
			waiting_tell(worker, (int)slot);
	if (pool->look)
		waiting_work(worker);
}

static void
exchange_go_on(struct exchange *x)
{
	struct session *session = x->session;

	if (!waiting_is_over(x) && !x->waiting.hopeless)
		exchange_no_server(x);
	session_run(session);
}

/* Lets those go on that may: the first of those that take any server, and whichever of the others. Returns how many it were. */
static int
pool_go_on(struct pool *pool, int most)
{
	struct exchange *x, *next;
	int n = 0;

	while ((x = TAILQ_FIRST(&pool->waiting)) != NULL && n < most && (waiting_is_over(x) || pool->refusing)) {
		exchange_go_on(x);
		n++;
	}
	for (x = TAILQ_FIRST(&pool->picky); x != NULL && n < most; x = next) {
		next = TAILQ_NEXT(x, waiting.link);
		if (waiting_is_over(x) || pool->refusing || x->waiting.hopeless) {
			exchange_go_on(x);
			n++;
		}
	}
	return n;
}

static void
waiting_work_cb(struct later *later)
{
	struct worker *worker = CONTAINER_OF(later, struct worker, waiting_work);
	struct pool *pool, *next;
	int left = TURN_EXCHANGES;

	for (pool = TAILQ_FIRST(&worker->waiting); pool != NULL && left > 0; pool = next) {
		next = TAILQ_NEXT(pool, waiting_link);
		if (pool->look)
			pool_look(worker, pool);
		left -= pool_go_on(pool, left);
	}
	if (left == 0)
		waiting_work(worker);
}

void
waiting_look(struct worker *worker)
{
	struct pool *pool;

	if (TAILQ_EMPTY(&worker->waiting))
		return;
	TAILQ_FOREACH(pool, &worker->waiting, waiting_link)
		pool->look = true;
	waiting_work(worker);
}

/* ---- begin and end */

int
waiting_open(struct worker *worker)
{
	const struct worker_start *start = worker->start;
	unsigned slot;

	TAILQ_INIT(&worker->waiting);
	for (slot = 0; slot < SCOREBOARD_WORKERS; slot++)
		worker->wakers[slot] = -1;
	for (slot = 0; slot < start->waker_count; slot++)
		if (waiting_set_waker(worker, slot, start->wakers[slot]) < 0)
			return -1;
	waker_taken(worker->board, worker->slot);
	queue_book_open(&worker->queue_book, worker->board, worker->slot);
	return 0;
}

void
waiting_close(struct worker *worker)
{
	unsigned slot;

	loop_later_cancel(worker->loop, &worker->waiting_work);
	if (worker->wakers[worker->slot] >= 0)
		watch_close(&worker->waker_watch);
	for (slot = 0; slot < SCOREBOARD_WORKERS; slot++)
		if (worker->wakers[slot] >= 0)
			close(worker->wakers[slot]);
}

void
waiting_open_pool(struct worker *worker, struct pool *pool)
{
	TAILQ_INIT(&pool->waiting);
	TAILQ_INIT(&pool->picky);
	deadline_queue_init(&pool->wait, worker->loop, pool->conf->queue_timeout, waiting_expired);
	deadline_queue_init(&pool->doubt, worker->loop,
	    pool->conf->queue_timeout < doubt_time ? pool->conf->queue_timeout : doubt_time, waiting_expired);
}

void
waiting_close_pool(struct pool *pool)
{
	if (pool->conf == NULL)
		return;
	deadline_queue_clear(&pool->wait);
	deadline_queue_clear(&pool->doubt);
}

#include "worker/upstream.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/object.h"
#include "net/connect.h"
#include "worker/exchange.h"
#include "worker/membership.h"
#include "worker/session.h"

static const uint64_t surplus_time = CLOCK_SECOND; /* that an idle connection over the limit is kept */
static const uint64_t crowd_pause = 10 * CLOCK_MILLISECOND; /* before a server is asked again that took no more */

static void
upstream_free(struct upstream *upstream)
{
	struct worker *worker = upstream->worker;

	deadline_clear(&upstream->deadline);
	stream_close(&upstream->stream, false);
	block_release(&upstream->in, &worker->buffers);
	server_release(upstream->server);
	upstream->magic = 0;
	freelist_put(&worker->upstreams, upstream);
}

static void
upstream_leave_idle(struct upstream *upstream)
{
	TAILQ_REMOVE(&upstream->server->idle, upstream, link);
	upstream->server->idle_count--;
	uncount(upstream->worker, SERVER_IDLE);
	deadline_clear(&upstream->deadline);
}

static void
upstream_drop_idle(struct upstream *upstream)
{
	upstream_leave_idle(upstream);
	upstream_free(upstream);
}

static void
upstream_idle_expired(struct deadline *deadline, struct deadline_queue *queue)
{
	(void)queue;
	upstream_drop_idle(CONTAINER_OF(deadline, struct upstream, deadline));
}

static void
upstream_connect_expired(struct deadline *deadline, struct deadline_queue *queue)
{
	(void)queue;
	exchange_server_timeout(CONTAINER_OF(deadline, struct upstream, deadline)->exchange, "connect-timeout");
}

static void
upstream_crowd_expired(struct deadline *deadline, struct deadline_queue *queue)
{
	struct exchange *exchange = CONTAINER_OF(deadline, struct upstream, deadline)->exchange;

	if (loop_now(queue->loop) - exchange->chosen_at >= exchange->pool->conf->connect_timeout)
		exchange_server_timeout(exchange, "connect-timeout");
	else
		session_run(exchange->session);
}

static void
upstream_response_expired(struct deadline *deadline, struct deadline_queue *queue)
{
	(void)queue;
	exchange_server_timeout(CONTAINER_OF(deadline, struct upstream, deadline)->exchange, "response-timeout");
}

static void
upstream_send_expired(struct deadline *deadline, struct deadline_queue *queue)
{
	(void)queue;
	exchange_server_timeout(CONTAINER_OF(deadline, struct upstream, deadline)->exchange, "server-send-timeout");
}

static uint64_t
shorter(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void
upstream_queues_open(struct worker *worker, struct pool *pool)
{
	deadline_queue_init(&pool->connect, worker->loop, pool->conf->connect_timeout, upstream_connect_expired);
	deadline_queue_init(
	    &pool->crowd, worker->loop, shorter(pool->conf->connect_timeout, crowd_pause), upstream_crowd_expired);
	deadline_queue_init(&pool->response, worker->loop, pool->conf->response_timeout, upstream_response_expired);
	deadline_queue_init(&pool->send, worker->loop, pool->conf->send_timeout, upstream_send_expired);
	deadline_queue_init(&pool->idle, worker->loop, pool->conf->idle_timeout, upstream_idle_expired);
	deadline_queue_init(
	    &pool->surplus, worker->loop, shorter(pool->conf->idle_timeout, surplus_time), upstream_idle_expired);
}

void
upstream_queues_close(struct pool *pool)
{
	if (pool->conf == NULL)
		return;
	deadline_queue_clear(&pool->connect);
	deadline_queue_clear(&pool->crowd);
	deadline_queue_clear(&pool->response);
	deadline_queue_clear(&pool->send);
	deadline_queue_clear(&pool->idle);
	deadline_queue_clear(&pool->surplus);
}

/*
 * Whether the kernel tells of bytes, or an end, that are there although nothing was asked for. Those
 * that it told of before the connection became idle, within this turn, may be read already: they
 * were the end of the last response.
 */
static bool
upstream_speaks(const struct upstream *upstream, unsigned events)
{
	return (events & WATCH_CLOSED) ||
	    ((events & WATCH_READ) && upstream->idled_turn != loop_turn(upstream->worker->loop));
}

/*
 * The kernel told of these bytes, or this end, before the request was sent: they
 * belong to nobody and must not be taken for its answer.
 */
static bool
upstream_is_stray(const struct upstream *upstream, unsigned events)
{
	return upstream->served > 0 && upstream->reused_turn == loop_turn(upstream->worker->loop) &&
	    upstream_speaks(upstream, events);
}

static void
upstream_watch_cb(struct watch *watch, unsigned events)
{
	struct upstream *upstream =
	    OBJECT_CAST(CONTAINER_OF(watch, struct upstream, stream.watch), struct upstream, UPSTREAM_MAGIC);
	struct session *session;

	stream_note(&upstream->stream, events);
	if (upstream->exchange == NULL) {
		/* an idle server has nothing to say: it closes, or what it says belongs to nobody */
		if (upstream_speaks(upstream, events))
			upstream_drop_idle(upstream);
		return;
	}
	session = upstream->exchange->session;
	if (events & WATCH_WRITE)
		upstream->connecting = false;
	if (upstream_is_stray(upstream, events))
		exchange_server_failed(upstream->exchange, 502, "stray-bytes");
	session_run(session);
}

static void
upstream_attach(struct upstream *upstream, struct exchange *exchange)
{
	upstream->exchange = exchange;
	exchange->upstream = upstream;
}

/* Whether the kernel knows of no end, no error and no stray byte. */
static bool
upstream_is_quiet(const struct upstream *upstream)
{
	char byte;

	return recv(upstream->stream.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

struct upstream *
upstream_reuse(struct exchange *exchange, bool certain)
{
	struct upstream *upstream;

	while ((upstream = TAILQ_FIRST(&exchange->server->idle)) != NULL) {
		if (certain && !upstream_is_quiet(upstream)) {
			upstream_drop_idle(upstream);
			continue;
		}
		upstream_leave_idle(upstream);
		upstream_attach(upstream, exchange);
		upstream->reused_turn = loop_turn(exchange->worker->loop);
		count(exchange->worker, SERVER_REUSES, 1);
		return upstream;
	}
	return NULL;
}

/* A descriptor for a connection to the server. -1 with errno. */
static int
upstream_open(struct worker *worker, const struct server *server, bool *connected)
{
	int fd = connect_begin(&server->address, connected);

	if (fd >= 0 || (errno != EMFILE && errno != ENFILE) ||
	    (worker->pipes.kept_count == 0 && scoreboard_get(&worker->me->counters[COUNTER_SERVER_IDLE]) == 0))
		return fd;
	/* what is only kept in case makes room for what is needed */
	pipe_pool_clear(&worker->pipes);
	upstream_close_idle(worker);
	return connect_begin(&server->address, connected);
}

/*
 * Whether it only takes no more connections at the moment: where TCP would try again
 * until it does, a unix socket says that its queue is full.
 */
static bool
server_is_crowded(const struct server *server, int error)
{
	return error == EAGAIN && server->address.socket.any.sa_family == AF_UNIX;
}

/* Begins to connect; when the server is crowded, begins to wait for it. -1 with errno. */
static int
upstream_begin(struct upstream *upstream)
{
	struct worker *worker = upstream->worker;
	bool connected = false;
	int fd = upstream_open(worker, upstream->server, &connected);

	if (fd < 0 && !server_is_crowded(upstream->server, errno))
		return -1;
	stream_init(&upstream->stream, fd);
	upstream->stream.readable = false;
	if (fd >= 0 && stream_watch(&upstream->stream, worker->loop, upstream_watch_cb) < 0) {
		stream_close(&upstream->stream, false);
		errno = ENOMEM;
		return -1;
	}
	if (fd < 0)
		upstream->server->crowded_turn = loop_turn(worker->loop);
	upstream->connecting = !connected;
	if (!connected)
		deadline_set(&upstream->deadline, fd < 0 ? &upstream->pool->crowd : &upstream->pool->connect);
	return 0;
}

struct upstream *
upstream_connect(struct exchange *exchange)
{
	struct worker *worker = exchange->worker;
	struct upstream *upstream = freelist_get_zeroed(&worker->upstreams);

	if (upstream == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	upstream->magic = UPSTREAM_MAGIC;
	upstream->worker = worker;
	upstream->pool = exchange->pool;
	upstream->server = exchange->server;
	if (upstream_begin(upstream) < 0) {
		freelist_put(&worker->upstreams, upstream);
		return NULL;
	}
	server_hold(upstream->server);
	upstream_attach(upstream, exchange);
	count(worker, SERVER_CONNECTS, 1);
	return upstream;
}

/* Of those that wait for one server the first is refused for all of them: they stay in their order. */
int
upstream_connect_again(struct upstream *upstream)
{
	if (stream_is_open(&upstream->stream) || upstream->deadline.queue != NULL)
		return 0;
	if (upstream->server->crowded_turn != loop_turn(upstream->worker->loop))
		return upstream_begin(upstream);
	deadline_set(&upstream->deadline, &upstream->pool->crowd);
	return 0;
}

static bool
upstream_may_idle(struct upstream *upstream)
{
	if (upstream->worker->draining || upstream->server->state != SERVER_READY || upstream->server->refused || upstream->stream.ending || block_length(&upstream->in) > 0 ||
	    upstream->pool->conf->idle_connections == 0)
		return false;
	/* a last read that filled the buffer did not show that nothing follows */
	if (upstream->stream.readable && !upstream_is_quiet(upstream))
		return false;
	upstream->stream.readable = false;
	stream_message_end(&upstream->stream);
	return true;
}

void
upstream_detach(struct exchange *exchange, bool keep)
{
	struct upstream *upstream = exchange->upstream;

	if (upstream == NULL)
		return;
	exchange->upstream = NULL;
	upstream->exchange = NULL;
	deadline_clear(&upstream->deadline);
	if (!keep || !upstream_may_idle(upstream)) {
		upstream_free(upstream);
		return;
	}
	upstream->served++;
	upstream->idled_turn = loop_turn(upstream->worker->loop);
	block_release(&upstream->in, &upstream->worker->buffers);
	upstream->scan = (struct h1_scan){ 0 };
	TAILQ_INSERT_HEAD(&upstream->server->idle, upstream, link);
	upstream->server->idle_count++;
	count(upstream->worker, SERVER_IDLE, 1);
	/* under load the next request wants what is over the limit: it is closed when none has come */
	deadline_set(&upstream->deadline, upstream->server->idle_count > upstream->pool->conf->idle_connections ?
		&upstream->pool->surplus : &upstream->pool->idle);
}

void
upstream_close_idle_of(struct server *server)
{
	struct upstream *upstream;

	while ((upstream = TAILQ_FIRST(&server->idle)) != NULL)
		upstream_drop_idle(upstream);
}

void
upstream_close_idle(struct worker *worker)
{
	unsigned slots = scoreboard_server_slots(worker->board), i;

	for (i = 0; i < slots; i++)
		if (worker->servers[i] != NULL)
			upstream_close_idle_of(worker->servers[i]);
}

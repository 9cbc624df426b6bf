#include "worker/session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/object.h"
#include "worker/additions.h"
#include "worker/exchange.h"
#include "worker/gate.h"
#include "worker/inspect.h"
#include "worker/limits.h"
#include "worker/membership.h"
#include "worker/session_tcp.h"

enum {
	RUN_REQUESTS = 16, /* of one pipelining client, before others have their turn */
	UNWATCHED_DELAY = 100 * CLOCK_MILLISECOND,
	LINGER_TIME = 2 * CLOCK_SECOND
};

static void session_watch_cb(struct watch *watch, unsigned events);

int
session_watch(struct session *session)
{
	return stream_watch(&session->stream, session->worker->loop, session_watch_cb);
}

static void
session_later_cb(struct later *later)
{
	session_run(CONTAINER_OF(later, struct session, later));
}

void
session_later(struct session *session)
{
	loop_later(session->worker->loop, &session->later, session_later_cb);
}

static struct session *
session_of(struct deadline *deadline)
{
	return OBJECT_CAST(CONTAINER_OF(deadline, struct session, deadline), struct session, SESSION_MAGIC);
}

static void
session_header_expired(struct deadline *deadline, struct deadline_queue *queue)
{
	struct session *session = session_of(deadline);

	(void)queue;
	count(session->worker, CLIENT_TIMEOUTS, 1);
	if (block_length(&session->in) == 0 || exchange_begin(session, 408, "header-timeout") < 0) {
		session_close(session, false);
		return;
	}
	session_run(session);
}

static void
session_body_expired(struct deadline *deadline, struct deadline_queue *queue)
{
	(void)queue;
	exchange_client_timeout(session_of(deadline)->exchange, "body-timeout");
}

static void
session_send_expired(struct deadline *deadline, struct deadline_queue *queue)
{
	struct session *session = session_of(deadline);

	(void)queue;
	count(session->worker, CLIENT_TIMEOUTS, 1);
	exchange_abort(session->exchange, "send-timeout"); /* who does not take one answer does not take a 408 */
}

static void
session_tunnel_expired(struct deadline *deadline, struct deadline_queue *queue)
{
	(void)queue;
	exchange_client_timeout(session_of(deadline)->exchange, "tunnel-timeout");
}

static void
session_quiet_expired(struct deadline *deadline, struct deadline_queue *queue)
{
	(void)queue;
	session_close(session_of(deadline), false);
}

/* A short request needs no epoll_ctl; one whose answer takes longer is watched, so that the client's abort is seen. */
static void
session_unwatched_expired(struct deadline *deadline, struct deadline_queue *queue)
{
	struct session *session = session_of(deadline);

	(void)queue;
	if (session_watch(session) < 0)
		exchange_abort(session->exchange, "no-memory");
}

int
sessions_open(struct worker *worker)
{
	size_t i;

	worker->policies = calloc(worker->conf->listener_count, sizeof *worker->policies);
	if (worker->policies == NULL)
		return -1;
	for (i = 0; i < worker->conf->listener_count; i++) {
		struct policy *p = &worker->policies[i];

		p->listener = &worker->conf->listeners[i];
		p->client = &p->listener->client;
		if (gates_choose(&p->rules, &p->listener->rules) < 0)
			return -1;
		deadline_queue_init(&p->header, worker->loop, p->client->header_timeout, session_header_expired);
		deadline_queue_init(&p->body, worker->loop, p->client->body_timeout, session_body_expired);
		deadline_queue_init(&p->keepalive, worker->loop, p->client->keepalive_timeout, session_quiet_expired);
		deadline_queue_init(&p->send, worker->loop, p->client->send_timeout, session_send_expired);
		deadline_queue_init(&p->tunnel, worker->loop, p->client->tunnel_timeout, session_tunnel_expired);
		deadline_queue_init(&p->linger, worker->loop, LINGER_TIME, session_quiet_expired);
		deadline_queue_init(&p->unwatched, worker->loop, UNWATCHED_DELAY, session_unwatched_expired);
	}
	return 0;
}

void
sessions_close(struct worker *worker)
{
	struct session *session;
	size_t i;

	while ((session = TAILQ_FIRST(&worker->open)) != NULL) {
		if (session->exchange != NULL)
			exchange_abort(session->exchange, "worker-end");
		else
			session_close(session, false);
	}
	sessions_bury(worker);
	for (i = 0; i < worker->conf->listener_count; i++) {
		struct policy *p = &worker->policies[i];

		deadline_queue_clear(&p->header);
		deadline_queue_clear(&p->body);
		deadline_queue_clear(&p->keepalive);
		deadline_queue_clear(&p->send);
		deadline_queue_clear(&p->tunnel);
		deadline_queue_clear(&p->linger);
		deadline_queue_clear(&p->unwatched);
		rules_close(&p->rules);
	}
	free(worker->policies);
}

static bool
session_is_trusted(const struct session *session)
{
	const struct conf *conf = session->worker->conf;
	size_t i;

	for (i = 0; i < conf->trusted_proxy_count; i++)
		if (address_range_holds(&conf->trusted_proxies[i], session->peer.family, session->peer.address))
			return true;
	return false;
}

void
session_open(struct worker *worker, int fd, const struct channel_connection *peer)
{
	struct session *session = freelist_get_zeroed(&worker->sessions);
	struct policy *policy;

	if (session == NULL || peer->listener >= worker->conf->listener_count) {
		freelist_put(&worker->sessions, session);
		count(worker, CLIENT_REFUSED, 1);
		scoreboard_add(&worker->me->ended, 1);
		close(fd);
		return;
	}
	session->magic = SESSION_MAGIC;
	session->worker = worker;
	session->peer = *peer;
	session->requests = peer->served;
	session->trusted = session_is_trusted(session);
	stream_init(&session->stream, fd);
	TAILQ_INSERT_TAIL(&worker->open, session, link);
	count(worker, CLIENT_CONNECTIONS, 1);
	count(worker, CLIENT_OPEN, 1);
	limits_connection(session);
	policy = session_policy(session);
	deadline_set(&session->deadline, peer->served > 0 ? &policy->keepalive : &policy->header);
	if (policy->listener->mode == CONF_MODE_TCP && session_tcp_begin(session) < 0) {
		session_close(session, true);
		return;
	}
	session_run(session);
}

/* Takes it out of the worker's books; the object lives until the end of the turn. */
static void
session_die(struct session *session)
{
	struct worker *worker = session->worker;

	session->dead = true;
	inspect_forget(session);
	membership_forget(session);
	deadline_clear(&session->deadline);
	loop_later_cancel(worker->loop, &session->later);
	block_release(&session->in, &worker->buffers);
	TAILQ_REMOVE(&worker->open, session, link);
	TAILQ_INSERT_TAIL(&worker->dead, session, link);
	uncount(worker, CLIENT_OPEN);
	scoreboard_add(&worker->me->ended, 1);
}

void
session_close(struct session *session, bool reset)
{
	if (session->dead)
		return;
	limits_connection_gone(session);
	stream_close(&session->stream, reset);
	session_die(session);
}

void
session_dismiss(struct session *session, bool graceful)
{
	bool busy = session->exchange != NULL || session->lingering || block_length(&session->in) > 0;

	session->closing = true;
	if (graceful && (busy || stream_is_unread(&session->stream)))
		return;
	if (session->exchange != NULL)
		exchange_abort(session->exchange, "session-close");
	else
		session_close(session, false);
}

void
sessions_bury(struct worker *worker)
{
	struct session *session;

	while ((session = TAILQ_FIRST(&worker->dead)) != NULL) {
		TAILQ_REMOVE(&worker->dead, session, link);
		session->magic = 0;
		freelist_put(&worker->sessions, session);
	}
}

/* Gives the connection back to the master, for another worker. false: the channel takes nothing now. */
static bool
session_return(struct session *session)
{
	struct channel_message *message = &session->worker->message;

	message->type = CHANNEL_RETURNED;
	message->count = 1;
	message->fd_count = 1;
	message->connections[0] = session->peer;
	message->connections[0].served = session->requests < UINT16_MAX ? (uint16_t)session->requests : UINT16_MAX;
	message->fds[0] = session->stream.fd;
	if (channel_send(session->worker->channel, message) < 0)
		return false;
	/* epoll watches the open file, which lives on elsewhere: it is taken out of ours before the copy is closed */
	limits_connection_gone(session);
	close(stream_release(&session->stream));
	session_die(session);
	return true;
}

/* Between two requests, in a drain. */
static void
session_drain(struct session *session)
{
	struct worker *worker = session->worker;

	if (worker->stopping && stream_is_unread(&session->stream))
		return; /* a request has come in time: it is answered, and that ends the connection */
	if (session->stream.ending || worker->stopping)
		session_close(session, false);
	else if (!session_return(session))
		session->closing = true; /* it ends politely, with its next response */
}

void
sessions_drain(struct worker *worker)
{
	struct session *session, *next;

	for (session = TAILQ_FIRST(&worker->open); session != NULL; session = next) {
		next = TAILQ_NEXT(session, link);
		if (session->exchange == NULL && !session->lingering && block_length(&session->in) == 0)
			session_drain(session);
	}
}

/* Reads what a client still sends after drover has said all: a close with unread bytes would destroy the answer. */
static void
session_linger(struct session *session)
{
	struct worker *worker = session->worker;
	ssize_t n;
	int rounds;

	for (rounds = 0; rounds < 64; rounds++) {
		if (!stream_has_more(&session->stream))
			return;
		n = stream_read(&session->stream, worker->discard, sizeof worker->discard);
		if (n == 0 || (n < 0 && errno != EAGAIN)) {
			session_close(session, false);
			return;
		}
	}
	session_later(session);
}

static void
session_begin_linger(struct session *session)
{
	stream_shutdown(&session->stream);
	session->lingering = true;
	block_release(&session->in, &session->worker->buffers);
	deadline_set(&session->deadline, &session_policy(session)->linger);
	if (session_watch(session) < 0)
		session_close(session, false);
}

/*
 * Whether a close now could destroy the answer: the kernel resets a connection
 * that is closed with bytes unread, or that gets more before all is sent.
 */
static bool
session_must_linger(const struct session *session)
{
	/* who asks for the end sends nothing more (RFC 9112 9.6): that needs no look */
	if (session->last && !session->linger_wanted && block_length(&session->in) == 0 && !stream_has_more(&session->stream))
		return false;
	if (stream_is_unread(&session->stream))
		return true;
	return !session->stream.ending && (session->linger_wanted || block_length(&session->in) > 0);
}

void
session_finish(struct session *session)
{
	if (session_must_linger(session))
		session_begin_linger(session);
	else
		session_close(session, false);
}

/* After an exchange. */
static void
session_between(struct session *session)
{
	struct worker *worker = session->worker;

	session->scan = (struct h1_scan){ 0 };
	if (session->closing) {
		session_finish(session);
		return;
	}
	if (block_length(&session->in) > 0) {
		deadline_set(&session->deadline, &session_policy(session)->header);
		return;
	}
	block_release(&session->in, &worker->buffers);
	deadline_set(&session->deadline, &session_policy(session)->keepalive);
	if (worker->draining)
		session_drain(session);
}

/* Reads more of a request head. false: nothing more now, or the session is over. */
static bool
session_fill(struct session *session)
{
	struct worker *worker = session->worker;
	bool first = block_length(&session->in) == 0;
	ssize_t n;

	if (!block_reserve(&session->in, &worker->buffers)) {
		log_error("no memory for a request; its connection is closed");
		session_close(session, true);
		return false;
	}
	n = stream_read(&session->stream, session->in.bytes + session->in.end, block_room(&session->in));
	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			session_close(session, false);
		else
			block_release_empty(&session->in, &worker->buffers);
		return false;
	}
	count(worker, CLIENT_BYTES_IN, n);
	session->in.end += (uint32_t)n;
	if (first && session->requests > 0)
		deadline_set(&session->deadline, &session_policy(session)->header);
	return true;
}

/*
 * An empty line behind a request is no beginning of another (RFC 9112 2.2): the connection is idle.
 * Before the first request it is nothing to wait for, either: its time runs on.
 */
static void
session_skip_empty_lines(struct session *session)
{
	if (session->scan.start == 0 || session->scan.start != block_length(&session->in))
		return;
	block_release(&session->in, &session->worker->buffers);
	session->scan = (struct h1_scan){ 0 };
	if (session->requests > 0)
		deadline_set(&session->deadline, &session_policy(session)->keepalive);
}

/* Begins an exchange with the next request in the buffer, or waits for the rest of it. false: nothing to go on with. */
static bool
session_next_request(struct session *session)
{
	struct worker *worker = session->worker;
	enum h1_result result;

	for (;;) {
		if (block_length(&session->in) > 0) {
			worker->request_owner = NULL;
			result = h1_request_parse(&worker->request, &session->scan, block_first(&session->in),
			    block_length(&session->in), &worker->limits);
			if (result != H1_MORE)
				break;
		}
		if (stream_has_more(&session->stream) && session_fill(session))
			continue;
		if (session->dead)
			return false;
		session_skip_empty_lines(session);
		if (session->refused || session_watch(session) < 0)
			session_close(session, true);
		return false;
	}
	session->in.start += result == H1_DONE ? session->scan.start : 0;
	if (exchange_begin(session, result == H1_DONE ? 0 : worker->request.status, worker->request.reason) < 0) {
		session_close(session, true);
		return false;
	}
	return true;
}

void
session_run(struct session *session)
{
	unsigned begun = 0;

	while (!session->dead) {
		if (session->lingering) {
			session_linger(session);
			return;
		}
		if (session->exchange != NULL) {
			if (exchange_run(session->exchange) == STEP_WAIT)
				return;
			if (!session->dead && !session->lingering)
				session_between(session);
		} else if (begun++ == RUN_REQUESTS) {
			session_later(session);
			return;
		} else if (!session_next_request(session)) {
			return;
		}
	}
}

/* While the response is awaited the client has nothing to say: an event is its next request, its end, or an error. */
static bool
session_is_broken(const struct session *session, unsigned events)
{
	return session->exchange != NULL && (events & WATCH_READ) && (events & WATCH_WRITE) && !(events & WATCH_CLOSED) &&
	    stream_error(&session->stream) != 0;
}

static void
session_watch_cb(struct watch *watch, unsigned events)
{
	struct session *session =
	    OBJECT_CAST(CONTAINER_OF(watch, struct session, stream.watch), struct session, SESSION_MAGIC);

	stream_note(&session->stream, events);
	if (session_is_broken(session, events)) {
		exchange_client_gone(session->exchange);
		return;
	}
	session_run(session);
}

const char *
session_client(const struct session *session, char text[ADDRESS_TEXT_MAX])
{
	const uint8_t *a = session->peer.address;
	char *to = text;
	int i;

	if (session->peer.family == AF_INET6)
		return inet_ntop(AF_INET6, a, text, ADDRESS_TEXT_MAX);
	if (session->peer.family != AF_INET)
		return memcpy(text, "unknown", sizeof "unknown");
	for (i = 0; i < 4; i++) {
		if (a[i] >= 100)
			*to++ = (char)('0' + a[i] / 100);
		if (a[i] >= 10)
			*to++ = (char)('0' + a[i] / 10 % 10);
		*to++ = (char)('0' + a[i] % 10);
		*to++ = i < 3 ? '.' : '\0';
	}
	return text;
}

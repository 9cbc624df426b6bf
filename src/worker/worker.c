#include "worker/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/offload.h"
#include "worker/access_log.h"
#include "worker/inspect.h"
#include "worker/internal.h"
#include "worker/membership.h"
#include "worker/passwords.h"
#include "worker/route.h"
#include "worker/session.h"
#include "worker/upstream.h"
#include "worker/waiting.h"

void
worker_starved(struct worker *worker, const char *what)
{
	uint64_t now = loop_now(worker->loop);

	if (worker->starved_told != 0 && now - worker->starved_told < 60 * CLOCK_SECOND)
		return;
	worker->starved_told = now;
	log_warn("%s (told once a minute)", what);
}

enum { OFFLOAD_ROOM = 1024 }; /* jobs that wait: who adds some is to have a limit of its own */

struct offload *
worker_offload(struct worker *worker)
{
	struct error err;

	if (worker->offload != NULL)
		return worker->offload;
	worker->offload = offload_new(worker->loop, worker->conf->offload_threads, OFFLOAD_ROOM, &err);
	if (worker->offload == NULL)
		worker_starved(worker, err.text);
	return worker->offload;
}

static void
worker_drain(struct worker *worker, bool stop)
{
	worker->draining = true;
	worker->stopping |= stop;
	log_info("draining");
	upstream_close_idle(worker);
	sessions_drain(worker);
}

static void
worker_take_logs(struct worker *worker)
{
	struct channel_message *message = &worker->message;
	int next = 0;

	if ((message->logs & CHANNEL_LOG_ERROR) && next < message->fd_count)
		log_take_fd(message->fds[next++]);
	if ((message->logs & CHANNEL_LOG_ACCESS) && next < message->fd_count)
		access_log_take_fd(worker, message->fds[next++]);
	for (; next < message->fd_count; next++)
		close(message->fds[next]);
}

static void
worker_take_connections(struct worker *worker)
{
	/* a session may use worker->message for a return: what is needed of it is copied first */
	struct channel_connection peers[CHANNEL_BATCH];
	int fds[CHANNEL_BATCH], n = worker->message.fd_count, lost = worker->message.count - n, i;

	if (lost < 0)
		fatal("the master sent %d descriptors for %u connections", n, worker->message.count);
	if (lost > 0) {
		count(worker, CLIENT_REFUSED, lost);
		scoreboard_add(&worker->me->ended, (uint64_t)lost);
		worker_starved(worker, "connections are refused: out of descriptors");
	}
	memcpy(peers, worker->message.connections, sizeof peers[0] * (size_t)n);
	memcpy(fds, worker->message.fds, sizeof fds[0] * (size_t)n);
	for (i = 0; i < n; i++)
		session_open(worker, fds[i], &peers[i]);
}

static void
worker_message(struct worker *worker)
{
	switch (worker->message.type) {
	case CHANNEL_CONNECTIONS:
		worker_take_connections(worker);
		break;
	case CHANNEL_DRAIN:
		worker_drain(worker, false);
		break;
	case CHANNEL_STOP:
		worker_drain(worker, true);
		break;
	case CHANNEL_QUIT:
		loop_stop(worker->loop);
		break;
	case CHANNEL_QUERY:
		inspect_take(worker, &worker->message.query);
		break;
	case CHANNEL_SERVERS:
		if (membership_is_old(worker)) /* a request may have been quicker, or an earlier word of many */
			membership_sync(worker);
		membership_look_at_checks(worker);
		break;
	case CHANNEL_WAKERS:
		waiting_take_wakers(worker, &worker->message);
		break;
	case CHANNEL_LOGS:
		worker_take_logs(worker);
		break;
	case CHANNEL_USERS:
		if (worker->message.fd_count < worker->message.count)
			log_error("out of descriptors: files of users that were read anew are not used here; read them again");
		passwords_take(worker, worker->message.fds, (size_t)worker->message.fd_count);
		break;
	default:
		fatal("the master sent a message of unknown type %u", worker->message.type);
	}
}

/* Without its master a worker finishes what it has and ends: there are no orphans. */
static void
worker_orphaned(struct worker *worker)
{
	log_warn("the master is gone: draining");
	watch_close(&worker->channel_watch);
	worker_drain(worker, true);
	timer_set(&worker->patience, worker->conf->shutdown_timeout);
}

static void
worker_channel_cb(struct watch *watch, unsigned events)
{
	struct worker *worker = CONTAINER_OF(watch, struct worker, channel_watch);
	int got, n;

	(void)events;
	for (n = 0; n < 4; n++) {
		got = channel_receive(worker->channel, &worker->message);
		if (got > 0) {
			worker_message(worker);
			continue;
		}
		if (got == 0)
			worker_orphaned(worker);
		else if (errno == EBADMSG)
			fatal("the channel to the master is broken: %s", strerror(errno));
		return;
	}
}

/* What an orphan has not finished by now is cut off: nobody else would end it. */
static void
worker_patience_cb(struct timer *timer)
{
	loop_stop(CONTAINER_OF(timer, struct worker, patience)->loop);
}

static void
worker_heartbeat_cb(struct timer *timer)
{
	struct worker *worker = CONTAINER_OF(timer, struct worker, heartbeat);

	scoreboard_set(&worker->me->heartbeat, loop_now(worker->loop));
	if (membership_is_old(worker) || worker->servers_missed)
		membership_sync(worker);
	membership_look_at_checks(worker);
	waiting_look(worker);
	if (worker->draining)
		sessions_drain(worker);
	timer_set(timer, worker->heartbeat_every);
}

static void
worker_turn(void *arg, uint64_t took)
{
	struct worker *worker = arg;

	histogram_add(&worker->me->lag, took);
	count(worker, LOOP_TURNS, 1);
	sessions_bury(worker);
	if (worker->draining && TAILQ_EMPTY(&worker->open))
		loop_stop(worker->loop);
}

static int
worker_open(struct worker *worker, const struct worker_start *start, struct error *err)
{
	worker->start = start;
	worker->conf = start->conf;
	worker->board = start->board;
	worker->slot = start->slot;
	worker->me = &start->board->workers[start->slot];
	worker->channel = start->channel;
	worker->heartbeat_every = CLOCK_SECOND;
	if (worker->conf->worker_timeout > 0 && worker->conf->worker_timeout < 4 * CLOCK_SECOND)
		worker->heartbeat_every = worker->conf->worker_timeout / 4;
	request_ids_begin(worker);
	worker->id_is_edit = worker->conf->request_id != CONF_REQUEST_ID_OFF &&
	    strcasecmp(worker->conf->request_id_header, "X-Request-Id") != 0;
	worker->timed = start->access_log >= 0 || routes_want_timing(worker);
	worker->limits.head = worker->conf->header_size;
	worker->limits.target = worker->conf->target_size;
	worker->limits.fields = (uint16_t)worker->conf->header_fields;
	worker->limits.underscores = (uint8_t)worker->conf->underscores;
	worker->sessions = (struct freelist)FREELIST(sizeof(struct session), 1024);
	worker->exchanges = (struct freelist)FREELIST(sizeof(struct exchange), 256);
	worker->upstreams = (struct freelist)FREELIST(sizeof(struct upstream), 256);
	worker->notes = (struct freelist)FREELIST(sizeof(struct notes), 64);
	block_pool_init(&worker->buffers, worker->limits.head);
	pipe_pool_init(&worker->pipes);
	TAILQ_INIT(&worker->open);
	TAILQ_INIT(&worker->dead);
	worker->loop = loop_new(err);
	if (worker->loop == NULL)
		return -1;
	if (waiting_open(worker) < 0 || inspect_open(worker) < 0 || sessions_open(worker) < 0 || membership_open(worker) < 0 ||
	    routes_open(worker) < 0 || passwords_open(worker) < 0 || access_log_open(worker, start->access_log) < 0 ||
	    watch_open_level(&worker->channel_watch, worker->loop, worker->channel, worker_channel_cb) < 0)
		return error_set(err, "no memory");
	timer_init(&worker->heartbeat, worker->loop, worker_heartbeat_cb);
	timer_init(&worker->patience, worker->loop, worker_patience_cb);
	loop_on_turn(worker->loop, worker_turn, worker);
	return 0;
}

static void
worker_close(struct worker *worker)
{
	timer_clear(&worker->heartbeat);
	timer_clear(&worker->patience);
	watch_close(&worker->channel_watch);
	sessions_close(worker);
	waiting_close(worker);
	offload_free(worker->offload);
	passwords_close(worker);
	upstream_close_idle(worker);
	routes_close(worker);
	membership_close(worker);
	access_log_close(worker);
	inspect_close(worker);
	loop_free(worker->loop);
	freelist_clear(&worker->sessions);
	freelist_clear(&worker->exchanges);
	freelist_clear(&worker->upstreams);
	freelist_clear(&worker->notes);
	block_pool_clear(&worker->buffers);
	pipe_pool_clear(&worker->pipes);
	close(worker->channel);
	free(worker);
}

static int
worker_announce(struct worker *worker)
{
	worker->message.type = CHANNEL_READY;
	worker->message.count = 0;
	worker->message.fd_count = 0;
	return channel_send(worker->channel, &worker->message);
}

int
worker_main(const struct worker_start *start)
{
	struct worker *worker = calloc(1, sizeof *worker);
	struct error err;

	signal(SIGPIPE, SIG_IGN); /* a peer that is gone */
	signal(SIGXFSZ, SIG_IGN); /* a log file at the size limit */
	if (worker == NULL || worker_open(worker, start, &err) < 0) {
		log_error("a worker cannot start: %s", worker == NULL ? "no memory" : err.text);
		return 1;
	}
	worker_heartbeat_cb(&worker->heartbeat);
	if (worker_announce(worker) < 0) {
		log_error("a worker cannot reach the master: %s", strerror(errno));
		return 1;
	}
	loop_run(worker->loop);
	worker_close(worker);
	return 0;
}

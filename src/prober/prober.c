#include "prober/prober.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/object.h"
#include "prober/internal.h"

enum { READ_BURST = 16 }; /* messages, before others have their turn */

/* ---- the servers of the scoreboard */

/* Works by what is there now, and says so: a place is used again only when nothing here works for what was there. */
static void
prober_sync(struct prober *prober)
{
	uint32_t version = atomic_load_explicit(&prober->board->servers_version, memory_order_acquire);

	if (version == prober->servers_version || !checks_sync(prober))
		return;
	prober->servers_version = version;
	atomic_store_explicit(&prober->me->servers_seen, version, memory_order_release);
}

/* ---- what the master says */

/* Only the error log: there are no clients here. */
static void
prober_take_logs(struct channel_message *message)
{
	int next = 0;

	if ((message->logs & CHANNEL_LOG_ERROR) && next < message->fd_count)
		log_take_fd(message->fds[next++]);
	for (; next < message->fd_count; next++)
		close(message->fds[next]);
}

static void
prober_message(struct prober *prober)
{
	switch (prober->message.type) {
	case CHANNEL_SERVERS:
		prober_sync(prober);
		break;
	case CHANNEL_NAME:
		lookups_take(prober, &prober->message.name);
		break;
	case CHANNEL_LOGS:
		prober_take_logs(&prober->message);
		break;
	case CHANNEL_QUIT:
		loop_stop(prober->loop);
		break;
	default:
		fatal("the master sent a message of unknown type %u", prober->message.type);
	}
}

static void
prober_channel_cb(struct watch *watch, unsigned events)
{
	struct prober *prober = CONTAINER_OF(watch, struct prober, channel_watch);
	int got, n;

	(void)events;
	OBJECT_CHECK(prober, PROBER_MAGIC);
	for (n = 0; n < READ_BURST; n++) {
		got = channel_receive(prober->channel, &prober->message);
		if (got > 0) {
			prober_message(prober);
			continue;
		}
		if (got < 0 && errno == EBADMSG)
			fatal("the channel to the master is broken: %s", strerror(errno));
		if (got == 0) {
			log_warn("the master is gone: ending");
			loop_stop(prober->loop);
		}
		return;
	}
}

/* ---- start and end */

static void
prober_heartbeat_cb(struct timer *timer)
{
	struct prober *prober = CONTAINER_OF(timer, struct prober, heartbeat);

	scoreboard_set(&prober->me->heartbeat, loop_now(prober->loop));
	prober_sync(prober);
	timer_set(timer, prober->heartbeat_every);
}

static int
prober_open(struct prober *prober, const struct prober_start *start, struct error *err)
{
	prober->magic = PROBER_MAGIC;
	prober->conf = start->conf;
	prober->board = start->board;
	prober->me = &start->board->prober;
	prober->channel = start->channel;
	prober->heartbeat_every = CLOCK_SECOND;
	if (prober->conf->worker_timeout > 0 && prober->conf->worker_timeout < 4 * CLOCK_SECOND)
		prober->heartbeat_every = prober->conf->worker_timeout / 4;
	prober->loop = loop_new(err);
	if (prober->loop == NULL)
		return -1;
	checks_open(prober);
	lookups_open(prober);
	timer_init(&prober->heartbeat, prober->loop, prober_heartbeat_cb);
	if (watch_open_level(&prober->channel_watch, prober->loop, prober->channel, prober_channel_cb) < 0)
		return error_set(err, "no memory");
	return 0;
}

static void
prober_close(struct prober *prober)
{
	checks_close(prober);
	timer_clear(&prober->heartbeat);
	lookups_close(prober);
	watch_close(&prober->channel_watch);
	loop_free(prober->loop);
	close(prober->channel);
	free(prober);
}

static int
prober_announce(struct prober *prober)
{
	struct channel_message message = { .type = CHANNEL_READY };

	return channel_send(prober->channel, &message);
}

int
prober_main(const struct prober_start *start)
{
	struct prober *prober = calloc(1, sizeof *prober);
	struct error err;

	signal(SIGPIPE, SIG_IGN); /* a peer that is gone */
	if (prober == NULL || prober_open(prober, start, &err) < 0) {
		log_error("the prober cannot start: %s", prober == NULL ? "no memory" : err.text);
		free(prober);
		return 1;
	}
	prober_heartbeat_cb(&prober->heartbeat);
	if (prober_announce(prober) < 0) {
		log_error("the prober cannot reach the master: %s", strerror(errno));
		return 1;
	}
	loop_run(prober->loop);
	prober_close(prober);
	return 0;
}

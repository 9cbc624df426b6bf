#include "master/prober.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/object.h"
#include "master/spawn.h"
#include "master/state.h"

enum { READ_BURST = 64 }; /* messages, before others have their turn */

static const uint64_t seen_lately = 2 * CLOCK_SECOND; /* an idle loop turns each second */

static bool
prober_is_needed(const struct master *m)
{
	size_t i;

	for (i = 0; i < m->conf->pool_count; i++)
		if (m->conf->pools[i].health.wanted)
			return true;
	return names_exist(m);
}

/* ---- messages */

static bool
prober_send(const struct master *m, const struct channel_message *message)
{
	return channel_send(m->prober.channel, message) == 0;
}

static void
prober_send_owed(struct master *m)
{
	struct prober_child *p = &m->prober;
	struct channel_message quit = { .type = CHANNEL_QUIT }, logs;

	if (p->channel < 0)
		return;
	if ((p->owed & PROBER_OWED_QUIT) != 0 && prober_send(m, &quit))
		p->owed = 0;
	if ((p->owed & PROBER_OWED_LOGS) != 0 && (!logs_message(&m->logs, m->conf, &logs) || prober_send(m, &logs)))
		p->owed &= ~(unsigned)PROBER_OWED_LOGS;
}

void
prober_tell_servers(struct master *m)
{
	struct channel_message message = { .type = CHANNEL_SERVERS };

	if (m->prober.channel >= 0)
		prober_send(m, &message);
}

void
prober_owe_logs(struct master *m)
{
	if (m->prober.process.pid == 0)
		return;
	m->prober.owed |= PROBER_OWED_LOGS;
	prober_send_owed(m);
}

/* It is not believed blindly: it reads what comes from servers. */
static void
prober_nonsense(struct master *m, struct channel_message *message)
{
	channel_close_fds(message);
	watch_pause(&m->prober.watch);
	if (!m->prober.process.killed)
		supervised_fail(&m->prober.process, "sent nonsense", "it sent nonsense");
}

/* false: no more is to be read. */
static bool
prober_message(struct master *m, struct channel_message *message)
{
	struct supervised *process = &m->prober.process;

	if (message->type == CHANNEL_READY && message->fd_count == 0 &&
	    (process->child.state == CHILD_STARTING || process->child.state == CHILD_STOPPING)) {
		supervised_event(process, CHILD_EVENT_READY);
		return true;
	}
	if (message->type == CHANNEL_NEWS && message->fd_count == 0) {
		news_expect(m);
		servers_tell(m);
		return true;
	}
	if (message->type == CHANNEL_NAME_PART && message->fd_count == 0 && names_take(m, &message->name_part))
		return true;
	prober_nonsense(m, message);
	return false;
}

static void
prober_watch_cb(struct watch *watch, unsigned events)
{
	struct prober_child *p = CONTAINER_OF(watch, struct prober_child, watch);
	struct master *m = CONTAINER_OF(p, struct master, prober);
	struct channel_message message;
	int got, n;

	(void)events;
	OBJECT_CHECK(m, MASTER_MAGIC);
	for (n = 0; n < READ_BURST; n++) {
		got = channel_receive(p->channel, &message);
		if (got < 0 && errno != EBADMSG)
			return;
		if (got == 0) { /* it is about to die: its death tells the rest */
			watch_pause(watch);
			return;
		}
		if (got < 0) {
			message.type = 0;
			message.fd_count = 0;
		}
		if (!prober_message(m, &message))
			return;
	}
}

/* ---- what the actions of the table mean for it; see supervised.h */

static struct master *
master_of(struct supervised *process)
{
	return OBJECT_CAST(CONTAINER_OF(process, struct master, prober.process), struct master, MASTER_MAGIC);
}

static int
prober_spawn(struct supervised *process, struct error *err)
{
	struct master *m = master_of(process);

	m->prober.owed = 0;
	scoreboard_set(&m->board->prober.heartbeat, 0);
	scoreboard_set(&m->board->prober.servers_seen, 0);
	supervised_limit_start(process, m->conf->worker_timeout);
	return spawn_prober(m, prober_watch_cb, err);
}

static void
prober_use(struct supervised *process)
{
	log_info("%s (pid %d) is ready", process->name, (int)process->pid);
	news_prober(process, EVENT_PROBER_READY, "");
	names_tell(master_of(process));
}

static void
prober_terminate(struct supervised *process)
{
	struct master *m = master_of(process);

	m->prober.owed = PROBER_OWED_QUIT;
	prober_send_owed(m);
}

static void
prober_release(struct supervised *process)
{
	struct master *m = master_of(process);

	if (m->stopping)
		workers_end_when_gone(m);
	else
		prober_adjust(m);
}

static void
prober_gone(struct supervised *process)
{
	struct master *m = master_of(process);

	watch_close(&m->prober.watch);
	close(m->prober.channel);
	m->prober.channel = -1;
	news_expect(m); /* of what it may have written last */
}

static void
prober_record(struct supervised *process, struct scoreboard_death *death)
{
	death->slot = SCOREBOARD_DEATH_PROBER;
	scoreboard_death_add(master_of(process)->board, death);
}

static const struct supervised_kind prober_kind = {
	.started = EVENT_PROBER_STARTED,
	.died = EVENT_PROBER_DIED,
	.failed = EVENT_PROBER_FAILED,
	.given_up = "its configuration or environment is wrong: it is not started again",
	.news = news_prober,
	.spawn = prober_spawn,
	.use = prober_use,
	.terminate = prober_terminate,
	.release = prober_release,
	.gone = prober_gone,
	.record = prober_record,
};

/* ---- time */

uint64_t
prober_at_work_since(const struct master *m)
{
	const struct supervised *process = &m->prober.process;

	if (process->child.state != CHILD_READY || process->killed ||
	    clock_monotonic() > supervised_sign(process) + seen_lately)
		return 0;
	return process->ready;
}

void
prober_tick(struct master *m)
{
	prober_send_owed(m);
}

/* ---- verbs */

void
prober_adjust(struct master *m)
{
	if (!m->stopping && m->prober.process.child.state == CHILD_EMPTY && prober_is_needed(m))
		supervised_event(&m->prober.process, CHILD_EVENT_START);
}

void
prober_stop(struct master *m)
{
	supervised_event(&m->prober.process, CHILD_EVENT_STOP);
}

bool
prober_is_gone(const struct master *m)
{
	return m->prober.process.child.state == CHILD_EMPTY;
}

void
prober_init(struct master *m)
{
	m->prober.channel = -1;
	snprintf(m->prober.process.name, sizeof m->prober.process.name, "the prober");
	supervised_init(&m->prober.process, &prober_kind, m->loop, &m->board->prober.child, &m->board->prober.heartbeat);
}

void
prober_clear(struct master *m)
{
	timer_clear(&m->prober.process.timer);
}

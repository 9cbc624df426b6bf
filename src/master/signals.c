#include "master/signals.h"

#include <string.h>

#include "base/log.h"
#include "base/object.h"
#include "master/reap.h"
#include "master/state.h"

static void
signal_stop(struct master *m)
{
	if (master_is_stopping(m))
		master_stop(m, false);
	else
		master_stop(m, true);
}

static void
signal_stop_now(struct master *m)
{
	master_stop(m, false);
}

static void
signal_reload(struct master *m)
{
	struct master_reload reload;

	master_reload(m, false, &reload); /* which tells of it */
	master_reload_free(&reload);
}

static void
signal_reopen_logs(struct master *m)
{
	struct error err;

	if (master_reopen_logs(m, &err) < 0)
		log_error("%s", err.text);
}

static const struct {
	int number;
	const char *name;
	void (*handler)(struct master *);
	const char *sentence;
} signal_table[SIGNALS_COUNT] = {
	{ SIGTERM, "TERM", signal_stop,
	    "Stop: finish the requests in progress, within shutdown-timeout. A second one: at once." },
	{ SIGINT, "INT", signal_stop, "The same as TERM." },
	{ SIGQUIT, "QUIT", signal_stop_now, "Stop at once: requests in progress are cut." },
	{ SIGHUP, "HUP", signal_reload, "Read the configuration again: apps follow it, all else at the next start." },
	{ SIGUSR1, "USR1", signal_reopen_logs, "Open the log files again, after they were moved away." },
	{ SIGCHLD, "CHLD", reap_children, "A worker, the prober or an instance has ended; the system sends it." },
};

/*
 * What a terminal, a service manager or an admin sends to all processes of a
 * group is for the master; what it means for a child comes over the channel.
 */
static const int ignored_by_children[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE,
	SIGXFSZ };

static void
signal_cb(struct signal_watch *watch, int number)
{
	struct signal_row *row = CONTAINER_OF(watch, struct signal_row, watch);
	size_t i;

	OBJECT_CHECK(row->master, MASTER_MAGIC);
	for (i = 0; i < SIGNALS_COUNT; i++)
		if (signal_table[i].number == number)
			signal_table[i].handler(row->master);
}

void
signals_ignore_write_errors(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

int
signals_open(struct master *m, struct error *err)
{
	size_t i;

	for (i = 0; i < SIGNALS_COUNT; i++) {
		m->signals.rows[i].master = m;
		if (signal_open(&m->signals.rows[i].watch, m->loop, signal_table[i].number, signal_cb) < 0)
			return error_set(err, "cannot handle SIG%s", signal_table[i].name);
	}
	return 0;
}

void
signals_close(struct master *m)
{
	size_t i;

	for (i = 0; i < SIGNALS_COUNT; i++)
		signal_close(&m->signals.rows[i].watch);
}

void
signals_block(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, before);
}

void
signals_hold(void)
{
	sigset_t before;

	signals_block(&before);
}

void
signals_admit(void)
{
	sigset_t none;

	/* not what there was before: whoever started drover may have blocked what it lives by */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void
signals_unblock(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

void
signals_reset(void)
{
	size_t i;

	for (i = 0; i < SIGNALS_COUNT; i++)
		signal(signal_table[i].number, SIG_DFL);
	for (i = 0; i < ARRAY_LENGTH(ignored_by_children); i++)
		signal(ignored_by_children[i], SIG_IGN);
	signals_admit();
}

void
signals_list(FILE *to)
{
	size_t i;

	for (i = 0; i < SIGNALS_COUNT; i++)
		fprintf(to, "%s\t%s\n", signal_table[i].name, signal_table[i].sentence);
}

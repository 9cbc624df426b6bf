#include "master/master.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/object.h"
#include "master/limits.h"
#include "master/privileges.h"
#include "master/schedule.h"
#include "master/state.h"
#include "master/title.h"

enum { LAST_ACCEPTS_MAX = 1024 }; /* bursts for each listening socket before it is closed */

/* ---- start and end */

static struct master *
master_allocate(struct conf *conf, const struct master_options *options, struct error *err)
{
	struct master *m = calloc(1, sizeof *m);

	if (m == NULL) {
		error_set(err, "no memory");
		return NULL;
	}
	m->magic = MASTER_MAGIC;
	m->conf = conf;
	m->options = *options;
	m->logs.access = -1;
	m->prober.channel = -1;
	m->pidfile.fd = -1;
	m->notify.fd = -1;
	m->daemon.pipe = -1;
	return m;
}

/* Everything outside of the process: each step may fail, and master_free undoes those before. */
static int
master_open_outside(struct master *m, struct systemd_sockets *passed, struct error *err)
{
	apps_remember_origin(&m->apps);
	if (privileges_check(m->conf, err) < 0 || logs_open(&m->logs, m->conf, err) < 0 ||
	    limits_raise(m->conf, err) < 0 || pidfile_open(&m->pidfile, m->conf->pid_file, err) < 0)
		return -1;
	return ports_open(&m->ports, m->conf, passed, err);
}

static int
master_open_inside(struct master *m, struct error *err)
{
	m->board = scoreboard_new(err);
	if (m->board == NULL)
		return -1;
	if (conf_has_limits(m->conf) && clients_open(m->board, m->conf->limit_clients) < 0)
		return error_set(err, "cannot make the table of clients");
	m->loop = loop_new(err);
	if (m->loop == NULL || signals_open(m, err) < 0)
		return -1;
	servers_init(m);
	if (names_init(m) < 0)
		return error_set(err, "cannot keep the names of servers: no memory");
	if (apps_init(m) < 0)
		return error_set(err, "cannot keep the apps: no memory");
	log_levels_init(m);
	news_init(m);
	workers_init(m);
	prober_init(m);
	dispatch_init(m);
	if (ports_watch(m) < 0)
		return error_set(err, "cannot watch the listeners: no memory");
	return 0;
}

struct master *
master_new(struct conf *conf, const struct master_options *options, struct error *err)
{
	struct systemd_sockets passed;
	struct master *m = master_allocate(conf, options, err);

	if (m == NULL)
		return NULL;
	signals_ignore_write_errors();
	/* before the fork of -d: LISTEN_PID names the process that was started, not the one in the background */
	if (systemd_receive(&passed, err) < 0)
		goto fail;
	/* what else the starter left open is not drover's, and would live on in every worker */
	close_range(STDERR_FILENO + 1 + (unsigned)passed.count, ~0U, 0);
	title_init(options->argc, options->argv);
	if (options->daemonize && daemon_start(&m->daemon, err) < 0)
		goto fail;
	signals_hold();
	notify_open(&m->notify);
	log_process("master");
	if (master_open_outside(m, &passed, err) < 0 || master_open_inside(m, err) < 0)
		goto fail;
	systemd_close(&passed, true);
	if (options->daemonize && strcmp(conf->error_log, "stderr") == 0)
		log_warn(
		    "-d lets go of stderr: errors are lost from then on; set error-log to a file or syslog");
	users_warn(conf);
	title_set("master");
	return m;

fail:
	systemd_close(&passed, false);
	m->conf = NULL; /* still the caller's */
	master_free(m);
	return NULL;
}

void
master_free(struct master *m)
{
	if (m == NULL)
		return;
	OBJECT_CHECK(m, MASTER_MAGIC);
	if (m->loop != NULL) {
		signals_close(m);
		names_close(m);
		apps_close(m);
		app_source_release(m->file);
		servers_close(m);
		wakers_close(m);
		news_close(m);
		timer_clear(&m->dispatch.retry);
		timer_clear(&m->workers.tick);
		prober_clear(m);
		loop_later_cancel(m->loop, &m->workers.adjust);
		log_levels_close(m);
	}
	queries_close(m);
	ports_close(&m->ports);
	loop_free(m->loop);
	scoreboard_free(m->board);
	pidfile_close(&m->pidfile);
	notify_close(&m->notify);
	logs_close(&m->logs);
	users_close(&m->users);
	daemon_close(&m->daemon);
	conf_free(m->conf);
	free(m);
}

int
master_run(struct master *m)
{
	schedule_as_master();
	dispatch_resume(m); /* there is no worker yet: nothing is accepted */
	workers_adjust(m);
	prober_adjust(m);
	apps_start(m);
	signals_admit();
	loop_run(m->loop);
	signals_hold();
	log_notice("ended");
	return m->exit_status;
}

/* ---- verbs */

int
master_scale(struct master *m, unsigned workers, struct error *err)
{
	if (workers < 1 || workers > CONF_WORKERS_MAX)
		return error_set(err, "the number of workers is from 1 to %d", CONF_WORKERS_MAX);
	if (m->stopping)
		return error_set(err, "drover is stopping");
	if (workers != m->workers.desired) {
		log_notice("scaling from %u to %u workers", m->workers.desired, workers);
		news_scaled(m, m->workers.desired, workers);
	}
	m->workers.desired = workers;
	master_changed(m);
	workers_adjust(m);
	workers_reset_failed(m);
	return 0;
}

unsigned
master_workers_desired(const struct master *m)
{
	return m->workers.desired;
}

unsigned
master_workers_ready(const struct master *m)
{
	return workers_count(m, CHILD_READY);
}

int
master_reopen_logs(struct master *m, struct error *err)
{
	unsigned slot;

	if (logs_reopen(&m->logs, m->conf, err) < 0)
		return -1;
	log_notice("log files opened again");
	for (slot = 0; slot < m->workers.used; slot++)
		if (m->workers.slots[slot].process.pid != 0)
			m->workers.slots[slot].owed |= WORKER_OWED_LOGS;
	prober_owe_logs(m);
	dispatch_retry_soon(m); /* that hands them over: once, however often they are opened until then */
	return 0;
}

int
master_reopen_logs_check(const struct master *m, struct error *err)
{
	return logs_check(m->conf, err);
}

/* What has connected by now is still served; from then on a successor can have the addresses. */
static void
master_accept_last(struct master *m)
{
	size_t i;
	int burst;

	for (i = 0; i < m->ports.count; i++) {
		const struct port *p = &m->ports.all[i];

		if (m->ports.paused[p->listener])
			continue;
		for (burst = 0; burst < LAST_ACCEPTS_MAX; burst++)
			if (!dispatch_accept(m, p->fd, p->listener))
				break;
	}
}

void
master_stop(struct master *m, bool graceful)
{
	if (!m->stopping) {
		log_notice("stopping%s", graceful ? "" : " at once");
		news_stopping(m, graceful);
		notify_send(&m->notify, "STOPPING=1");
		if (graceful)
			master_accept_last(m);
		m->stopping = true;
		ports_close(&m->ports);
		orphans_close(m);
	}
	workers_stop(m, graceful);
}

bool
master_is_stopping(const struct master *m)
{
	return m->stopping;
}

/* ---- what others read */

struct loop *
master_loop(struct master *m)
{
	return m->loop;
}

const struct conf *
master_conf(const struct master *m)
{
	return m->conf;
}

struct scoreboard *
master_board(struct master *m)
{
	return m->board;
}

const char *
master_listener_address(const struct master *m, size_t i, char text[ADDRESS_TEXT_MAX])
{
	size_t p;

	for (p = 0; p < m->ports.count; p++)
		if (m->ports.all[p].listener == i)
			return address_format(&m->ports.all[p].address, text);
	text[0] = '\0';
	return text;
}

void
master_on_child(struct master *m, master_child_fn *child, void *arg)
{
	m->on_child = child;
	m->on_child_arg = arg;
}

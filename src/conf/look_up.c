/*
 * The names of servers, looked up once for a start. What comes from the network is
 * read in a process of its own, which writes the answers into memory that it shares
 * with this one and ends. Master only, before its loop turns.
 */
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "conf/conf.h"
#include "conf/report.h"
#include "net/resolver.h"

enum { AT_ONCE = 64 };

static const uint64_t grace = CLOCK_SECOND; /* for the process to end by itself */

struct look_up {
	const struct conf *conf;
	struct conf_server **servers; /* those with names */
	struct dns_answer *answers; /* one for each, in shared memory */
	size_t count;
	/* of the process that asks */
	struct loop *loop;
	struct resolver *resolver;
	struct later more;
	struct pending {
		struct look_up *look_up;
		size_t number;
	} *pending;
	size_t next; /* to be asked for */
	size_t asked; /* and not answered yet */
};

/* ---- in a process of its own */

static void look_up_more_cb(struct later *later);

static void
look_up_answer_cb(void *arg, const struct dns_answer *answer)
{
	const struct pending *pending = arg;
	struct look_up *l = pending->look_up;

	l->answers[pending->number] = *answer;
	l->asked--;
	loop_later(l->loop, &l->more, look_up_more_cb);
}

static bool
look_up_ask(struct look_up *l)
{
	struct pending *pending = &l->pending[l->next];

	*pending = (struct pending){ .look_up = l, .number = l->next };
	if (resolver_ask(l->resolver, &l->servers[l->next]->question, look_up_answer_cb, pending) == NULL)
		return false;
	l->next++;
	l->asked++;
	return true;
}

static void
look_up_more_cb(struct later *later)
{
	struct look_up *l = CONTAINER_OF(later, struct look_up, more);

	while (l->asked < AT_ONCE && l->next < l->count && look_up_ask(l))
		;
	if (l->asked == 0)
		loop_stop(l->loop);
}

static void
look_up_deadline_cb(struct timer *timer)
{
	loop_stop(timer->loop);
}

/* As workers run: it reads from the network as they do. */
static bool
user_take(const struct conf *conf)
{
	if (geteuid() != 0 || conf->uid == (uid_t)-1)
		return true;
	return setgroups(0, NULL) == 0 && (conf->gid == (gid_t)-1 || setgid(conf->gid) == 0) &&
	    setuid(conf->uid) == 0;
}

static void
look_up_all(struct look_up *l)
{
	struct resolver_options options = {
		.servers = l->conf->resolve.servers,
		.server_count = l->conf->resolve.server_count,
		.timeout = l->conf->resolve.timeout,
	};
	struct timer deadline;
	struct error err;

	signal(SIGPIPE, SIG_IGN); /* a DNS server that hangs up */
	l->pending = calloc(l->count, sizeof *l->pending);
	if (l->pending == NULL || !user_take(l->conf) || (l->loop = loop_new(&err)) == NULL ||
	    (l->resolver = resolver_new(l->loop, &options, &err)) == NULL)
		return;
	timer_init(&deadline, l->loop, look_up_deadline_cb);
	timer_set(&deadline, options.timeout);
	loop_later(l->loop, &l->more, look_up_more_cb);
	loop_run(l->loop);
}

/* ---- here */

/* Waits until the other process has ended, or has had its time. */
static void
child_wait(pid_t pid, int pipe_end, uint64_t most)
{
	struct pollfd end = { .fd = pipe_end, .events = POLLIN };

	poll(&end, 1, (int)(most / CLOCK_MILLISECOND)); /* nothing is written: it is readable when the other end is gone */
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* -1: it could not be done. */
static int
look_up_in_child(struct look_up *l)
{
	int ends[2];
	pid_t pid;

	if (pipe(ends) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		look_up_all(l);
		_exit(0);
	}
	close(ends[1]);
	if (pid > 0)
		child_wait(pid, ends[0], l->conf->resolve.timeout + grace);
	close(ends[0]);
	return pid > 0 ? 0 : -1;
}

/* The other process is believed as much as any that reads from the network. */
static void
answer_take(struct look_up *l, size_t number, struct conf_report *report)
{
	struct conf_server *server = l->servers[number];
	struct dns_answer *answer = malloc(sizeof *answer);

	free(server->answer);
	server->answer = answer;
	if (answer == NULL) {
		conf_report_memory(report);
		return;
	}
	*answer = l->answers[number];
	if (!dns_answer_is_sound(answer))
		dns_answer_clear(answer);
	else if (answer->why[0] != '\0')
		conf_report_add(report, server->line, "warning: server \"%.127s\": %s; it is looked up again while drover runs",
		    server->name, answer->why);
}

/* Finds the servers that have names. -1: no memory. */
static int
look_up_begin(struct look_up *l)
{
	size_t p, s, i;

	l->servers = calloc(l->conf->server_count + 1, sizeof *l->servers);
	for (p = 0; l->servers != NULL && p < l->conf->pool_count; p++)
		for (s = 0; s < l->conf->pools[p].server_count; s++)
			if (l->conf->pools[p].servers[s].question.name[0] != '\0')
				l->servers[l->count++] = &l->conf->pools[p].servers[s];
	l->answers = l->servers == NULL || l->count == 0
	    ? NULL
	    : mmap(NULL, l->count * sizeof *l->answers, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l->servers == NULL || l->answers == MAP_FAILED)
		return -1;
	for (i = 0; i < l->count; i++) {
		dns_answer_clear(&l->answers[i]);
		snprintf(l->answers[i].why, DNS_WHY_MAX, "there was no answer in time");
	}
	return 0;
}

void
conf_look_up(struct conf *conf, struct conf_errors *warnings)
{
	struct conf_report report = { .file = conf->file };
	struct look_up l = { .conf = conf };
	size_t i;

	if (look_up_begin(&l) < 0 || (l.count > 0 && look_up_in_child(&l) < 0))
		conf_report_add(&report, 0, "warning: the names of servers could not be looked up: no memory");
	else
		for (i = 0; i < l.count; i++)
			answer_take(&l, i, &report);
	if (l.answers != NULL && l.answers != MAP_FAILED)
		munmap(l.answers, l.count * sizeof *l.answers);
	free(l.servers);
	conf_report_finish(&report, warnings);
}

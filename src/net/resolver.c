#include "net/resolver.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/object.h"

#define RESOLVER_MAGIC 0x7265736fu
#define LOOKUP_MAGIC 0x6c6f6f6bu

enum {
	TRIES = 2, /* the second waits twice as long */
	TARGETS_AT_ONCE = 16, /* of one service */
	SERVERS_TEXT_MAX = 2048
};

static const char resolv_conf[] = "/etc/resolv.conf";

/* A socket of c-ares. Kept when it is closed, for the next one. */
struct resolver_socket {
	LIST_ENTRY(resolver_socket) link;
	struct resolver *resolver;
	ares_socket_t fd; /* ARES_SOCKET_BAD: none */
	struct watch watch;
};

struct resolver_lookup {
	uint32_t magic;
	LIST_ENTRY(resolver_lookup) link;
	struct resolver *resolver;
	struct dns_question question;
	resolver_fn *done; /* NULL: nobody waits for it */
	void *arg;
	struct timer deadline;
	struct later finish;
	unsigned asked; /* of c-ares, and not answered yet */
	bool unknown; /* DNS says that there is no such name */
	struct dns_target *targets; /* of a service */
	unsigned target_count, target_next;
	struct dns_answer answer;
};

/* One host and family that c-ares is asked for. */
struct host_query {
	struct resolver_lookup *lookup;
	struct dns_target host; /* its name, port and the like */
	int family;
	bool in_hosts; /* asked of the hosts file */
};

struct resolver {
	uint32_t magic;
	struct loop *loop;
	ares_channel hosts, dns;
	struct timer timer; /* c-ares' */
	uint64_t timeout;
	char servers[SERVERS_TEXT_MAX]; /* as c-ares reads them; "": those of resolv_conf */
	struct stat resolv_conf; /* as it was read */
	LIST_HEAD(resolver_sockets, resolver_socket) sockets;
	LIST_HEAD(resolver_lookups, resolver_lookup) lookups;
};

/* ---- c-ares and the loop */

static void
resolver_set_timer(struct resolver *r)
{
	struct timeval tv;

	if (ares_timeout(r->dns, NULL, &tv) == NULL)
		timer_clear(&r->timer);
	else
		timer_set(&r->timer, (uint64_t)tv.tv_sec * CLOCK_SECOND + (uint64_t)tv.tv_usec);
}

static void
resolver_timer_cb(struct timer *timer)
{
	struct resolver *r = CONTAINER_OF(timer, struct resolver, timer);

	ares_process_fd(r->dns, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	resolver_set_timer(r);
}

static void
socket_watch_cb(struct watch *watch, unsigned events)
{
	struct resolver_socket *s = CONTAINER_OF(watch, struct resolver_socket, watch);
	struct resolver *r = s->resolver;
	ares_socket_t fd = s->fd;

	ares_process_fd(r->dns, (events & WATCH_READ) != 0 ? fd : ARES_SOCKET_BAD,
	    (events & WATCH_WRITE) != 0 ? fd : ARES_SOCKET_BAD);
	resolver_set_timer(r);
}

/* The one for this descriptor, or, for a new descriptor, one that is not used. NULL: no memory. */
static struct resolver_socket *
socket_get(struct resolver *r, ares_socket_t fd)
{
	struct resolver_socket *s, *unused = NULL;

	for (s = LIST_FIRST(&r->sockets); s != NULL; s = LIST_NEXT(s, link)) {
		if (s->fd == fd)
			return s;
		if (s->fd == ARES_SOCKET_BAD)
			unused = s;
	}
	if (unused == NULL && (unused = calloc(1, sizeof *unused)) != NULL) {
		unused->resolver = r;
		LIST_INSERT_HEAD(&r->sockets, unused, link);
	}
	if (unused != NULL)
		unused->fd = fd;
	return unused;
}

/* What c-ares wants to hear of a descriptor; nothing: it is going to close it. */
static void
socket_state_cb(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct resolver *r = arg;
	struct resolver_socket *s = socket_get(r, fd);
	unsigned events = (readable ? WATCH_READ : 0u) | (writable ? WATCH_WRITE : 0u);

	if (s == NULL)
		return; /* the look-up ends by its time limit */
	watch_close(&s->watch);
	if (events == 0)
		s->fd = ARES_SOCKET_BAD;
	else if (watch_open_for(&s->watch, r->loop, fd, events, socket_watch_cb) < 0)
		log_warn("a DNS socket cannot be watched: no memory");
}

/* ---- the end of a look-up */

static void
lookup_free(struct resolver_lookup *l)
{
	timer_clear(&l->deadline);
	loop_later_cancel(l->resolver->loop, &l->finish);
	LIST_REMOVE(l, link);
	l->magic = 0;
	free(l->targets);
	free(l);
}

/* Once nobody waits for it, and c-ares will not come back to it. */
static void
lookup_release(struct resolver_lookup *l)
{
	if (l->done == NULL && l->asked == 0)
		lookup_free(l);
}

static void
lookup_finish_cb(struct later *later)
{
	struct resolver_lookup *l = CONTAINER_OF(later, struct resolver_lookup, finish);
	resolver_fn *done = l->done;

	OBJECT_CHECK(l, LOOKUP_MAGIC);
	timer_clear(&l->deadline);
	if (l->answer.count == 0 && l->answer.why[0] == '\0')
		snprintf(l->answer.why, sizeof l->answer.why, "%s",
		    l->unknown ? "there is no such name" : "it has no address");
	dns_answer_sort(&l->answer);
	l->done = NULL;
	if (done != NULL)
		done(l->arg, &l->answer);
	lookup_release(l);
}

static void
lookup_finish(struct resolver_lookup *l)
{
	loop_later(l->resolver->loop, &l->finish, lookup_finish_cb);
}

/* What is there by then is a part of the answer. */
static void
lookup_deadline_cb(struct timer *timer)
{
	struct resolver_lookup *l = CONTAINER_OF(timer, struct resolver_lookup, deadline);

	snprintf(l->answer.why, sizeof l->answer.why, "there was no answer in time");
	lookup_finish(l);
}

/* The words for a failure; NULL: the name has no such record, which may be all right. */
static const char *
failure_words(int status)
{
	switch (status) {
	case ARES_SUCCESS:
	case ARES_ENODATA:
	case ARES_ENOTFOUND:
		return NULL;
	case ARES_ETIMEOUT:
		return "the DNS servers do not answer";
	case ARES_ECONNREFUSED: /* it does not tell these apart */
	case ARES_ESERVFAIL:
	case ARES_EREFUSED:
		return "the DNS servers cannot be reached, have failed or refuse to answer";
	case ARES_EBADRESP:
	case ARES_EBADNAME:
		return "the answer is no valid DNS message";
	case ARES_EDESTRUCTION:
		return "the settings of DNS have changed meanwhile";
	default:
		return ares_strerror(status);
	}
}

static void
lookup_note(struct resolver_lookup *l, int status)
{
	const char *words = failure_words(status);

	l->unknown |= status == ARES_ENOTFOUND;
	if (words != NULL && l->answer.why[0] == '\0')
		snprintf(l->answer.why, sizeof l->answer.why, "%s", words);
}

/* ---- hosts */

static void
answer_ttl(struct dns_answer *answer, int ttl)
{
	/* a ttl with the highest bit set counts as 0 (RFC 2181, 8) */
	uint32_t seconds = ttl < 0 ? 0 : (uint32_t)ttl;

	if (seconds < answer->ttl)
		answer->ttl = seconds;
}

static void
answer_add_node(struct dns_answer *answer, const struct host_query *q, const struct ares_addrinfo_node *node)
{
	struct dns_address address = {
		.family = (uint16_t)node->ai_family,
		.port = q->host.port,
		.priority = q->host.priority,
		.weight = q->host.weight,
	};

	if (node->ai_family == AF_INET)
		memcpy(address.bytes, &((const struct sockaddr_in *)(const void *)node->ai_addr)->sin_addr, 4);
	else if (node->ai_family == AF_INET6)
		memcpy(address.bytes, &((const struct sockaddr_in6 *)(const void *)node->ai_addr)->sin6_addr, 16);
	else
		return;
	if (!q->in_hosts)
		answer_ttl(answer, node->ai_ttl);
	dns_answer_add(answer, &address);
}

static void
answer_take(struct dns_answer *answer, const struct host_query *q, const struct ares_addrinfo *info)
{
	const struct ares_addrinfo_cname *alias;
	const struct ares_addrinfo_node *node;

	for (node = info->nodes; node != NULL; node = node->ai_next)
		answer_add_node(answer, q, node);
	for (alias = info->cnames; alias != NULL; alias = alias->next)
		answer_ttl(answer, alias->ttl);
	answer->fixed |= q->in_hosts && info->nodes != NULL;
}

static void lookup_go_on(struct resolver_lookup *lookup);
static void host_ask(struct host_query *query);

static void
host_cb(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct host_query *q = arg;
	struct resolver_lookup *l = q->lookup;
	bool found = status == ARES_SUCCESS && info != NULL && info->nodes != NULL;

	(void)timeouts;
	OBJECT_CHECK(l, LOOKUP_MAGIC);
	if (found)
		answer_take(&l->answer, q, info);
	else if (!q->in_hosts)
		lookup_note(l, status);
	if (info != NULL)
		ares_freeaddrinfo(info);
	l->asked--;
	if (q->in_hosts && !found && status != ARES_EDESTRUCTION && l->done != NULL) {
		q->in_hosts = false;
		host_ask(q);
		return;
	}
	free(q);
	lookup_go_on(l);
}

static void
host_ask(struct host_query *q)
{
	struct resolver *r = q->lookup->resolver;
	/* sorted would mean that c-ares tries how each address is reached */
	struct ares_addrinfo_hints hints = { .ai_flags = ARES_AI_NOSORT, .ai_family = q->family };

	q->lookup->asked++;
	ares_getaddrinfo(q->in_hosts ? r->hosts : r->dns, q->host.name, NULL, &hints, host_cb, q);
}

/*
 * Each family for itself: c-ares does not tell of a question for both when one of
 * the two was not answered, and addresses that are not known of now are not gone.
 */
static void
lookup_ask_host(struct resolver_lookup *l, const struct dns_target *host, int family)
{
	struct host_query *q;

	if (l->question.family != AF_UNSPEC && l->question.family != family)
		return;
	q = malloc(sizeof *q);
	if (q == NULL) {
		lookup_note(l, ARES_ENOMEM);
		return;
	}
	*q = (struct host_query){ .lookup = l, .host = *host, .family = family, .in_hosts = true };
	host_ask(q);
}

static void
lookup_ask_both(struct resolver_lookup *l, const struct dns_target *host)
{
	l->asked++; /* the first answer may come from within: it is not the last */
	lookup_ask_host(l, host, AF_INET);
	lookup_ask_host(l, host, AF_INET6);
	l->asked--;
}

/* An answer has come: asks for the next targets, or ends. */
static void
lookup_go_on(struct resolver_lookup *l)
{
	while (l->done != NULL && l->target_next < l->target_count && l->asked < TARGETS_AT_ONCE)
		lookup_ask_both(l, &l->targets[l->target_next++]);
	if (l->asked > 0)
		return;
	if (l->done != NULL)
		lookup_finish(l);
	else
		lookup_release(l);
}

/* ---- services */

static void
service_read(struct resolver_lookup *l, const uint8_t *bytes, size_t length)
{
	int count;

	l->targets = calloc(DNS_ADDRESSES_MAX, sizeof *l->targets);
	if (l->targets == NULL) {
		lookup_note(l, ARES_ENOMEM);
		return;
	}
	count = dns_targets_read(
	    bytes, length, l->targets, DNS_ADDRESSES_MAX, &l->answer.ttl, &l->answer.more);
	if (count < 0)
		lookup_note(l, ARES_EBADRESP);
	l->target_count = count < 0 ? 0 : (unsigned)count;
}

static void
service_cb(void *arg, int status, int timeouts, unsigned char *bytes, int length)
{
	struct resolver_lookup *l = arg;

	(void)timeouts;
	OBJECT_CHECK(l, LOOKUP_MAGIC);
	l->asked--;
	if (status != ARES_SUCCESS)
		lookup_note(l, status);
	else if (l->done != NULL)
		service_read(l, bytes, (size_t)length);
	lookup_go_on(l);
}

/* ---- asking */

static int
channel_open(struct resolver *r, ares_channel *channel, const char *lookups)
{
	char which[2] = { lookups[0], '\0' };
	struct ares_options options = {
		/* with each try twice as long, all of them together take the time that there is */
		.timeout = (int)(r->timeout / CLOCK_MILLISECOND / ((1 << TRIES) - 1)) + 1,
		.tries = TRIES,
		.lookups = which,
		.sock_state_cb = socket_state_cb,
		.sock_state_cb_data = r,
	};
	int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
	int status = ares_init_options(channel, &options, mask);

	if (status == ARES_SUCCESS && r->servers[0] != '\0') {
		status = ares_set_servers_ports_csv(*channel, r->servers);
		if (status != ARES_SUCCESS)
			ares_destroy(*channel);
	}
	if (status != ARES_SUCCESS)
		*channel = NULL;
	return status;
}

/* Reads the system's settings again when they were changed. Look-ups in progress fail, and are soon tried again. */
static void
resolver_refresh(struct resolver *r)
{
	ares_channel fresh;
	struct stat now;

	if (r->servers[0] != '\0' || stat(resolv_conf, &now) < 0)
		return;
	if (now.st_ino == r->resolv_conf.st_ino && now.st_size == r->resolv_conf.st_size &&
	    now.st_mtim.tv_sec == r->resolv_conf.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == r->resolv_conf.st_mtim.tv_nsec)
		return;
	if (channel_open(r, &fresh, "b") != ARES_SUCCESS)
		return;
	r->resolv_conf = now;
	ares_destroy(r->dns);
	r->dns = fresh;
}

struct resolver_lookup *
resolver_ask(struct resolver *r, const struct dns_question *question, resolver_fn *done, void *arg)
{
	struct resolver_lookup *l = calloc(1, sizeof *l);
	struct dns_target host = { .port = question->port, .weight = 1 };

	OBJECT_CHECK(r, RESOLVER_MAGIC);
	if (l == NULL)
		return NULL;
	l->magic = LOOKUP_MAGIC;
	l->resolver = r;
	l->question = *question;
	l->done = done;
	l->arg = arg;
	dns_answer_clear(&l->answer);
	timer_init(&l->deadline, r->loop, lookup_deadline_cb);
	timer_set(&l->deadline, r->timeout);
	LIST_INSERT_HEAD(&r->lookups, l, link);
	resolver_refresh(r);
	if (question->service) {
		l->asked++;
		ares_search(r->dns, l->question.name, ns_c_in, ns_t_srv, service_cb, l);
	} else {
		memcpy(host.name, question->name, sizeof host.name);
		lookup_ask_both(l, &host);
		if (l->asked == 0)
			lookup_finish(l);
	}
	resolver_set_timer(r);
	return l;
}

void
resolver_forget(struct resolver_lookup *l)
{
	OBJECT_CHECK(l, LOOKUP_MAGIC);
	l->done = NULL;
	timer_clear(&l->deadline);
	loop_later_cancel(l->resolver->loop, &l->finish);
	lookup_release(l);
}

/* ---- start and end */

/* false: there is no room for all of them. */
static bool
servers_write(struct resolver *r, const struct resolver_options *options)
{
	char text[ADDRESS_TEXT_MAX];
	size_t i, n = 0;

	for (i = 0; i < options->server_count && n < sizeof r->servers; i++)
		n += (size_t)snprintf(r->servers + n, sizeof r->servers - n, "%s%s", i > 0 ? "," : "",
		    address_format(&options->servers[i], text));
	return n < sizeof r->servers;
}

struct resolver *
resolver_new(struct loop *loop, const struct resolver_options *options, struct error *err)
{
	struct resolver *r = calloc(1, sizeof *r);
	int status = ARES_ENOMEM;

	if (r == NULL || ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		error_set(err, "cannot look names up: no memory");
		free(r);
		return NULL;
	}
	r->magic = RESOLVER_MAGIC;
	r->loop = loop;
	r->timeout = options->timeout;
	LIST_INIT(&r->sockets);
	LIST_INIT(&r->lookups);
	timer_init(&r->timer, loop, resolver_timer_cb);
	if (stat(resolv_conf, &r->resolv_conf) < 0)
		memset(&r->resolv_conf, 0, sizeof r->resolv_conf);
	if (servers_write(r, options) && (status = channel_open(r, &r->hosts, "f")) == ARES_SUCCESS)
		status = channel_open(r, &r->dns, "b");
	if (status == ARES_SUCCESS)
		return r;
	error_set(err, "cannot look names up: %s", ares_strerror(status));
	resolver_free(r);
	return NULL;
}

void
resolver_free(struct resolver *r)
{
	struct resolver_lookup *l, *next_lookup;
	struct resolver_socket *s, *next_socket;

	if (r == NULL)
		return;
	for (l = LIST_FIRST(&r->lookups); l != NULL; l = LIST_NEXT(l, link))
		l->done = NULL;
	if (r->dns != NULL)
		ares_destroy(r->dns);
	if (r->hosts != NULL)
		ares_destroy(r->hosts);
	for (l = LIST_FIRST(&r->lookups); l != NULL; l = next_lookup) {
		next_lookup = LIST_NEXT(l, link);
		lookup_free(l);
	}
	for (s = LIST_FIRST(&r->sockets); s != NULL; s = next_socket) {
		next_socket = LIST_NEXT(s, link);
		watch_close(&s->watch);
		free(s);
	}
	timer_clear(&r->timer);
	ares_library_cleanup();
	r->magic = 0;
	free(r);
}

#include "prober/lookups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/object.h"
#include "net/resolver.h"
#include "prober/internal.h"

#define NAME_MAGIC 0x6e616d65u

enum { AT_ONCE = 64 /* look-ups */ };

static const uint64_t retry_every = 20 * CLOCK_MILLISECOND; /* to send what did not fit into the channel */

struct name {
	uint32_t magic;
	uint32_t id;
	TAILQ_ENTRY(name) link;
	TAILQ_ENTRY(name) due_link;
	TAILQ_ENTRY(name) unsent_link;
	struct prober *prober;
	struct dns_question question;
	struct timer timer; /* for the next look-up */
	struct resolver_lookup *lookup; /* in progress, or NULL */
	bool is_due, again; /* again: it is wanted once more, as soon as the one in progress is over */
	unsigned failures; /* in a row */
	uint64_t wait; /* microseconds until the next look-up, told with the answer */
	struct dns_answer *unsent; /* or NULL */
	unsigned sent; /* addresses of it */
};

/* ---- telling the master */

static void
unsent_drop(struct name *name)
{
	if (name->unsent == NULL)
		return;
	TAILQ_REMOVE(&name->prober->lookups.unsent, name, unsent_link);
	free(name->unsent);
	name->unsent = NULL;
}

/* false: the channel is full. */
static bool
name_send(struct name *name)
{
	struct channel_message message = { .type = CHANNEL_NAME_PART };
	unsigned next;

	do {
		next = names_part_fill(&message.name_part, name->unsent, name->sent);
		message.name_part.id = name->id;
		message.name_part.wait = name->wait;
		if (channel_send(name->prober->channel, &message) < 0)
			return false;
		name->sent = next;
	} while (next < name->unsent->count);
	unsent_drop(name);
	return true;
}

/* One behind the other, so that the parts of two answers are never mixed. */
static void
lookups_send(struct prober *prober)
{
	struct name *name;

	while ((name = TAILQ_FIRST(&prober->lookups.unsent)) != NULL && name_send(name))
		;
	if (name != NULL)
		timer_set(&prober->lookups.retry, retry_every);
}

static void
lookups_retry_cb(struct timer *timer)
{
	struct lookups *lookups = CONTAINER_OF(timer, struct lookups, retry);

	lookups_send(CONTAINER_OF(lookups, struct prober, lookups));
}

/* An answer that has not begun to go out is replaced; one that has goes out whole, and the next look-up tells the rest. */
static void
name_tell(struct name *name, const struct dns_answer *answer)
{
	if (name->unsent != NULL && name->sent > 0)
		return;
	if (name->unsent == NULL) {
		name->unsent = malloc(sizeof *name->unsent);
		if (name->unsent == NULL)
			return;
		TAILQ_INSERT_TAIL(&name->prober->lookups.unsent, name, unsent_link);
	}
	*name->unsent = *answer;
	name->sent = 0;
	lookups_send(name->prober);
}

/* ---- looking up */

static void lookups_ask_due(struct prober *prober);

static void
name_set_due(struct name *name)
{
	struct lookups *lookups = &name->prober->lookups;

	if (name->lookup != NULL) {
		name->again = true;
	} else if (!name->is_due) {
		name->is_due = true;
		TAILQ_INSERT_TAIL(&lookups->due, name, due_link);
	}
}

static void
name_timer_cb(struct timer *timer)
{
	struct name *name = CONTAINER_OF(timer, struct name, timer);

	OBJECT_CHECK(name, NAME_MAGIC);
	name_set_due(name);
	lookups_ask_due(name->prober);
}

static void
name_answered(struct name *name, const struct dns_answer *answer)
{
	const struct conf_resolve *resolve = &name->prober->conf->resolve;

	name->failures = answer->why[0] == '\0' ? 0 : name->failures + 1;
	name->wait = name->failures == 0
	    ? names_interval(answer, resolve->interval_min, resolve->interval_max)
	    : names_retry(name->failures, resolve->interval_min, resolve->interval_max);
	timer_set(&name->timer, name->wait);
	name_tell(name, answer);
}

static void
name_answer_cb(void *arg, const struct dns_answer *answer)
{
	struct name *name = arg;
	struct prober *prober = name->prober;

	OBJECT_CHECK(name, NAME_MAGIC);
	name->lookup = NULL;
	prober->lookups.asked--;
	name_answered(name, answer);
	if (name->again) {
		name->again = false;
		name_set_due(name);
	}
	lookups_ask_due(prober);
}

static void
name_failed(struct name *name, const char *why)
{
	struct dns_answer answer;

	dns_answer_clear(&answer);
	snprintf(answer.why, sizeof answer.why, "%.*s", DNS_WHY_MAX - 1, why);
	name_answered(name, &answer);
}

static int
resolver_open(struct prober *prober, struct error *err)
{
	const struct conf_resolve *resolve = &prober->conf->resolve;
	struct resolver_options options = {
		.servers = resolve->servers,
		.server_count = resolve->server_count,
		.timeout = resolve->timeout,
	};

	if (prober->lookups.resolver == NULL)
		prober->lookups.resolver = resolver_new(prober->loop, &options, err);
	return prober->lookups.resolver != NULL ? 0 : -1;
}

static void
name_ask(struct name *name)
{
	struct prober *prober = name->prober;
	struct error err;

	timer_clear(&name->timer);
	if (resolver_open(prober, &err) < 0) {
		name_failed(name, err.text);
		return;
	}
	name->lookup = resolver_ask(prober->lookups.resolver, &name->question, name_answer_cb, name);
	if (name->lookup == NULL)
		name_failed(name, "it cannot be looked up: no memory");
	else
		prober->lookups.asked++;
}

static void
lookups_ask_due(struct prober *prober)
{
	struct lookups *lookups = &prober->lookups;
	struct name *name;

	while (lookups->asked < AT_ONCE && (name = TAILQ_FIRST(&lookups->due)) != NULL) {
		TAILQ_REMOVE(&lookups->due, name, due_link);
		name->is_due = false;
		name_ask(name);
	}
}

/* ---- what the master wants */

static struct name *
name_find(const struct lookups *lookups, uint32_t id)
{
	struct name *name;

	TAILQ_FOREACH(name, &lookups->all, link)
		if (name->id == id)
			return name;
	return NULL;
}

static void
name_watch(struct prober *prober, const struct names_wish *wish)
{
	struct name *name = calloc(1, sizeof *name);

	if (name == NULL) {
		log_error("a name cannot be looked up: no memory");
		return;
	}
	name->magic = NAME_MAGIC;
	name->id = wish->id;
	name->prober = prober;
	name->question = wish->question;
	timer_init(&name->timer, prober->loop, name_timer_cb);
	timer_set(&name->timer, wish->delay);
	TAILQ_INSERT_TAIL(&prober->lookups.all, name, link);
}

static void
name_free(struct name *name)
{
	struct lookups *lookups = &name->prober->lookups;

	unsent_drop(name);
	timer_clear(&name->timer);
	if (name->is_due)
		TAILQ_REMOVE(&lookups->due, name, due_link);
	if (name->lookup != NULL) {
		resolver_forget(name->lookup);
		lookups->asked--;
	}
	TAILQ_REMOVE(&lookups->all, name, link);
	name->magic = 0;
	free(name);
}

void
lookups_take(struct prober *prober, const struct names_wish *wish)
{
	struct name *name = name_find(&prober->lookups, wish->id);

	if (wish->kind == NAMES_WATCH && name == NULL) {
		name_watch(prober, wish);
	} else if (wish->kind == NAMES_NOW && name != NULL) {
		name_set_due(name);
		lookups_ask_due(prober);
	} else if (wish->kind == NAMES_FORGET && name != NULL) {
		name_free(name);
		lookups_ask_due(prober);
	}
}

void
lookups_open(struct prober *prober)
{
	TAILQ_INIT(&prober->lookups.all);
	TAILQ_INIT(&prober->lookups.due);
	TAILQ_INIT(&prober->lookups.unsent);
	timer_init(&prober->lookups.retry, prober->loop, lookups_retry_cb);
}

void
lookups_close(struct prober *prober)
{
	struct name *name, *next;

	for (name = TAILQ_FIRST(&prober->lookups.all); name != NULL; name = next) {
		next = TAILQ_NEXT(name, link);
		name_free(name);
	}
	resolver_free(prober->lookups.resolver);
	timer_clear(&prober->lookups.retry);
}

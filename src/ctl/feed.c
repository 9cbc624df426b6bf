#include "ctl/feed.h"

#include <string.h>

#include "base/clock.h"
#include "ctl/memory.h"

static const uint64_t retry_pause = CLOCK_SECOND, patience = 35 * CLOCK_SECOND;

/* Forgets the round on its way, or the one that was. */
static void
round_clear(struct feed *f)
{
	size_t i;

	for (i = 0; i < QUESTIONS; i++) {
		json_decref(f->replies[i]);
		f->replies[i] = NULL;
	}
	f->asked = f->answered = 0;
}

static void
disconnect(struct feed *f, uint64_t now)
{
	client_close(&f->asking);
	client_close(&f->watching);
	round_clear(f);
	f->connected = f->watch_begun = false;
	f->retry = now + retry_pause;
}

static int
connect_both(struct feed *f, uint64_t now)
{
	json_t *params = memory_need(json_pack("{s:i}", "since", 0));

	f->connected = client_open(&f->asking, f->path, 0, &f->trouble) == CLIENT_OK &&
		       client_open(&f->watching, f->path, 0, &f->trouble) == CLIENT_OK &&
		       client_send(&f->watching, 1, "watch", params, 0, &f->trouble) == CLIENT_OK;
	json_decref(params);
	if (!f->connected)
		disconnect(f, now);
	return f->connected ? 0 : -1;
}

int
feed_open(struct feed *f, const char *path, uint64_t now)
{
	*f = (struct feed){ .path = path, .asking.fd = -1, .watching.fd = -1 };
	return connect_both(f, now);
}

void
feed_close(struct feed *f)
{
	disconnect(f, 0);
}

bool
feed_is_asking(const struct feed *f)
{
	return f->asked > f->answered;
}

/* The parameters of a question, or NULL. */
static json_t *
question_params(enum question question, bool all_histograms)
{
	if (question == QUESTION_HISTOGRAMS)
		return memory_need(json_pack("{s:s,s:b}", "what", all_histograms ? "all" : "pools", "buckets", 1));
	if (question == QUESTION_SESSIONS)
		return memory_need(json_pack("{s:i}", "limit", 500));
	return NULL;
}

void
feed_ask(struct feed *f, const bool wanted[QUESTIONS], bool all_histograms, uint64_t now)
{
	static const char *const methods[QUESTIONS] = { "status", "workers", "pools", "servers", "histograms", "sessions",
		"apps" };
	json_t *params;
	int i;

	round_clear(f);
	f->begun = now;
	for (i = 0; i < QUESTIONS && f->connected; i++) {
		if (!wanted[i])
			continue;
		params = question_params((enum question)i, all_histograms);
		if (client_send(&f->asking, i, methods[i], params, 0, &f->trouble) != CLIENT_OK)
			disconnect(f, now);
		else
			f->order[f->asked++] = (enum question)i;
		json_decref(params);
	}
}

/* What belongs to no question: a refusal, as by a drover that is full, or nothing that drover says. */
static void
unasked(struct feed *f, json_t *reply)
{
	const char *message = json_string_value(json_object_get(json_object_get(reply, "error"), "message"));

	error_set(&f->trouble, "%s", message != NULL ? message : "what answers does not keep to drover's protocol.");
}

/* Takes in the next answer of the round; replies come in the order of the questions. */
static enum feed_news
take_answer(struct feed *f)
{
	json_t *reply = NULL;
	enum client_status status = client_receive(&f->asking, &reply, 0, &f->trouble);

	if (status != CLIENT_OK)
		return status == CLIENT_BROKEN ? FEED_LOST : FEED_NOTHING;
	if (!feed_is_asking(f) || json_is_null(json_object_get(reply, "id"))) {
		unasked(f, reply);
		json_decref(reply);
		return FEED_LOST;
	}
	f->replies[f->order[f->answered++]] = json_incref(json_object_get(reply, "result"));
	json_decref(reply);
	return feed_is_asking(f) ? FEED_EVENT : FEED_ROUND;
}

static enum feed_news
take_event(struct feed *f, json_t **event)
{
	json_t *notification = NULL;
	enum client_status status = client_receive(&f->watching, &notification, 0, &f->trouble);

	if (status != CLIENT_OK)
		return status == CLIENT_BROKEN ? FEED_LOST : FEED_NOTHING;
	if (f->watch_begun && json_object_get(notification, "method") != NULL) {
		*event = notification;
		return FEED_EVENT;
	}
	f->watch_begun = true; /* it was the reply; a drover that knows no events says nothing more */
	json_decref(notification);
	return FEED_EVENT;
}

enum feed_news
feed_step(struct feed *f, json_t **event, uint64_t now)
{
	enum feed_news news;

	*event = NULL;
	if (!f->connected) {
		if (now < f->retry || connect_both(f, now) < 0)
			return FEED_NOTHING;
	}
	news = take_answer(f);
	if (news == FEED_NOTHING)
		news = take_event(f, event);
	if (news == FEED_NOTHING && feed_is_asking(f) && now > f->begun + patience) {
		error_set(&f->trouble, "drover does not answer.");
		news = FEED_LOST;
	}
	if (news == FEED_LOST)
		disconnect(f, now);
	return news;
}

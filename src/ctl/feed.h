/*
 * Where `droverctl top` has its figures from: one connection for questions, which
 * are asked in rounds, and one that watches. Nothing here waits; when drover goes
 * away both are made anew. droverctl top.
 */
#ifndef DROVER_CTL_FEED_H
#define DROVER_CTL_FEED_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctl/client.h"
#include "ctl/figures.h"

struct feed {
	const char *path;
	struct client asking, watching;
	bool connected;
	bool watch_begun; /* what comes next on `watching` are events */
	uint64_t retry; /* monotonic microseconds: when to connect again */
	uint64_t begun; /* of the round on its way */
	int asked, answered; /* questions of that round */
	enum question order[QUESTIONS]; /* which they were */
	json_t *replies[QUESTIONS]; /* of that round, owned; NULL: refused, or not asked */
	struct error trouble; /* why there is no connection */
};

/* What feed_step has found. */
enum feed_news {
	FEED_NOTHING,
	FEED_ROUND, /* `replies` hold a whole round, until the next one is begun */
	FEED_EVENT, /* *event is a notification, which the caller owns */
	FEED_LOST /* the connections are gone; `trouble` tells why */
};

/* Connects. -1 with the error in `trouble`; feed_step goes on trying all the same. */
int feed_open(struct feed *f, const char *path, uint64_t now);
void feed_close(struct feed *f);

/* Whether a round is on its way. */
bool feed_is_asking(const struct feed *f);

/* Begins a round: the questions for which wanted[...] is true. */
void feed_ask(struct feed *f, const bool wanted[QUESTIONS], bool all_histograms, uint64_t now);

/* Takes in one thing, or connects again when that is due. To be called until FEED_NOTHING. */
enum feed_news feed_step(struct feed *f, json_t **event, uint64_t now);

#endif

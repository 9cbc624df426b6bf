/*
 * Whether an instance listens: connects to its place, again and again, until that
 * works, and says nothing. Of a passed socket, where every connection would, it
 * looks whether all that waited there was accepted, its own connection with it. Master.
 */
#ifndef DROVER_APP_READY_H
#define DROVER_APP_READY_H

#include "app/place.h"
#include "net/loop.h"

struct app_ready;
typedef void app_ready_fn(struct app_ready *ready);

struct app_ready {
	struct loop *loop;
	const struct app_place *place;
	app_ready_fn *callback;
	struct timer timer;
	struct watch watch;
	int fd; /* of the attempt, -1: none */
	bool connected; /* to a passed socket */
	uint64_t pause; /* to the next look, microseconds: 2 ms at first, 100 ms at most */
};

void app_ready_init(struct app_ready *ready, struct loop *loop);

/* Begins; `callback` is called once, never from within, when it listens. The place is borrowed until then. */
void app_ready_begin(struct app_ready *ready, const struct app_place *place, app_ready_fn *callback);

/* Ends it, whatever it does. */
void app_ready_end(struct app_ready *ready);

/* In a forked child: its copy. */
void app_ready_close_copy(struct app_ready *ready);

#endif

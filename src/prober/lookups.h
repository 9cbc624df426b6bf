/*
 * The names that the master wants to know the addresses of: each is looked up
 * again when its answer has had its time. Prober.
 */
#ifndef DROVER_PROBER_LOOKUPS_H
#define DROVER_PROBER_LOOKUPS_H

#include <sys/queue.h>

#include "ipc/names.h"
#include "net/loop.h"

struct prober;
struct name;

TAILQ_HEAD(name_list, name);

struct lookups {
	struct resolver *resolver; /* NULL until there is a name */
	struct name_list all;
	struct name_list due; /* to be looked up as soon as others are done */
	struct name_list unsent; /* have an answer that the master has not got yet */
	unsigned asked; /* look-ups in progress */
	struct timer retry; /* sends again when the channel was full */
};

void lookups_open(struct prober *prober);
void lookups_close(struct prober *prober);

/* What the master wants. */
void lookups_take(struct prober *prober, const struct names_wish *wish);

#endif

/*
 * What a worker does with the bytes of a client: the code of src/http in the
 * order in which src/worker calls it, without sockets.
 */
#ifndef DROVER_TESTS_MODEL_H
#define DROVER_TESTS_MODEL_H

#include <stdint.h>

#include "corpus.h"

enum {
	MODEL_REFUSED = 1, /* the bytes end with what is refused */
	MODEL_LOCAL = 2, /* drover gave an answer itself: what comes behind depends on when a body arrives */
	MODEL_CUT = 4 /* the stream ends in the middle of a request */
};

struct model {
	unsigned flags; /* MODEL_ bits */
	unsigned requests; /* that are forwarded whole */
	unsigned stream_requests; /* of these, in the stream: what follows an Upgrade is not */
	struct bytes stream; /* what the server gets, as if over one connection */
	struct bytes expected; /* a line for each whole request, as a server should read it */
};

/* Runs it; the seed says in what pieces bodies arrive. */
void model_run(struct model *model, const struct bytes *raw, uint64_t seed);

#endif

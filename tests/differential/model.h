/*
 * What a worker does with the bytes of a client, and with those of a server: the
 * code of src/http in the order in which src/worker calls it, without sockets.
 */
#ifndef DROVER_TESTS_MODEL_H
#define DROVER_TESTS_MODEL_H

#include <stdint.h>

#include "corpus.h"
#include "http/h1.h"

enum {
	MODEL_REFUSED = 1, /* the bytes end with what is refused */
	MODEL_LOCAL = 2, /* drover gave an answer itself: what comes behind depends on when a body arrives */
	MODEL_CUT = 4, /* the stream ends in the middle of a message */
	MODEL_HEAD = 8, /* of responses: the first that is final answers HEAD */
	MODEL_OLD = 16 /* of responses: for a client of HTTP/1.0 */
};

struct model {
	unsigned flags; /* MODEL_ bits */
	unsigned requests; /* that are forwarded whole */
	unsigned stream_requests; /* of these, in the stream: what follows an Upgrade is not */
	struct bytes stream; /* what the server gets, as if over one connection */
	struct bytes expected; /* a line for each whole request, as a server should read it */
};

/* Runs it for requests; the seed says in what pieces bodies arrive. */
void model_run(struct model *model, const struct bytes *raw, uint64_t seed);

/*
 * The same for what a server sends until it closes. The seed also says what was
 * asked, by whom, and whether the client's connection goes on: then drover's next
 * response follows in the stream.
 */
void model_run_response(struct model *model, const struct bytes *raw, uint64_t seed);

/* ---- what both of them use */

/* What the readers compute as well: CRC-32 of gzip. */
uint32_t crc_add(uint32_t crc, const char *data, size_t length);
uint32_t crc_add_field(uint32_t crc, const char *head, const struct h1_field *field);

/* The CRC of a body's data: what the decoder finds in it, while the other code passes it on as it is. */
uint32_t data_crc(enum h1_framing framing, const char *bytes, size_t length, uint64_t *data_length);

#endif

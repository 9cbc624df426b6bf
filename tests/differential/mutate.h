/* Mutations of cases: the same for the same seed. */
#ifndef DROVER_TESTS_MUTATE_H
#define DROVER_TESTS_MUTATE_H

#include <stdint.h>

#include "corpus.h"

/* A generator of numbers that are random enough. */
uint64_t random_next(uint64_t *state);

/* Makes one case of the corpus into another: *to is filled anew. Returns the class of the one that it was. */
unsigned mutate(struct bytes *to, const struct corpus *corpus, uint64_t seed);

#endif

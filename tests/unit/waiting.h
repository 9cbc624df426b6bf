/* Runs a loop until something is so, for the tests of what lives in one. */
#ifndef DROVER_TESTS_UNIT_WAITING_H
#define DROVER_TESTS_UNIT_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include "net/loop.h"

/* How often it was looked, a millisecond apart at least, since wait_until was called last. */
extern unsigned waited;

/* Fails when it has not come true within a minute. */
void wait_until(struct loop *loop, bool (*is_so)(void));

void wait_for_time(struct loop *loop, uint64_t microseconds);

/* What is due now, and no more. */
void wait_a_turn(struct loop *loop);

#endif

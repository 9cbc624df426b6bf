/* Taking turns by weight: shared by the algorithms of this folder. Pure. */
#ifndef DROVER_BALANCE_TURN_H
#define DROVER_BALANCE_TURN_H

#include "balance/balance.h"

/* Whether a carries less for its weight than b (-1), as much (0) or more (1). */
int balance_compare_load(const struct balance_candidate *a, const struct balance_candidate *b);

/*
 * Turn number `turn` among the usable candidates, as often as their weights say;
 * with `like`, only among those that carry as much for their weight as it does.
 */
int balance_take_turn(const struct balance_candidate *candidates, size_t count, uint64_t turn,
    const struct balance_candidate *like);

#endif

/* Each in turn. */
#include "balance/turn.h"

static int
round_robin_pick(const struct balance_candidate *candidates, size_t count, uint64_t turn)
{
	return balance_take_turn(candidates, count, turn, NULL);
}

const struct balance_algorithm balance_round_robin = {
	.name = "round-robin",
	.summary = "Each in turn, as often as its weight says.",
	.pick = round_robin_pick,
};

/* The one that carries the least for its weight; an idle set is used in turn. */
#include "balance/turn.h"

static int
least_connections_pick(const struct balance_candidate *candidates, size_t count, uint64_t turn)
{
	const struct balance_candidate *least = NULL;
	size_t i;

	for (i = 0; i < count; i++)
		if (candidates[i].usable && candidates[i].weight > 0 &&
		    (least == NULL || balance_compare_load(&candidates[i], least) < 0))
			least = &candidates[i];
	return least == NULL ? BALANCE_NONE : balance_take_turn(candidates, count, turn, least);
}

const struct balance_algorithm balance_least_connections = {
	.name = "least-connections",
	.summary = "The one that carries the least for its weight; among equals, each in turn.",
	.needs_load = true,
	.pick = least_connections_pick,
};

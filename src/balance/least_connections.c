/*
 * The candidate with the least load for its weight. Among equals it is the
 * next in turn, so that an idle set is used evenly.
 */
#include "balance/balance.h"

/* Whether a carries less for its weight than b, one more connection counted in: an idle heavy one wins. */
static bool
carries_less(const struct balance_candidate *a, const struct balance_candidate *b)
{
	return ((uint64_t)a->load + 1) * b->weight < ((uint64_t)b->load + 1) * a->weight;
}

static int
least_connections_pick(const struct balance_candidate *candidates, size_t count, uint64_t turn)
{
	int best = BALANCE_NONE;
	size_t step, i;

	if (count == 0)
		return BALANCE_NONE;
	i = (size_t)(turn % count);
	for (step = 0; step < count; step++) {
		if (candidates[i].usable && candidates[i].weight > 0 &&
		    (best == BALANCE_NONE || carries_less(&candidates[i], &candidates[best])))
			best = (int)i;
		i = i + 1 == count ? 0 : i + 1;
	}
	return best;
}

const struct balance_algorithm balance_least_connections = {
	.name = "least-connections",
	.summary = "The one that carries the least for its weight; among equals, each in turn.",
	.needs_load = true,
	.pick = least_connections_pick,
};

/*
 * Weighted turns without state. The candidates share a circle of as many places
 * as their weights add up to; turn t takes place t * stride. A stride that has no
 * divisor in common with the circle visits each place once in a lap, so shares are
 * exact; one near the golden section of the circle spreads the places of a heavy
 * candidate instead of taking them in a row.
 */
#include "balance/turn.h"

static uint64_t
common_divisor(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

static uint64_t
golden_stride(uint64_t places)
{
	uint64_t stride = places * 618 / 1000 + 1;

	while (common_divisor(stride, places) != 1)
		stride++;
	return stride;
}

int
balance_compare_load(const struct balance_candidate *a, const struct balance_candidate *b)
{
	uint64_t left = (uint64_t)a->load * b->weight, right = (uint64_t)b->load * a->weight;

	return (left > right) - (left < right);
}

static bool
takes_part(const struct balance_candidate *c, const struct balance_candidate *like)
{
	return c->usable && c->weight > 0 && (like == NULL || balance_compare_load(c, like) == 0);
}

int
balance_take_turn(const struct balance_candidate *candidates, size_t count, uint64_t turn,
    const struct balance_candidate *like)
{
	uint64_t places = 0, members = 0, place;
	size_t i;

	for (i = 0; i < count; i++) {
		bool part = takes_part(&candidates[i], like);

		places += part ? candidates[i].weight : 0;
		members += part;
	}
	if (places == 0)
		return BALANCE_NONE;
	place = turn % places;
	if (places != members)
		place = place * golden_stride(places) % places;
	for (i = 0; i < count; i++) {
		if (!takes_part(&candidates[i], like))
			continue;
		if (place < candidates[i].weight)
			return (int)i;
		place -= candidates[i].weight;
	}
	return BALANCE_NONE;
}

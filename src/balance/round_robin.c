/*
 * Weighted round-robin without state. The usable candidates share a circle of
 * as many places as their weights add up to; turn t takes place t * stride. A
 * stride that has no divisor in common with the circle visits each place once
 * in a lap, so shares are exact; one near the golden section of the circle
 * spreads the places of a heavy candidate instead of taking them in a row.
 */
#include "balance/balance.h"

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

static int
round_robin_pick(const struct balance_candidate *candidates, size_t count, uint64_t turn)
{
	uint64_t places = 0, usable = 0, place;
	size_t i;

	for (i = 0; i < count; i++) {
		places += candidates[i].usable ? candidates[i].weight : 0;
		usable += candidates[i].usable;
	}
	if (places == 0)
		return BALANCE_NONE;
	place = turn % places;
	if (places != usable)
		place = place * golden_stride(places) % places;
	for (i = 0; i < count; i++) {
		if (!candidates[i].usable)
			continue;
		if (place < candidates[i].weight)
			return (int)i;
		place -= candidates[i].weight;
	}
	return BALANCE_NONE;
}

const struct balance_algorithm balance_round_robin = {
	.name = "round-robin",
	.summary = "Each in turn, as often as its weight says.",
	.pick = round_robin_pick,
};

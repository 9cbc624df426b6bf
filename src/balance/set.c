/*
 * Turn t takes place t * stride of the circle. A stride that has no divisor in
 * common with the number of places visits each once in a lap, so shares are exact;
 * one near the golden section of the circle spreads the places of a heavy member
 * instead of taking them in a row.
 */
#include "balance/set.h"

#include <stdlib.h>

static uint32_t
common_divisor(uint32_t a, uint32_t b)
{
	while (b != 0) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

static uint32_t
golden_stride(uint32_t places)
{
	uint32_t stride = (uint32_t)((uint64_t)places * 618 / 1000 + 1);

	while (common_divisor(stride, places) != 1)
		stride++;
	return stride;
}

int
balance_set_reserve(struct balance_set *set, size_t room)
{
	uint32_t *ends = reallocarray(set->ends, room + 1, sizeof *ends);
	float *inverses = reallocarray(set->inverses, room + BALANCE_LANES, sizeof *inverses);

	if (ends != NULL)
		set->ends = ends;
	if (inverses != NULL)
		set->inverses = inverses;
	if (ends == NULL || inverses == NULL)
		return -1;
	set->room = (uint32_t)room;
	return 0;
}

void
balance_set_free(struct balance_set *set)
{
	free(set->ends);
	free(set->inverses);
	*set = (struct balance_set){ .count = 0 };
}

void
balance_set_clear(struct balance_set *set)
{
	set->count = 0;
	set->places = 0;
	set->equal = true;
}

void
balance_set_add(struct balance_set *set, uint32_t weight)
{
	if (set->count > 0 && weight != set->ends[0])
		set->equal = false;
	set->places += weight;
	if (set->inverses != NULL)
		set->inverses[set->count] = 1.0F / (float)weight;
	set->ends[set->count++] = set->places;
}

void
balance_set_finish(struct balance_set *set)
{
	uint32_t i;

	for (i = set->count; set->inverses != NULL && i % BALANCE_LANES != 0; i++)
		set->inverses[i] = 1.0F;
	set->stride = set->equal ? 1 : golden_stride(set->places);
}

uint32_t
balance_set_at(const struct balance_set *set, uint32_t place)
{
	uint32_t first = 0, left = set->count;

	if (set->equal)
		return place / set->ends[0];
	while (left > 1) { /* the first that ends behind the place is in first .. first + left - 1 */
		uint32_t half = left / 2;

		first = set->ends[first + half - 1] <= place ? first + half : first;
		left -= half;
	}
	return first;
}

uint32_t
balance_set_turn(const struct balance_set *set, uint64_t turn)
{
	/* the narrow division costs half of the wide one */
	uint32_t circle = set->equal ? set->count : set->places;
	uint32_t place = turn <= UINT32_MAX ? (uint32_t)turn % circle : (uint32_t)(turn % circle);

	if (set->equal)
		return place;
	return balance_set_at(set, (uint32_t)((uint64_t)place * set->stride % circle));
}

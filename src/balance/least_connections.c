/*
 * The one that carries the least for its weight; equals are used in turn. Nobody
 * carries less than nothing: while some are idle, one of them is found by a few
 * looks, and only where many are busy all loads are compared.
 */
#include "balance/turn.h"

enum { LOOKS = 6 };

enum { VECTOR = 4, BLOCK = 64 /* loads that are counted together; a multiple of BALANCE_LANES */ };

/* Loads side by side: processors compare several at once. Signed, as that is quicker, and loads fit. */
typedef int32_t vector __attribute__((vector_size(4 * VECTOR), aligned(4), may_alias));

static uint32_t
least_load(const struct balance_set *set, const uint32_t *loads)
{
	vector least = *(const vector *)loads;
	int32_t found;
	uint32_t i;

	for (i = VECTOR; i < set->count; i += VECTOR) {
		vector some = *(const vector *)(loads + i), less = some < least;

		least = (some & less) | (least & ~less);
	}
	for (found = least[0], i = 1; i < VECTOR; i++)
		found = least[i] < found ? least[i] : found;
	return (uint32_t)found;
}

/* How many of `count` loads are like this one. */
static uint32_t
count_like(const uint32_t *loads, uint32_t count, uint32_t like)
{
	vector counts = { 0 }, likes = counts + (int32_t)like;
	uint32_t i;

	for (i = 0; i < count; i += VECTOR)
		counts -= *(const vector *)(loads + i) == likes;
	return (uint32_t)(counts[0] + counts[1] + counts[2] + counts[3]);
}

static int
least_of_equal_weights(const struct balance_set *set, const uint32_t *loads, uint64_t turn)
{
	uint32_t least = least_load(set, loads), i = 0, nth, some;

	if (least == BALANCE_FULL)
		return BALANCE_NONE;
	nth = (uint32_t)(turn % count_like(loads, set->count, least));
	for (; i + BLOCK < set->count && (some = count_like(loads + i, BLOCK, least)) <= nth; i += BLOCK)
		nth -= some;
	while (loads[i] != least || nth-- > 0)
		i++;
	return (int)i;
}

static int
least_of_weighted(const struct balance_set *set, const uint32_t *loads, uint64_t turn)
{
	uint32_t load = BALANCE_FULL, weight = 1, before = 0, i;

	for (i = 0; i < set->count; i++) {
		uint32_t own = set->ends[i] - before;

		before = set->ends[i];
		if (balance_compare(loads[i], own, load, weight) < 0 && loads[i] != BALANCE_FULL) {
			load = loads[i];
			weight = own;
		}
	}
	return load == BALANCE_FULL ? BALANCE_NONE : balance_turn_of_like(set, loads, load, weight, turn);
}

static int
least_connections_choose(const struct balance_set *set, const struct balance_question *question)
{
	const struct balance_loads *loads = question->loads;
	unsigned look;

	if (set->count == 0)
		return BALANCE_NONE;
	for (look = 0; look < LOOKS; look++) {
		uint32_t member = look == 0 ? balance_set_turn(set, question->turn)
					    : balance_draw(set, balance_mix(question->turn * LOOKS + look));

		if (loads->of(loads, member) == 0)
			return (int)member;
	}
	return set->equal ? least_of_equal_weights(set, loads->all(loads), question->turn)
			  : least_of_weighted(set, loads->all(loads), question->turn);
}

const struct balance_algorithm balance_least_connections = {
	.name = "least-connections",
	.summary = "The one that carries the least for its weight; among equals, each in turn.",
	.in_turn = true,
	.choose = least_connections_choose,
};

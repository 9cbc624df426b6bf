/*
 * The one that carries the least for its weight; equals are used in turn. Nobody
 * carries less than nothing: while some are idle, one of them is found by a few
 * looks, and only where many are busy all loads are compared.
 */
#include <string.h>

#include "balance/turn.h"

enum { LOOKS = 6, MEMBERS = 4096 };

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
	uint32_t members = least == BALANCE_FULL ? 0 : count_like(loads, set->count, least);

	if (members == 0)
		return BALANCE_NONE;
	nth = (uint32_t)(turn % members);
	for (; i + BLOCK < set->count && (some = count_like(loads + i, BLOCK, least)) <= nth; i += BLOCK)
		nth -= some;
	while (loads[i] != least || nth-- > 0)
		i++;
	return (int)i;
}

/* ---- weights that differ */

/* Loads for their weights, nearly: close enough to leave nearly all members out. */
typedef float ratios __attribute__((vector_size(4 * VECTOR)));

static ratios
ratios_get(const struct balance_set *set, const uint32_t *loads, uint32_t i)
{
	ratios inverses;

	memcpy(&inverses, set->inverses + i, sizeof inverses);
	return __builtin_convertvector(*(const vector *)(loads + i), ratios) * inverses;
}

/* A little more than the least. */
static float
ratio_limit(const struct balance_set *set, const uint32_t *loads)
{
	ratios least = ratios_get(set, loads, 0);
	float found;
	uint32_t i;

	for (i = VECTOR; i < set->count; i += VECTOR) {
		ratios some = ratios_get(set, loads, i);
		vector less = some < least;

		least = (ratios)(((vector)some & less) | ((vector)least & ~less));
	}
	for (found = least[0], i = 1; i < VECTOR; i++)
		found = least[i] < found ? least[i] : found;
	return found * 1.000001F;
}

/* Those of no more than the limit: how many, written to `members`. */
static uint32_t
members_below(const struct balance_set *set, const uint32_t *loads, float limit, uint16_t members[MEMBERS])
{
	uint32_t i, l, count = 0;

	for (i = 0; i < set->count; i += VECTOR) {
		vector below = ratios_get(set, loads, i) <= limit;

		if ((below[0] | below[1] | below[2] | below[3]) == 0)
			continue;
		for (l = 0; l < VECTOR; l++)
			if (below[l] != 0 && loads[i + l] != BALANCE_FULL && count < MEMBERS)
				members[count++] = (uint16_t)(i + l);
	}
	return count;
}

/* Of those, exactly: the least, and in turn by weight when there are several. */
static int
least_of_some(const struct balance_set *set, const uint32_t *loads, uint16_t *members, uint32_t count, uint64_t turn)
{
	uint32_t places = balance_set_weight(set, members[0]), like = 1, place, i;

	for (i = 1; i < count; i++) {
		uint32_t weight = balance_set_weight(set, members[i]);
		int order = balance_compare(
		    loads[members[i]], weight, loads[members[0]], balance_set_weight(set, members[0]));

		if (order > 0)
			continue;
		like = order < 0 ? 0 : like;
		places = (order < 0 ? 0 : places) + weight;
		members[like++] = members[i];
	}
	place = (uint32_t)(turn % places);
	for (i = 0; place >= balance_set_weight(set, members[i]); i++)
		place -= balance_set_weight(set, members[i]);
	return members[i];
}

static int
least_of_weighted(const struct balance_set *set, const struct balance_question *question)
{
	const uint32_t *loads = question->loads->all(question->loads);
	uint16_t members[MEMBERS];
	uint32_t count = members_below(set, loads, ratio_limit(set, loads), members);

	/* none: a heavy one that is full looked like the least, beside loads past all measure */
	return count > 0 ? least_of_some(set, loads, members, count, question->turn) : balance_turn_of_free(set, question);
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
			  : least_of_weighted(set, question);
}

const struct balance_algorithm balance_least_connections = {
	.name = "least-connections",
	.summary = "The one that carries the least for its weight; among equals, each in turn.",
	.in_turn = true,
	.choose = least_connections_choose,
};

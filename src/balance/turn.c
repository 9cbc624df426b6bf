#include "balance/turn.h"

/* Whether a member takes part: as much for its weight as asked for; with weight 0 anybody that is not full. */
static bool
takes_part(uint32_t load, uint32_t own_weight, uint32_t like, uint32_t weight)
{
	return load != BALANCE_FULL && (weight == 0 || balance_compare(load, own_weight, like, weight) == 0);
}

int
balance_turn_of_like(
    const struct balance_set *set, const uint32_t *loads, uint32_t load, uint32_t weight, uint64_t turn)
{
	uint32_t i, own, last, places = 0, place;

	for (i = 0, last = 0; i < set->count; last = set->ends[i++]) {
		own = set->ends[i] - last;
		places += takes_part(loads[i], own, load, weight) ? own : 0;
	}
	if (places == 0)
		return BALANCE_NONE;
	place = (uint32_t)(turn % places);
	for (i = 0, last = 0; i < set->count; last = set->ends[i++]) {
		own = set->ends[i] - last;
		if (!takes_part(loads[i], own, load, weight))
			continue;
		if (place < own)
			return (int)i;
		place -= own;
	}
	return BALANCE_NONE;
}

int
balance_turn_of_free(const struct balance_set *set, const struct balance_question *question)
{
	/* a step further in each lap: what comes to one place of the circle, time and again, is for each in turn */
	uint64_t turn = question->turn / set->places + question->turn % set->places;

	return balance_turn_of_like(set, question->loads->all(question->loads), 0, 0, turn);
}

#include "balance/turn.h"

int
balance_turn_of_free(const struct balance_set *set, const struct balance_question *question)
{
	const uint32_t *loads = question->loads->all(question->loads);
	/* a step further in each lap: what comes to one place of the circle, time and again, is for each in turn */
	uint64_t turn = question->turn / set->places + question->turn % set->places;
	uint32_t i, places = 0, place;

	for (i = 0; i < set->count; i++)
		places += loads[i] == BALANCE_FULL ? 0 : balance_set_weight(set, i);
	if (places == 0)
		return BALANCE_NONE;
	place = (uint32_t)(turn % places);
	for (i = 0; loads[i] == BALANCE_FULL || place >= balance_set_weight(set, i); i++)
		place -= loads[i] == BALANCE_FULL ? 0 : balance_set_weight(set, i);
	return (int)i;
}

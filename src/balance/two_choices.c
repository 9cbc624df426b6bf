/* The one of two drawn ones that carries less for its weight. */
#include "balance/turn.h"

static int
two_choices_choose(const struct balance_set *set, const struct balance_question *question)
{
	const struct balance_loads *loads = question->loads;
	uint64_t draw = balance_mix(question->turn);
	uint32_t a, b, load_a, load_b;

	if (set->count == 0)
		return BALANCE_NONE;
	a = balance_draw(set, draw);
	b = balance_draw(set, balance_mix(draw));
	if (a == b && set->count > 1) /* two that differ */
		b = (a + 1 + (uint32_t)((draw & UINT32_MAX) * (set->count - 1) >> 32)) % set->count;
	load_a = loads->of(loads, a);
	load_b = loads->of(loads, b);
	if (load_a == BALANCE_FULL && load_b == BALANCE_FULL)
		return balance_turn_of_free(set, question);
	if (load_a == BALANCE_FULL || load_b == BALANCE_FULL)
		return (int)(load_a == BALANCE_FULL ? b : a);
	/* equals are as they were drawn: by weight */
	return balance_compare(load_a, balance_set_weight(set, a), load_b, balance_set_weight(set, b)) <= 0 ? (int)a : (int)b;
}

const struct balance_algorithm balance_two_choices = {
	.name = "two-choices",
	.summary = "Of two drawn by weight, the one that carries less for its weight.",
	.choose = two_choices_choose,
};

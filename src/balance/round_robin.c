/* Each in turn. */
#include "balance/turn.h"

static int
round_robin_choose(const struct balance_set *set, const struct balance_question *question)
{
	uint32_t member;

	if (set->count == 0)
		return BALANCE_NONE;
	member = balance_set_turn(set, question->turn);
	if (balance_full_or(question, member) != BALANCE_FULL)
		return (int)member;
	return balance_turn_of_free(set, question);
}

const struct balance_algorithm balance_round_robin = {
	.name = "round-robin",
	.summary = "Each in turn, as often as its weight says.",
	.in_turn = true,
	.choose = round_robin_choose,
};

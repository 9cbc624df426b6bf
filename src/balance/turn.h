/* What algorithms do when their first choice cannot be had: shared by the files of this folder. Pure. */
#ifndef DROVER_BALANCE_TURN_H
#define DROVER_BALANCE_TURN_H

#include "balance/balance.h"

/* Whether load a on weight a is less (-1) than load b on weight b, as much (0) or more (1). */
static inline int
balance_compare(uint32_t load_a, uint32_t weight_a, uint32_t load_b, uint32_t weight_b)
{
	uint64_t left = (uint64_t)load_a * weight_b, right = (uint64_t)load_b * weight_a;

	return (left > right) - (left < right);
}

/* By weight, without looking at loads; `draw` is a number that balance_mix made. */
static inline uint32_t
balance_draw(const struct balance_set *set, uint64_t draw)
{
	return balance_set_at(set, (uint32_t)((draw >> 32) * set->places >> 32));
}

/* The load of one: 0 for all when nothing need be asked. */
static inline uint32_t
balance_full_or(const struct balance_question *question, uint32_t member)
{
	return question->loads->some_full ? question->loads->of(question->loads, member) : 0;
}

/* Whose turn it is of those that may be chosen. Looks at all of them. */
int balance_turn_of_free(const struct balance_set *set, const struct balance_question *question);

#endif

/*
 * The members among which one is chosen, with their weights, prepared so that a
 * choice need not look at all of them. They share a circle of as many places as
 * their weights add up to. Pure. Master and workers.
 */
#ifndef DROVER_BALANCE_SET_H
#define DROVER_BALANCE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct balance_ring;

enum {
	BALANCE_WEIGHT_MAX = 256,
	BALANCE_PARTS = 100,  /* a weight that is to count in part only is given in these, as are then all others */
	BALANCE_LANES = 8 /* arrays of loads end at a multiple of it */
};

struct balance_set {
	uint32_t count;
	uint32_t room;
	uint32_t *ends; /* by member: its weight and those of all before it, added up */
	float *inverses; /* of the weights, and 1 up to a multiple of BALANCE_LANES; NULL where all weigh the same */
	uint32_t places; /* of all members */
	uint32_t stride; /* from turn to turn; see set.c */
	bool equal; /* all weigh the same */
	struct balance_ring *ring; /* for algorithms with uses_key, or NULL. Not owned. */
};

/* Makes room for so many members. -1: no memory, and nothing was changed. */
int balance_set_reserve(struct balance_set *set, size_t room);
void balance_set_free(struct balance_set *set);

/* Takes out all members; adds one of weight 1..BALANCE_WEIGHT_MAX * BALANCE_PARTS, for which there is room; the last was added. */
void balance_set_clear(struct balance_set *set);
void balance_set_add(struct balance_set *set, uint32_t weight);
void balance_set_finish(struct balance_set *set);

static inline uint32_t
balance_set_weight(const struct balance_set *set, uint32_t member)
{
	return set->ends[member] - (member > 0 ? set->ends[member - 1] : 0);
}

/* Who has this place of the circle, 0..places - 1. */
uint32_t balance_set_at(const struct balance_set *set, uint32_t place);

/*
 * Whose turn it is, as often as the weights say; not of an empty set. In as many turns
 * in a row as there are places each member comes exactly as often as it weighs.
 */
uint32_t balance_set_turn(const struct balance_set *set, uint64_t turn);

/* Another number for each number, with no pattern among them. */
static inline uint64_t
balance_mix(uint64_t number)
{
	number ^= number >> 33;
	number *= UINT64_C(0xff51afd7ed558ccd);
	number ^= number >> 33;
	number *= UINT64_C(0xc4ceb9fe1a85ec53);
	return number ^ number >> 33;
}

#endif

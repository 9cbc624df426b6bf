/*
 * The same key to the same member, and when members come or go, as few keys as can
 * be to another one. With a bound, a member that carries more than so much of its
 * share leaves its further keys to the next on the ring.
 */
#include "balance/ring.h"
#include "balance/turn.h"

enum { STEPS = 512 }; /* along the ring; who would stand there is not worth a longer search */

/* The load at which a member of weight 1 has enough: in parts of 2^16, rounded up. */
static uint64_t
bound_of(const struct balance_set *set, const struct balance_question *question)
{
	uint64_t loads = question->loads->sum(question->loads) + 1;

	return ((loads * question->bound << 16) / 100 + set->places - 1) / set->places;
}

static bool
has_enough(const struct balance_set *set, uint32_t member, uint32_t load, uint64_t bound)
{
	uint64_t most = (bound * balance_set_weight(set, member) + UINT16_MAX) >> 16;

	return load >= most;
}

static bool
may_have(const struct balance_set *set, const struct balance_question *question, uint32_t member, uint64_t bound)
{
	uint32_t load;

	if (question->bound == 0)
		return balance_full_or(question, member) != BALANCE_FULL;
	load = question->loads->of(question->loads, member);
	return load != BALANCE_FULL && !has_enough(set, member, load, bound);
}

static int
consistent_hash_choose(const struct balance_set *set, const struct balance_question *question)
{
	const struct balance_ring *ring = set->ring;
	uint64_t bound = question->bound > 0 && set->count > 0 ? bound_of(set, question) : 0;
	uint32_t refused = UINT32_MAX; /* who was asked last: points of one often follow each other */
	size_t at, step;

	if (set->count == 0)
		return BALANCE_NONE;
	at = ring == NULL || ring->count == 0 ? 0 : ring_find(ring, question->key);
	for (step = 0; ring != NULL && step < ring->count && step < STEPS; step++) {
		ring_point point = ring->points[at];
		unsigned owner = ring_point_owner(point);
		uint32_t member = ring->owners[owner].member;

		at = at + 1 < ring->count ? at + 1 : 0;
		if (ring_point_rank(point) >= ring->owners[owner].active || member == refused)
			continue;
		if (may_have(set, question, member, bound))
			return (int)member;
		refused = member;
	}
	return balance_least_connections.choose(set,
	    &(struct balance_question){ .turn = question->key, .loads = question->loads });
}

const struct balance_algorithm balance_consistent_hash = {
	.name = "consistent-hash",
	.summary = "The same key, such as a cookie, to the same one; few keys move when one comes or goes.",
	.uses_key = true,
	.choose = consistent_hash_choose,
};

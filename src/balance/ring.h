/*
 * A ring of points for consistent hashing. Each owner has points on it, drawn from
 * its name alone, as many as its share asks for; a key belongs to the owner of the
 * next point. The ring is the same wherever the owners are the same, and when one
 * comes or goes only keys move that are or were its own. Pure. Workers.
 */
#ifndef DROVER_BALANCE_RING_H
#define DROVER_BALANCE_RING_H

#include <stddef.h>
#include <stdint.h>

enum {
	RING_OWNERS = 4096, /* owners are numbers below this */
	RING_POINTS = 128,  /* of an owner of average weight */
	RING_POINTS_MAX = 65535 /* of one owner */
};

/*
 * One number, so that points are sorted as numbers: where it is in the upper 36
 * bits, its owner in the next 12, its rank among the owner's points in the last 16.
 */
typedef uint64_t ring_point;

struct ring_owner {
	uint64_t hash; /* of its name; 0: there is no such owner */
	uint16_t points; /* how many it has: those of the lowest ranks */
};

struct balance_ring {
	ring_point *points, *spare;
	size_t count, room;
	struct ring_owner has[RING_OWNERS]; /* what the points are made from */
	/* those of an owner that count now, by rank, and which member of the set it is: for whoever makes the set */
	struct {
		uint16_t active;
		uint16_t member;
	} owners[RING_OWNERS];
};

/* NULL: no memory. */
struct balance_ring *ring_new(void);
void ring_free(struct balance_ring *ring);

/* Brings the points in line with what owners are wanted. -1: no memory, and nothing was changed. */
int ring_update(struct balance_ring *ring, const struct ring_owner wanted[RING_OWNERS]);

/* How many points an owner gets that has `weight` of a `total` over `owners`. */
uint16_t ring_share(uint64_t weight, uint64_t total, uint64_t owners);

/* The first point at a key or behind it, by index. The ring must not be empty. */
size_t ring_find(const struct balance_ring *ring, uint64_t key);

/* Of bytes; `before`: of those in front of them, or 0. Never 0, the same for ever. */
uint64_t ring_hash(uint64_t before, const void *bytes, size_t length);

static inline unsigned
ring_point_owner(ring_point point)
{
	return point >> 16 & (RING_OWNERS - 1);
}

static inline unsigned
ring_point_rank(ring_point point)
{
	return point & RING_POINTS_MAX;
}

#endif

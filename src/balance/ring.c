#include "balance/ring.h"

#include <stdlib.h>
#include <string.h>

#include "balance/set.h"

enum { PLACE_SHIFT = 28, DIGIT_BITS = 12, DIGITS = 1 << DIGIT_BITS };

struct balance_ring *
ring_new(void)
{
	return calloc(1, sizeof(struct balance_ring));
}

void
ring_free(struct balance_ring *ring)
{
	if (ring == NULL)
		return;
	free(ring->points);
	free(ring->spare);
	free(ring);
}

uint64_t
ring_hash(uint64_t before, const void *bytes, size_t length)
{
	uint64_t hash = before != 0 ? before : UINT64_C(0xcbf29ce484222325);
	const unsigned char *byte = bytes;
	size_t i;

	for (i = 0; i < length; i++)
		hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
	hash = balance_mix(hash);
	return hash != 0 ? hash : 1;
}

static ring_point
point_make(uint64_t hash, unsigned owner, unsigned rank)
{
	uint64_t at = balance_mix(hash + rank * UINT64_C(0x9e3779b97f4a7c15)) >> PLACE_SHIFT;

	return at << PLACE_SHIFT | (uint64_t)owner << 16 | rank;
}

uint16_t
ring_share(uint64_t weight, uint64_t total, uint64_t owners)
{
	uint64_t points = total == 0 ? 0 : (RING_POINTS * owners * weight + total / 2) / total;

	return points < 1 ? 1 : points > RING_POINTS_MAX ? RING_POINTS_MAX : (uint16_t)points;
}

/* Sorts by place, a digit at a time from the lowest; both arrays are used. Returns the one with the result. */
static ring_point *
points_sort(ring_point *points, ring_point *spare, size_t count)
{
	unsigned shift;

	for (shift = PLACE_SHIFT; shift < 64; shift += DIGIT_BITS) {
		size_t starts[DIGITS + 1] = { 0 }, i;
		ring_point *other = points;

		for (i = 0; i < count; i++)
			starts[(points[i] >> shift & (DIGITS - 1)) + 1]++;
		for (i = 1; i < DIGITS; i++)
			starts[i] += starts[i - 1];
		for (i = 0; i < count; i++)
			spare[starts[points[i] >> shift & (DIGITS - 1)]++] = points[i];
		points = spare;
		spare = other;
	}
	return points;
}

/* How many points of an owner stay as they are. */
static unsigned
points_kept(const struct ring_owner *has, const struct ring_owner *wanted)
{
	if (has->hash != wanted->hash || wanted->hash == 0)
		return 0;
	return has->points < wanted->points ? has->points : wanted->points;
}

static int
ring_reserve(struct balance_ring *ring, size_t count)
{
	ring_point *points, *spare;

	if (count <= ring->room)
		return 0;
	points = reallocarray(ring->points, count, sizeof *points);
	if (points != NULL)
		ring->points = points;
	spare = reallocarray(ring->spare, count, sizeof *spare);
	if (spare != NULL)
		ring->spare = spare;
	if (points == NULL || spare == NULL)
		return -1;
	ring->room = count;
	return 0;
}

static void
ring_drop_points(struct balance_ring *ring, const struct ring_owner wanted[RING_OWNERS])
{
	size_t i, kept = 0;

	for (i = 0; i < ring->count; i++) {
		unsigned owner = ring_point_owner(ring->points[i]);

		if (ring_point_rank(ring->points[i]) < points_kept(&ring->has[owner], &wanted[owner]))
			ring->points[kept++] = ring->points[i];
	}
	ring->count = kept;
}

/* Merges sorted points at the end of `spare` with those of the ring. */
static void
ring_merge(struct balance_ring *ring, const ring_point *more, size_t more_count)
{
	size_t total = ring->count + more_count, i = ring->count, j = more_count, to;

	for (to = total; to-- > 0;) /* from the end, so that no point is overwritten before it has moved */
		if (j == 0 || (i > 0 && ring->points[i - 1] > more[j - 1]))
			ring->points[to] = ring->points[--i];
		else
			ring->points[to] = more[--j];
	ring->count = total;
}

int
ring_update(struct balance_ring *ring, const struct ring_owner wanted[RING_OWNERS])
{
	size_t total = 0, fresh = 0, made = 0;
	ring_point *more, *room;
	unsigned o, rank;

	for (o = 0; o < RING_OWNERS; o++) {
		unsigned points = wanted[o].hash != 0 ? wanted[o].points : 0;

		total += points;
		fresh += points - points_kept(&ring->has[o], &wanted[o]);
	}
	more = malloc((2 * fresh + 1) * sizeof *more);
	if (more == NULL || ring_reserve(ring, total > ring->count ? total : ring->count) < 0) {
		free(more);
		return -1;
	}
	room = more + fresh;
	ring_drop_points(ring, wanted);
	for (o = 0; o < RING_OWNERS; o++)
		for (rank = points_kept(&ring->has[o], &wanted[o]); wanted[o].hash != 0 && rank < wanted[o].points; rank++)
			more[made++] = point_make(wanted[o].hash, o, rank);
	if (made > 0)
		ring_merge(ring, points_sort(more, room, made), made);
	free(more);
	memcpy(ring->has, wanted, sizeof ring->has);
	return 0;
}

size_t
ring_find(const struct balance_ring *ring, uint64_t key)
{
	uint64_t at = key >> PLACE_SHIFT << PLACE_SHIFT;
	size_t first = 0, left = ring->count;

	while (left > 0) {
		size_t half = left / 2;

		first = ring->points[first + half] < at ? first + left - half : first;
		left = half;
	}
	return first < ring->count ? first : 0;
}

#include "ipc/histogram.h"

enum {
	FIRST_BITS = 4, /* below 2^4 microseconds all is one bucket */
	PARTS_BITS = 2, /* 2^2 buckets for each doubling */
	PARTS = 1 << PARTS_BITS
};

unsigned
histogram_bucket(uint64_t microseconds)
{
	unsigned top, bucket;

	if (microseconds < (1U << FIRST_BITS))
		return 0;
	top = 63 - (unsigned)__builtin_clzll(microseconds);
	bucket = 1 + (top - FIRST_BITS) * PARTS + (unsigned)((microseconds >> (top - PARTS_BITS)) & (PARTS - 1));
	return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

uint64_t
histogram_bound(unsigned bucket)
{
	unsigned top, part;

	if (bucket == 0)
		return (1U << FIRST_BITS) - 1;
	if (bucket >= HISTOGRAM_BUCKETS - 1)
		return UINT64_MAX;
	top = FIRST_BITS + (bucket - 1) / PARTS;
	part = (bucket - 1) % PARTS;
	return (UINT64_C(1) << top) + ((uint64_t)(part + 1) << (top - PARTS_BITS)) - 1;
}

static void
histogram_halve(struct histogram *h)
{
	unsigned i;

	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		atomic_store_explicit(&h->buckets[i],
		    atomic_load_explicit(&h->buckets[i], memory_order_relaxed) / 2, memory_order_relaxed);
}

void
histogram_add(struct histogram *h, uint64_t microseconds)
{
	_Atomic uint32_t *bucket = &h->buckets[histogram_bucket(microseconds)];
	uint32_t count = atomic_load_explicit(bucket, memory_order_relaxed);

	if (count == UINT32_MAX) {
		histogram_halve(h);
		count /= 2;
	}
	atomic_store_explicit(bucket, count + 1, memory_order_relaxed);
}

void
histogram_sum(const struct histogram *h, uint64_t *sums)
{
	unsigned i;

	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		sums[i] += atomic_load_explicit(&h->buckets[i], memory_order_relaxed);
}

uint64_t
histogram_percentile(const uint64_t *sums, unsigned per_mille)
{
	uint64_t all = 0, seen = 0, wanted;
	unsigned i;

	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		all += sums[i];
	if (all == 0)
		return 0;
	wanted = all / 1000 * per_mille + (all % 1000 * per_mille + 999) / 1000;
	for (i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
		seen += sums[i];
		if (seen >= wanted)
			return histogram_bound(i);
	}
	return histogram_bound(HISTOGRAM_BUCKETS - 2) + 1;
}

/*
 * How long something took, counted in buckets: four for each doubling, so that a
 * percentile is right to within a fifth. On the scoreboard; one writer each.
 * All processes.
 */
#ifndef DROVER_IPC_HISTOGRAM_H
#define DROVER_IPC_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

enum {
	HISTOGRAM_BUCKETS = 88 /* the first: up to 15 microseconds; the last: from about a minute on */
};

struct histogram {
	_Atomic uint32_t buckets[HISTOGRAM_BUCKETS];
};

/* Which bucket counts a duration. */
unsigned histogram_bucket(uint64_t microseconds);

/* The longest duration that the bucket counts; UINT64_MAX for the last. */
uint64_t histogram_bound(unsigned bucket);

/* Counts one. The caller is the only writer. When a bucket is full all are halved: the shares stay. */
void histogram_add(struct histogram *h, uint64_t microseconds);

/* Adds what was counted to sums[HISTOGRAM_BUCKETS]. */
void histogram_sum(const struct histogram *h, uint64_t *sums);

/*
 * The upper bound, in microseconds, of the bucket in which the given share (of
 * 1000) of all that was counted is reached; 0 when nothing was.
 */
uint64_t histogram_percentile(const uint64_t *sums, unsigned per_mille);

#endif

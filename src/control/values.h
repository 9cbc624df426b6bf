/*
 * Figures as the control socket shows them, the same in every result. Each
 * returns a new reference, or NULL: no memory. Master.
 */
#ifndef DROVER_CONTROL_VALUES_H
#define DROVER_CONTROL_VALUES_H

#include <jansson.h>
#include <stdint.h>

#include "ipc/scoreboard.h"

/* A name from the configuration; bytes that are no UTF-8 become '?'. */
json_t *value_text(const char *text);

/* The same; JSON's null for NULL. */
json_t *value_text_or_null(const char *text);

/* A duration: whole milliseconds. */
json_t *value_ms(uint64_t microseconds);

/* A point in time, from microseconds since 1970: "2026-01-31T09:30:00.125Z". */
json_t *value_time(uint64_t wall);

/* How and when a worker died. */
json_t *value_death(const struct scoreboard_death *death);

/*
 * How long loop turns took, from a worker's buckets: p50, p99 and the longest,
 * in milliseconds with three decimals.
 */
json_t *value_lag(const struct scoreboard_worker *worker);

/*
 * The upper bound, in microseconds, of the bucket that holds the given share
 * (of 1000) of all that was counted; 0 when nothing was. Buckets as on the
 * scoreboard: bucket b holds 2^(b-1) .. 2^b - 1.
 */
uint64_t value_percentile(const uint64_t *buckets, unsigned count, unsigned per_mille);

#endif

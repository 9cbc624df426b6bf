/* Clocks, in microseconds. All processes. */
#ifndef DROVER_BASE_CLOCK_H
#define DROVER_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_SECOND UINT64_C(1000000)
#define CLOCK_MILLISECOND UINT64_C(1000)

static inline uint64_t
clock_read(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * CLOCK_SECOND + (uint64_t)t.tv_nsec / 1000;
}

/* Never steps; the same in all processes of this machine. */
static inline uint64_t
clock_monotonic(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

/* Microseconds since 1970. */
static inline uint64_t
clock_wall(void)
{
	return clock_read(CLOCK_REALTIME);
}

#endif

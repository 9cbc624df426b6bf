#include "ipc/lock.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"

enum {
	SPINS = 200,   /* before the kernel is asked */
	SLICE_MS = 100 /* of a long wait: signs of life come that often */
};

int
lock_init(pthread_mutex_t *lock)
{
	pthread_mutexattr_t how;
	int failed;

	if (pthread_mutexattr_init(&how) != 0)
		return -1;
	failed = pthread_mutexattr_setpshared(&how, PTHREAD_PROCESS_SHARED) |
	    pthread_mutexattr_setrobust(&how, PTHREAD_MUTEX_ROBUST);
	failed |= failed != 0 ? 0 : pthread_mutex_init(lock, &how);
	pthread_mutexattr_destroy(&how);
	return failed != 0 ? -1 : 0;
}

static int
lock_wait(pthread_mutex_t *lock, _Atomic uint64_t *heartbeat)
{
	struct timespec until;
	int result = EBUSY, spins;

	for (spins = 0; spins < SPINS && result == EBUSY; spins++)
		result = pthread_mutex_trylock(lock);
	if (result != EBUSY)
		return result;
	do {
		atomic_store_explicit(heartbeat, clock_monotonic(), memory_order_relaxed);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += SLICE_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		result = pthread_mutex_clocklock(lock, CLOCK_MONOTONIC, &until);
	} while (result == ETIMEDOUT);
	return result;
}

bool
lock_take(pthread_mutex_t *lock, _Atomic uint64_t *heartbeat)
{
	int result = pthread_mutex_trylock(lock);

	if (result == EBUSY)
		result = lock_wait(lock, heartbeat);
	return result == EOWNERDEAD;
}

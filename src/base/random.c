#include "base/random.h"

#include <sys/random.h>

#include "base/clock.h"

uint32_t
random_number(void)
{
	uint32_t number = 0;

	if (getrandom(&number, sizeof number, GRND_NONBLOCK) < 0)
		number = (uint32_t)clock_monotonic();
	return number;
}

#include "ipc/names.h"

#include <stddef.h>
#include <string.h>

#include "base/clock.h"

size_t
names_part_length(const struct names_part *part)
{
	return offsetof(struct names_part, addresses) + part->count * sizeof part->addresses[0];
}

unsigned
names_part_fill(struct names_part *part, const struct dns_answer *answer, unsigned from)
{
	unsigned left = answer->count - from;

	part->first = from == 0;
	part->count = left < NAMES_ROWS ? left : NAMES_ROWS;
	part->last = part->count == left;
	part->ttl = answer->ttl;
	part->fixed = answer->fixed;
	part->more = answer->more;
	memcpy(part->why, answer->why, sizeof part->why);
	memcpy(part->addresses, answer->addresses + from, part->count * sizeof part->addresses[0]);
	return from + part->count;
}

bool
names_part_is_sound(const struct names_part *part)
{
	unsigned i;

	if (part->count > NAMES_ROWS || !dns_why_is_sound(part->why))
		return false;
	for (i = 0; i < part->count; i++)
		if (!dns_address_is_sound(&part->addresses[i]))
			return false;
	return true;
}

int
names_part_take(const struct names_part *part, struct dns_answer *answer)
{
	if (part->first)
		answer->count = 0;
	if (answer->count + part->count > DNS_ADDRESSES_MAX)
		return -1;
	answer->ttl = part->ttl;
	answer->fixed = part->fixed != 0;
	answer->more = part->more != 0;
	memcpy(answer->why, part->why, sizeof answer->why);
	memcpy(answer->addresses + answer->count, part->addresses, part->count * sizeof part->addresses[0]);
	answer->count += part->count;
	return part->last ? 1 : 0;
}

uint64_t
names_interval(const struct dns_answer *answer, uint64_t least, uint64_t most)
{
	uint64_t ttl = answer->fixed ? most : answer->ttl * (uint64_t)CLOCK_SECOND;

	return ttl < least ? least : ttl > most ? most : ttl;
}

uint64_t
names_retry(unsigned failures, uint64_t least, uint64_t most)
{
	uint64_t pause = least;

	while (--failures > 0 && pause < most)
		pause *= 2;
	return pause < most ? pause : most;
}

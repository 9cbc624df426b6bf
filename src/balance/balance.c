#include "balance/balance.h"

#include <string.h>

const struct balance_algorithm *const balance_algorithms[] = {
	&balance_round_robin,
	&balance_least_connections,
	&balance_two_choices,
	&balance_consistent_hash,
	NULL,
};

const unsigned balance_count = sizeof balance_algorithms / sizeof balance_algorithms[0] - 1;

unsigned
balance_index(const struct balance_algorithm *algorithm)
{
	unsigned i = 0;

	while (balance_algorithms[i] != algorithm && balance_algorithms[i] != NULL)
		i++;
	return i;
}

const char *const balance_names[] = { "round-robin", "least-connections", "two-choices", "consistent-hash", NULL };

const struct balance_algorithm *
balance_find(const char *name)
{
	const struct balance_algorithm *const *a;

	for (a = balance_algorithms; *a != NULL; a++)
		if (strcmp((*a)->name, name) == 0)
			return *a;
	return NULL;
}

#include "balance/loads.h"

static const struct balance_array *
array_of(const struct balance_loads *loads)
{
	return (const struct balance_array *)loads; /* its first member */
}

static uint32_t
array_one(const struct balance_loads *loads, uint32_t member)
{
	return array_of(loads)->figures[member];
}

static const uint32_t *
array_all(const struct balance_loads *loads)
{
	return array_of(loads)->figures;
}

static uint64_t
array_sum(const struct balance_loads *loads)
{
	const struct balance_array *array = array_of(loads);
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < array->count; i++)
		sum += array->figures[i] == BALANCE_FULL ? 0 : array->figures[i];
	return sum;
}

void
balance_array_init(struct balance_array *array, const uint32_t *figures, uint32_t count)
{
	*array = (struct balance_array){
		.loads = { .of = array_one, .all = array_all, .sum = array_sum, .some_full = true },
		.figures = figures,
		.count = count,
	};
}

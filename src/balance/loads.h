/* Loads that stand in an array already. Pure. Master, and whoever asks what would be chosen. */
#ifndef DROVER_BALANCE_LOADS_H
#define DROVER_BALANCE_LOADS_H

#include "balance/balance.h"

struct balance_array {
	struct balance_loads loads; /* what a question refers to */
	const uint32_t *figures; /* by member, and behind them as balance_loads.all has it. Not owned. */
	uint32_t count;
};

/* Some may be BALANCE_FULL. */
void balance_array_init(struct balance_array *array, const uint32_t *figures, uint32_t count);

#endif

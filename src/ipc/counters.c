#include "ipc/counters.h"

const struct counter_info counter_table[COUNTER_COUNT] = {
#define COUNTER_ROW(symbol, name, kind, unit, sentence) { name, COUNTER_##kind, unit, sentence },
	COUNTER_TABLE(COUNTER_ROW)
#undef COUNTER_ROW
};

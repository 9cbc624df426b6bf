#include "control/sums.h"

void
server_sum_add(struct server_sum *sum, const struct scoreboard *board, unsigned server)
{
	unsigned slots = scoreboard_slots(board), w;
	const struct scoreboard_share *share;
	uint64_t requests;

	for (w = 0; w < slots; w++) {
		share = &board->share[w][server];
		requests = scoreboard_get(&share->requests);
		sum->load += scoreboard_get(&board->held[w][server]);
		sum->requests += requests;
		sum->failures += scoreboard_get(&share->failures);
		if (requests > 0) /* else its pages need not exist */
			histogram_sum(&board->latency[w][server], sum->latency);
	}
}

#include "control/pool_walk.h"

#include <stdlib.h>

#include "base/clock.h"
#include "ipc/health.h"

enum { FIGURES_PER_ROUND = 256 /* of a server and a worker */ };

struct pool_walk *
pool_walk_new(const struct scoreboard *board)
{
	struct pool_walk *walk = calloc(1, sizeof *walk);
	unsigned server = walk == NULL ? 0 : scoreboard_server_slots(board);
	uint32_t pool;

	if (walk == NULL)
		return NULL;
	walk->board = board;
	while (server-- > 0) { /* from the end, so that each list is in the order of the places */
		pool = board->servers[server].pool;
		if (pool >= CONF_POOLS_MAX || scoreboard_server_state(board, server) == SERVER_FREE)
			continue;
		walk->next[server] = walk->first[pool];
		walk->first[pool] = (uint16_t)(server + 1);
	}
	return walk;
}

void
pool_walk_begin(struct pool_walk *walk, uint32_t pool)
{
	walk->pool = pool;
	walk->servers = walk->ready = walk->up = 0;
	walk->sum = (struct server_sum){ 0 };
	walk->at = walk->first[pool];
}

static void
pool_walk_add(struct pool_walk *walk, unsigned server, uint64_t now)
{
	enum server_state state = scoreboard_server_state(walk->board, server);
	const struct scoreboard_server *row = &walk->board->servers[server];

	if (state == SERVER_FREE || row->pool != walk->pool)
		return; /* it has left since the list was made */
	walk->servers++;
	walk->ready += state == SERVER_READY;
	walk->up += health_is_up(row, now);
	server_sum_add(&walk->sum, walk->board, server);
}

bool
pool_walk_continue(struct pool_walk *walk)
{
	unsigned slots = scoreboard_slots(walk->board), figures;
	uint64_t now = clock_monotonic();

	for (figures = 0; walk->at != 0 && figures < FIGURES_PER_ROUND; figures += slots + 1) {
		pool_walk_add(walk, walk->at - 1u, now);
		walk->at = walk->next[walk->at - 1];
	}
	return walk->at == 0;
}

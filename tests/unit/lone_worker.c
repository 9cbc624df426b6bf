#include "lone_worker.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

struct scoreboard *board;
struct worker *worker;

void
lone_worker_open(const struct conf *conf)
{
	struct error err = { .text = "" };

	ck_assert_int_eq(log_open("/dev/null", LOG_LEVEL_ERROR, &err), 0);
	board = scoreboard_new(&err);
	worker = calloc(1, sizeof *worker);
	ck_assert_msg(board != NULL && worker != NULL, "%s", err.text);
	worker->loop = loop_new(&err);
	ck_assert_msg(worker->loop != NULL, "%s", err.text);
	worker->conf = conf;
	worker->board = board;
	worker->me = &board->workers[0];
	TAILQ_INIT(&worker->open);
}

void
lone_worker_begin(void)
{
	ck_assert_int_eq(membership_open(worker), 0);
}

void
lone_worker_close(void)
{
	membership_close(worker);
	loop_free(worker->loop);
	free(worker);
	scoreboard_free(board);
}

void
place_set(unsigned slot, uint32_t id, unsigned pool, enum server_state state)
{
	struct scoreboard_server *row = &board->servers[slot];

	snprintf(row->name, sizeof row->name, "10.0.0.%u:80", slot);
	row->id = id;
	row->pool = pool;
	scoreboard_set(&row->weight, id);
	scoreboard_set(&row->state, (uint32_t)state);
	if (scoreboard_server_slots(board) <= slot)
		scoreboard_set(&board->server_slots, slot + 1);
	scoreboard_add(&board->servers_version, 1);
}

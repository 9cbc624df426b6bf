/*
 * What is asked of workers about their client connections (ipc/query.h): each query
 * goes to its workers, their answers go to whom they are for, and one that dies has
 * said all. The verbs are in master.h. Master.
 */
#ifndef DROVER_MASTER_QUERIES_H
#define DROVER_MASTER_QUERIES_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/query.h"

struct master;
struct master_query;
struct worker;

struct queries {
	struct master_query *all[QUERIES_MAX]; /* NULL: none */
	uint32_t last_id;
};

/* Sends what the worker is to be told. false: its channel is full. */
bool queries_send(struct worker *worker);

/* Passes an answer on. false: it makes no sense. */
bool queries_answer(struct worker *worker, const struct query_answer *answer);

/* Its process is gone. */
void queries_worker_gone(struct worker *worker);

/* Frees what is left. */
void queries_close(struct master *master);

#endif

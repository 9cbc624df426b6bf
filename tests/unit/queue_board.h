/* A scoreboard with a pool of two servers and some workers, for the tests of ipc/queue. */
#ifndef DROVER_TESTS_UNIT_QUEUE_BOARD_H
#define DROVER_TESTS_UNIT_QUEUE_BOARD_H

#include <stdbool.h>

#include "ipc/queue.h"
#include "ipc/scoreboard.h"

enum { WORKERS = 4, VICTIM = 1, POOL = 3, FIRST = 5, SECOND = 6 /* places of the servers, with 2 and 1 places for requests */, SIZE = 100 };

extern struct scoreboard *board;
extern struct queue *queue;
extern struct queue_book books[WORKERS];

void setup(void);
void teardown(void);

/* What a worker does, each under the lock. */
void enter(unsigned slot, unsigned server);
int leave(unsigned slot, unsigned server, bool usable);
int give(unsigned slot, unsigned server);
uint32_t join(unsigned slot);
uint32_t join_picky(unsigned slot, const uint32_t *avoid, unsigned avoids);
int part(unsigned slot, uint32_t entry);
bool is_granted(unsigned slot, uint32_t entry);

/* Someone who takes the lock and does nothing: he counts anew where that is due. */
void look(unsigned slot);

/* What the master does when a worker is dead. */
void die(unsigned slot);

uint32_t taken(unsigned server);

/* Nobody waits, and all places are free. */
void expect_empty(void);

#endif

/*
 * A worker process is replaced by another without a gap: it stays at work, but
 * does not count as wanted, so that another is started in a free slot; once there
 * are enough others at work it drains. Nothing links the old one to the new one:
 * whoever dies or is scaled away meanwhile, the numbers decide. Master.
 */
#ifndef DROVER_MASTER_REPLACE_H
#define DROVER_MASTER_REPLACE_H

#include <stdbool.h>

struct master;
struct worker;

/*
 * Lets those go that are to be replaced, as far as there are enough others at
 * work. When no slot is free for the one to come, an old one makes room.
 */
void replace_go_on(struct master *master);

/* `worker` has died. true: it was about to be replaced; it is released. */
bool replace_died(struct worker *worker);

/*
 * `failed` cannot be started. true: a worker was to be replaced; it stays
 * instead, and `failed` is released.
 */
bool replace_call_off(struct worker *failed);

#endif

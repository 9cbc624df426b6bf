/*
 * The configuration in effect: what was read, and what was changed since. The
 * truth of each change is where it takes effect; here it is only put together
 * for those who show it. Master.
 */
#ifndef DROVER_MASTER_EFFECTIVE_H
#define DROVER_MASTER_EFFECTIVE_H

struct master;

/* To be called when something changes that master_conf_now shows. */
void master_changed(struct master *master);

#endif

/* The end of a child: what a worker left is saved, its death is written down. Master. */
#ifndef DROVER_MASTER_REAP_H
#define DROVER_MASTER_REAP_H

struct master;
struct supervised;

/* Saves what a worker left whose process is gone, and forgets what it held. */
void reap_worker(struct supervised *process);

/* Looks which children are gone (SIGCHLD). */
void reap_children(struct master *master);

#endif

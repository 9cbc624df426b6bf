/* The end of a child: what a worker left is saved, its death is written down. Master. */
#ifndef DROVER_MASTER_REAP_H
#define DROVER_MASTER_REAP_H

struct master;

/* Looks which children are gone (SIGCHLD). */
void reap_children(struct master *master);

#endif

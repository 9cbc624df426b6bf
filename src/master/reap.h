/* The end of a worker: what it left is saved, its death is written down. Master. */
#ifndef DROVER_MASTER_REAP_H
#define DROVER_MASTER_REAP_H

struct master;

/* Looks which workers are gone (SIGCHLD). */
void reap_workers(struct master *master);

#endif

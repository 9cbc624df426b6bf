/*
 * The servers of a name follow its answers: those that are new are added, those that
 * are missing leave, some in each turn of the loop. Master.
 */
#ifndef DROVER_MASTER_FOLLOW_H
#define DROVER_MASTER_FOLLOW_H

#include "master/names.h"

void follow_init(struct master *master);

/* Begins to carry an answer that has addresses out. -1: no memory; the next one is. */
int follow_want(struct master *master, struct master_name *name, const struct dns_answer *answer);

/* Carries all out at once: for a start. */
void follow_all(struct master *master);

/* Forgets what was to be carried out. */
void follow_drop(struct master *master, struct master_name *name);

/* Whether the place is one of an address of the name; those that were cut off are not. */
bool follow_is_server_of(const struct master *master, unsigned server, const struct master_name *name);

#endif

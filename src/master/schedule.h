/*
 * When the master gets its processor. It does little at a time and often: it goes
 * when a processor is free rather than in the middle of a worker's turn, and then
 * finds several connections to hand over at once. Its share of time is the same, and
 * a policy that the admin chose stays. Master.
 */
#ifndef DROVER_MASTER_SCHEDULE_H
#define DROVER_MASTER_SCHEDULE_H

void schedule_as_master(void);

/* In a forked child: as drover was started. */
void schedule_as_started(void);

#endif

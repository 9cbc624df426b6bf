/*
 * All processes of one instance: its process group, and a cgroup (version 2) where drover
 * may make one, out of which a process cannot get. Master.
 */
#ifndef DROVER_APP_GROUP_H
#define DROVER_APP_GROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct app_group {
	pid_t leader; /* process group; 0: none yet */
	char cgroup[256]; /* directory; "": there is none */
};

/* Finds out whether cgroups can be made, and where; once, at start. Never fails. */
void app_groups_open(void);
/* At the end: removes what is empty of what was made. Waits up to a tenth of a second for what is being killed. */
void app_groups_close(void);
/* The directory in which they are made, or NULL. */
const char *app_groups_directory(void);

/* Before the fork: makes the cgroup when one can be had. `app` and `seat` name it. */
void app_group_begin(struct app_group *group, const char *app, unsigned seat);
/*
 * In the child, before exec and while it is who drover is. -1: errno. Where it
 * does not get into its cgroup it is found by its process group all the same.
 */
int app_group_enter(const struct app_group *group);
/* In the master, behind the fork. */
void app_group_started(struct app_group *group, pid_t pid);

/* Sends a signal to all of them; SIGKILL to those of the cgroup as well. */
void app_group_signal(const struct app_group *group, int number);

/* Ends what is left, by force, and forgets the cgroup; one that cannot be removed yet is removed later. */
void app_group_end(struct app_group *group);

/*
 * What they use: bytes of memory, what they share counted once, and microseconds of CPU: those of processes that
 * are gone as well, of a cgroup; otherwise of those that another one has waited for, so that it may get less.
 */
struct app_usage {
	uint64_t memory, cpu;
	unsigned processes;
};

/* Some 30 us a process, of which 64 at most are looked at. false: nothing can be read. */
bool app_group_usage(const struct app_group *group, struct app_usage *usage);

#endif

/*
 * Starts the process of an instance: fork, a clean slate, exec. What the child cannot do
 * is told by it through a pipe that exec closes. Master and child.
 */
#ifndef DROVER_APP_LAUNCH_H
#define DROVER_APP_LAUNCH_H

#include <sys/resource.h>
#include <sys/types.h>

#include "app/group.h"
#include "app/place.h"
#include "base/error.h"
#include "conf/conf.h"

/* What the child is to be as it was before drover changed it for itself. */
struct launch_origin {
	struct rlimit open_files;
	int policy; /* sched(7) */
};

struct launch {
	const struct conf *conf;
	const struct conf_pool *app;
	const struct app_place *place;
	const struct launch_origin *origin;
	unsigned number; /* {instance} */
	int output, errors; /* become its stdout and stderr; the caller's to close */
	struct app_group *group; /* the new process is put in it, before it execs */
};

/*
 * Forks and execs. *failure is the read end of the pipe, non-blocking and close-on-exec: at its
 * end without a byte the program runs; launch_failure reads what went wrong. The pid, or -1 with a
 * sentence: nothing has changed.
 *
 * The child has a process group of its own, default signal handlers and an empty mask, the soft
 * limit of descriptors that drover was started with, its user with all of that user's groups, the
 * directory, umask and environment of the app, no ambient capabilities, /dev/null as stdin, and no
 * other descriptor than 0, 1, 2 and a passed socket as 3. It is sent SIGTERM when the master dies.
 */
pid_t launch_start(const struct launch *launch, int *failure, struct error *err);

/*
 * What the pipe says: 1 and a sentence ("cannot run node: No such file or directory"), 0: the
 * program was started, -1: nothing yet (EAGAIN). Such a failure will be the same next time:
 * there is nothing to be gained by a second start. 2, and a sentence: it may pass, as with a program
 * that is just being written. 3, and a sentence: it is a lack of processes, memory or descriptors.
 * What can be seen before a start is seen when the configuration is checked.
 */
int launch_failure(int failure, struct error *err);

/* Whether an errno says that the system, or drover, has too little of something at present: processes, memory or descriptors. */
bool launch_is_lack(int number);

#endif

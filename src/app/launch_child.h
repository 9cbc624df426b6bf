/* What becomes of the forked process until it runs the program of the app. Child; allocates nothing. */
#ifndef DROVER_APP_LAUNCH_CHILD_H
#define DROVER_APP_LAUNCH_CHILD_H

#include <stdint.h>
#include <sys/types.h>

#include "app/command.h"
#include "app/environment.h"
#include "app/launch.h"
#include "app/who.h"

/* All that it needs, made before the fork. */
struct launch_plan {
	const struct launch *launch;
	struct app_command command;
	struct app_environment environment;
	bool changes_user; /* to this one, with these groups */
	struct who who;
	const gid_t *groups;
	size_t group_count;
	pid_t parent;
	int report; /* the pipe that tells of a failure */
};

/* What could not be done. */
enum launch_stage {
	LAUNCH_GROUP,
	LAUNCH_DESCRIPTORS,
	LAUNCH_LIMITS,
	LAUNCH_GROUPS,
	LAUNCH_BECOME_GROUP,
	LAUNCH_BECOME_USER,
	LAUNCH_DIRECTORY,
	LAUNCH_RUN,
	LAUNCH_INTERPRETER, /* of a file that is there */
	LAUNCH_HIDDEN, /* it is not found, but may be this file, which the user cannot look for */
	LAUNCH_STAGES
};

/* What is written to the pipe: in one piece, as it is no longer than PIPE_BUF. */
struct launch_report {
	uint32_t stage;
	int32_t number; /* errno */
	char subject[256]; /* command, directory, number of the user: cut to what there is room for */
};

/* Becomes the instance. Signals are blocked. */
void launch_child(const struct launch_plan *plan) __attribute__((noreturn));

#endif

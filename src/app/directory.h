/*
 * The directory of the unix sockets of all apps: made when it is first needed, and removed with the
 * sockets in it when the master ends. A master that was killed cannot do that: the next one does.
 * Master.
 */
#ifndef DROVER_APP_DIRECTORY_H
#define DROVER_APP_DIRECTORY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * It is in DROVER_RUNDIR where that can be written, else in TMPDIR, or /tmp. Within it each app has one
 * of its own, which nobody can enter but those who run workers and the app. All zero: nothing yet.
 */
struct app_directory {
	char path[64]; /* "": not made */
	bool held; /* the lock is: */
	int lock; /* as long as this is open, its master lives */
};

/* Makes it, unless it is there. -1 with a sentence. */
int app_directory_make(struct app_directory *directory, struct error *err);

/* Gives the directory of an app in it to who runs it, and lets those of `group`, the workers, pass. -1 with a sentence. */
int app_directory_give(const char *path, uid_t owner, gid_t group, struct error *err);

/* Removes what is in it, but no directories that an app has filled. */
void app_directory_remove(struct app_directory *directory);

/* In a child of the master: it does not keep what the master had. */
void app_directory_close_copy(struct app_directory *directory);

/*
 * Removes those of masters of this user that are gone, known by their locks. Looks at some thousand names
 * and removes some hundred at most: what is left then is for the next start.
 */
void app_directories_sweep(void);

#endif

#include "app/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

enum {
	DIRECTORY_MODE = 0711, /* who runs workers may pass through it; its names can be read by root alone */
	APP_MODE = 0710,
	SWEEP_NAMES = 5000, /* that a sweep looks at in one directory: 2 ms */
	SWEEP_REMOVED = 500 /* files that it removes in all: 5 ms */
};

static const char random_part[] = "XXXXXX";

/* ---- where it is */

/* The i-th place for it, in which it is called *prefix and six random letters. NULL: it cannot be used. */
static const char *
parent_at(unsigned i, const char **prefix)
{
	const char *parents[] = { DROVER_RUNDIR, getenv("TMPDIR"), "/tmp" };

	*prefix = i == 0 ? "apps." : "drover-apps.";
	return parents[i] != NULL && parents[i][0] == '/' ? parents[i] : NULL;
}

enum { PARENTS = 3 };

static void
directory_try(struct app_directory *directory, const char *parent, const char *prefix)
{
	size_t length =
	    (size_t)snprintf(directory->path, sizeof directory->path, "%s/%s%s", parent, prefix, random_part);

	if (length >= sizeof directory->path || mkdtemp(directory->path) == NULL)
		directory->path[0] = '\0';
}

/* It may have been removed, and another one may lie there by now. */
static bool
directory_is_there(const struct app_directory *directory)
{
	struct stat st;

	return directory->path[0] != '\0' && lstat(directory->path, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == geteuid();
}

static int
directory_open(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* The lock is there before the mode by which a sweep knows it. Where the file system has no locks, nobody gets one. */
static int
directory_open_up(struct app_directory *directory, struct error *err)
{
	int fd = directory_open(AT_FDCWD, directory->path);

	if (fd < 0)
		return error_errno(err, "cannot open %s", directory->path);
	directory->lock = fd;
	directory->held = true;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		log_debug("%s cannot be locked: %s", directory->path, strerror(errno));
	return fchmod(fd, DIRECTORY_MODE) == 0 ? 0 : error_errno(err, "cannot change the mode of %s", directory->path);
}

static void
directory_let_go(struct app_directory *directory)
{
	if (directory->held)
		close(directory->lock);
	directory->held = false;
	directory->path[0] = '\0';
}

int
app_directory_make(struct app_directory *directory, struct error *err)
{
	const char *parent, *prefix;
	unsigned i;

	if (directory_is_there(directory))
		return 0;
	directory_let_go(directory);
	for (i = 0; i < PARENTS && directory->path[0] == '\0'; i++)
		if ((parent = parent_at(i, &prefix)) != NULL)
			directory_try(directory, parent, prefix);
	if (directory->path[0] == '\0')
		return error_errno(err, "cannot make a directory for sockets in " DROVER_RUNDIR ", TMPDIR and /tmp");
	if (directory_open_up(directory, err) == 0)
		return 0;
	rmdir(directory->path);
	directory_let_go(directory);
	return -1;
}

int
app_directory_give(const char *path, uid_t owner, gid_t group, struct error *err)
{
	int fd = directory_open(AT_FDCWD, path), result = 0;

	if (fd < 0)
		return error_errno(err, "cannot open %s", path);
	if (geteuid() == 0 && fchown(fd, owner, group) < 0)
		result = error_errno(err, "cannot change the owner of %s", path);
	else if (fchmod(fd, APP_MODE) < 0)
		result = error_errno(err, "cannot change the mode of %s", path);
	close(fd);
	return result;
}

void
app_directory_close_copy(struct app_directory *directory)
{
	directory_let_go(directory);
}

/* ---- emptying */

/* Reads the names in a directory, of which it takes over the descriptor; NULL: it cannot. */
static DIR *
names_open(int fd)
{
	DIR *names = fd >= 0 ? fdopendir(fd) : NULL;

	if (names == NULL && fd >= 0)
		close(fd);
	return names;
}

/* The next name but "." and "..", or NULL. Takes one of `budget`, whose end is the end. */
static const char *
names_next(DIR *names, unsigned *budget)
{
	const struct dirent *entry;

	while (*budget > 0 && (entry = readdir(names)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		(*budget)--;
		return entry->d_name;
	}
	return NULL;
}

/* What is in the directory of one app, which may be its user's: nothing is followed, and no full directory entered. */
static void
app_remove(int parent, const char *app, unsigned *budget)
{
	DIR *names = names_open(directory_open(parent, app));
	const char *name;

	if (names == NULL)
		return;
	while ((name = names_next(names, budget)) != NULL)
		if (unlinkat(dirfd(names), name, 0) < 0 && errno == EISDIR)
			unlinkat(dirfd(names), name, AT_REMOVEDIR);
	closedir(names);
	unlinkat(parent, app, AT_REMOVEDIR);
}

/* Takes over the descriptor of a directory with those of apps. */
static void
apps_remove(int fd, unsigned *budget)
{
	DIR *names = names_open(fd);
	const char *name;

	if (names == NULL)
		return;
	while ((name = names_next(names, budget)) != NULL)
		app_remove(dirfd(names), name, budget);
	closedir(names);
}

void
app_directory_remove(struct app_directory *directory)
{
	unsigned budget = UINT_MAX;

	if (directory->path[0] != '\0') {
		apps_remove(directory_open(AT_FDCWD, directory->path), &budget);
		rmdir(directory->path);
	}
	directory_let_go(directory);
}

/* ---- those of masters that are gone */

static bool
name_is_ours(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0 && strlen(name) == strlen(prefix) + sizeof random_part - 1;
}

/* Whether this user's drover has made it, and is gone. It stays locked while it is open. */
static bool
is_forsaken(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 07777) == DIRECTORY_MODE &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static void
sweep_one(int parent, const char *name, unsigned *budget)
{
	int fd = directory_open(parent, name), copy;

	if (fd < 0)
		return;
	copy = is_forsaken(fd) ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (copy >= 0) {
		apps_remove(copy, budget);
		if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
			log_debug("%s is removed, which a drover that was killed has left", name);
	}
	close(fd);
}

void
app_directories_sweep(void)
{
	unsigned budget = SWEEP_REMOVED, looked, i;
	const char *parent, *prefix, *name;
	DIR *names;

	for (i = 0; i < PARENTS; i++) {
		parent = parent_at(i, &prefix);
		names = parent != NULL ? opendir(parent) : NULL;
		looked = SWEEP_NAMES;
		while (names != NULL && budget > 0 && (name = names_next(names, &looked)) != NULL)
			if (name_is_ours(name, prefix))
				sweep_one(dirfd(names), name, &budget);
		if (names != NULL)
			closedir(names);
	}
}

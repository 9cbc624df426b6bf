#include "master/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int
held_error(const char *path, int fd, struct error *err)
{
	char text[32] = "";
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	text[n > 0 ? strspn(text, "0123456789") : 0] = '\0';
	if (text[0] != '\0')
		return error_set(err, "another drover is running (pid %s); it holds %s", text, path);
	return error_set(err, "another drover is running; it holds %s", path);
}

/* Whether path still names the file that was opened: its holder may just have replaced or removed it. */
static bool
is_still_there(const char *path, int fd)
{
	struct stat opened, named;

	return fstat(fd, &opened) == 0 && stat(path, &named) == 0 && opened.st_dev == named.st_dev &&
	       opened.st_ino == named.st_ino;
}

/* Opens and locks what is at path; made if there is nothing. */
static int
pidfile_lock(const char *path, struct error *err)
{
	int fd;

	for (;;) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (fd < 0)
			return error_file(err, path, "cannot open the pid file %s", path);
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			if (errno == EWOULDBLOCK)
				held_error(path, fd, err);
			else
				error_errno(err, "cannot lock the pid file %s", path);
			close(fd);
			return -1;
		}
		if (is_still_there(path, fd))
			return fd;
		close(fd);
	}
}

/* A new file, locked and complete, takes the place of the old: nobody ever reads half of it. */
static int
pidfile_replace(const char *path, struct error *err)
{
	char new_path[PATH_MAX], text[32];
	int fd, length;

	snprintf(new_path, sizeof new_path, "%s.%d", path, (int)getpid());
	fd = open(new_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return error_errno(err, "cannot write the pid file %s", new_path);
	length = snprintf(text, sizeof text, "%d\n", (int)getpid());
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || write(fd, text, (size_t)length) != length ||
	    rename(new_path, path) < 0) {
		error_errno(err, "cannot write the pid file %s", path);
		unlink(new_path);
		close(fd);
		return -1;
	}
	return fd;
}

int
pidfile_open(struct pidfile *pidfile, const char *path, struct error *err)
{
	int old;

	pidfile->path = NULL;
	pidfile->fd = -1;
	if (path == NULL)
		return 0;
	old = pidfile_lock(path, err);
	if (old < 0)
		return -1;
	pidfile->fd = pidfile_replace(path, err);
	close(old);
	if (pidfile->fd < 0)
		return -1;
	pidfile->path = path;
	return 0;
}

void
pidfile_close(struct pidfile *pidfile)
{
	if (pidfile->path != NULL && is_still_there(pidfile->path, pidfile->fd))
		unlink(pidfile->path);
	pidfile_close_copy(pidfile);
	pidfile->path = NULL;
}

void
pidfile_close_copy(struct pidfile *pidfile)
{
	if (pidfile->fd >= 0)
		close(pidfile->fd);
	pidfile->fd = -1;
}

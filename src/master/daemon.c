#include "master/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"

/* In the process that the admin started: ends as the daemon's start ends. */
static void
daemon_wait(int pipe_end)
{
	char byte;
	ssize_t n;

	do
		n = read(pipe_end, &byte, 1);
	while (n < 0 && errno == EINTR);
	_exit(n == 1 ? 0 : 1);
}

int
daemon_start(struct daemon *daemon, struct error *err)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "cannot go into the background");
	pid = fork();
	if (pid < 0) {
		error_errno(err, "cannot go into the background");
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	if (pid > 0) {
		close(ends[1]);
		daemon_wait(ends[0]);
	}
	close(ends[0]);
	daemon->pipe = ends[1];
	setsid();
	return 0;
}

bool
daemon_waits(const struct daemon *daemon)
{
	return daemon->pipe >= 0;
}

static void
terminal_let_go(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	log_follow_stderr();
	if (null > STDERR_FILENO)
		close(null);
}

void
daemon_ready(struct daemon *daemon)
{
	ssize_t ignored;

	if (daemon->pipe < 0)
		return;
	ignored = write(daemon->pipe, "r", 1); /* who waited may be gone */
	(void)ignored;
	daemon_close(daemon);
	terminal_let_go();
}

void
daemon_close_copies(struct daemon *daemon)
{
	if (!daemon_waits(daemon))
		return;
	daemon_close(daemon);
	terminal_let_go();
}

void
daemon_close(struct daemon *daemon)
{
	if (daemon->pipe >= 0)
		close(daemon->pipe);
	daemon->pipe = -1;
}

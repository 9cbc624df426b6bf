/*
 * A program that does later what it does next: loaded before the C library (LD_PRELOAD),
 * it waits in system calls for as many milliseconds as LATE says, behind a word that
 * says in which: "send:30" behind each short thing that is said on a stream, so that what
 * is counted, released or logged after an answer is late; "receive:30" before each
 * message between processes is read; "log:30" before each write to a file. Tests only.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { SHORT = 4096 }; /* bytes: whoever moves long bodies would need minutes */

static char where; /* the first letter of the word: the environment does not stay where it is */
static long milliseconds;

__attribute__((constructor)) static void
late_begin(void)
{
	const char *text = getenv("LATE"), *colon = text != NULL ? strchr(text, ':') : NULL;

	if (colon == NULL)
		return;
	where = text[0];
	milliseconds = strtol(colon + 1, NULL, 10);
}

static void
be_late(void)
{
	struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
	int before = errno;

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &time, &time) == EINTR)
		;
	errno = before;
}

/* SOCK_STREAM and so on; 0: no socket. */
static int
kind_of(int fd)
{
	int kind = 0, before = errno;
	socklen_t length = sizeof kind;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &length) < 0)
		kind = 0;
	errno = before;
	return kind;
}

static ssize_t
sent(int fd, ssize_t count)
{
	if (where == 's' && count > 0 && count <= SHORT && kind_of(fd) == SOCK_STREAM)
		be_late();
	return count;
}

static void
receiving(int fd)
{
	if (where == 'r' && kind_of(fd) == SOCK_SEQPACKET)
		be_late();
}

static void
logging(int fd)
{
	struct stat st;

	if (where == 'l' && fd > STDERR_FILENO && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		be_late();
}

#define REAL(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))

ssize_t
write(int fd, const void *bytes, size_t length)
{
	logging(fd);
	return sent(fd, REAL(write)(fd, bytes, length));
}

ssize_t
writev(int fd, const struct iovec *pieces, int count)
{
	logging(fd);
	return sent(fd, REAL(writev)(fd, pieces, count));
}

ssize_t
send(int fd, const void *bytes, size_t length, int flags)
{
	return sent(fd, REAL(send)(fd, bytes, length, flags));
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	return sent(fd, REAL(sendmsg)(fd, message, flags));
}

ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
	receiving(fd);
	return REAL(recvmsg)(fd, message, flags);
}

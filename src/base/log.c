#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/syslog.h"

enum { LOG_TEXT_SIZE = 2048 };

const char *const log_level_names[] = { "error", "warn", "notice", "info", "debug", NULL };

static const int syslog_priority[] = { LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

static struct {
	int fd;
	bool is_syslog;
	bool is_file;
	bool is_owned; /* fd is to be closed */
	bool may_block; /* a pipe or a terminal: its reader may have stopped */
	bool torn; /* what was written last is a part of a line */
	_Atomic uint32_t level; /* enum log_level */
	const _Atomic uint32_t *followed; /* holds instead of `level`, if there is one */
	char process[32];
} log_state = { .fd = STDERR_FILENO, .may_block = true, .level = LOG_LEVEL_NOTICE, .process = "drover" };

bool
log_fd_is_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

bool
log_fd_takes(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLOUT | POLLERR)) != 0;
}

int
log_fd_own(int fd)
{
	char path[32];
	struct stat st;
	int own = -1;

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		own = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	return own >= 0 ? own : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

static void
log_install(int fd, bool is_file, bool is_syslog)
{
	if (log_state.is_owned)
		close(log_state.fd);
	log_state.fd = fd;
	log_state.is_file = is_file;
	log_state.torn = false;
	log_state.is_syslog = is_syslog;
	log_state.is_owned = fd > STDERR_FILENO;
	log_state.may_block = fd >= 0 && !log_fd_is_file(fd);
}

int
log_open(const char *destination, enum log_level level, struct error *err)
{
	int fd;

	if (strcmp(destination, "stderr") == 0) {
		fd = log_fd_own(STDERR_FILENO);
		log_install(fd >= 0 ? fd : STDERR_FILENO, false, false);
	} else if (strcmp(destination, "syslog") == 0) {
		syslog_open();
		log_install(-1, false, true);
	} else {
		/* O_NONBLOCK: a FIFO that nobody reads is an error, not a wait */
		fd = open(destination, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
		if (fd < 0)
			return error_file(err, destination, "cannot open the log file %s", destination);
		log_install(fd, true, false);
	}
	atomic_store_explicit(&log_state.level, (uint32_t)level, memory_order_relaxed);
	return 0;
}

void
log_take_fd(int fd)
{
	log_install(fd, true, false);
}

int
log_fd(void)
{
	return log_state.is_file ? log_state.fd : -1;
}

void
log_follow_stderr(void)
{
	int fd;

	if (log_state.is_file || log_state.is_syslog)
		return;
	fd = log_fd_own(STDERR_FILENO);
	log_install(fd >= 0 ? fd : STDERR_FILENO, false, false);
}

void
log_process(const char *name)
{
	snprintf(log_state.process, sizeof log_state.process, "%s", name);
}

void
log_follow(const _Atomic uint32_t *level)
{
	log_state.followed = level;
}

bool
log_enabled(enum log_level level)
{
	const _Atomic uint32_t *at = log_state.followed != NULL ? log_state.followed : &log_state.level;

	return (uint32_t)level <= atomic_load_explicit(at, memory_order_relaxed);
}

/* How many bytes from here on are one character that can be shown as it is; 0: none. C1 controls move terminals too. */
static size_t
log_printable(const char *bytes, size_t left)
{
	unsigned char c = (unsigned char)*bytes;

	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	if (c == 0xc2 && left > 1 && (unsigned char)bytes[1] < 0xa0)
		return 0;
	return text_utf8_length(bytes, left);
}

/* Copies what fits, with what could forge or break a line made visible, and takes it off `rest`. Returns the length. */
static size_t
log_escape(char *to, size_t size, struct text *rest)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0, length;

	while (rest->length > 0 && n + 5 < size) {
		unsigned char c = (unsigned char)*rest->bytes;

		length = log_printable(rest->bytes, rest->length);
		if (length > 0) {
			memcpy(to + n, rest->bytes, length);
			n += length;
		} else {
			to[n++] = '\\';
			to[n++] = 'x';
			to[n++] = hex[c >> 4];
			to[n++] = hex[c & 15];
			length = 1;
		}
		rest->bytes += length;
		rest->length -= length;
	}
	to[n] = '\0';
	return n;
}

/* Whether it was written. */
static bool
log_line(enum log_level level, const char *text)
{
	char line[2304];
	struct timespec now;
	struct tm tm;
	size_t n = 0;
	ssize_t written;

	if (log_state.may_block && !log_fd_takes(log_state.fd))
		return false; /* nobody reads: the line is lost, the process goes on */
	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	if (log_state.torn)
		line[n++] = '\n';
	n += strftime(line + n, sizeof line - n, "%Y-%m-%dT%H:%M:%S", &tm);
	n += (size_t)snprintf(line + n, sizeof line - n, ".%03ld %s %s[%d]: ", now.tv_nsec / 1000000,
	    log_level_names[level], log_state.process, (int)getpid());
	n += (size_t)snprintf(line + n, sizeof line - n - 1, "%s", text);
	if (n > sizeof line - 2)
		n = sizeof line - 2;
	line[n++] = '\n';
	written = write(log_state.fd, line, n); /* a full disk costs the line, never the process */
	if (written > 0)
		log_state.torn = (size_t)written < n;
	return written == (ssize_t)n;
}

/* As log_line, wherever the log is. */
static bool
log_send(enum log_level level, const char *text)
{
	if (log_state.is_syslog)
		return syslog_send(syslog_priority[level], log_state.process, text);
	return log_line(level, text);
}

static void __attribute__((format(printf, 2, 0)))
log_vwrite(enum log_level level, const char *format, va_list ap)
{
	char raw[1024], text[LOG_TEXT_SIZE];
	struct text rest;
	int saved = errno;

	vsnprintf(raw, sizeof raw, format, ap);
	rest = (struct text){ .bytes = raw, .length = strlen(raw) };
	log_escape(text, sizeof text, &rest);
	(void)log_send(level, text);
	errno = saved;
}

void
log_write(enum log_level level, const char *format, ...)
{
	va_list ap;

	if (!log_enabled(level))
		return;
	va_start(ap, format);
	log_vwrite(level, format, ap);
	va_end(ap);
}

void
log_record(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_vwrite(LOG_LEVEL_NOTICE, format, ap);
	va_end(ap);
}

bool
log_foreign(const char *source, struct text *rest)
{
	char text[LOG_TEXT_SIZE];
	size_t n = (size_t)snprintf(text, sizeof text, "%.200s: ", source);
	int saved = errno;
	bool written;

	log_escape(text + n, sizeof text - n, rest);
	written = log_send(LOG_LEVEL_NOTICE, text);
	errno = saved;
	return written;
}

void
fatal(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_vwrite(LOG_LEVEL_ERROR, format, ap);
	va_end(ap);
	exit(1);
}

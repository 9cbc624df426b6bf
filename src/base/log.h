/*
 * The error log: levels, one line a message, to stderr, a file or syslog. All
 * processes. What is not printable, or no UTF-8, is written as \xHH, so that no peer can
 * forge a line. Writing never blocks on a lock and never fails the caller.
 */
#ifndef DROVER_BASE_LOG_H
#define DROVER_BASE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

extern const char *const log_level_names[]; /* by enum log_level, NULL at the end */

/*
 * Sends messages of `level` and graver to `destination`: "stderr", "syslog" or
 * a path that is opened for appending. On error (-1) the old one stays.
 */
int log_open(const char *destination, enum log_level level, struct error *err);

/* Takes over fd (owned from here on) as the log file: a worker is handed it by the master. */
void log_take_fd(int fd);

/* The descriptor of the log file, or -1 when the log is stderr or syslog. Borrowed. */
int log_fd(void);

/* Whether writing to fd never waits for a reader. */
bool log_fd_is_file(int fd);

/* For a pipe or terminal: whether it takes PIPE_BUF bytes now; a moment later others may have filled it. */
bool log_fd_takes(int fd);

/*
 * A descriptor for what fd is, close-on-exec and the caller's, on which writing never waits if
 * it is a pipe or a terminal: it is opened anew, as that must not change for others who have fd. Where
 * this is not allowed it is a copy. -1: errno.
 */
int log_fd_own(int fd);

/* stderr is another file from here on: a log that goes there follows. */
void log_follow_stderr(void);

/* Names the process in each line: "master", "worker 3". Copied. */
void log_process(const char *name);

/*
 * From now on the level is what stands at `level` (enum log_level), which others
 * may change at any time; log_open changes the destination alone. NULL: the level
 * that log_open was given last holds again.
 */
void log_follow(const _Atomic uint32_t *level);

bool log_enabled(enum log_level level);

void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A notice that is written whatever the level is: who changed what, and nothing else. */
void log_record(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * A line that somebody else wrote, behind "SOURCE: ", as log_record. It may hold any bytes. Takes off
 * `rest` what one line of the log has room for: the whole of 500 bytes whatever they are, of
 * 1900 that are printable. Whether it was written: false when the log takes none now.
 */
bool log_foreign(const char *source, struct text *rest);

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_notice(...) log_write(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)                                  \
	do {                                            \
		if (log_enabled(LOG_LEVEL_DEBUG))       \
			log_write(LOG_LEVEL_DEBUG, __VA_ARGS__); \
	} while (0)

/*
 * Logs and ends the process with status 1. Only before the loop starts, for a
 * broken invariant, or in a worker for nonsense from the master.
 */
void fatal(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif

/*
 * What instances write to stdout and stderr: line by line to the error log, and the last
 * lines of each app kept, for those who ask. Neither the instance nor the master ever
 * waits for the other: what comes faster than it can be logged is thrown away and counted. Master.
 */
#ifndef DROVER_APP_OUTPUT_H
#define DROVER_APP_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "net/loop.h"

enum { APP_LINE_MAX = 1024, /* bytes; a longer line goes on as another one */ APP_LINES_KEPT = 1000 /* of each app, or fewer */ };

enum app_stream { APP_STREAM_OUT, APP_STREAM_ERR, APP_STREAM_DROVER /* said by drover about it */ };
extern const char *const app_stream_names[]; /* "stdout", "stderr", "drover" */

struct app_line {
	uint64_t number; /* 1, 2, 3 ... within the app */
	uint64_t when; /* wall clock, microseconds */
	unsigned instance;
	pid_t pid;
	enum app_stream stream;
	bool part; /* the line goes on in the next one of this stream */
	size_t length;
	const char *text; /* bytes as they came, without the end of line; any byte but LF. Valid until the next line */
};

/* The last lines of one app. */
struct app_journal;
typedef void app_journal_fn(void *arg);

struct app_journal *app_journal_new(const char *app); /* NULL: no memory */
void app_journal_free(struct app_journal *journal);

/* Called behind each line, or several. One listener: the control socket. */
void app_journal_listen(struct app_journal *journal, app_journal_fn *listener, void *arg);

uint64_t app_journal_newest(const struct app_journal *journal); /* 0: none yet */
uint64_t app_journal_oldest(const struct app_journal *journal);
/* false: it is not kept any more, or not yet there. */
bool app_journal_line(const struct app_journal *journal, uint64_t number, struct app_line *line);

/* Adds a line of drover's own about an instance ("exited with status 1"); it is not logged. */
void app_journal_say(struct app_journal *journal, unsigned instance, pid_t pid, const char *text);

/* Of one process. */
struct app_output {
	struct app_journal *journal;
	struct loop *loop;
	unsigned instance;
	pid_t pid;
	uint32_t rate; /* lines a second, 0: all that can be read */
	uint64_t lost; /* lines that were thrown away, since it began */
	struct app_pipe {
		struct app_output *output;
		enum app_stream stream;
		int fd; /* -1: closed */
		struct watch watch;
		char line[APP_LINE_MAX]; /* begun */
		size_t length;
		bool cut; /* what is in `line` goes on one that was too long */
	} pipes[2];
	struct timer timer;
	uint64_t window; /* monotonic microseconds */
	uint32_t in_window, lost_in_window;
};

/* Makes the pipes. ends[0], ends[1] become stdout and stderr of the process, and are the caller's to close. -1 with a sentence. */
int app_output_open(struct app_output *output, struct loop *loop, struct app_journal *journal, unsigned instance,
    uint32_t rate, int ends[2], struct error *err);

/* The process is there. */
void app_output_begin(struct app_output *output, pid_t pid);

/* The process is gone: takes in what is still in the pipes, as much as a pipe holds, and closes them. */
void app_output_close(struct app_output *output);

/* In a forked child: its copies. */
void app_output_close_copies(struct app_output *output);

#endif

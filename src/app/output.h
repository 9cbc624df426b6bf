/*
 * What an instance writes to stdout and stderr: line by line to the error log and to the journal
 * of its app. Neither the instance nor the master ever waits for the other: what
 * comes faster than it can be logged is thrown away and counted. Master.
 */
#ifndef DROVER_APP_OUTPUT_H
#define DROVER_APP_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "app/journal.h"
#include "base/error.h"
#include "net/loop.h"

enum {
	APP_OUTPUT_BUFFER = 4096, /* bytes of each pipe */
	APP_OUTPUT_RATE_MAX = 50000 /* lines a second; more than that would take too much of the master's time */
};

/* Of one process. */
struct app_output {
	struct app_journal *journal;
	struct loop *loop;
	unsigned instance;
	pid_t pid;
	uint32_t rate; /* lines a second */
	uint64_t lost; /* lines that were thrown away, since it began */
	struct app_pipe {
		struct app_output *output;
		enum app_stream stream;
		int fd; /* -1: closed */
		size_t capacity; /* of the pipe, bytes */
		struct watch watch;
		struct later later;
		char bytes[APP_OUTPUT_BUFFER];
		size_t start, end; /* what was read and not taken yet */
		bool part; /* that goes on a line that was too long */
		bool skipping; /* the line that it begins with is lost */
	} pipes[2];
	unsigned next; /* the pipe that is first in the next turn of a flood */
	struct timer timer; /* the next turn of a flood, or to tell what was lost */
	bool flood; /* more comes than is taken: it is looked after by the timer alone */
	uint64_t credit; /* lines that may be taken, times CLOCK_SECOND */
	uint64_t filled; /* when that was reckoned, monotonic microseconds */
	uint64_t told; /* when the second began at whose end it is told what was lost */
	uint64_t untold; /* lines lost since */
	uint64_t unlogged; /* lines since then that the log did not take */
};

/*
 * Makes the pipes. `rate`: lines a second, 0: as many as can be taken. ends[0], ends[1] become stdout and stderr
 * of the process, and are the caller's to close. -1 with a sentence.
 */
int app_output_open(struct app_output *output, struct loop *loop, struct app_journal *journal, unsigned instance,
    uint32_t rate, int ends[2], struct error *err);

/* The process is there. */
void app_output_begin(struct app_output *output, pid_t pid);

/* The process is gone: takes in what is still in the pipes, as much as a pipe holds, and closes them. Once, after a successful open. */
void app_output_close(struct app_output *output);

/* In a forked child: its copies. */
void app_output_close_copies(struct app_output *output);

#endif

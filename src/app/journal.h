/*
 * The last lines that the instances of an app wrote, and drover's own about them: a ring
 * in one block of memory, numbered. Master.
 */
#ifndef DROVER_APP_JOURNAL_H
#define DROVER_APP_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

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

struct app_journal;
typedef void app_journal_fn(void *arg);

struct app_journal *app_journal_new(const char *app); /* NULL: no memory */
void app_journal_free(struct app_journal *journal);

const char *app_journal_app(const struct app_journal *journal);

/* Called behind each line, or several. One listener: the control socket. */
void app_journal_listen(struct app_journal *journal, app_journal_fn *listener, void *arg);

uint64_t app_journal_newest(const struct app_journal *journal); /* 0: none yet */
uint64_t app_journal_oldest(const struct app_journal *journal); /* the newest and one: none is kept */
/* false: it is not kept any more, or not yet there. */
bool app_journal_line(const struct app_journal *journal, uint64_t number, struct app_line *line);

/* Adds a line: number and time are set here. What is over APP_LINE_MAX bytes is left out. */
void app_journal_add(struct app_journal *journal, const struct app_line *line);

/* Calls the listener, when there are lines that it was not called for. */
void app_journal_tell(struct app_journal *journal);

/* Adds a line of drover's own about an instance ("exited with status 1"), and tells; it is not logged. */
void app_journal_say(struct app_journal *journal, unsigned instance, pid_t pid, const char *text);

/* How the instances of an app, whose output this is, share the master's time. */
struct app_turns {
	uint64_t turn; /* of the loop */
	unsigned taken; /* lines, in that turn */
	unsigned floods; /* instances that write more than is taken */
};

struct app_turns *app_journal_turns(struct app_journal *journal);

#endif

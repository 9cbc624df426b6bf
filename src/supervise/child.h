/*
 * What becomes of a child process: one table [state][event] -> {next, action},
 * the pauses between starts, and the words for a death. Pure: no processes, no
 * timers, no clock. It serves any kind of child; who owns the child carries the
 * actions out. Master.
 */
#ifndef DROVER_SUPERVISE_CHILD_H
#define DROVER_SUPERVISE_CHILD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum child_state {
	CHILD_EMPTY, /* no process, none wanted */
	CHILD_STARTING, /* forked; it has not said that it is ready */
	CHILD_READY, /* at work */
	CHILD_DRAINING, /* finishes what it has, gets nothing new, then ends */
	CHILD_STOPPING, /* told to end now */
	CHILD_BACKOFF, /* dead; started again when the pause is over */
	CHILD_FAILED, /* its configuration or environment is wrong; started again only when asked */
	CHILD_STATES
};

enum child_event {
	CHILD_EVENT_START, /* it is wanted */
	CHILD_EVENT_SPAWN_FAILED, /* there is no process: fork or what it needs failed */
	CHILD_EVENT_READY, /* its message that it is ready */
	CHILD_EVENT_EXITED, /* the process is gone */
	CHILD_EVENT_EXITED_WRONG, /* gone with CHILD_EXIT_WRONG */
	CHILD_EVENT_HUNG, /* it shows no sign of life */
	CHILD_EVENT_START_TIMEOUT,
	CHILD_EVENT_BACKOFF_OVER,
	CHILD_EVENT_DRAIN, /* it is not wanted any more, politely */
	CHILD_EVENT_STOP, /* the same, at once */
	CHILD_EVENT_KILL_TIMEOUT, /* it was to end by now */
	CHILD_EVENT_RESET, /* what was wrong may be right now */
	CHILD_EVENTS
};

enum child_action {
	CHILD_ACTION_NONE,
	CHILD_ACTION_SPAWN, /* start the process; report SPAWN_FAILED if that cannot be done */
	CHILD_ACTION_USE, /* give it work */
	CHILD_ACTION_DRAIN, /* ask it to finish; report KILL_TIMEOUT when that takes too long */
	CHILD_ACTION_TERMINATE, /* tell it to end now; report KILL_TIMEOUT soon after */
	CHILD_ACTION_KILL, /* end it by force */
	CHILD_ACTION_BACK_OFF, /* report BACKOFF_OVER after child_backoff() */
	CHILD_ACTION_GIVE_UP, /* tell the admin */
	CHILD_ACTION_RELEASE, /* the place is free */
	CHILD_ACTIONS
};

enum { CHILD_EXIT_WRONG = 2 }; /* exit status: my configuration or environment is wrong */

struct child_step {
	enum child_state next;
	enum child_action action;
};

extern const struct child_step child_table[CHILD_STATES][CHILD_EVENTS];
extern const char *const child_state_names[CHILD_STATES];

struct child {
	enum child_state state;
	_Atomic uint32_t *shown; /* where the state is shown as well (the scoreboard); may be NULL */
	unsigned quick_deaths; /* failed starts in a row; at least 1 after the first death */
	bool ready_is_little; /* that it gets ready does not say that it works: see child_backoff */
};

/* Takes the step of the table and returns what is to be done now. */
enum child_action child_event(struct child *child, enum child_event event);

/* Whether it is there because it is wanted: it is not on its way out. */
bool child_is_kept(enum child_state state);

/* What it means that the time limit of that state has passed. */
enum child_event child_event_of_time(enum child_state state);

/* Who is ready for less, in microseconds, may not have worked at all: 1 s. */
extern const uint64_t child_short_life;

/*
 * How long to wait before the next start of a child that was ready for `worked`
 * microseconds. One that was ready is missed: it comes back at once, and after
 * 1 s when it had come back within the last 10 s. One that never got ready is
 * of no use to anyone: 1, 2, 4 ... 30 s; nor is, with ready_is_little, one that
 * dies within 1 s of that again and again. Pauses are 20 % more or less, as
 * `random` (any number) says. Called once for each death and each failed start.
 */
uint64_t child_backoff(struct child *child, uint64_t worked, bool was_ready, uint32_t random);

/* Forgets the deaths so far: the next one counts as the first. */
void child_forget_deaths(struct child *child);

/* Whether what waitpid(2) gave is CHILD_EXIT_WRONG. */
bool child_exited_wrong(int wait_status);

/*
 * "killed by signal 9 (Killed) after 1.2 s: why", "exited with status 2 after 0.1 s": what waitpid(2) gave and
 * microseconds, in words; `why` may be NULL. Returns `text`.
 */
const char *child_describe_end(int wait_status, uint64_t lived, const char *why, char *text, size_t size);

/* "restarting at once", "restarting in 1.2 s": a pause of microseconds in words. Returns `text`. */
const char *child_describe_pause(uint64_t pause, char *text, size_t size);

#endif

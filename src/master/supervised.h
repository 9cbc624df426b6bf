/*
 * A process that the master looks after, whatever it does: its times, the time limit of
 * the state it is in, its end in words. What the table of supervise/child.h says is carried
 * out here, alike for workers, the prober and instances of apps, each of which has a struct
 * supervised; what is different about them is in their struct supervised_kind. Master.
 */
#ifndef DROVER_MASTER_SUPERVISED_H
#define DROVER_MASTER_SUPERVISED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/log.h"
#include "ipc/scoreboard.h"
#include "master/events.h"
#include "net/loop.h"
#include "supervise/child.h"

enum { SUPERVISED_WORDS = 192, SUPERVISED_NAME = 80 };

struct supervised {
	struct child child;
	pid_t pid; /* 0: no process */
	pid_t last_pid; /* of the present or the last process; 0: it could not be made */
	bool killed; /* by us: it gets no more work */
	bool hung; /* that is why: its loop did not turn */
	bool asked_for; /* it was told to drain or stop */
	const struct supervised_kind *kind;
	char name[SUPERVISED_NAME]; /* "worker 3", as a line of the log begins */
	uint64_t started; /* monotonic microseconds, as `ready` */
	uint64_t ready; /* 0: it has not said so */
	uint64_t lived; /* of the last process, microseconds; 0: it could not be started */
	const char *why; /* it is to end, or was killed; NULL: for nothing that the master did */
	char last_words[SUPERVISED_WORDS]; /* how the last process ended */
	struct timer timer; /* the one time limit of the state it is in */
	uint64_t timer_due; /* monotonic microseconds, when it is set */
	struct scoreboard_child *shown; /* NULL: the scoreboard has no row for it */
	const _Atomic uint64_t *heartbeat; /* monotonic microseconds of its last sign of life; NULL: it gives none */
};

/* What differs. Those that may be NULL say what that means. */
struct supervised_kind {
	enum event_type started, draining, died, failed;
	const char *given_up; /* what the log says of one that has failed */
	bool ready_is_little; /* of struct child */

	void (*news)(struct supervised *process, enum event_type type, const char *text);

	/* Makes the process, writes down its pid, and sets the time that it has to get ready. -1 with a sentence: there is none. */
	int (*spawn)(struct supervised *process, struct error *err);
	void (*use)(struct supervised *process); /* it is ready: says so and gives it work */
	void (*drain)(struct supervised *process); /* asks it to finish, and sets its time. NULL: it has nothing to finish: `terminate` */
	void (*terminate)(struct supervised *process); /* tells it to end now; it has 2 s, or sets another time */
	void (*kill)(struct supervised *process); /* NULL: with SIGKILL */
	void (*release)(struct supervised *process); /* its place is free */

	/* The time limit of its state has passed. true: and that is what happens; NULL: always. */
	bool (*time_is_over)(struct supervised *process);

	/* Its process is gone: takes in what it left, before its end is put into words. */
	void (*gone)(struct supervised *process);
	/* Keeps its death, in which the slot is missing, and may change the words. */
	void (*record)(struct supervised *process, struct scoreboard_death *death);
	/* Whether it is to be given up, after such an end or (status 0) a start in vain. NULL: after CHILD_EXIT_WRONG. */
	bool (*is_wrong)(struct supervised *process, int wait_status);
	/* It would be started again, or be given up. true: it is not missed, and has been told to end. NULL: it is. */
	bool (*put_away)(struct supervised *process, bool given_up);
	/* It has died: those who look after all of its kind are to know. NULL: nobody is. */
	void (*changed)(struct supervised *process);
};

/* `shown` and `heartbeat` as above. The caller writes the name. */
void supervised_init(struct supervised *process, const struct supervised_kind *kind, struct loop *loop,
    struct scoreboard_child *shown, const _Atomic uint64_t *heartbeat);

/* Moves it through the table and does what that says. */
void supervised_event(struct supervised *process, enum child_event event);

/* The same, for a reason: a sentence for people that stays valid. */
void supervised_end(struct supervised *process, enum child_event event, const char *why);

/* Kills it as of no use. `what` it does is for the log: "sent nonsense"; `why`, a sentence, for its last words. */
void supervised_fail(struct supervised *process, const char *what, const char *why);

/* From now on so many microseconds are left to it in the state that it is in. */
void supervised_limit(struct supervised *process, uint64_t microseconds);

/* The time that a worker or the prober has to get ready. */
void supervised_limit_start(struct supervised *process, uint64_t worker_timeout);

/* Writes the end of its process to the log and makes it an event: how it ended, and what comes `next`. */
void supervised_tell_end(struct supervised *process, enum log_level level, const char *next);

/* For how long its last process was ready, microseconds. It must have ended. */
uint64_t supervised_worked(const struct supervised *process);

/* When it was seen last: its last sign of life, or when it got ready. Monotonic microseconds. */
uint64_t supervised_sign(const struct supervised *process);

/* Kills it if it has shown no sign of life for `timeout` microseconds, beyond those that an idle loop takes. */
void supervised_look(struct supervised *process, uint64_t timeout, uint64_t now);

/* Looks whether its process is gone, and does what is to be done then. true: it is. */
bool supervised_reap(struct supervised *process);

#endif

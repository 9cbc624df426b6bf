/*
 * What a command is: the row of its table, and the call that its handler is
 * given. A new command is a file with a handler and a row in commands.c. Master.
 */
#ifndef DROVER_CONTROL_COMMAND_H
#define DROVER_CONTROL_COMMAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf/conf.h"
#include "control/peer.h"
#include "control/reply.h"
#include "control/shared.h"
#include "control/stream.h"
#include "master/master.h"

enum param_type {
	PARAM_INTEGER, /* min .. max */
	PARAM_BOOLEAN,
	PARAM_TEXT, /* of min .. max bytes */
	PARAM_WORD /* one of `words` */
};

extern const char *const param_type_names[]; /* by enum param_type */

struct param {
	const char *name; /* NULL ends the list */
	enum param_type type;
	bool required;
	int64_t min, max;
	const char *const *words; /* NULL at the end */
	const char *default_json; /* what holds when it is left out; NULL: nothing */
	const char *sentence;
};

enum { COMMAND_PARAMS_MAX = 16, COMMANDS_MAX = 64, COMMAND_SHORT_FORMS = 2 };

struct call;
struct tail;
struct watcher;
typedef void command_fn(struct call *call);

struct command {
	const char *name; /* NULL ends the table */
	const char *summary;
	enum conf_permission permission; /* the least that the caller must have */
	command_fn *handler;
	const char *example; /* a request, as JSON */
	/*
	 * Parameters whose values a person may write without their names, in that order, with blanks
	 * between them: "app instances". None: those that are required. See droverctl(8).
	 */
	const char *short_forms[COMMAND_SHORT_FORMS];
	struct param params[COMMAND_PARAMS_MAX];
};

/* The rows that all methods of a kind share. */
#define PARAM_DRY_RUN \
	{ \
		"dry-run", PARAM_BOOLEAN, .default_json = "false", \
		    .sentence = "Check all and tell what would change, but change nothing." \
	}
#define PARAM_WAIT(done) \
	{ \
		"wait", PARAM_BOOLEAN, .default_json = "false", .sentence = "Answer when " done ", or after 30 seconds." \
	}

extern const char *const permission_names[]; /* by enum conf_permission, NULL at the end */

/* Whether a NULL-ended list has the word. */
bool word_is_listed(const char *word, const char *const *list);

/* The row with that name, or NULL. */
const struct command *command_find(const struct command *table, const char *name);

/* Fills in the fault for a method that does not exist, with the name nearest to it. */
void command_unknown(struct fault *fault, const struct command *table, const char *name);

/* Asked from time to time while a call waits; see call_wait. */
typedef bool call_poll_fn(struct call *call, bool expired);

/* Called once when a call is over, answered or not. */
typedef void call_end_fn(struct call *call);

/*
 * One request being carried out. A handler ends it with call_reply, call_rows,
 * call_text_later or call_fail, or with call_wait when the answer comes later; it changes all or nothing.
 */
struct call {
	struct master *master;
	const struct peer *peer;
	const struct command *command;
	const json_t *params; /* checked against the row; what was left out and has a default is there */
	bool done;
	json_t *result; /* owned; NULL when it failed */
	json_t *changes; /* owned; NULL: none was noted */
	bool only_shows; /* it was asked for nothing that changes anything, though its method can */
	bool changes_lost; /* there was no memory to note one */
	struct fault fault; /* its errors are owned */
	call_poll_fn *poll; /* not NULL: waiting */
	uint64_t deadline; /* monotonic microseconds */
	struct stream stream;
	struct watcher *watcher; /* the connection's */
	struct tail *tail; /* the same */
	struct control_shared *shared; /* the control socket's */
	void (*wake)(struct call *call); /* the connection's */
	/* of a handler whose call goes on after it has returned */
	size_t cursor, inner; /* how far it is; 0 at first */
	void *state;
	call_end_fn *end; /* frees `state`; NULL: there is nothing to free */
};

/* Takes over the reference; NULL (no memory for it) becomes an error. */
void call_reply(struct call *call, json_t *result);

/*
 * Replies with the members of `head` (an object, taken over; NULL: no memory, an error) and then
 * the list "name" of what `next` gives row by row, later and a few at a time, while
 * the client reads: the way for everything that can be long. What can fail has been
 * checked before. `next` keeps its place in call->cursor, call->inner or call->state, and
 * finds all as it is when it is asked: rows may have come and gone in between.
 */
void call_rows(struct call *call, json_t *head, const char *name, stream_rows_fn *next);

/* Replies with text that is JSON already; `make` is asked for it, later and until it has it. */
void call_text_later(struct call *call, stream_text_fn *make);

/* For a handler that said STREAM_LATER, or waits: there is something new. */
void call_wake(struct call *call);

/* For the connection: the call is over, answered or not. What belongs to the connection stays, all else is forgotten. */
void call_end(struct call *call);

/* Whether nothing is to be changed: the parameter dry-run is true. */
bool call_is_dry_run(const struct call *call);

/*
 * Asked when all was checked and noted: whether the change is to be carried out
 * now. Not in a dry run, nor when there was no memory to note what changes; then
 * call_reply_changes is to follow all the same.
 */
bool call_is_to_change(const struct call *call);

/* Whether the call has failed because drover is stopping: then nothing is changed any more. */
bool call_comes_too_late(struct call *call);

/*
 * Notes what the call changes, or would change, for its reply: `what` as in the
 * drift of `config` ("workers", "pool web server 10.0.0.5:80 weight"). References are
 * taken over. Equal values are no change and are not noted.
 */
void call_change(struct call *call, json_t *from, json_t *to, const char *what, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * Replies with `result` (an object, taken over), to which "changes" is added: what
 * call_change noted, each {"what", "from", "to"}; and "dry-run": true in a dry run.
 */
void call_reply_changes(struct call *call, json_t *result);

/* Fails; the hint says what to do. A list of all that is wrong may be put in call->fault.errors then. */
void call_fail(struct call *call, enum reply_error code, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * Answers later: `poll` is asked several times a second until it has called
 * call_reply or call_fail and returns true. It must do so when `expired`: after
 * so many microseconds, or when the control socket closes. Other connections go
 * on meanwhile.
 */
void call_wait(struct call *call, call_poll_fn *poll, uint64_t microseconds);

/* Whether a parameter was given, or has a default. */
bool call_has(const struct call *call, const char *name);

/* Parameters by name. The row must have them with that type. 0 and false when call_has says no. */
int64_t call_integer(const struct call *call, const char *name);
bool call_boolean(const struct call *call, const char *name);

/* NULL when it was left out and has no default. Borrowed. */
const char *call_text(const struct call *call, const char *name);

#endif

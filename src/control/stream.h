/*
 * Replies that are made piece by piece while they are sent: rows that a handler
 * gives one at a time, or a text that is shared. A big one so holds no more memory than
 * a small one, and a step of it takes no longer. Pure but for the clock. Master.
 */
#ifndef DROVER_CONTROL_STREAM_H
#define DROVER_CONTROL_STREAM_H

#include <jansson.h>
#include <stdbool.h>

#include "control/buffer.h"

struct call;
struct shared_text;

/* What a handler has when it is asked for the next row. */
enum stream_row {
	STREAM_ROW, /* a row; NULL: no memory for it */
	STREAM_BUSY, /* no row yet, but it has come nearer to one: it is asked again at once */
	STREAM_LATER, /* nothing yet: it is asked again upon call_wake, and several times a second */
	STREAM_LIST, /* no more in this list, but another one follows: in the place of a row its name, a string */
	STREAM_LAST /* no more; in the place of a row an object whose members follow the list, or NULL */
};

/* *row becomes a reference for the caller. It takes far less than a millisecond. */
typedef enum stream_row stream_rows_fn(struct call *call, json_t **row);

/* The same for a text as a whole, whose JSON is the result: STREAM_ROW is the end; NULL: no memory. */
typedef enum stream_row stream_text_fn(struct call *call, struct shared_text **text);

enum { STREAM_STEP_TIME = 100 /* microseconds: how long a step takes, and what was begun in it */ };

/* Part of struct call; call_rows and call_text_later fill it in. */
struct stream {
	stream_rows_fn *next; /* rows */
	const char *name; /* of their list */
	json_t *head; /* owned: the members before it */
	bool has_rows; /* one was given */
	stream_text_fn *make; /* a text */
	struct shared_text *text; /* owned; NULL: it is not there yet */
	size_t copied; /* bytes of it */
};

enum stream_step {
	STREAM_MORE,
	STREAM_WAITS, /* the handler said STREAM_LATER */
	STREAM_OVER, /* the reply is complete */
	STREAM_FAILED /* no memory: what was appended is no JSON and stays so */
};

/* Whether the call is answered piece by piece. */
bool stream_is_open(const struct stream *stream);

/* Appends the reply up to the first row. -1: no memory, and nothing was appended. */
int stream_begin(struct stream *stream, struct buffer *out, const json_t *id);

/* Appends some rows, or some of the text: what can be had in a fraction of a millisecond. */
enum stream_step stream_continue(struct call *call, struct buffer *out);

void stream_free(struct stream *stream);

#endif

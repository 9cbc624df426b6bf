/*
 * Replies as JSON-RPC 2.0 has them: the table of errors, and the text of a
 * result or an error. Pure. Master.
 */
#ifndef DROVER_CONTROL_REPLY_H
#define DROVER_CONTROL_REPLY_H

#include <jansson.h>

#include "control/buffer.h"

/* X(symbol, code, name, sentence): -327xx are JSON-RPC's own, -320xx are drover's */
#define REPLY_ERROR_TABLE(X) \
	X(PARSE, -32700, "parse-error", "The line is not JSON.") \
	X(REQUEST, -32600, "invalid-request", "The JSON is not a request.") \
	X(METHOD, -32601, "unknown-method", "There is no such method.") \
	X(PARAMS, -32602, "invalid-params", \
	    "A parameter is unknown, missing, of the wrong type or out of range.") \
	X(INTERNAL, -32603, "internal-error", "drover ran out of memory or failed; nothing was changed.") \
	X(PERMISSION, -32001, "permission-denied", \
	    "The control socket does not give the permission needed.") \
	X(LIMIT, -32002, "limit-reached", "Too many connections or requests in a batch, or too big a line.") \
	X(IMPOSSIBLE, -32003, "not-possible", \
	    "The request is valid, but cannot be carried out in this state.")

enum reply_error {
#define REPLY_ERROR_ENUM(symbol, code, name, sentence) REPLY_ERROR_##symbol = code,
	REPLY_ERROR_TABLE(REPLY_ERROR_ENUM)
#undef REPLY_ERROR_ENUM
};

struct reply_error_info {
	int code;
	const char *name;
	const char *sentence;
};

extern const struct reply_error_info reply_error_table[]; /* the last has no name */

/* Why a request was refused, and what to do about it. code 0: it was not. */
struct fault {
	int code;
	char message[256];
	char hint[512];
	json_t *errors; /* for its data: a list of all that is wrong. NULL: the message is all. */
};

void fault_set(struct fault *fault, enum reply_error code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void fault_hint(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Copies a word that an admin sent, for use in a sentence: in quotes, shortened
 * when it is long, control characters as '?'. Returns `to`.
 */
enum { FAULT_WORD_MAX = 48 };
const char *fault_word(const char *word, char to[FAULT_WORD_MAX]);

/*
 * Appends {"jsonrpc":"2.0","id":...,"result":...} without a newline. `id` may be
 * NULL: null. -1: no memory, and nothing was appended.
 */
int reply_result(struct buffer *out, const json_t *id, const json_t *result);
int reply_fault(struct buffer *out, const json_t *id, const struct fault *fault);

/*
 * Parts of a result that is written piece by piece: what stands before the value
 * (a "}" ends the reply), a value, the members of an object (NULL: none) without its braces, the elements of an array
 * without its brackets, and text as it is. -1: no memory, and some of it may have been appended.
 */
int reply_begin(struct buffer *out, const json_t *id);
int reply_value(struct buffer *out, const json_t *json);
int reply_members(struct buffer *out, const json_t *object);
int reply_elements(struct buffer *out, const json_t *array);
int reply_text(struct buffer *out, const char *text);

/* Appends {"jsonrpc":"2.0","method":"...","params":...} and a newline. -1: no memory, and nothing was appended. */
int reply_notification(struct buffer *out, const char *method, const json_t *params);

/* The reply when there is no memory for a better one. */
extern const char reply_no_memory[];

#endif

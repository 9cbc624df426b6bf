/*
 * A line that an admin sent, read and checked: from bytes to requests whose
 * method exists, whose caller may use it and whose parameters fit its row, or to
 * the error that tells what is wrong. Pure: it knows no sockets and no master. Master.
 *
 * JSON-RPC 2.0 with one deviation: `jsonrpc` and `id` may be left out, and a
 * request without an id is answered all the same, with the id null. So there
 * are no notifications from clients.
 */
#ifndef DROVER_CONTROL_REQUEST_H
#define DROVER_CONTROL_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "control/command.h"

enum {
	REQUEST_LINE_MAX = 16384, /* bytes, without the newline */
	REQUEST_BATCH_MAX = 64, /* requests in one batch */
	REQUEST_DEPTH_MAX = 32, /* arrays and objects within each other */
	REQUEST_VALUES_MAX = 4096 /* in a line: values and names, so that reading one takes little time */
};

struct request {
	const struct command *command; /* NULL: refused, and `fault` says why */
	json_t *id; /* a string or a number; NULL: null */
	json_t *params; /* an object that fits the command's row, defaults filled in */
	struct fault fault;
};

/* The requests of one line. */
struct request_line {
	bool is_batch; /* then the replies are the elements of an array */
	size_t count;
	struct request *requests;
};

/*
 * Reads a line without its newline. `permission` is the most that the caller may
 * do. -1: no memory even for an error. A line of white space has no requests.
 */
int request_line_read(struct request_line *line, const char *bytes, size_t length,
    const struct command *table, enum conf_permission permission);
void request_line_free(struct request_line *line);

#endif

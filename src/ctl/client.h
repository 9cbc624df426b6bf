/*
 * A connection to drover's control socket: lines out, lines in, each with a
 * deadline. What is at the other end is not believed to be drover: it may send
 * anything, or nothing. droverctl.
 */
#ifndef DROVER_CTL_CLIENT_H
#define DROVER_CTL_CLIENT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { CLIENT_LINE_MAX = 64 * 1024 * 1024 }; /* bytes: a reply of thousands of rows has some */

/* Deadlines are monotonic microseconds; CLIENT_NEVER: no deadline, 0: do not wait at all. */
#define CLIENT_NEVER UINT64_MAX

enum client_status {
	CLIENT_OK,
	CLIENT_LATE, /* the deadline has passed; what came so far is kept */
	CLIENT_BROKEN /* it has ended or sent nonsense; the error tells */
};

struct client {
	int fd; /* -1: not connected */
	char *bytes; /* what was read: bytes[start] .. bytes[end - 1] */
	size_t start, end, size;
	size_t scanned; /* bytes from `start` that hold no newline */
};

/* The socket that was named, else DROVER_CONTROL of the environment, else the usual one. Borrowed. */
const char *client_path(const char *named);

/* Connects. CLIENT_BROKEN with a sentence that says what to do. *c need not be initialised. */
enum client_status client_open(struct client *c, const char *path, uint64_t deadline, struct error *err);

/* Sends a request as one line. `params` (borrowed) may be NULL. */
enum client_status client_send(
    struct client *c, int id, const char *method, json_t *params, uint64_t deadline, struct error *err);

/* Reads the next line, as a JSON object that the caller owns. */
enum client_status client_receive(struct client *c, json_t **object, uint64_t deadline, struct error *err);

/* Frees all; the connection may be open or not. */
void client_close(struct client *c);

#endif

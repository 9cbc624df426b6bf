/*
 * One question to drover and its answer, and what goes wrong with either told to
 * the person. droverctl.
 */
#ifndef DROVER_CTL_ASK_H
#define DROVER_CTL_ASK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctl/client.h"

/* How droverctl ends. */
enum {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1, /* drover answered with an error, or that it did not succeed; or the output could not be written */
	EXIT_USAGE = 2,
	EXIT_UNREACHED = 3 /* no drover, no answer in time, or no answer that makes sense */
};

/* What the command line says. */
struct options {
	const char *path; /* of the socket */
	uint64_t timeout; /* microseconds */
	bool timed; /* the timeout was given, and not taken from what is asked */
	bool json;
};

/* Says on stderr what went wrong and returns `status`. */
int complain(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Writes out what was printed; to be called last. Returns `status`, or what to end with instead after
 * a complaint. A reader that has gone away has seen enough: that is no failure.
 */
int output_end(int status);

/* Connects. 0, or the status to end with after a complaint. */
int ask_open(const struct options *o, struct client *c);

/*
 * Sends a request and waits for its reply. 0: *result is the caller's. Else the status to
 * end with after a complaint. `params` (borrowed) may be NULL.
 */
int ask(const struct options *o, struct client *c, const char *method, json_t *params, json_t **result);

/* The rows of all methods, with `ask`; *methods is the caller's. */
int ask_methods(const struct options *o, struct client *c, json_t **methods);

#endif

/* The values of variables in the texts of a configuration (conf/template.h), for one exchange. Runs in workers. */
#ifndef DROVER_WORKER_VARIABLES_H
#define DROVER_WORKER_VARIABLES_H

#include "conf/template.h"
#include "worker/internal.h"

/* Where the values come from that only the request's head has. */
struct variables {
	struct exchange *exchange;
	const struct h1_request *request; /* or, when that is gone: */
	const char *notes, *notes_end; /* what variables_note wrote, moved on by each use; NULL: all are empty */
	unsigned status; /* of the response */
};

/* Writes the text with its values. The bytes, or -1: they are more than `room`. */
ptrdiff_t variables_fill(struct variables *from, const struct template *template, char *to, size_t room);

/* Writes the values that are taken from the request, for variables_fill to find later. As there. */
ptrdiff_t variables_note(const struct variables *from, const struct template *template, char *to, size_t room);

enum { VARIABLES_TIME = 32 };

/*
 * Writes the time as in a Date field (RFC 9110 5.6.7). It is the same for as long as
 * the exchange lasts: a head may be put together more than once.
 */
struct text variables_time(struct exchange *exchange, char to[VARIABLES_TIME]);

#endif

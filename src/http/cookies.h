/* The cookies of a request (RFC 6265 4.2): "a=1; b=2". Pure. Runs in workers. */
#ifndef DROVER_HTTP_COOKIES_H
#define DROVER_HTTP_COOKIES_H

#include <stdbool.h>

#include "base/text.h"
#include "http/h1.h"

/* Where a search is. Zero it to begin. */
struct cookies {
	unsigned field;	  /* of the request: the next to look at */
	struct text left; /* of the field before that */
};

/*
 * The value of the next cookie of that name, through all Cookie fields in their order. Names
 * are case-sensitive, blanks around pairs are no part of them, and what is no pair is passed over.
 */
bool cookies_next(struct cookies *at, const struct h1_request *request, struct text name, struct text *value);

#endif

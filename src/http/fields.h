/* Looking fields of a request up by names that the parser does not know. Pure. Runs in workers. */
#ifndef DROVER_HTTP_FIELDS_H
#define DROVER_HTTP_FIELDS_H

#include "base/text.h"
#include "http/h1.h"

/* The value of the first field of that name; *count: how many there are. Without one, bytes is NULL. */
struct text fields_value(const struct h1_request *request, const char *name, unsigned *count);

#endif

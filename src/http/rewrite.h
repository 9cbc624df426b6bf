/* Paths that servers see otherwise than clients: prefixes taken off, replaced and put before. Pure. Runs in workers. */
#ifndef DROVER_HTTP_REWRITE_H
#define DROVER_HTTP_REWRITE_H

#include <stdbool.h>

#include "base/text.h"

/* What is to be done. Prefixes begin with "/" and do not end so; length 0: none. */
struct rewrite {
	struct text from; /* whole segments that are taken off */
	struct text to; /* and what comes in their place */
	struct text add; /* before all, whether there was something to take off or not */
};

enum { REWRITTEN_PARTS = 3 };

/* The new path and query, in parts that lie elsewhere. */
struct rewritten {
	struct text parts[REWRITTEN_PARTS];
};

/*
 * Rewrites a path with its query, as in a request target. It begins with one "/" in the end, and the
 * query stays. false: it stays as it is, as "*" does.
 */
bool rewrite_path(const struct rewrite *rewrite, struct text path, struct rewritten *to);

#endif

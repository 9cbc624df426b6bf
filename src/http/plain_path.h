/*
 * A path as many servers take it: one resource has many ways to write its path
 * (RFC 3986 6.2.2), and who compares paths byte by byte sees but one. Pure. Runs in
 * workers.
 */
#ifndef DROVER_HTTP_PLAIN_PATH_H
#define DROVER_HTTP_PLAIN_PATH_H

#include <stddef.h>

#include "base/text.h"

enum { PLAIN_PATH_MAX = 32768 + 1 }; /* a target is no longer (target-size), and this may be longer by a byte */

/*
 * Writes the path, which may have a query, with what is encoded by % decoded, once, and
 * without "//", "/./" and "/../"; the query stays as it is. Returns its length; 0 when the
 * path has nothing of that, or is none: it does not begin with "/", or is too long.
 */
size_t path_plain(struct text path, char to[PLAIN_PATH_MAX]);

#endif

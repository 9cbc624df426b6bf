#include "base/object.h"

#include <stdlib.h>

#include "base/log.h"

void
object_die(const char *what, const char *file, int line)
{
	log_error("broken invariant at %s:%d: %s", file, line, what);
	abort();
}

/* What can be said about the path of a file that may not be there. All processes. */
#ifndef DROVER_BASE_PATH_H
#define DROVER_BASE_PATH_H

#include <stdbool.h>

enum { PATH_SENTENCE_MAX = 300 };

/*
 * Whether the directory of an absolute path is missing. Then `sentence` says
 * so, and what to do. Looks at the file system.
 */
bool path_directory_missing(const char *path, char sentence[PATH_SENTENCE_MAX]);

/* Whether two absolute paths name the same file whatever links there are: "/a/b" and "//a/./b". Pure. */
bool path_equal(const char *a, const char *b);

#endif

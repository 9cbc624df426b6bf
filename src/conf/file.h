/* Reading a file as a whole, with sentences about what is in the way. Master only. */
#ifndef DROVER_CONF_FILE_H
#define DROVER_CONF_FILE_H

#include <stddef.h>

#include "conf/report.h"

/*
 * At most so many bytes, a multiple of 1 MiB; malloc'ed, not NUL-terminated. NULL:
 * reported. Nothing but a file is opened, so that it does not block.
 */
char *conf_file_read(const char *file, size_t most, size_t *length, struct conf_report *report);

#endif

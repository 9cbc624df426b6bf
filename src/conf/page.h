/* A body that drover sends itself, read from a file when the configuration is. Master only; workers send it. */
#ifndef DROVER_CONF_PAGE_H
#define DROVER_CONF_PAGE_H

#include <stddef.h>

#include "base/error.h"

enum { CONF_PAGE_MAX = 256 * 1024 };

struct conf_page {
	char *bytes; /* NULL: empty */
	size_t length;
	const char *type; /* Content-Type */
};

/* Reads a file, its type told by how its name ends. -1 with a sentence ("cannot take FILE: why"). */
int conf_page_read(struct conf_page *page, const char *file, struct error *err);

/* The same from text. -1: no memory, with a sentence. */
int conf_page_set(struct conf_page *page, const char *text, struct error *err);

void conf_page_clear(struct conf_page *page);

#endif

/* The structs of a configuration by the section that fills them. Master only. */
#ifndef DROVER_CONF_ELEMENTS_H
#define DROVER_CONF_ELEMENTS_H

#include <stddef.h>

#include "conf/options.h"

/* The sections of one kind inside `parent`: an array of structs. */
struct conf_elements {
	const char *base;
	size_t size, count;
};

/* The section is any but the top level, `parent` what its parent fills. */
struct conf_elements conf_elements_of(const struct conf_section *section, const void *parent);

/* The title of what the section fills; NULL when it has none. Borrowed. */
const char *conf_title_of(const struct conf_section *section, const void *base);

#endif

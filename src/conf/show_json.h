/* Parts of a configuration as JSON trees, which say the same as CONF_FORM_JSON of conf/writer.h. Master only. */
#ifndef DROVER_CONF_SHOW_JSON_H
#define DROVER_CONF_SHOW_JSON_H

#include <jansson.h>

#include "conf/options.h"

/*
 * An option of what its section fills; a section with all that is in it; `hide` as in conf_writer_new.
 * New references; NULL: no memory.
 */
json_t *conf_option_json(const struct conf_option *option, const void *base, bool hide);
json_t *conf_section_json(const struct conf_section *section, const void *base, bool hide);

#endif

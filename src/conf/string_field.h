/* The fields of options that are texts: strings of their own, or NULL. Master only. */
#ifndef DROVER_CONF_STRING_FIELD_H
#define DROVER_CONF_STRING_FIELD_H

#include "conf/value.h"

/* Replaces the field by a copy of the text; by NULL when that is the word for zero. -1, with a sentence: no memory. */
int conf_string_keep(const struct conf_option *option, void *base, const char *text, struct error *err);

/* As conf_type.write. */
const char *conf_string_write(const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX]);

#endif

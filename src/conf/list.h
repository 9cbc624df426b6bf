/* The fields of options that are lists: an array and, beside it, the number of its elements. Master only. */
#ifndef DROVER_CONF_LIST_H
#define DROVER_CONF_LIST_H

#include <stddef.h>

#include "base/error.h"
#include "conf/options.h"
#include "conf/value.h"

size_t *conf_list_count(const struct conf_option *option, void *base);
size_t conf_list_length(const struct conf_option *option, const void *base);

/*
 * Makes room after the last element for one of `size` bytes, which counts when the caller
 * has raised conf_list_count. NULL, with a sentence, when there is no memory.
 */
void *conf_list_grow(const struct conf_option *option, void *base, size_t size, struct error *err);

/* Takes the text over as the next element of a list of strings; NULL stands for memory that was not there. */
int conf_list_add_string(const struct conf_option *option, void *base, char *text, struct error *err);

/* As conf_type.write, for a list of strings. */
const char *conf_list_write_string(
    const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX]);

#endif

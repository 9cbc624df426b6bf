/*
 * What differs between two configurations: options that have another value, sections
 * that came or went. A step at a time. Sections are the same when their titles are;
 * those without one when they are at the same place. Pure. Master only.
 */
#ifndef DROVER_CONF_COMPARE_H
#define DROVER_CONF_COMPARE_H

#include <stdbool.h>

#include "conf/options.h"

struct conf;
struct conf_compare;

struct conf_difference {
	const char *what; /* "pool web balance", "route 3"; for the call only */
	const struct conf_section *section;
	const struct conf_option *option; /* NULL: a whole section came or went */
	const void *from, *to; /* what the section fills; NULL: it came, or went */
};

/* Told of each difference. -1 ends the comparison. */
typedef int conf_difference_fn(void *arg, const struct conf_difference *difference);

/* Both are to stay as they are until conf_compare_free. NULL: no memory. */
struct conf_compare *conf_compare_new(
    const struct conf *from, const struct conf *to, conf_difference_fn *found, void *arg);

/* Looks at one section. 1: there are more; 0: that was all; -1: `found` said so. */
int conf_compare_continue(struct conf_compare *compare);

/* NULL is allowed. */
void conf_compare_free(struct conf_compare *compare);

/* All at once. -1: `found` said so, or there is no memory. */
int conf_compare_all(const struct conf *from, const struct conf *to, conf_difference_fn *found, void *arg);

/* Whether an option has the same value in two structs that its section fills. */
bool conf_option_is_equal(const struct conf_option *option, const void *a, const void *b);

#endif

/*
 * A configuration section by section, in the order in which it is shown, a step
 * at a time. Pure. Master only.
 */
#ifndef DROVER_CONF_WALK_H
#define DROVER_CONF_WALK_H

#include <stdbool.h>

#include "conf/elements.h"

enum { CONF_WALK_DEPTH = 4 };

enum conf_walk_event {
	CONF_WALK_LIST, /* the sections of one kind begin: `list` of the level; there may be none */
	CONF_WALK_OPEN, /* a section begins: the level is its own */
	CONF_WALK_CLOSE, /* it has ended: the level is that around it */
	CONF_WALK_LIST_END,
	CONF_WALK_OVER
};

struct conf_walk_level {
	const struct conf_section *section;
	const void *base; /* what the section fills */
	const struct conf_section *const *list; /* the kind of sections within it that is gone through, or looked at next */
	bool in_list;
	struct conf_elements elements; /* of that kind */
	size_t index; /* of the next of them */
};

struct conf_walk {
	unsigned depth; /* of the section that is open; 0: the top level */
	struct conf_walk_level levels[CONF_WALK_DEPTH];
};

struct conf;

/* Begins within the top level, which is neither opened nor closed. */
void conf_walk_begin(struct conf_walk *walk, const struct conf *conf);

enum conf_walk_event conf_walk_next(struct conf_walk *walk);

/* The level of the section that is open. */
struct conf_walk_level *conf_walk_level(struct conf_walk *walk);

#endif

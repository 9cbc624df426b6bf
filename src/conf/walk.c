#include "conf/walk.h"

#include "base/object.h"

static void
level_begin(struct conf_walk_level *level, const struct conf_section *section, const void *base)
{
	*level = (struct conf_walk_level){ .section = section, .base = base, .list = conf_sections };
}

void
conf_walk_begin(struct conf_walk *walk, const struct conf *conf)
{
	walk->depth = 0;
	level_begin(&walk->levels[0], &conf_section_top, conf);
}

struct conf_walk_level *
conf_walk_level(struct conf_walk *walk)
{
	return &walk->levels[walk->depth];
}

static enum conf_walk_event
walk_list(struct conf_walk *walk, struct conf_walk_level *level)
{
	const void *base;

	if (level->index == level->elements.count) {
		level->in_list = false;
		level->list++;
		return CONF_WALK_LIST_END;
	}
	base = level->elements.base + level->index * level->elements.size;
	level->index++;
	walk->depth++;
	INVARIANT(walk->depth < CONF_WALK_DEPTH);
	level_begin(conf_walk_level(walk), *level->list, base);
	return CONF_WALK_OPEN;
}

enum conf_walk_event
conf_walk_next(struct conf_walk *walk)
{
	struct conf_walk_level *level = conf_walk_level(walk);

	if (level->in_list)
		return walk_list(walk, level);
	while (*level->list != NULL && (*level->list)->parent != level->section)
		level->list++;
	if (*level->list != NULL) {
		level->elements = conf_elements_of(*level->list, level->base);
		level->index = 0;
		level->in_list = true;
		return CONF_WALK_LIST;
	}
	if (walk->depth == 0)
		return CONF_WALK_OVER;
	walk->depth--;
	return CONF_WALK_CLOSE;
}

#include "conf/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/value.h"
#include "conf/walk.h"

enum { WHAT_MAX = 512 };

/* The other side of a level of the walk. */
struct partner {
	const void *base; /* what the same section of `from` fills; NULL: there is none */
	struct conf_elements elements; /* of the list that is gone through */
	size_t hint; /* where the next one is looked for first: both are in the same order as a rule */
	size_t gone; /* behind the list: which one is looked at whether it went */
};

struct conf_compare {
	struct conf_walk walk; /* of `to` */
	struct partner partners[CONF_WALK_DEPTH];
	bool begun, behind_list;
	conf_difference_fn *found;
	void *arg;
};

struct conf_compare *
conf_compare_new(const struct conf *from, const struct conf *to, conf_difference_fn *found, void *arg)
{
	struct conf_compare *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	conf_walk_begin(&d->walk, to);
	d->partners[0].base = from;
	d->found = found;
	d->arg = arg;
	return d;
}

void
conf_compare_free(struct conf_compare *d)
{
	free(d);
}

/* ---- finding */

static const void *
element(const struct conf_elements *elements, size_t index)
{
	return elements->base + index * elements->size;
}

/* The one with the title of `base`, or at its index; `hint` moves on. NULL: there is none. */
static const void *
element_find(const struct conf_elements *elements, const struct conf_section *section, const void *base,
    size_t index, size_t *hint)
{
	const char *title = conf_title_of(section, base);
	size_t i, at;

	if (title == NULL)
		return index < elements->count ? element(elements, index) : NULL;
	for (i = 0; i < elements->count; i++) {
		at = (*hint + i) % elements->count;
		if (strcmp(conf_title_of(section, element(elements, at)), title) != 0)
			continue;
		*hint = at + 1;
		return element(elements, at);
	}
	return NULL;
}

/* ---- saying */

/* Appends a section's words: `pool web`, or `route 3`; `health` in one of them. */
static size_t
what_section(char *what, size_t n, const struct conf_section *section, const void *base, size_t index)
{
	const char *title = conf_title_of(section, base);

	if (title != NULL)
		n += (size_t)snprintf(what + n, WHAT_MAX - n, "%s%s %s", n > 0 ? " " : "", section->name, title);
	else if (n > 0)
		n += (size_t)snprintf(what + n, WHAT_MAX - n, " %s", section->name);
	else
		n += (size_t)snprintf(what + n, WHAT_MAX - n, "%s %zu", section->name, index);
	return n < WHAT_MAX ? n : WHAT_MAX - 1;
}

/* Writes which section is open. Returns the length. */
static size_t
what_open(const struct conf_compare *d, char what[WHAT_MAX])
{
	size_t n = 0;
	unsigned i;

	what[0] = '\0';
	for (i = 1; i <= d->walk.depth; i++)
		n = what_section(what, n, d->walk.levels[i].section, d->walk.levels[i].base,
		    d->walk.levels[i - 1].index);
	return n;
}

static int
difference_tell(const struct conf_compare *d, const char *what, const struct conf_section *section,
    const struct conf_option *option, const void *from, const void *to)
{
	const struct conf_difference difference = { what, section, option, from, to };

	return d->found(d->arg, &difference);
}

/* ---- comparing */

bool
conf_option_is_equal(const struct conf_option *option, const void *a, const void *b)
{
	char space_a[CONF_VALUE_MAX], space_b[CONF_VALUE_MAX];
	const char *text_a, *text_b;
	size_t i = 0;

	if (!conf_option_applies(option, a) || !conf_option_applies(option, b))
		return conf_option_applies(option, a) == conf_option_applies(option, b);
	do {
		text_a = option->type->write(option, a, i, space_a);
		text_b = option->type->write(option, b, i, space_b);
		if (text_a == NULL || text_b == NULL)
			return text_a == text_b;
		i++;
	} while (strcmp(text_a, text_b) == 0 && option->type->list);
	return strcmp(text_a, text_b) == 0;
}

static int
options_compare(const struct conf_compare *d, const struct conf_walk_level *level, const void *from)
{
	const struct conf_option *option;
	char what[WHAT_MAX];
	size_t n = what_open(d, what);

	for (option = conf_options; option->name != NULL; option++) {
		if (option->section != level->section || conf_option_is_equal(option, from, level->base))
			continue;
		snprintf(what + n, sizeof what - n, "%s%s", n > 0 ? " " : "", option->name);
		if (difference_tell(d, what, level->section, option, from, level->base) < 0)
			return -1;
	}
	return 0;
}

/* A section of `to` begins: its options, or all of it when it has come. */
static int
compare_open(struct conf_compare *d)
{
	const struct conf_walk_level *level = conf_walk_level(&d->walk);
	struct partner *around = &d->partners[d->walk.depth - 1], *own = &d->partners[d->walk.depth];
	char what[WHAT_MAX];

	own->base = NULL;
	if (around->base == NULL)
		return 0; /* within one that came as a whole */
	own->base = element_find(
	    &around->elements, level->section, level->base, (level - 1)->index - 1, &around->hint);
	if (own->base != NULL)
		return options_compare(d, level, own->base);
	what_open(d, what);
	return difference_tell(d, what, level->section, NULL, NULL, level->base);
}

static void
compare_list(struct conf_compare *d)
{
	const struct conf_walk_level *level = conf_walk_level(&d->walk);
	struct partner *own = &d->partners[d->walk.depth];

	own->hint = own->gone = 0;
	if (own->base != NULL)
		own->elements = conf_elements_of(*level->list, own->base);
}

/* Behind a list: the next section of `from` in it, which may be gone. `level->list` is one further by now. */
static int
compare_gone(struct conf_compare *d)
{
	const struct conf_walk_level *level = conf_walk_level(&d->walk);
	struct partner *own = &d->partners[d->walk.depth];
	const struct conf_section *section = level->list[-1];
	char what[WHAT_MAX];
	const void *base;

	if (own->base == NULL || own->gone == own->elements.count) {
		d->behind_list = false;
		return 0;
	}
	if (own->gone == 0)
		own->hint = 0;
	base = element(&own->elements, own->gone++);
	if (element_find(&level->elements, section, base, own->gone - 1, &own->hint) != NULL)
		return 0;
	what_section(what, what_open(d, what), section, base, own->gone);
	return difference_tell(d, what, section, NULL, base, NULL);
}

static int
compare_step(struct conf_compare *d, bool *over)
{
	if (!d->begun) {
		d->begun = true;
		return options_compare(d, conf_walk_level(&d->walk), d->partners[0].base);
	}
	if (d->behind_list)
		return compare_gone(d);
	switch (conf_walk_next(&d->walk)) {
	case CONF_WALK_LIST:
		compare_list(d);
		break;
	case CONF_WALK_OPEN:
		return compare_open(d);
	case CONF_WALK_LIST_END:
		d->behind_list = true;
		break;
	case CONF_WALK_OVER:
		*over = true;
		break;
	case CONF_WALK_CLOSE:
		break;
	}
	return 0;
}

int
conf_compare_continue(struct conf_compare *d)
{
	bool over = false;

	if (compare_step(d, &over) < 0)
		return -1;
	return over ? 0 : 1;
}

int
conf_compare_all(const struct conf *from, const struct conf *to, conf_difference_fn *found, void *arg)
{
	struct conf_compare *d = conf_compare_new(from, to, found, arg);
	int rc = d == NULL ? -1 : 1;

	while (rc > 0)
		rc = conf_compare_continue(d);
	conf_compare_free(d);
	return rc;
}

/*
 * The option table, the master copy of what can be configured: the reader, the
 * range checks, `drover -T`, `drover -L options` and the JSON of the control
 * socket derive from it. Master only. Adding an option: a field in conf.h and a
 * row in options.c.
 */
#ifndef DROVER_CONF_OPTIONS_H
#define DROVER_CONF_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf_type;

/* A kind of section: `pool "web" { ... }`. The top level is one as well. */
struct conf_section {
	const char *name;
	const struct conf_section *parent; /* NULL: the top level */
	const char *title; /* an example of its title; NULL: it has none */
	const char *title_name; /* what the title is, in JSON */
	unsigned maximum; /* so many of it in one file */
};

extern const struct conf_section conf_section_top, conf_section_control, conf_section_listen,
    conf_section_pool, conf_section_health, conf_section_server, conf_section_app, conf_section_app_health,
    conf_section_route;

enum { CONF_SECTIONS_MAX = 16 };

/* All of them, NULL at the end: the order in which they are shown. */
extern const struct conf_section *const conf_sections[];

/* What an option depends on. */
struct conf_condition {
	const char *what; /* "OPTION is for WHAT only" */
	bool (*holds)(const void *base);
};

struct conf_option {
	const char *name;
	const struct conf_section *section;
	const struct conf_type *type;
	uint64_t minimum, maximum; /* of the number, microseconds or bytes */
	const char *zero; /* how 0 is written that the range leaves out: "0", "auto"; NULL: it is refused */
	const char *standard; /* the default as it would be written; NULL: unset */
	bool inherited; /* the default is what the section around this one says */
	struct {
		size_t offset, size; /* of the field in the struct that the section fills */
		size_t count; /* of lists: offset of the number of elements */
	} field;
	const char *sentence;
	const char *const *words; /* of a choice: what can be written, by value, NULL at the end */
	const struct conf_condition *condition; /* NULL: it has a meaning always */
	bool tcp; /* of listen: it has a meaning for mode = tcp as well */
	/* How many bytes of a value everybody may see: what is behind them is secret. NULL: nothing is. */
	size_t (*open_length)(const char *text);
};

enum { CONF_OPTIONS_MAX = 512 };

/* All of them, by section; the row after the last has no name. */
extern const struct conf_option conf_options[];

/* The row, or NULL. */
const struct conf_option *conf_option_find(const struct conf_section *section, const char *name);

/* NULL when the option has a meaning for what is in `base`; else what it is for: "OPTION is for THAT only". */
const char *conf_option_misplaced(const struct conf_option *option, const void *base);

/* Whether it has one. */
static inline bool
conf_option_applies(const struct conf_option *option, const void *base)
{
	return conf_option_misplaced(option, base) == NULL;
}

/* The section of this name inside another, or NULL. */
const struct conf_section *conf_section_find(const struct conf_section *parent, const char *name);

#endif

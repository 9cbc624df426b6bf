/* The effective configuration as text, and the option table as a list. Master only. */
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/elements.h"
#include "conf/options.h"
#include "conf/value.h"
#include "conf/writer.h"

/* Whether the value only repeats what it inherits from the section around it. */
static bool
is_repetition(const struct conf_option *option, const void *base, const void *parent)
{
	char own[CONF_VALUE_MAX], outer[CONF_VALUE_MAX];
	const struct conf_option *above;
	const char *text, *text_above;
	size_t i = 0;

	if (!option->inherited)
		return false;
	above = conf_option_find(option->section->parent, option->name);
	do {
		text = option->type->write(option, base, i, own);
		text_above = above->type->write(above, parent, i, outer);
		if (text == NULL || text_above == NULL)
			return text == text_above;
		i++;
	} while (strcmp(text, text_above) == 0 && option->type->list);
	return strcmp(text, text_above) == 0;
}

static void
indent(FILE *to, unsigned depth)
{
	while (depth-- > 0)
		putc_unlocked('\t', to);
}

static void
escaped_show(FILE *to, const char *text, size_t length)
{
	for (; length-- > 0; text++) {
		if (strchr("\"\\$", *text) != NULL)
			putc_unlocked('\\', to);
		putc_unlocked(*text, to);
	}
}

static void
quoted_show(const struct conf_output *out, const struct conf_option *option, const char *text)
{
	size_t shown = conf_value_shown(option, text, out->hide);

	putc_unlocked('"', out->to);
	escaped_show(out->to, text, shown);
	if (text[shown] != '\0')
		fputs_unlocked(CONF_VALUE_HIDDEN, out->to);
	putc_unlocked('"', out->to);
}

static void
value_show(const struct conf_output *out, const struct conf_option *option, const char *text)
{
	if (option->type->quoted)
		quoted_show(out, option, text);
	else
		fputs_unlocked(text, out->to);
}

static void
option_show(const struct conf_output *out, const struct conf_option *option, const void *base, unsigned depth)
{
	char space[CONF_VALUE_MAX];
	FILE *to = out->to;
	const char *text = option->type->write(option, base, 0, space);
	size_t i;

	if (text == NULL && !(option->inherited && option->type->list))
		return;
	indent(to, depth);
	fputs_unlocked(option->name, to);
	if (text == NULL) { /* not what the section around it has */
		fputs_unlocked(" = { }\n", to);
		return;
	}
	fputs_unlocked(option->type->list ? " = { " : " = ", to);
	value_show(out, option, text);
	for (i = 1; (text = option->type->write(option, base, i, space)) != NULL; i++) {
		fputs_unlocked(", ", to);
		value_show(out, option, text);
	}
	fputs_unlocked(option->type->list ? " }\n" : "\n", to);
}

static void
options_show(const struct conf_output *out, const struct conf_section *section, const void *base, const void *parent,
    unsigned depth)
{
	const struct conf_option *option;

	for (option = conf_options; option->name != NULL; option++)
		if (option->section == section && conf_option_applies(option, base) &&
		    !is_repetition(option, base, parent))
			option_show(out, option, base, depth);
}

void
conf_text_begin(const struct conf_output *out, struct conf_walk *walk)
{
	options_show(out, &conf_section_top, conf_walk_level(walk)->base, NULL, 0);
}

static void
section_show(const struct conf_output *out, const struct conf_walk_level *level, const void *parent, unsigned depth)
{
	FILE *to = out->to;
	const char *title = conf_title_of(level->section, level->base);

	putc_unlocked('\n', to);
	indent(to, depth - 1);
	fputs_unlocked(level->section->name, to);
	if (title != NULL) {
		fputs_unlocked(" \"", to);
		escaped_show(to, title, strlen(title));
		putc_unlocked('"', to);
	}
	fputs_unlocked(" {\n", to);
	options_show(out, level->section, level->base, parent, depth);
}

void
conf_text_event(const struct conf_output *out, struct conf_walk *walk, enum conf_walk_event event)
{
	if (event == CONF_WALK_OPEN) {
		section_show(out, conf_walk_level(walk), walk->levels[walk->depth - 1].base, walk->depth);
	} else if (event == CONF_WALK_CLOSE) {
		indent(out->to, walk->depth);
		fputs_unlocked("}\n", out->to);
	}
}

char *
conf_show(const struct conf *conf)
{
	return conf_writer_all(conf, CONF_FORM_TEXT);
}

void
conf_list_options(FILE *to)
{
	const struct conf_option *option;
	char range[CONF_RANGE_MAX];
	const char *standard;

	for (option = conf_options; option->name != NULL; option++) {
		option->type->describe(option, range, sizeof range);
		standard = option->inherited	      ? "inherited"
			   : option->standard != NULL ? option->standard
						      : "unset";
		fprintf(to, "%s\t%s\t%s\t%s\t%s\t%s\n", option->name, option->section->name,
		    option->type->name, range, standard, option->sentence);
	}
}

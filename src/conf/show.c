/* The effective configuration as text, and the option table as a list. Master only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/elements.h"
#include "conf/options.h"
#include "conf/value.h"

/* Whether the value only repeats what it inherits from the section around it. */
static bool
is_repetition(const struct conf_option *option, const void *base, const void *parent)
{
	char own[CONF_VALUE_MAX], outer[CONF_VALUE_MAX];
	const struct conf_option *above;

	if (!option->inherited)
		return false;
	above = conf_option_find(option->section->parent, option->name);
	return strcmp(option->type->write(option, base, 0, own),
		   above->type->write(above, parent, 0, outer)) == 0;
}

static void
indent(FILE *to, unsigned depth)
{
	while (depth-- > 0)
		putc_unlocked('\t', to);
}

static void
quoted_show(FILE *to, const char *text)
{
	putc_unlocked('"', to);
	for (; *text != '\0'; text++) {
		if (strchr("\"\\$", *text) != NULL)
			putc_unlocked('\\', to);
		putc_unlocked(*text, to);
	}
	putc_unlocked('"', to);
}

static void
value_show(FILE *to, const struct conf_option *option, const char *text)
{
	if (option->type->quoted)
		quoted_show(to, text);
	else
		fputs_unlocked(text, to);
}

static void
option_show(FILE *to, const struct conf_option *option, const void *base, unsigned depth)
{
	char space[CONF_VALUE_MAX];
	const char *text = option->type->write(option, base, 0, space);
	size_t i;

	if (text == NULL)
		return;
	indent(to, depth);
	fputs_unlocked(option->name, to);
	fputs_unlocked(option->type->list ? " = { " : " = ", to);
	value_show(to, option, text);
	for (i = 1; (text = option->type->write(option, base, i, space)) != NULL; i++) {
		fputs_unlocked(", ", to);
		value_show(to, option, text);
	}
	fputs_unlocked(option->type->list ? " }\n" : "\n", to);
}

static void
options_show(
    FILE *to, const struct conf_section *section, const void *base, const void *parent, unsigned depth)
{
	const struct conf_option *option;

	for (option = conf_options; option->name != NULL; option++)
		if (option->section == section && conf_option_applies(option, base) &&
		    !is_repetition(option, base, parent))
			option_show(to, option, base, depth);
}

static void sections_show(FILE *to, const struct conf_section *parent, const void *base, unsigned depth);

static void
section_show(
    FILE *to, const struct conf_section *section, const void *base, const void *parent, unsigned depth)
{
	const char *title = conf_title_of(section, base);

	putc_unlocked('\n', to);
	indent(to, depth);
	fputs_unlocked(section->name, to);
	if (title != NULL) {
		putc_unlocked(' ', to);
		quoted_show(to, title);
	}
	fputs_unlocked(" {\n", to);
	options_show(to, section, base, parent, depth + 1);
	sections_show(to, section, base, depth + 1);
	indent(to, depth);
	fputs_unlocked("}\n", to);
}

/* All sections inside a struct; they nest as deep as the table of sections does. */
static void
sections_show(FILE *to, const struct conf_section *parent, const void *base, unsigned depth)
{
	const struct conf_section *const *section;
	struct conf_elements elements;
	size_t i;

	for (section = conf_sections; *section != NULL; section++) {
		if ((*section)->parent != parent)
			continue;
		elements = conf_elements_of(*section, base);
		for (i = 0; i < elements.count; i++)
			section_show(to, *section, elements.base + i * elements.size, base, depth);
	}
}

char *
conf_show(const struct conf *conf)
{
	char *text = NULL;
	size_t length = 0;
	FILE *to = open_memstream(&text, &length);

	if (to == NULL)
		return NULL;
	options_show(to, &conf_section_top, conf, NULL, 0);
	sections_show(to, &conf_section_top, conf, 0);
	if (fclose(to) == 0)
		return text;
	free(text);
	return NULL;
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

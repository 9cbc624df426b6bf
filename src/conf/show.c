/* The effective configuration as text and as JSON, and the option table as a list. Master only. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conf/conf.h"
#include "conf/options.h"
#include "conf/value.h"

/* The sections of one kind inside `parent`: an array of structs. */
struct elements {
	const char *base;
	size_t size, count;
};

static struct elements
elements_of(const struct conf_section *section, const void *parent)
{
	const struct conf *conf = parent;
	const struct conf_pool *pool = parent;

#define ELEMENTS(array, number) ((struct elements){ (const char *)(array), sizeof *(array), number })
	if (section == &conf_section_control)
		return ELEMENTS(conf->controls, conf->control_count);
	if (section == &conf_section_listen)
		return ELEMENTS(conf->listeners, conf->listener_count);
	if (section == &conf_section_pool)
		return ELEMENTS(conf->pools, conf->pool_count);
	if (section == &conf_section_server)
		return ELEMENTS(pool->servers, pool->server_count);
	return ELEMENTS(conf->routes, conf->route_count);
#undef ELEMENTS
}

static const char *
title_of(const struct conf_section *section, const void *base)
{
	if (section == &conf_section_control)
		return ((const struct conf_control *)base)->path;
	if (section == &conf_section_listen)
		return ((const struct conf_listener *)base)->name;
	if (section == &conf_section_pool)
		return ((const struct conf_pool *)base)->name;
	if (section == &conf_section_server)
		return ((const struct conf_server *)base)->name;
	return NULL;
}

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
		putc('\t', to);
}

static void
quoted_show(FILE *to, const char *text)
{
	putc('"', to);
	for (; *text != '\0'; text++) {
		if (strchr("\"\\$", *text) != NULL)
			putc('\\', to);
		putc(*text, to);
	}
	putc('"', to);
}

static void
value_show(FILE *to, const struct conf_option *option, const char *text)
{
	if (option->type->quoted)
		quoted_show(to, text);
	else
		fputs(text, to);
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
	fprintf(to, option->type->list ? "%s = { " : "%s = ", option->name);
	value_show(to, option, text);
	for (i = 1; (text = option->type->write(option, base, i, space)) != NULL; i++) {
		fputs(", ", to);
		value_show(to, option, text);
	}
	fputs(option->type->list ? " }\n" : "\n", to);
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
	const char *title = title_of(section, base);

	putc('\n', to);
	indent(to, depth);
	fputs(section->name, to);
	if (title != NULL) {
		putc(' ', to);
		quoted_show(to, title);
	}
	fputs(" {\n", to);
	options_show(to, section, base, parent, depth + 1);
	sections_show(to, section, base, depth + 1);
	indent(to, depth);
	fputs("}\n", to);
}

/* All sections inside a struct; they nest as deep as the table of sections does. */
static void
sections_show(FILE *to, const struct conf_section *parent, const void *base, unsigned depth)
{
	const struct conf_section *const *section;
	struct elements elements;
	size_t i;

	for (section = conf_sections; *section != NULL; section++) {
		if ((*section)->parent != parent)
			continue;
		elements = elements_of(*section, base);
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

static json_t *
value_json(const struct conf_option *option, const char *text)
{
	uint64_t number;

	if (text == NULL)
		return json_null();
	if (option->type == &conf_type_boolean)
		return json_boolean(text[0] == 't');
	if (!option->type->quoted && text_to_number(text, &number) && option->type != &conf_type_time)
		return json_integer((json_int_t)number);
	return json_string(text);
}

static json_t *
list_json(const struct conf_option *option, const void *base)
{
	char space[CONF_VALUE_MAX];
	json_t *list = json_array();
	const char *text;
	size_t i;

	for (i = 0; (text = option->type->write(option, base, i, space)) != NULL; i++) {
		if (json_array_append_new(list, value_json(option, text)) == 0)
			continue;
		json_decref(list);
		return NULL;
	}
	return list;
}

static json_t *
option_json(const struct conf_option *option, const void *base)
{
	char space[CONF_VALUE_MAX];

	if (option->type->list)
		return list_json(option, base);
	if (!conf_option_applies(option, base))
		return json_null();
	return value_json(option, option->type->write(option, base, 0, space));
}

static json_t *section_json(const struct conf_section *section, const void *base);

static json_t *
elements_json(const struct conf_section *section, const void *parent)
{
	struct elements elements = elements_of(section, parent);
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < elements.count; i++) {
		if (json_array_append_new(list, section_json(section, elements.base + i * elements.size)) ==
		    0)
			continue;
		json_decref(list);
		return NULL;
	}
	return list;
}

/* Adds the title, the options and the sections of a struct to an object. -1: no memory. */
static int
section_fill(json_t *object, const struct conf_section *section, const void *base)
{
	const struct conf_section *const *inner;
	const struct conf_option *option;
	const char *title = title_of(section, base);
	int rc = 0;

	if (title != NULL)
		rc |= json_object_set_new(object, section->title_name, json_string(title));
	for (option = conf_options; option->name != NULL; option++)
		if (option->section == section)
			rc |= json_object_set_new(object, option->name, option_json(option, base));
	for (inner = conf_sections; *inner != NULL; inner++)
		if ((*inner)->parent == section)
			rc |= json_object_set_new(object, (*inner)->name, elements_json(*inner, base));
	return rc;
}

static json_t *
section_json(const struct conf_section *section, const void *base)
{
	json_t *object = json_object();

	if (object == NULL || section_fill(object, section, base) == 0)
		return object;
	json_decref(object);
	return NULL;
}

struct json_t *
conf_show_json(const struct conf *conf)
{
	return section_json(&conf_section_top, conf);
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

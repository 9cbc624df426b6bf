/*
 * The effective configuration as JSON, in two ways: as a tree, to compare, and as
 * text, to send. The text is written without the tree, at a fraction of its cost.
 * Master only.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "conf/elements.h"
#include "conf/options.h"
#include "conf/show_json.h"
#include "conf/value.h"
#include "conf/writer.h"

static bool
is_number(const struct conf_option *option, const char *text, uint64_t *number)
{
	return !option->type->quoted && option->type != &conf_type_time && text_to_number(text, number);
}

/* ---- as a tree */

static json_t *
value_json(const struct conf_option *option, const char *text, bool hide)
{
	uint64_t number;
	size_t shown;

	if (text == NULL)
		return json_null();
	if (option->type == &conf_type_boolean)
		return json_boolean(text[0] == 't');
	if (is_number(option, text, &number))
		return json_integer((json_int_t)number);
	shown = conf_value_shown(option, text, hide);
	return text[shown] == '\0' ? json_string(text) : json_sprintf("%.*s" CONF_VALUE_HIDDEN, (int)shown, text);
}

static json_t *
list_json(const struct conf_option *option, const void *base, bool hide)
{
	char space[CONF_VALUE_MAX];
	json_t *list = json_array();
	const char *text;
	size_t i;

	for (i = 0; (text = option->type->write(option, base, i, space)) != NULL; i++) {
		if (json_array_append_new(list, value_json(option, text, hide)) == 0)
			continue;
		json_decref(list);
		return NULL;
	}
	return list;
}

json_t *
conf_option_json(const struct conf_option *option, const void *base, bool hide)
{
	char space[CONF_VALUE_MAX];

	if (option->type->list)
		return list_json(option, base, hide);
	if (!conf_option_applies(option, base))
		return json_null();
	return value_json(option, option->type->write(option, base, 0, space), hide);
}

static json_t *
elements_json(const struct conf_section *section, const void *parent, bool hide)
{
	struct conf_elements elements = conf_elements_of(section, parent);
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < elements.count; i++) {
		if (json_array_append_new(list, conf_section_json(section, elements.base + i * elements.size, hide)) == 0)
			continue;
		json_decref(list);
		return NULL;
	}
	return list;
}

/* Adds the title, the options and the sections of a struct to an object. -1: no memory. */
static int
section_fill(json_t *object, const struct conf_section *section, const void *base, bool hide)
{
	const struct conf_section *const *inner;
	const struct conf_option *option;
	const char *title = conf_title_of(section, base);
	int rc = 0;

	if (title != NULL)
		rc |= json_object_set_new_nocheck(object, section->title_name, json_string(title));
	for (option = conf_options; option->name != NULL; option++)
		if (option->section == section)
			rc |= json_object_set_new_nocheck(object, option->name, conf_option_json(option, base, hide));
	for (inner = conf_sections; *inner != NULL; inner++)
		if ((*inner)->parent == section)
			rc |= json_object_set_new_nocheck(object, (*inner)->name, elements_json(*inner, base, hide));
	return rc;
}

json_t *
conf_section_json(const struct conf_section *section, const void *base, bool hide)
{
	json_t *object = json_object();

	if (object == NULL || section_fill(object, section, base, hide) == 0)
		return object;
	json_decref(object);
	return NULL;
}

/* ---- as text */

/* The text is UTF-8, as is all of a configuration. */
static void
escaped_put(FILE *to, const char *text, size_t length)
{
	char escape[8];
	size_t taken;

	for (; length > 0; text += taken, length -= taken) {
		taken = *text == '\xc2' && length > 1 ? 2 : 1; /* some of these are control characters as well */
		if ((unsigned char)*text >= 0x20 && *text != '"' && *text != '\\' && taken == 1)
			putc_unlocked(*text, to);
		else
			fwrite_unlocked(escape, 1, text_escape_json(escape, sizeof escape, text, taken), to);
	}
}

static void
string_put(const struct conf_output *out, const struct conf_option *option, const char *text)
{
	size_t shown = conf_value_shown(option, text, out->hide);

	putc_unlocked('"', out->to);
	escaped_put(out->to, text, shown);
	if (text[shown] != '\0')
		fputs_unlocked(CONF_VALUE_HIDDEN, out->to);
	putc_unlocked('"', out->to);
}

static void
value_put(const struct conf_output *out, const struct conf_option *option, const char *text)
{
	uint64_t number;

	if (text == NULL)
		fputs_unlocked("null", out->to);
	else if (option->type == &conf_type_boolean || is_number(option, text, &number))
		fputs_unlocked(text, out->to);
	else
		string_put(out, option, text);
}

static void
list_put(const struct conf_output *out, const struct conf_option *option, const void *base)
{
	char space[CONF_VALUE_MAX];
	const char *text;
	size_t i;

	putc_unlocked('[', out->to);
	for (i = 0; (text = option->type->write(option, base, i, space)) != NULL; i++) {
		if (i > 0)
			putc_unlocked(',', out->to);
		value_put(out, option, text);
	}
	putc_unlocked(']', out->to);
}

static void
option_put(const struct conf_output *out, const struct conf_option *option, const void *base)
{
	char space[CONF_VALUE_MAX];

	if (option->type->list)
		list_put(out, option, base);
	else if (!conf_option_applies(option, base))
		fputs_unlocked("null", out->to);
	else
		value_put(out, option, option->type->write(option, base, 0, space));
}

/* Begins a member of an object. Names are plain words. */
static void
name_put(FILE *to, const char *name, bool first)
{
	if (!first)
		putc_unlocked(',', to);
	putc_unlocked('"', to);
	fputs_unlocked(name, to);
	fputs_unlocked("\":", to);
}

/* The title and the options of a section, the first members of its object. */
static void
options_put(const struct conf_output *out, const struct conf_walk_level *level)
{
	FILE *to = out->to;
	const char *title = conf_title_of(level->section, level->base);
	const struct conf_option *option;
	bool first = title == NULL;

	putc_unlocked('{', to);
	if (title != NULL) {
		name_put(to, level->section->title_name, true);
		putc_unlocked('"', to);
		escaped_put(to, title, strlen(title));
		putc_unlocked('"', to);
	}
	for (option = conf_options; option->name != NULL; option++) {
		if (option->section != level->section)
			continue;
		name_put(to, option->name, first);
		option_put(out, option, level->base);
		first = false;
	}
}

void
conf_json_begin(const struct conf_output *out, struct conf_walk *walk)
{
	options_put(out, conf_walk_level(walk));
}

void
conf_json_event(const struct conf_output *out, struct conf_walk *walk, enum conf_walk_event event)
{
	FILE *to = out->to;
	const struct conf_walk_level *level = conf_walk_level(walk);

	switch (event) {
	case CONF_WALK_LIST:
		name_put(to, (*level->list)->name, false);
		putc_unlocked('[', to);
		break;
	case CONF_WALK_OPEN:
		if (walk->levels[walk->depth - 1].index > 1)
			putc_unlocked(',', to);
		options_put(out, level);
		break;
	case CONF_WALK_LIST_END:
		putc_unlocked(']', to);
		break;
	case CONF_WALK_CLOSE:
	case CONF_WALK_OVER:
		putc_unlocked('}', to);
		break;
	}
}

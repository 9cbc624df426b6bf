#include "ctl/render.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/human.h"
#include "ctl/memory.h"
#include "ctl/printable.h"
#include "ctl/table.h"

enum {
	STEP = 2, /* spaces a level */
	DEPTH_MAX = 24,
	TAB = 8,
	INLINE_MAX = 3 /* an object with more members has a heading of its own */
};

struct renderer {
	FILE *to;
	const struct style *style;
	size_t depth;
	bool begun; /* something was printed: a heading has an empty line before it */
};

static void render_value(struct renderer *r, json_t *value);

static void
indent(const struct renderer *r)
{
	fprintf(r->to, "%*s", (int)(r->depth * STEP), "");
}

/* ---- names with values */

static bool
is_plain(json_t *value)
{
	size_t i;
	json_t *element;

	if (json_is_object(value))
		return json_object_size(value) == 0;
	if (json_is_string(value))
		return strchr(json_string_value(value), '\n') == NULL;
	json_array_foreach(value, i, element)
		if (json_is_object(element) || json_is_array(element))
			return false;
	return true;
}

/* An object of few plain members, which stand as "workers.ready" among those around it. */
static bool
is_inline(json_t *value)
{
	const char *name;
	json_t *member;

	if (!json_is_object(value) || json_object_size(value) > INLINE_MAX)
		return false;
	json_object_foreach(value, name, member)
		if (!is_plain(member))
			return false;
	return json_object_size(value) > 0;
}

static char *
full_name(const struct renderer *r, const char *parent, const char *name)
{
	char *shown = human_name(name, r->style->utf8), *outer, *full;

	if (parent == NULL)
		return shown;
	outer = human_name(parent, r->style->utf8);
	full = memory_print("%s.%s", outer, shown);
	free(outer);
	free(shown);
	return full;
}

/* Widens *width to the longest of the names. */
static void
measure(const struct renderer *r, json_t *object, const char *parent, size_t *width)
{
	const char *name;
	json_t *value;
	char *full;

	json_object_foreach(object, name, value) {
		if (parent == NULL && is_inline(value))
			measure(r, value, name, width);
		if (!is_plain(value))
			continue;
		full = full_name(r, parent, name);
		if (printable_width(full) > *width)
			*width = printable_width(full);
		free(full);
	}
}

static void
pair(struct renderer *r, const char *parent, const char *name, const char *unit, json_t *value, size_t width)
{
	char *full = full_name(r, parent, name), *text = human_value(name, unit, value, r->style->utf8);
	enum paint paint = json_is_string(value) ? paint_of_word(text) : PAINT_PLAIN;

	indent(r);
	fprintf(r->to, "%s%s:%s%*s%s%s%s\n", style_begin(r->style, PAINT_HEADING), full,
	    style_end(r->style, PAINT_HEADING), (int)(width - printable_width(full) + 2), "",
	    style_begin(r->style, paint), text, style_end(r->style, paint));
	r->begun = true;
	free(text);
	free(full);
}

static void
pairs(struct renderer *r, json_t *object, const char *parent, size_t width)
{
	const char *unit = json_string_value(json_object_get(object, "unit")), *name;
	json_t *value;

	json_object_foreach(object, name, value) {
		if (parent == NULL && is_inline(value))
			pairs(r, value, name, width);
		else if (is_plain(value))
			pair(r, parent, name, unit, value, width);
	}
}

/* ---- what has a heading */

static void
heading(struct renderer *r, const char *name, size_t number)
{
	char *shown = human_name(name, r->style->utf8);

	if (r->begun)
		fputc('\n', r->to);
	indent(r);
	fputs(style_begin(r->style, PAINT_HEADING), r->to);
	if (number > 0)
		fprintf(r->to, "%s %zu", shown, number);
	else
		fputs(shown, r->to);
	fprintf(r->to, ":%s\n", style_end(r->style, PAINT_HEADING));
	r->begun = false;
	free(shown);
}

/* The line with each tab as spaces. Owned by the caller. */
static char *
without_tabs(const char *line, size_t length)
{
	char *to = memory_zeroed(length * TAB + 1, 1);
	size_t used = 0, i;

	for (i = 0; i < length; i++) {
		if (line[i] != '\t')
			to[used++] = line[i];
		else
			do
				to[used++] = ' ';
			while (used % TAB != 0);
	}
	return to;
}

/* A text of several lines, each as it is. */
static void
lines(struct renderer *r, const char *text)
{
	size_t length;
	char *line, *plain;

	for (; *text != '\0'; text += length + (text[length] == '\n')) {
		length = strcspn(text, "\n");
		plain = without_tabs(text, length);
		line = printable(plain, strlen(plain), r->style->utf8);
		indent(r);
		fprintf(r->to, "%s\n", line);
		free(line);
		free(plain);
	}
	r->begun = true;
}

static void
elements(struct renderer *r, const char *name, json_t *array)
{
	json_t *element;
	size_t i;

	json_array_foreach(array, i, element) {
		heading(r, name, i + 1);
		r->depth++;
		render_value(r, element);
		r->depth--;
		r->begun = true;
	}
}

static void
section(struct renderer *r, const char *name, json_t *value)
{
	if (json_is_array(value) && !table_is_possible(value) && r->depth < DEPTH_MAX) {
		elements(r, name, value);
		return;
	}
	heading(r, name, 0);
	r->depth++;
	render_value(r, value);
	r->depth--;
	r->begun = true;
}

static void
object(struct renderer *r, json_t *members)
{
	const char *name;
	size_t width = 0;
	json_t *value;

	measure(r, members, NULL, &width);
	pairs(r, members, NULL, width);
	json_object_foreach(members, name, value)
		if (!is_plain(value) && !is_inline(value))
			section(r, name, value);
}

/* ---- */

static void
render_value(struct renderer *r, json_t *value)
{
	char *text;

	if (r->depth < DEPTH_MAX && json_is_object(value) && json_object_size(value) > 0) {
		object(r, value);
	} else if (table_is_possible(value)) {
		table_print(r->to, value, r->depth * STEP, r->style);
		r->begun = true;
	} else if (json_is_string(value)) {
		lines(r, json_string_value(value));
	} else {
		text = human_value("", NULL, value, r->style->utf8);
		indent(r);
		fprintf(r->to, "%s\n", text);
		free(text);
		r->begun = true;
	}
}

/* The one member of an object that has no others, when it needs no heading. */
static json_t *
only_member(json_t *result)
{
	void *first = json_object_iter(result);
	json_t *value = first == NULL ? NULL : json_object_iter_value(first);

	return json_object_size(result) == 1 && (table_is_possible(value) || (json_is_string(value) && !is_plain(value)))
		   ? value
		   : result;
}

void
render(FILE *to, json_t *result, const struct style *style)
{
	struct renderer r = { .to = to, .style = style };

	render_value(&r, only_member(result));
}

/* Whether bytes of UTF-8 may go there: a terminal that takes none would have control characters of some. */
static bool
takes_utf8(FILE *to)
{
	struct style style;

	style_read(&style, fileno(to));
	return style.utf8 || style.width == 0;
}

void
render_json(FILE *to, json_t *result)
{
	size_t ascii = takes_utf8(to) ? 0 : JSON_ENSURE_ASCII;
	char *text = memory_need(json_dumps(result, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15) | ascii));
	const unsigned char *p;

	for (p = (const unsigned char *)text; *p != '\0'; p++) {
		if (*p == 0x7f) {
			fputs("\\u007f", to);
		} else if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) {
			fprintf(to, "\\u%04x", p[1]);
			p++;
		} else {
			fputc(*p, to);
		}
	}
	fputc('\n', to);
	free(text);
}

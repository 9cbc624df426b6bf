#include "ctl/table.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/human.h"
#include "ctl/memory.h"
#include "ctl/printable.h"

enum {
	COLUMNS_MAX = 128, /* drover's tables have some twenty */
	DEPTH_MAX = 4, /* objects within each other that are taken apart */
	GAP = 2, /* spaces between columns */
	CELL_MIN = 16 /* the last column of texts is cut, but not to less than this */
};

struct column {
	char *path; /* of names with dots */
	size_t width;
	bool numeric; /* all its values are numbers or null: they stand to the right */
	bool filled; /* not all are null */
	bool shown;
	json_type type; /* of the values seen last, for finding out */
};

struct table {
	struct column columns[COLUMNS_MAX];
	size_t count;
	char **cells; /* row by row, `count` each once all columns are known */
	size_t rows;
	const struct style *style;
};

/* ---- what can be a table */

static bool
holds_objects(json_t *value)
{
	const char *name;
	json_t *member;
	size_t i;

	if (json_is_object(value)) {
		json_object_foreach(value, name, member)
			if (holds_objects(member))
				return true;
		return false;
	}
	json_array_foreach(value, i, member)
		if (json_is_object(member) || holds_objects(member))
			return true;
	return false;
}

bool
table_is_possible(json_t *array)
{
	json_t *row;
	size_t i;

	json_array_foreach(array, i, row)
		if (!json_is_object(row) || holds_objects(row))
			return false;
	return json_array_size(array) > 0;
}

/* ---- columns */

/* The column of that path; `hint` is where it should be, and is put there when there is none. NULL: there are too many. */
static struct column *
column_get(struct table *t, const char *path, size_t hint)
{
	size_t i;

	if (hint < t->count && strcmp(t->columns[hint].path, path) == 0)
		return &t->columns[hint];
	for (i = 0; i < t->count; i++)
		if (strcmp(t->columns[i].path, path) == 0)
			return &t->columns[i];
	if (t->count == COLUMNS_MAX)
		return NULL;
	memmove(t->columns + hint + 1, t->columns + hint, (t->count - hint) * sizeof t->columns[0]);
	t->count++;
	t->columns[hint] = (struct column){ .path = memory_copy(path), .numeric = true };
	return &t->columns[hint];
}

/* Called for each plain value of a row. */
typedef void leaf_fn(struct table *t, const char *path, const char *name, json_t *value, void *arg);

static void
each_leaf(struct table *t, json_t *object, const char *prefix, unsigned depth, leaf_fn *leaf, void *arg)
{
	const char *name;
	json_t *value;
	char *path;

	json_object_foreach(object, name, value) {
		path = memory_print("%s%s%s", prefix, *prefix != '\0' ? "." : "", name);
		if (json_is_object(value) && json_object_size(value) > 0 && depth < DEPTH_MAX)
			each_leaf(t, value, path, depth + 1, leaf, arg);
		else
			leaf(t, path, name, value, arg);
		free(path);
	}
}

/* Finds out which columns there are. */
static void
leaf_column(struct table *t, const char *path, const char *name, json_t *value, void *arg)
{
	size_t *hint = arg;
	struct column *column = column_get(t, path, *hint);

	(void)name;
	if (column == NULL)
		return;
	*hint = (size_t)(column - t->columns) + 1;
	if (json_is_null(value))
		return;
	column->filled = true;
	column->numeric = column->numeric && json_is_number(value);
}

/* A member that is an object in some rows and null in the others has its columns already. */
static void
drop_parents(struct table *t)
{
	size_t i, k, length;

	for (i = 0; i < t->count; i++) {
		length = strlen(t->columns[i].path);
		for (k = 0; k < t->count && !t->columns[i].filled; k++)
			if (strncmp(t->columns[k].path, t->columns[i].path, length) == 0 &&
			    t->columns[k].path[length] == '.')
				break;
		t->columns[i].shown = t->columns[i].filled || k == t->count;
	}
}

/* ---- cells */

struct filling {
	char **row;
	const char *unit;
	size_t hint;
};

static void
leaf_cell(struct table *t, const char *path, const char *name, json_t *value, void *arg)
{
	struct filling *f = arg;
	struct column *column = column_get(t, path, f->hint);
	size_t i, width;

	if (column == NULL)
		return;
	i = (size_t)(column - t->columns);
	f->hint = i + 1;
	free(f->row[i]);
	f->row[i] = human_value(name, f->unit, value, t->style->utf8);
	width = printable_width(f->row[i]);
	if (width > column->width)
		column->width = width;
}

static void
table_fill(struct table *t, json_t *array)
{
	size_t i, hint;
	struct filling f;
	char *name;
	json_t *row;

	json_array_foreach(array, i, row) {
		hint = 0;
		each_leaf(t, row, "", 0, leaf_column, &hint);
	}
	drop_parents(t);
	t->rows = json_array_size(array);
	t->cells = memory_zeroed(t->rows * t->count, sizeof *t->cells);
	json_array_foreach(array, i, row) {
		f = (struct filling){ .row = t->cells + i * t->count };
		f.unit = json_string_value(json_object_get(row, "unit"));
		each_leaf(t, row, "", 0, leaf_cell, &f);
	}
	for (i = 0; i < t->count; i++) {
		name = human_name(t->columns[i].path, t->style->utf8);
		free(t->columns[i].path);
		t->columns[i].path = name;
		if (printable_width(name) > t->columns[i].width)
			t->columns[i].width = printable_width(name);
	}
}

static void
table_free(struct table *t)
{
	size_t i;

	for (i = 0; i < t->rows * t->count; i++)
		free(t->cells[i]);
	free(t->cells);
	for (i = 0; i < t->count; i++)
		free(t->columns[i].path);
}

static void
spaces(FILE *to, size_t count)
{
	fprintf(to, "%*s", (int)count, "");
}

/* ---- the terminal's width */

static size_t
table_width(const struct table *t)
{
	size_t width = 0, i;

	for (i = 0; i < t->count; i++)
		if (t->columns[i].shown)
			width += t->columns[i].width + (width > 0 ? GAP : 0);
	return width;
}

/* The last column that is shown, or NULL when it is the only one. */
static struct column *
last_shown(struct table *t)
{
	size_t i, shown = 0;
	struct column *last = NULL;

	for (i = 0; i < t->count; i++)
		if (t->columns[i].shown) {
			last = &t->columns[i];
			shown++;
		}
	return shown > 1 ? last : NULL;
}

/* Hides columns until the rest fits into `room`. */
static void
table_narrow(struct table *t, size_t room)
{
	struct column *last;
	size_t i, over;

	for (i = t->count; i-- > 1 && table_width(t) > room;)
		t->columns[i].shown = t->columns[i].shown && t->columns[i].filled;
	while (table_width(t) > room && (last = last_shown(t)) != NULL) {
		over = table_width(t) - room;
		if (!last->numeric && last->width >= over + CELL_MIN) {
			last->width -= over;
			return;
		}
		last->shown = false;
	}
}

/* Tells what is hidden although it has values. */
static void
hidden_print(FILE *to, const struct table *t, size_t indent)
{
	const char *before = "(too narrow for: ";
	size_t i;

	for (i = 0; i < t->count; i++) {
		if (t->columns[i].shown || !t->columns[i].filled)
			continue;
		if (*before == '(')
			spaces(to, indent);
		fprintf(to, "%s%s", before, t->columns[i].path);
		before = ", ";
	}
	if (*before != '(')
		fputs(")\n", to);
}

/* ---- printing */

/* One cell in its column's width; nothing behind the last one of a line. */
static void
cell_print(FILE *to, const struct table *t, const struct column *column, const char *text, enum paint paint, bool last)
{
	size_t width = printable_width(text), bytes = strlen(text);
	const char *mark = "";

	if (width > column->width) {
		bytes = printable_fit(text, column->width - 1);
		mark = t->style->utf8 ? "\342\200\246" : "~";
		width = column->width;
	}
	if (column->numeric)
		spaces(to, column->width - width);
	fprintf(to, "%s%.*s%s%s", style_begin(t->style, paint), (int)bytes, text, mark, style_end(t->style, paint));
	if (!column->numeric && !last)
		spaces(to, column->width - width);
}

/* `row` NULL: the header. */
static void
row_print(FILE *to, const struct table *t, char *const *row, size_t indent)
{
	size_t i, end = t->count;
	const char *text;
	bool first = true;

	while (end > 0 && !t->columns[end - 1].shown)
		end--;
	spaces(to, indent);
	for (i = 0; i < end; i++) {
		if (!t->columns[i].shown)
			continue;
		text = row == NULL ? t->columns[i].path : row[i] != NULL ? row[i] : "-";
		if (!first)
			spaces(to, GAP);
		cell_print(to, t, &t->columns[i], text, row == NULL ? PAINT_HEADING : paint_of_word(text), i + 1 == end);
		first = false;
	}
	fputc('\n', to);
}

void
table_print(FILE *to, json_t *array, size_t indent, const struct style *style)
{
	struct table t = { .style = style };
	size_t i;

	table_fill(&t, array);
	if (style->width > indent)
		table_narrow(&t, style->width - indent);
	row_print(to, &t, NULL, indent);
	for (i = 0; i < t.rows; i++)
		row_print(to, &t, t.cells + i * t.count, indent);
	hidden_print(to, &t, indent);
	table_free(&t);
}

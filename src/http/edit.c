#include "http/edit.h"

#include <string.h>

#include "http/h1_internal.h"

enum { SEPARATOR = 2 /* ": ", and CRLF */ };

void
edits_begin(struct edits *edits)
{
	edits->count = 0;
	edits->used = 0;
}

struct edit *
edits_open(struct edits *edits, enum edit_action action, const char *name, size_t length, bool prefix)
{
	struct edit *edit = &edits->list[edits->count];
	char *line = edits->text + edits->used;

	if (edits->count == EDITS_MAX || (action != EDIT_REMOVE && EDITS_TEXT - edits->used < length + SEPARATOR + SEPARATOR))
		return NULL;
	edits->count++;
	*edit = (struct edit){ .action = (uint8_t)action, .prefix = prefix, .name = { name, length } };
	if (action == EDIT_REMOVE)
		return edit;
	memcpy(line, name, length);
	memcpy(line + length, ": ", SEPARATOR);
	edit->line = (struct text){ line, length + SEPARATOR };
	edits->used += edit->line.length;
	return edit;
}

char *
edits_end(struct edits *edits, size_t *room)
{
	*room = EDITS_TEXT - edits->used - SEPARATOR;
	return edits->text + edits->used;
}

int
edits_close(struct edits *edits, struct edit *edit, size_t length)
{
	char *value = edits->text + edits->used;

	if (h1_text_end(value, value + length) != value + length)
		return -1;
	if (length == 0) {
		edits->used -= edit->line.length;
		edit->line.length = 0;
		return 0;
	}
	memcpy(value + length, "\r\n", SEPARATOR);
	edit->line.length += length + SEPARATOR;
	edits->used += length + SEPARATOR;
	return 0;
}

int
edits_add(struct edits *edits, enum edit_action action, const char *name, struct text value)
{
	struct edit *edit = edits_open(edits, action, name, strlen(name), false);
	size_t room;
	char *to;

	if (edit == NULL)
		return -1;
	to = edits_end(edits, &room);
	if (value.length > room)
		return -1;
	if (value.length > 0)
		memcpy(to, value.bytes, value.length);
	return edits_close(edits, edit, value.length);
}

static bool
edit_is_for(const struct edit *edit, const char *name, size_t length)
{
	if (edit->prefix && length > edit->name.length)
		length = edit->name.length;
	return h1_name_fits(edit->name.bytes, edit->name.length, name, length);
}

/* Whether one of the edits [from, to) takes fields of this name out. */
static bool
edits_kill(const struct edits *edits, unsigned from, unsigned to, const char *name, size_t length)
{
	const struct edit *edit;

	for (edit = edits->list + from; edit < edits->list + to; edit++)
		if ((edit->action == EDIT_SET || edit->action == EDIT_REMOVE) && edit_is_for(edit, name, length))
			return true;
	return false;
}

bool
edits_drop(const struct edits *edits, const char *name, size_t length)
{
	return edits_kill(edits, 0, edits->count, name, length);
}

/* Whether there is a field of the name when it is the turn of edit i. */
static bool
edits_has(const struct edits *edits, unsigned i, struct text name, bool there)
{
	unsigned k;

	if (there && !edits_kill(edits, 0, i, name.bytes, name.length))
		return true;
	for (k = 0; k < i; k++)
		if (edits->list[k].line.length > 0 && edit_is_for(&edits->list[k], name.bytes, name.length) &&
		    !edits_kill(edits, k + 1, i, name.bytes, name.length))
			return true;
	return false;
}

struct text
edits_line(const struct edits *edits, const struct edit *edit, bool there)
{
	unsigned i = (unsigned)(edit - edits->list);

	if (edit->line.length > 0 && !edits_kill(edits, i + 1, edits->count, edit->name.bytes, edit->name.length) &&
	    !(edit->action == EDIT_DEFAULT && edits_has(edits, i, edit->name, there)))
		return edit->line;
	return (struct text){ NULL, 0 };
}

/* Takes the next line off. false: there is none. */
static bool
line_next(struct text *lines, struct text *line, size_t *name)
{
	const char *lf = lines->length > 0 ? memchr(lines->bytes, '\n', lines->length) : NULL;
	const char *colon;

	if (lf == NULL)
		return false;
	*line = (struct text){ lines->bytes, (size_t)(lf + 1 - lines->bytes) };
	colon = memchr(line->bytes, ':', line->length);
	*name = colon != NULL ? (size_t)(colon - line->bytes) : line->length;
	lines->bytes += line->length;
	lines->length -= line->length;
	return true;
}

bool
edits_next_line(const struct edits *edits, struct text *lines, struct text *line)
{
	size_t name;

	while (line_next(lines, line, &name))
		if (!edits_drop(edits, line->bytes, name))
			return true;
	return false;
}

bool
edits_lines_have(struct text lines, struct text name)
{
	struct text line;
	size_t length;

	while (line_next(&lines, &line, &length))
		if (h1_name_fits(name.bytes, name.length, line.bytes, length))
			return true;
	return false;
}

static bool
line_put(struct text line, char *to, size_t *used, size_t room)
{
	if (line.length > room - *used)
		return false;
	if (line.length > 0)
		memcpy(to + *used, line.bytes, line.length);
	*used += line.length;
	return true;
}

ptrdiff_t
edits_rewrite(const struct edits *edits, struct text lines, char *to, size_t room)
{
	struct text left = lines, line;
	const struct edit *edit;
	size_t used = 0;

	while (edits_next_line(edits, &left, &line))
		if (!line_put(line, to, &used, room))
			return -1;
	for (edit = edits->list; edit < edits->list + edits->count; edit++) {
		line = edits_line(edits, edit, edit->action == EDIT_DEFAULT && edits_lines_have(lines, edit->name));
		if (!line_put(line, to, &used, room))
			return -1;
	}
	return (ptrdiff_t)used;
}

struct text
edits_host(const struct edits *edits)
{
	enum { NAME = sizeof "Host: " - 1 };
	unsigned i;

	for (i = edits->count; i-- > 0;)
		if (edits->list[i].line.length > 0 && text_equal_nocase("host", 4, edits->list[i].name.bytes, edits->list[i].name.length))
			return (struct text){ edits->list[i].line.bytes + NAME, edits->list[i].line.length - NAME - SEPARATOR };
	return (struct text){ NULL, 0 };
}

bool
edits_host_is_valid(const struct edits *edits)
{
	struct text host = edits_host(edits);

	return host.length == 0 || h1_authority_valid(host.bytes, host.length, false);
}

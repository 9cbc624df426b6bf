#include "http/hops.h"

#include <string.h>
#include <strings.h>

/* Behind what is no blank, or behind what is one. */
static const char *
skip(const char *p, const char *end, bool blanks)
{
	while (p < end && (*p == ' ' || *p == '\t') == blanks)
		p++;
	return p;
}

/* A member of Via: "[name/]version received-by [comment]". */
static bool
member_names(const char *p, const char *end, const char *name)
{
	size_t length = strlen(name);

	p = skip(skip(skip(p, end, true), end, false), end, true);
	return skip(p, end, false) - p == (ptrdiff_t)length && strncasecmp(p, name, length) == 0;
}

/* A comma within a comment parts nothing that matters: what is made of it is believed of nobody else. */
static bool
field_names(const char *p, const char *end, const char *name)
{
	const char *comma;

	for (;; p = comma + 1) {
		comma = memchr(p, ',', (size_t)(end - p));
		if (member_names(p, comma != NULL ? comma : end, name))
			return true;
		if (comma == NULL)
			return false;
	}
}

bool
hops_have(const struct h1_request *request, const char *name)
{
	unsigned i;

	for (i = 0; i < request->field_count; i++) {
		const struct h1_field *field = &request->fields[i];
		const char *value = request->head + field->value;

		if (field->name == H1_NAME_VIA && field_names(value, value + field->value_length, name))
			return true;
	}
	return false;
}

/* Others may hold what only the client should know. */
static bool
name_tells_way(enum h1_name name)
{
	enum {
		TOLD = 1 << H1_NAME_HOST | 1 << H1_NAME_VIA | 1 << H1_NAME_MAX_FORWARDS |
		       1 << H1_NAME_FORWARDED | 1 << H1_NAME_X_FORWARDED_FOR |
		       1 << H1_NAME_X_FORWARDED_PROTO | 1 << H1_NAME_X_FORWARDED_HOST |
		       1 << H1_NAME_X_REQUEST_ID
	};

	return (TOLD >> name & 1) != 0;
}

size_t
hops_trace(const struct h1_request *request, char *to, size_t size)
{
	size_t line = request->field_count > 0 ? request->fields[0].line : request->length - 2, used = 0;
	unsigned i;

	if (line + 2 > size)
		return 0;
	memcpy(to, request->head, used = line);
	for (i = 0; i < request->field_count; i++) {
		const struct h1_field *field = &request->fields[i];

		if (!name_tells_way(field->name) || used + field->line_length + 2 > size)
			continue;
		memcpy(to + used, request->head + field->line, field->line_length);
		used += field->line_length;
	}
	to[used++] = '\r';
	to[used++] = '\n';
	return used;
}

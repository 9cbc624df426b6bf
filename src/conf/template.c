#include "conf/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/object.h"
#include "base/text.h"

enum {
	ANYWHERE = TEMPLATE_IN_REQUEST | TEMPLATE_IN_RESPONSE | TEMPLATE_IN_REDIRECT,
	FORWARDED = TEMPLATE_IN_REQUEST | TEMPLATE_IN_RESPONSE,
	WORD_MAX = 32
};

const struct template_row template_variables[TEMPLATE_VARIABLES] = {
	[TEMPLATE_TEXT] = { "", ANYWHERE, 0, false },
	[TEMPLATE_CLIENT] = { "client", ANYWHERE, 64, false },
	[TEMPLATE_CLIENT_PORT] = { "client-port", ANYWHERE, 8, false },
	[TEMPLATE_HOST] = { "host", ANYWHERE, 0, true },
	[TEMPLATE_AUTHORITY] = { "authority", ANYWHERE, 0, true },
	[TEMPLATE_PATH] = { "path", ANYWHERE, 0, true },
	[TEMPLATE_QUERY] = { "query", ANYWHERE, 0, true },
	[TEMPLATE_URI] = { "uri", ANYWHERE, 0, true },
	[TEMPLATE_METHOD] = { "method", ANYWHERE, 0, true },
	[TEMPLATE_SCHEME] = { "scheme", ANYWHERE, 8, false },
	[TEMPLATE_REQUEST_ID] = { "request-id", ANYWHERE, 128, false },
	[TEMPLATE_LISTENER] = { "listener", ANYWHERE, 128, false },
	[TEMPLATE_POOL] = { "pool", FORWARDED, 64, false },
	[TEMPLATE_SERVER] = { "server", FORWARDED, 128, false },
	[TEMPLATE_WORKER] = { "worker", ANYWHERE, 8, false },
	[TEMPLATE_STATUS] = { "status", TEMPLATE_IN_RESPONSE, 3, false },
	[TEMPLATE_TIME] = { "time", ANYWHERE, 32, false },
	[TEMPLATE_HEADER] = { "header", ANYWHERE, 0, true },
};

static bool
is_name(char byte)
{
	return (byte >= 'a' && byte <= 'z') || byte == '-';
}

static bool
is_field_name(char byte)
{
	return is_name(byte) || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_';
}

static size_t
name_length(const char *text, bool (*belongs)(char))
{
	size_t length = 0;

	while (belongs(text[length]))
		length++;
	while (length > 0 && text[length - 1] == '-')
		length--;
	return length;
}

static enum template_variable
variable_find(const char *name, size_t length)
{
	enum template_variable i;

	for (i = TEMPLATE_CLIENT; i < TEMPLATE_VARIABLES; i++)
		if (strlen(template_variables[i].name) == length &&
		    memcmp(template_variables[i].name, name, length) == 0)
			return i;
	return TEMPLATE_TEXT;
}

/* Ours for a variable as nginx calls it, NULL: none. */
static const char *
foreign_variable(const char *name)
{
	static const char *const pairs[][2] = { { "request_uri", "uri" }, { "remote_addr", "client" },
		{ "remote_port", "client-port" }, { "request_method", "method" }, { "http_host", "authority" },
		{ "query_string", "query" }, { "document_uri", "path" }, { "request_id", "request-id" } };
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz_"), i;

	for (i = 0; i < ARRAY_LENGTH(pairs); i++)
		if (strlen(pairs[i][0]) == length && memcmp(pairs[i][0], name, length) == 0)
			return pairs[i][1];
	return strncmp(name, "http_", 5) == 0 ? "header.NAME" : NULL;
}

static int
variable_unknown(const char *name, size_t length, struct error *err)
{
	const char *foreign = foreign_variable(name);
	const char *names[TEMPLATE_VARIABLES], *near;
	char word[WORD_MAX];
	size_t i;

	if (foreign != NULL)
		return error_set(err, "has no variable $%.*s; drover calls it $%s",
		    (int)strspn(name, "abcdefghijklmnopqrstuvwxyz_"), name, foreign);
	if (length == 0)
		return error_set(err, "has a $ without a variable behind it; for the character, write $$");
	if (length >= sizeof word)
		length = sizeof word - 1;
	memcpy(word, name, length);
	word[length] = '\0';
	for (i = 1; i < TEMPLATE_VARIABLES; i++)
		names[i - 1] = template_variables[i].name;
	names[i - 1] = NULL;
	near = text_nearest(word, names);
	if (near == NULL)
		return error_set(err, "has no variable $%s; for a dollar sign, write $$", word);
	return error_set(err, "has no variable $%s; did you mean $%s%s?", word, near,
	    strcmp(near, "header") == 0 ? ".NAME" : "");
}

/*
 * The longest name at `text` that is a variable, as it is or up to one of its hyphens:
 * in "$path-old" it is "path". Sets *length to that of the name.
 */
static enum template_variable
variable_longest(const char *text, size_t *length)
{
	enum template_variable found;
	size_t n = name_length(text, is_name);

	for (*length = n; n > 0; n--) {
		if (text[n] == '-' || n == *length) {
			found = variable_find(text, n);
			if (found != TEMPLATE_TEXT) {
				*length = n;
				return found;
			}
		}
	}
	return TEMPLATE_TEXT;
}

static int
part_add(struct template *t, enum template_variable variable, const char *text, size_t length, struct error *err)
{
	const struct template_row *row = &template_variables[variable];

	if (t->count == TEMPLATE_PARTS_MAX)
		return error_set(err, "has more than %d parts", TEMPLATE_PARTS_MAX);
	t->parts[t->count++] = (struct template_part){ (uint8_t)variable, (uint16_t)length, text };
	t->most += variable == TEMPLATE_TEXT ? length : row->most;
	t->request |= row->request;
	return 0;
}

/* A variable, `at` points behind its "$". Returns what follows, or NULL with a sentence. */
static const char *
variable_add(struct template *t, const char *at, enum template_use use, struct error *err)
{
	enum template_variable variable;
	const char *field = NULL;
	size_t length, field_length = 0;

	variable = variable_longest(at, &length);
	if (variable == TEMPLATE_TEXT) {
		variable_unknown(at, length, err);
		return NULL;
	}
	if ((template_variables[variable].uses & (unsigned)use) == 0) {
		error_set(err, "cannot have $%s: it has no value here", template_variables[variable].name);
		return NULL;
	}
	at += length;
	if (variable == TEMPLATE_HEADER) {
		field = at + 1;
		field_length = *at == '.' ? name_length(field, is_field_name) : 0;
		if (field_length == 0) {
			error_set(err, "has $header without a name: write $header.NAME");
			return NULL;
		}
		at = field + field_length;
	}
	return part_add(t, variable, field, field_length, err) < 0 ? NULL : at;
}

static int
parts_read(struct template *t, enum template_use use, struct error *err)
{
	const char *at = t->bytes, *end;

	while (*at != '\0') {
		end = strchrnul(at + 1, '$');
		if (*at != '$') {
			if (part_add(t, TEMPLATE_TEXT, at, (size_t)(end - at), err) < 0)
				return -1;
			at = end;
		} else if (at[1] == '$') {
			/* the text goes on with the second one */
			end = strchrnul(at + 2, '$');
			if (part_add(t, TEMPLATE_TEXT, at + 1, (size_t)(end - at - 1), err) < 0)
				return -1;
			at = end;
		} else if ((at = variable_add(t, at + 1, use, err)) == NULL) {
			return -1;
		}
	}
	return 0;
}

int
template_compile(struct template *template, const char *text, enum template_use use, struct error *err)
{
	const char *p;

	*template = (struct template){ 0 };
	for (p = text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return error_set(err, "cannot hold a control character (0x%02x)", (unsigned char)*p);
	if (p - text > TEMPLATE_LENGTH_MAX)
		return error_set(err, "has %zu bytes; the most is %d", (size_t)(p - text), TEMPLATE_LENGTH_MAX);
	template->parts = calloc(TEMPLATE_PARTS_MAX, sizeof *template->parts);
	template->bytes = strdup(text);
	if (template->parts == NULL || template->bytes == NULL)
		error_set(err, "cannot be kept: out of memory");
	else if (parts_read(template, use, err) == 0)
		return 0;
	template_clear(template);
	return -1;
}

void
template_clear(struct template *template)
{
	free(template->parts);
	free(template->bytes);
	*template = (struct template){ 0 };
}

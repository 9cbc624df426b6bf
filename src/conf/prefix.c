/* The types of values about prefixes of paths, and of the type of a body. Master only. */
#include <stdio.h>
#include <string.h>

#include "conf/string_field.h"
#include "conf/value.h"

enum { PREFIX_MAX = 1024, TYPE_MAX = 128 };

/* The length of what can begin a path, at the begin of the text; 0: nothing can. */
static size_t
prefix_length(const char *text)
{
	size_t i = 0;

	if (text[0] == '/')
		while (text[i] > 0x20 && text[i] < 0x7f && text[i] != '?' && text[i] != '#')
			i++;
	return i <= PREFIX_MAX ? i : 0;
}

static int
prefix_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	size_t length = prefix_length(text);

	if (length == 0 || text[length] != '\0')
		return -1;
	if (text[strspn(text, "/")] == '\0')
		return error_set(err, "is a path below /, not \"%.100s\"", text);
	return conf_string_keep(option, base, text, err);
}

static void
prefix_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a path that begins with / and has no ? or #");
}

static int
replacement_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	size_t from = prefix_length(text), blank = strspn(text + from, " "), to = prefix_length(text + from + blank);

	if (from == 0 || blank == 0 || to == 0 || text[from + blank + to] != '\0')
		return -1;
	return conf_string_keep(option, base, text, err);
}

static void
replacement_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a path and the one in its place, such as /old /new");
}

static int
media_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	const char *p;

	for (p = text; *p >= 0x20 && *p < 0x7f; p++)
		;
	if (*p != '\0' || p - text > TYPE_MAX || strchr(text, '/') == NULL)
		return -1;
	return conf_string_keep(option, base, text, err);
}

static void
media_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a media type, such as application/json");
}

const struct conf_type conf_type_prefix = { "path", false, true, prefix_read, conf_string_write, prefix_describe };
const struct conf_type conf_type_replacement = { "text", false, true, replacement_read, conf_string_write,
	replacement_describe };
const struct conf_type conf_type_media = { "text", false, true, media_read, conf_string_write, media_describe };

/* The types of values about who is let in: realms, names of fields, who is asked, origins. Master only. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/object.h"
#include "base/text.h"
#include "conf/list.h"
#include "conf/string_field.h"
#include "conf/value.h"

enum { REALM_MAX = 127, NAME_MAX_BYTES = 64, ORIGIN_MAX = 255, LIST_MAX = 64 };

static int
realm_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	const char *p;

	for (p = text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return error_set(err, "cannot have control characters in it");
	return text[0] == '\0' || p - text > REALM_MAX ? -1 : conf_string_keep(option, base, text, err);
}

static void
realm_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a text of 1 to %d bytes, or off", REALM_MAX);
}

/* A token (RFC 9110 5.6.2). */
static bool
is_token(const char *text, size_t most)
{
	size_t length = strspn(text, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return length > 0 && length <= most && text[length] == '\0';
}

/* Fields that frame a message, name its host or are for one connection: nobody but drover writes them. */
static int
field_name_check(const char *text, struct error *err)
{
	static const char *const names[] = { "connection", "content-length", "expect", "host", "http2-settings", "keep-alive",
		"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade" };
	size_t i;

	if (!is_token(text, NAME_MAX_BYTES))
		return -1;
	for (i = 0; i < ARRAY_LENGTH(names); i++)
		if (text_equal_nocase(text, strlen(text), names[i], strlen(names[i])))
			return error_set(err, "cannot be %s, which drover writes itself", text);
	return 0;
}

static int
field_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	return field_name_check(text, err) < 0 ? -1 : conf_string_keep(option, base, text, err);
}

static void
field_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "the name of a header field, or off");
}

static int
list_add(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	if (conf_list_length(option, base) == LIST_MAX)
		return error_set(err, "has at most %d elements", LIST_MAX);
	return conf_list_add_string(option, base, strdup(text), err);
}

static int
fields_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	return field_name_check(text, err) < 0 ? -1 : list_add(option, base, text, err);
}

static void
fields_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a list of names of header fields");
}

static int
methods_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	return !is_token(text, 32) ? -1 : list_add(option, base, text, err);
}

static void
methods_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a list of methods, such as PUT and DELETE");
}

/* "POOL /path" */
static int
ask_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	const char *space = strrchr(text, ' '), *p;

	if (strcmp(text, option->zero) == 0)
		return conf_string_keep(option, base, text, err);
	if (space == NULL || space == text || space[1] != '/')
		return -1;
	for (p = space + 1; *p != '\0'; p++)
		if (!isgraph((unsigned char)*p) || *p == '#')
			return error_set(err, "has a path with what is to be written as %%%02X", (unsigned char)*p);
	return conf_string_keep(option, base, text, err);
}

static void
ask_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "the name of a pool, a space and a path, such as \"login /check\", or off");
}

/* What stands behind "://": a name, which may begin with "*.", an IPv4 or [IPv6] address; then a port, perhaps. */
static bool
origin_has_host(const char *host)
{
	size_t length;

	if (strncmp(host, "*.", 2) == 0)
		host += 2;
	if (host[0] == '[')
		length = 1 + strspn(host + 1, "0123456789abcdef:.");
	else
		length = strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-._");
	if (length == 0 || (host[0] == '[' && host[length++] != ']') || host[0] == '.')
		return false;
	if (host[length] == ':' && host[length + 1] != '\0')
		length += 1 + strspn(host + length + 1, "0123456789");
	return host[length] == '\0';
}

/* A scheme and a host, "null" or a star. */
static int
origin_check(const char *text, struct error *err)
{
	size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+-.");

	if (strcmp(text, "*") == 0 || strcmp(text, "null") == 0)
		return 0;
	if (scheme == 0 || strncmp(text + scheme, "://", 3) != 0 || strlen(text) > ORIGIN_MAX)
		return -1;
	if (strchr(text + scheme + 3, '/') != NULL)
		return error_set(err, "cannot hold \"%.100s\": an origin ends with the host or its port, without a path", text);
	return origin_has_host(text + scheme + 3) ? 0 : -1;
}

static int
origins_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	char lower[ORIGIN_MAX + 2];
	size_t i;

	for (i = 0; i < sizeof lower - 1 && text[i] != '\0'; i++)
		lower[i] = (char)tolower((unsigned char)text[i]);
	lower[i] = '\0';
	return origin_check(lower, err) < 0 ? -1 : list_add(option, base, lower, err);
}

static void
origins_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a list of origins, such as https://app.example or https://*.example.org, null, or *");
}

const struct conf_type conf_type_realm = { "text", false, true, realm_read, conf_string_write, realm_describe };
const struct conf_type conf_type_field = { "name", false, true, field_read, conf_string_write, field_describe };
const struct conf_type conf_type_fields = { "list", true, true, fields_read, conf_list_write_string, fields_describe };
const struct conf_type conf_type_methods = { "list", true, true, methods_read, conf_list_write_string, methods_describe };
const struct conf_type conf_type_ask = { "text", false, true, ask_read, conf_string_write, ask_describe };
const struct conf_type conf_type_origins = { "list", true, true, origins_read, conf_list_write_string, origins_describe };

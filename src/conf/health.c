#include "conf/health.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "conf/field.h"
#include "conf/list.h"
#include "conf/string_field.h"

enum { PATH_BYTES = 1024, HOST_BYTES = 255, BODY_BYTES = 1024, FIELD_BYTES = 1024, FIELDS_BYTES = 4096 };

/* Whether all bytes are visible ASCII; so many of them at most. */
static bool
is_visible(const char *text, size_t most)
{
	const char *p;

	for (p = text; *p != '\0'; p++)
		if (*p <= ' ' || *p == 0x7f)
			return false;
	return (size_t)(p - text) <= most;
}

/* ---- path, host, body */

static int
path_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	if (text[0] != '/' || strchr(text, '#') != NULL || !is_visible(text, PATH_BYTES))
		return -1;
	return conf_string_keep(option, base, text, err);
}

static void
path_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a path that begins with /, of at most %d bytes without blanks and #", PATH_BYTES);
}

static int
host_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:[]";

	if (text[0] == '\0' || text[strspn(text, allowed)] != '\0' || strlen(text) > HOST_BYTES)
		return -1;
	return conf_string_keep(option, base, text, err);
}

static void
host_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "the name of a host, with its port or without");
}

static int
body_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	if (text[0] == '\0' || strlen(text) > BODY_BYTES)
		return -1;
	return conf_string_keep(option, base, text, err);
}

static void
body_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a text of 1 to %d bytes", BODY_BYTES);
}

/* ---- status */

/* "200" or "200-399". */
static bool
range_parse(const char *text, struct conf_status_range *range)
{
	const char *dash = strchr(text, '-');
	size_t length = dash != NULL ? (size_t)(dash - text) : strlen(text);
	char first[4] = "";
	uint64_t low, high;

	if (length >= sizeof first)
		return false;
	snprintf(first, sizeof first, "%.*s", (int)length, text);
	if (!text_to_number(first, &low) || !text_to_number(dash != NULL ? dash + 1 : first, &high))
		return false;
	if (low < 200 || high > 599 || low > high)
		return false;
	*range = (struct conf_status_range){ (uint16_t)low, (uint16_t)high };
	return true;
}

static int
statuses_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	struct conf_status_range range, *element;

	if (!range_parse(text, &range))
		return -1;
	element = conf_list_grow(option, base, sizeof *element, err);
	if (element == NULL)
		return -1;
	*element = range;
	++*conf_list_count(option, base);
	return 0;
}

static const char *
statuses_write(const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX])
{
	struct conf_status_range *const *list = conf_field_const(option, base);

	if (i >= conf_list_length(option, base))
		return NULL;
	if ((*list)[i].first == (*list)[i].last)
		snprintf(space, CONF_VALUE_MAX, "%u", (*list)[i].first);
	else
		snprintf(space, CONF_VALUE_MAX, "%u-%u", (*list)[i].first, (*list)[i].last);
	return space;
}

static void
statuses_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a list of status codes from 200 to 599 and ranges of them, such as 200-399");
}

/* ---- header */

static bool
is_token(const char *text, size_t length)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";
	size_t i;

	for (i = 0; i < length; i++) {
		char c = text[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			strchr(marks, c) != NULL))
			return false;
	}
	return length > 0;
}

/* RFC 9110 5.5: visible bytes, blanks and tabs; other bytes than ASCII may stand there. */
static bool
is_field_value(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)(*text) < ' ' ? *text != '\t' : *text == 0x7f)
			return false;
	return true;
}

/* Fields that the check writes itself, or that would make it another message. */
static bool
is_own_field(const char *text, size_t length)
{
	static const char *const own[] = { "Host", "Connection", "Content-Length", "Transfer-Encoding", "Expect",
		"Upgrade", "TE", "Trailer" };
	size_t i;

	for (i = 0; i < sizeof own / sizeof own[0]; i++)
		if (strlen(own[i]) == length && strncasecmp(own[i], text, length) == 0)
			return true;
	return false;
}

static int
fields_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	size_t name = strcspn(text, ":");

	if (text[name] != ':' || !is_token(text, name) || !is_field_value(text + name + 1) ||
	    strlen(text) > FIELD_BYTES)
		return -1;
	if (is_own_field(text, name))
		return error_set(err, "cannot hold %.*s: %s", (int)name, text,
		    name == 4 ? "there is the option host for it" : "the check is a request without a body");
	return conf_list_add_string(option, base, strdup(text), err);
}

size_t
conf_health_field_open(const char *text)
{
	size_t name = strcspn(text, ":");

	if (text[name] == ':')
		name++;
	return name + strspn(text + name, " \t");
}

static void
fields_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a list of header fields, such as \"Accept: text/plain\"");
}

/* ---- the section */

static bool
is_http(const void *base)
{
	const struct conf_health *health = base;

	return health->type == CONF_HEALTH_HTTP;
}

const struct conf_condition conf_health_for_http = { "checks by http (with a path, or type = http)", is_http };

/* Sets an option of an HTTP check that has no value yet. */
static void
standard_set(struct conf_health *health, const struct conf_option *option, const char *text,
    struct conf_report *report)
{
	struct error err;

	if (conf_value_read(option, health, text, &err) < 0)
		conf_report_add(report, health->line, "%s", err.text);
}

static void
fields_check(const struct conf_health *health, struct conf_report *report)
{
	size_t bytes = 0, i;

	for (i = 0; i < health->field_count; i++)
		bytes += strlen(health->fields[i]);
	if (bytes > FIELDS_BYTES)
		conf_report_add(report, health->line,
		    "the header fields of a check have at most %d bytes together; these have %zu", FIELDS_BYTES,
		    bytes);
}

void
conf_health_complete(
    struct conf_health *health, const struct conf_section *section, bool typed, struct conf_report *report)
{
	const struct conf_option *status = conf_option_find(section, "status");

	if (!typed)
		health->type = health->path != NULL ? CONF_HEALTH_HTTP : CONF_HEALTH_TCP;
	if (health->fast_interval == 0)
		health->fast_interval = health->interval;
	if (health->type != CONF_HEALTH_HTTP)
		return;
	if (health->path == NULL)
		standard_set(health, conf_option_find(section, "path"), "/", report);
	if (health->status_count == 0)
		standard_set(health, status, status->standard, report);
	fields_check(health, report);
	if (health->body != NULL && health->method == CONF_HEALTH_HEAD)
		conf_report_add(report, health->line, "the answer to HEAD has no body: body needs method = GET");
}

void
conf_health_clear(struct conf_health *health)
{
	size_t i;

	for (i = 0; i < health->field_count; i++)
		free(health->fields[i]);
	free(health->fields);
	free(health->statuses);
	free(health->path);
	free(health->host);
	free(health->body);
}

const struct conf_type conf_type_check_path = { "path", false, true, path_read, conf_string_write, path_describe };
const struct conf_type conf_type_check_host = { "name", false, true, host_read, conf_string_write, host_describe };
const struct conf_type conf_type_check_body = { "text", false, true, body_read, conf_string_write, body_describe };
const struct conf_type conf_type_statuses = { "list", true, true, statuses_read, statuses_write,
	statuses_describe };
const struct conf_type conf_type_check_fields = { "list", true, true, fields_read, conf_list_write_string,
	fields_describe };

#include "conf/header_rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "conf/field.h"
#include "conf/list.h"
#include "conf/string_field.h"

enum { LINE_EXTRA = 4 /* ": " and CRLF */, NAME_MAX_LENGTH = 128 };

static const char *const action_words[] = { "set", "add", "default", "remove", NULL }; /* enum conf_header_action */

/* Fields that say where a message ends, or are for one connection only: they are drover's business. */
static const char *const framing_names[] = { "connection", "content-length", "expect", "http2-settings",
	"keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", NULL };

/* CGI makes one name of "-" and "_", and some servers do of "." as well. */
static bool
names_look_equal(const char *name, const char *lower)
{
	for (; *lower != '\0'; name++, lower++)
		if (*name != *lower && *name != *lower - 32 && !(*lower == '-' && (*name == '_' || *name == '.')))
			return false;
	return *name == '\0';
}

/* Whether it can be that of a field which drover writes: a token, and none that frames or routes. -1 with a sentence. */
static int
name_check(const char *name, struct error *err)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789"
				    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *const *framing;

	if (name[0] == '\0' || name[strspn(name, token)] != '\0')
		return error_set(err, "has \"%.100s\", which cannot be the name of a header field", name);
	if (strlen(name) > NAME_MAX_LENGTH)
		return error_set(err, "has a name of more than %d bytes", NAME_MAX_LENGTH);
	for (framing = framing_names; *framing != NULL; framing++)
		if (names_look_equal(name, *framing))
			return error_set(err, "cannot change %s: it belongs to the connection or frames the message", name);
	return 0;
}

/* Host is what servers route by: there is always one, and one only. */
static int
host_check(const struct conf_header_rule *rule, enum template_use use, struct error *err)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._~[]:";
	const struct template_part *part;

	if (!names_look_equal(rule->name, "host") || use != TEMPLATE_IN_REQUEST)
		return 0;
	if (rule->action != CONF_HEADER_SET || strcasecmp(rule->name, "host") != 0)
		return error_set(err, "cannot %s %s: a request has one Host; use set", action_words[rule->action],
		    rule->name);
	for (part = rule->value.parts; part < rule->value.parts + rule->value.count; part++)
		if (part->variable == TEMPLATE_TEXT && strspn(part->text, allowed) < part->length)
			return error_set(err, "sets a Host that is none: \"%.100s\"", rule->text);
	return 0;
}

static int
action_read(struct conf_header_rule *rule, const char *word, struct error *err)
{
	const char *near;
	unsigned i;

	for (i = 0; action_words[i] != NULL; i++) {
		if (strcmp(action_words[i], word) != 0)
			continue;
		rule->action = (enum conf_header_action)i;
		return 0;
	}
	near = text_nearest(word, action_words);
	if (near != NULL)
		return error_set(err, "has no rule \"%.60s\"; did you mean \"%s\"?", word, near);
	return error_set(err, "has no rule \"%.60s\": it is set, add, default or remove, then a name", word);
}

/* The star behind a name that is to be removed. */
static int
name_read(struct conf_header_rule *rule, struct error *err)
{
	size_t length = strlen(rule->name);

	if (rule->action == CONF_HEADER_REMOVE && length > 0 && rule->name[length - 1] == '*') {
		rule->prefix = true;
		rule->name[--length] = '\0';
		if (length == 0)
			return error_set(err, "cannot remove all fields: put a part of the name before the star");
	}
	rule->name_length = length;
	if (name_check(rule->name, err) < 0)
		return -1;
	return strchr(rule->name, '*') == NULL
		   ? 0
		   : error_set(err, "has a star in \"%.100s\": only remove takes one, at the end", rule->name);
}

static int
value_read(struct conf_header_rule *rule, const char *value, enum template_use use, struct error *err)
{
	if (rule->action == CONF_HEADER_REMOVE)
		return *value == '\0' ? 0 : error_set(err, "has \"%.60s\" behind the name: remove takes a name only", value);
	if (*value == '\0')
		return error_set(err, "has no value for %s", rule->name);
	return template_compile(&rule->value, value, use, err);
}

int
conf_header_rule_read(struct conf_header_rule *rule, const char *text, enum template_use use, struct error *err)
{
	size_t word = strcspn(text, " \t"), name;
	char action[32];
	const char *at;

	*rule = (struct conf_header_rule){ 0 };
	snprintf(action, sizeof action, "%.*s", (int)(word < sizeof action ? word : sizeof action - 1), text);
	if (action_read(rule, action, err) < 0)
		return -1;
	at = text + word + strspn(text + word, " \t");
	name = strcspn(at, " \t");
	rule->text = strdup(text);
	rule->name = strndup(at, name);
	at += name + strspn(at + name, " \t");
	if (rule->text == NULL || rule->name == NULL)
		error_set(err, "cannot be kept: out of memory");
	else if (name_read(rule, err) == 0 && value_read(rule, at, use, err) == 0 && host_check(rule, use, err) == 0)
		return 0;
	conf_header_rule_clear(rule);
	return -1;
}

void
conf_header_rule_clear(struct conf_header_rule *rule)
{
	free(rule->text);
	free(rule->name);
	template_clear(&rule->value);
}

size_t
conf_header_rule_open(const char *text)
{
	size_t word = strcspn(text, " \t"), at = word + strspn(text + word, " \t");

	at += strcspn(text + at, " \t");
	return at + strspn(text + at, " \t");
}

/* ---- as the type of options */

static size_t
rules_bytes(const struct conf_header_rule *rules, size_t count)
{
	size_t bytes = 0, i;

	for (i = 0; i < count; i++)
		if (rules[i].action != CONF_HEADER_REMOVE)
			bytes += rules[i].name_length + LINE_EXTRA + rules[i].value.most;
	return bytes;
}

static int
rules_read(const struct conf_option *option, void *base, const char *text, enum template_use use, struct error *err)
{
	struct conf_header_rule rule, *element;
	size_t count = conf_list_length(option, base);

	if (count == CONF_HEADER_RULES_MAX)
		return error_set(err, "has more than %d rules", CONF_HEADER_RULES_MAX);
	if (conf_header_rule_read(&rule, text, use, err) < 0)
		return -1;
	element = conf_list_grow(option, base, sizeof *element, err);
	if (element != NULL) {
		*element = rule;
		if (rules_bytes(element - count, count + 1) <= CONF_HEADER_RULES_BYTES) {
			++*conf_list_count(option, base);
			return 0;
		}
		error_set(err, "is too long: its rules can write more than %d bytes", CONF_HEADER_RULES_BYTES);
	}
	conf_header_rule_clear(&rule);
	return -1;
}

static int
request_rules_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	return rules_read(option, base, text, TEMPLATE_IN_REQUEST, err);
}

static int
response_rules_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	return rules_read(option, base, text, TEMPLATE_IN_RESPONSE, err);
}

static const char *
rules_write(const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX])
{
	struct conf_header_rule *const *list = conf_field_const(option, base);

	(void)space;
	return i >= conf_list_length(option, base) ? NULL : (*list)[i].text;
}

static void
rules_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a list of rules: set, add or default with a name and a value, or remove with a name");
}

static int
field_name_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	if (name_check(text, err) < 0)
		return -1;
	if (names_look_equal(text, "host"))
		return error_set(err, "cannot be %s: that is what servers route by", text);
	return conf_string_keep(option, base, text, err);
}

static void
field_name_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "the name of a header field");
}

const struct conf_type conf_type_field_name = { "name", false, true, field_name_read, conf_string_write,
	field_name_describe };
const struct conf_type conf_type_request_rules = { "list", true, true, request_rules_read, rules_write,
	rules_describe };
const struct conf_type conf_type_response_rules = { "list", true, true, response_rules_read, rules_write,
	rules_describe };

/* The types of values that are names and paths, and lists of them: the second half of value.h. Master only. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conf/accounts.h"
#include "conf/conf.h"
#include "conf/field.h"
#include "conf/hash_key.h"
#include "conf/list.h"
#include "conf/string_field.h"
#include "conf/value.h"

enum { TOKEN_MAX = 64 };

static int
name_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	return text[0] == '\0' ? -1 : conf_string_keep(option, base, text, err);
}

static void
name_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "the name of a pool");
}

/* A token of RFC 9110 5.6.2, without its rarer characters. */
static int
token_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._");

	return length == 0 || text[length] != '\0' || length > TOKEN_MAX ? -1 : conf_string_keep(option, base, text, err);
}

static void
token_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a word of up to %d letters, digits, '-', '.' and '_'", TOKEN_MAX);
}

static int
hash_key_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	enum conf_hash_kind kind;
	const char *name;

	return conf_hash_key_parse(text, &kind, &name) ? conf_string_keep(option, base, text, err) : -1;
}

static void
hash_key_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "address, path, uri, header NAME or cookie NAME");
}

static int
file_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	return text[0] != '/' ? -1 : conf_string_keep(option, base, text, err);
}

static void
file_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a path that begins with /");
}

/* A path or one of the words; the word for zero leaves the field NULL. */
static int
log_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	const char *const *word = option->words;

	while (*word != NULL && strcmp(*word, text) != 0)
		word++;
	if (*word == NULL && text[0] != '/')
		return conf_words_refuse(option, option->words, text, err);
	return conf_string_keep(option, base, text, err);
}

static void
log_describe(const struct conf_option *option, char *to, size_t size)
{
	snprintf(to, size, "%s, %s or a path that begins with /", option->words[0], option->words[1]);
}

static int
user_read_id(const char *text, uid_t *uid, struct error *err)
{
	return conf_user_find(text, uid, err) == 0 ? 0 : error_prefix(err, "is not known");
}

static int
group_read_id(const char *text, gid_t *gid, struct error *err)
{
	return conf_group_find(text, gid, err) == 0 ? 0 : error_prefix(err, "is not known");
}

static int
user_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	struct conf *conf = base;

	return user_read_id(text, &conf->uid, err) < 0 ? -1 : conf_string_keep(option, base, text, err);
}

static int
group_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	struct conf *conf = base;

	return group_read_id(text, &conf->gid, err) < 0 ? -1 : conf_string_keep(option, base, text, err);
}

static int
owner_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	return user_read_id(text, conf_field(option, base), err);
}

static int
owner_group_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	return group_read_id(text, conf_field(option, base), err);
}

static const char *
owner_write(const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX])
{
	uint32_t id = (uint32_t)conf_field_number(option, base);

	snprintf(space, CONF_VALUE_MAX, "%" PRIu32, id);
	return i > 0 || id == UINT32_MAX ? NULL : space;
}

static void
user_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "the name or number of a user");
}

static void
group_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "the name or number of a group");
}

static int
networks_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	struct address_range range, *element;

	if (option->maximum > 0 && conf_list_length(option, base) == option->maximum)
		return error_set(err, "has more than %u networks", (unsigned)option->maximum);
	if (address_range_parse(&range, text, err) < 0)
		return error_prefix(err, "cannot hold \"%.100s\"", text);
	element = conf_list_grow(option, base, sizeof *element, err);
	if (element == NULL)
		return -1;
	*element = range;
	++*conf_list_count(option, base);
	return 0;
}

static const char *
networks_write(const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX])
{
	struct address_range *const *list = conf_field_const(option, base);

	return i >= conf_list_length(option, base) ? NULL : address_range_format(&(*list)[i], space);
}

static void
networks_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a list of networks, such as 10.0.0.0/8, or unix");
}

/* An address with or without a port, which is 53 then. */
static int
resolver_parse(struct address *address, const char *text, struct error *err)
{
	bool bare6 = text[0] != '[' && strchr(text, ':') != strrchr(text, ':');
	char whole[CONF_VALUE_MAX];
	uint16_t port;
	char host[ADDRESS_HOST_MAX];

	if (bare6)
		snprintf(whole, sizeof whole, "[%.100s]:53", text);
	else
		snprintf(whole, sizeof whole, "%.100s%s", text,
		    strchr(text, ':') == NULL || text[strlen(text) - 1] == ']' ? ":53" : "");
	if (address_has_name(whole, host, &port) || strncmp(whole, "unix:", 5) == 0)
		return -1;
	return address_parse(address, whole, ADDRESS_CONNECT, err);
}

static int
resolvers_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	struct address address, *element;
	struct error why;

	if (conf_list_length(option, base) == option->maximum)
		return error_set(err, "has at most %u addresses", (unsigned)option->maximum);
	if (resolver_parse(&address, text, &why) < 0)
		return -1;
	element = conf_list_grow(option, base, sizeof *element, err);
	if (element == NULL)
		return -1;
	*element = address;
	++*conf_list_count(option, base);
	return 0;
}

static const char *
resolvers_write(const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX])
{
	struct address *const *list = conf_field_const(option, base);

	return i >= conf_list_length(option, base) ? NULL : address_format(&(*list)[i], space);
}

static void
resolvers_describe(const struct conf_option *option, char *to, size_t size)
{
	snprintf(to, size, "a list of at most %u addresses, such as 10.0.0.2 or 127.0.0.1:5353",
	    (unsigned)option->maximum);
}

/* A name as in a Host field, without port: letters, digits, "-" and "_" between single dots; or "[IPv6]". */
static bool
host_is_name(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t label;

	if (text[0] == '[') {
		label = strspn(text + 1, "0123456789abcdef:.");
		return label > 0 && strcmp(text + 1 + label, "]") == 0;
	}
	for (;; text += label + 1) {
		label = strspn(text, allowed);
		if (label == 0 || (text[label] != '\0' && text[label] != '.'))
			return false;
		if (text[label] == '\0')
			return true;
	}
}

static int
host_check(const char *text, struct error *err)
{
	const char *colon = strrchr(text, ':');
	uint64_t port;

	if (strcmp(text, "*") == 0)
		return error_set(err, "cannot hold \"*\": leave it out, and the route is for any host");
	if (host_is_name(strncmp(text, "*.", 2) == 0 ? text + 2 : text) && strlen(text) <= 255)
		return 0;
	if (colon != NULL && text_to_number(colon + 1, &port) &&
	    (text[0] == '[' || strchr(text, ':') == colon))
		return error_set(err, "cannot hold \"%.100s\": a host is written without its port", text);
	return -1;
}

static int
hosts_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	char *host = strdup(text), *p;
	int rc;

	for (p = host; p != NULL && *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 32);
	if (host == NULL)
		return error_set(err, "cannot be kept: out of memory");
	rc = host_check(host, err);
	if (rc == 0)
		return conf_list_add_string(option, base, host, err);
	free(host);
	return rc;
}

static void
hosts_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a list of names, such as example.org or *.example.org");
}

static int
paths_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	if (text[0] != '/' || strpbrk(text, "?#") != NULL)
		return -1;
	return conf_list_add_string(option, base, strdup(text), err);
}

static void
paths_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a list of paths that begin with / and have no ? or #");
}

const struct conf_type conf_type_hash_key = { "hash key", false, true, hash_key_read, conf_string_write, hash_key_describe };
const struct conf_type conf_type_name = { "name", false, true, name_read, conf_string_write, name_describe };
const struct conf_type conf_type_token = { "word", false, true, token_read, conf_string_write, token_describe };
const struct conf_type conf_type_file = { "path", false, true, file_read, conf_string_write, file_describe };
const struct conf_type conf_type_log = { "path", false, true, log_read, conf_string_write, log_describe };
const struct conf_type conf_type_user = { "user", false, true, user_read, conf_string_write, user_describe };
const struct conf_type conf_type_group = { "group", false, true, group_read, conf_string_write, group_describe };
const struct conf_type conf_type_owner = { "user", false, true, owner_read, owner_write, user_describe };
const struct conf_type conf_type_owner_group = { "group", false, true, owner_group_read, owner_write,
	group_describe };
const struct conf_type conf_type_networks = { "list", true, true, networks_read, networks_write,
	networks_describe };
const struct conf_type conf_type_resolvers = { "list", true, true, resolvers_read, resolvers_write,
	resolvers_describe };
const struct conf_type conf_type_hosts = { "list", true, true, hosts_read, conf_list_write_string,
	hosts_describe };
const struct conf_type conf_type_paths = { "list", true, true, paths_read, conf_list_write_string,
	paths_describe };

#include "conf/hash_key.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *word;
	enum conf_hash_kind kind;
	bool named;
} kinds[] = {
	{ "address", CONF_HASH_ADDRESS, false },
	{ "path", CONF_HASH_PATH, false },
	{ "uri", CONF_HASH_URI, false },
	{ "header ", CONF_HASH_HEADER, true },
	{ "cookie ", CONF_HASH_COOKIE, true },
};

/* RFC 9110 5.6.2, RFC 6265 4.1.1: names of fields and of cookies alike. */
static bool
is_token(const char *text)
{
	const char *c = text;

	while (isalnum((unsigned char)*c) || (*c != '\0' && strchr("!#$%&'*+-.^_`|~", *c) != NULL))
		c++;
	return c > text && *c == '\0';
}

bool
conf_hash_key_parse(const char *text, enum conf_hash_kind *kind, const char **name)
{
	size_t i, length;

	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		length = strlen(kinds[i].word);
		if (kinds[i].named ? strncmp(text, kinds[i].word, length) != 0 || !is_token(text + length)
				   : strcmp(text, kinds[i].word) != 0)
			continue;
		*kind = kinds[i].kind;
		*name = kinds[i].named ? text + length : NULL;
		return true;
	}
	return false;
}

/* The type of `sticky`. Master only. */
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/string_field.h"
#include "conf/value.h"

static const char *const words[] = { "cookie", "address", "header:NAME", "off", NULL };

enum { PREFIX = sizeof "header:" - 1, NAME_MAX_BYTES = 64 };

/* The kind that the text asks for, CONF_STICKY_OFF also for what is none. */
static enum conf_sticky
kind_of(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	size_t length;

	if (strcmp(text, "cookie") == 0)
		return CONF_STICKY_COOKIE;
	if (strcmp(text, "address") == 0)
		return CONF_STICKY_ADDRESS;
	if (strncmp(text, "header:", PREFIX) != 0)
		return CONF_STICKY_OFF;
	length = strspn(text + PREFIX, allowed);
	return length > 0 && length <= NAME_MAX_BYTES && text[PREFIX + length] == '\0' ? CONF_STICKY_HEADER : CONF_STICKY_OFF;
}

static int
sticky_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	struct conf_pool *pool = base;
	enum conf_sticky kind = kind_of(text);

	if (kind == CONF_STICKY_OFF && strcmp(text, option->zero) != 0)
		return conf_words_refuse(option, words, text, err);
	if (conf_string_keep(option, base, text, err) < 0)
		return -1;
	pool->sticky_kind = kind;
	pool->sticky_header = kind == CONF_STICKY_HEADER ? pool->sticky + PREFIX : NULL;
	return 0;
}

static void
sticky_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	conf_words_describe(words, to, size);
}

const struct conf_type conf_type_sticky = { "word", false, false, sticky_read, conf_string_write, sticky_describe };

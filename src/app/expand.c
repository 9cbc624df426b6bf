#include "app/expand.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What stands at `at`, which is a brace, and how long it is there; NULL: nothing that is known. */
static const char *
word_find(const char *at, const struct expansion *expansion, size_t *length)
{
	const struct {
		const char *word, *value;
	} words[] = { { "{port}", expansion->port }, { "{socket}", expansion->socket }, { "{instance}", expansion->instance } };
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++) {
		*length = strlen(words[i].word);
		if (words[i].value != NULL && strncmp(at, words[i].word, *length) == 0)
			return words[i].value;
	}
	return NULL;
}

char *
expand_text(const char *text, const struct expansion *expansion)
{
	char *to = NULL;
	size_t size = 0, length;
	FILE *stream = open_memstream(&to, &size);
	const char *value;
	bool failed;

	if (stream == NULL)
		return NULL;
	while (*text != '\0') {
		value = *text == '{' ? word_find(text, expansion, &length) : NULL;
		if (value != NULL) {
			fputs(value, stream);
			text += length;
		} else {
			putc(*text++, stream);
		}
	}
	failed = ferror(stream) != 0;
	if (fclose(stream) != 0 || failed) {
		free(to);
		return NULL;
	}
	return to;
}

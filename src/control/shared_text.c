#include "control/shared_text.h"

#include <stdlib.h>
#include <string.h>

struct shared_text *
shared_text_new(char *text)
{
	struct shared_text *shared = text == NULL ? NULL : malloc(sizeof *shared);

	if (shared == NULL) {
		free(text);
		return NULL;
	}
	shared->users = 1;
	shared->bytes = text;
	shared->length = strlen(text);
	return shared;
}

struct shared_text *
shared_text_ref(struct shared_text *text)
{
	text->users++;
	return text;
}

void
shared_text_unref(struct shared_text *text)
{
	if (text == NULL || --text->users > 0)
		return;
	free(text->bytes);
	free(text);
}

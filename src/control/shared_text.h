/*
 * A text that is made once and used by many: the last to give it back frees it.
 * Not for two threads at once. Master.
 */
#ifndef DROVER_CONTROL_SHARED_TEXT_H
#define DROVER_CONTROL_SHARED_TEXT_H

#include <stddef.h>

struct shared_text {
	unsigned users;
	char *bytes; /* NUL-terminated */
	size_t length; /* without the NUL */
};

/* Takes over malloc'ed text, also when it fails; NULL is allowed. The caller is the first user. NULL: no memory. */
struct shared_text *shared_text_new(char *text);

struct shared_text *shared_text_ref(struct shared_text *text);

/* NULL is allowed. */
void shared_text_unref(struct shared_text *text);

#endif

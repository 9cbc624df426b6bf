/* The value of an Authorization field: what is read of it is sound, and reads the same when written again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/credentials.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void
text_check(const struct credentials *c, struct text text)
{
	if (text.bytes < c->bytes || text.bytes + text.length >= c->bytes + sizeof c->bytes || text.bytes[text.length] != '\0' ||
	    strlen(text.bytes) != text.length)
		abort();
}

/* How many letters of base64 so many bytes take. */
static size_t
letters(size_t bytes)
{
	return (bytes + 2) / 3 * 4;
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	char *value = malloc(size > 0 ? size : 1);
	struct credentials c;

	if (value == NULL)
		return 0;
	if (size > 0)
		memcpy(value, input, size);
	if (credentials_read(&c, value, size) == CREDENTIALS_READ) {
		text_check(&c, c.name);
		text_check(&c, c.password);
		if (memchr(c.name.bytes, ':', c.name.length) != NULL ||
		    letters(c.name.length + 1 + c.password.length) + 6 > size)
			abort();
	}
	free(value);
	return 0;
}

/* Credentials of the Basic scheme (RFC 7617). Pure. Runs in workers. */
#ifndef DROVER_HTTP_CREDENTIALS_H
#define DROVER_HTTP_CREDENTIALS_H

#include <stddef.h>

#include "base/text.h"

enum { CREDENTIALS_MAX = 640 }; /* bytes of name and password together */

/* Name and password point into `bytes`, each ends with a NUL. */
struct credentials {
	struct text name, password;
	char bytes[CREDENTIALS_MAX + 1];
};

enum credentials_result {
	CREDENTIALS_READ,
	CREDENTIALS_OTHER, /* another scheme */
	CREDENTIALS_BAD	   /* broken, too long, or with control characters in them */
};

/*
 * Reads the value of an Authorization field. Strict: base64 with its padding, of
 * UTF-8 or any other bytes but controls; the name is what stands before the first colon.
 */
enum credentials_result credentials_read(struct credentials *to, const char *value, size_t length);

/* Forgets them: nothing of the password stays in memory. */
void credentials_clear(struct credentials *credentials);

#endif

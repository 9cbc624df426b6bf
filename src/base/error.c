#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"

int
error_set(struct error *err, const char *format, ...)
{
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, format);
	vsnprintf(err->text, sizeof err->text, format, ap);
	va_end(ap);
	return -1;
}

int
error_errno(struct error *err, const char *format, ...)
{
	int saved = errno;
	va_list ap;
	size_t used;

	if (err == NULL)
		return -1;
	va_start(ap, format);
	vsnprintf(err->text, sizeof err->text, format, ap);
	va_end(ap);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof err->text - used, ": %s", strerror(saved));
	errno = saved;
	return -1;
}

int
error_file(struct error *err, const char *path, const char *format, ...)
{
	int saved = errno;
	char sentence[PATH_SENTENCE_MAX];
	va_list ap;
	size_t used;

	if (err == NULL)
		return -1;
	va_start(ap, format);
	vsnprintf(err->text, sizeof err->text, format, ap);
	va_end(ap);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof err->text - used, ": %s",
	    saved == ENOENT && path_directory_missing(path, sentence) ? sentence : strerror(saved));
	errno = saved;
	return -1;
}

int
error_prefix(struct error *err, const char *format, ...)
{
	char old[sizeof err->text];
	va_list ap;
	size_t used;

	if (err == NULL)
		return -1;
	memcpy(old, err->text, sizeof old);
	va_start(ap, format);
	vsnprintf(err->text, sizeof err->text, format, ap);
	va_end(ap);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof err->text - used, ": %s", old);
	return -1;
}

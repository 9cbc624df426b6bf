#include "ctl/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *
memory_need(void *p)
{
	if (p != NULL)
		return p;
	fputs("droverctl: out of memory\n", stderr);
	exit(1);
}

void *
memory_zeroed(size_t count, size_t size)
{
	return memory_need(calloc(count > 0 ? count : 1, size));
}

void *
memory_grow(void *p, size_t count, size_t size)
{
	return memory_need(reallocarray(p, count, size));
}

char *
memory_copy(const char *text)
{
	return memory_need(strdup(text));
}

char *
memory_print(const char *format, ...)
{
	va_list ap;
	char *text = NULL;
	int length;

	va_start(ap, format);
	length = vasprintf(&text, format, ap);
	va_end(ap);
	return memory_need(length < 0 ? NULL : text);
}

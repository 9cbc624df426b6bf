#include "master/title.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	char *bytes;
	size_t size;
} title;

/* The end of the memory from argv[0] on that belongs to argv and, right behind it, to the environment. */
static char *
memory_end(int argc, char **argv)
{
	char *end = argv[0];
	char **p;
	int i;

	for (i = 0; i < argc; i++)
		if (argv[i] == end)
			end += strlen(end) + 1;
	for (p = environ; p != NULL && *p != NULL; p++)
		if (*p == end)
			end += strlen(end) + 1;
	return end;
}

/* Gives the environment memory of its own, in one piece that stays for the life of the process. */
static int
environ_move(void)
{
	static char **moved, *strings;
	size_t count = 0, size = 0, used = 0, i;

	for (; environ != NULL && environ[count] != NULL; count++)
		size += strlen(environ[count]) + 1;
	moved = calloc(count + 1, sizeof *moved);
	strings = malloc(size + 1);
	if (moved == NULL || strings == NULL)
		return -1;
	for (i = 0; i < count; i++) {
		moved[i] = strings + used;
		used += strlen(environ[i]) + 1;
		memcpy(moved[i], environ[i], strlen(environ[i]) + 1);
	}
	environ = moved;
	return 0;
}

void
title_init(int argc, char **argv)
{
	char *end;

	if (argv == NULL || argc < 1)
		return;
	end = memory_end(argc, argv);
	if (environ_move() < 0)
		return;
	title.bytes = argv[0];
	title.size = (size_t)(end - argv[0]);
}

void
title_set(const char *format, ...)
{
	char text[64];
	va_list ap;

	if (title.bytes == NULL)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	memset(title.bytes, 0, title.size);
	snprintf(title.bytes, title.size, "drover: %s", text);
}

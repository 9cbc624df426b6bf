#include "corpus.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
bytes_add(struct bytes *to, const char *data, size_t length)
{
	if (to->room - to->length < length) {
		to->room = 2 * (to->length + length) + 64;
		to->data = realloc(to->data, to->room);
		if (to->data == NULL)
			abort();
	}
	if (length > 0)
		memcpy(to->data + to->length, data, length);
	to->length += length;
}

static int
hex(char digit)
{
	return digit >= '0' && digit <= '9' ? digit - '0' : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static const char *text_add(struct bytes *to, const char *p, const char *end);

/* "3:abc)": abc three times. Returns the byte behind it, or NULL. */
static const char *
repeat_add(struct bytes *to, const char *p)
{
	char *text;
	unsigned long count = strtoul(p, &text, 10);
	const char *end = strchr(text, ')');

	if (end == NULL || *text++ != ':')
		return NULL;
	for (; count > 0; count--)
		if (text_add(to, text, end) == NULL)
			return NULL;
	return end + 1;
}

/* What stands behind a backslash. Returns the byte behind it, or NULL. */
static const char *
escape_add(struct bytes *to, const char *p)
{
	static const char names[] = "rnt\\", bytes[] = "\r\n\t\\";
	const char *name = *p != '\0' ? strchr(names, *p) : NULL;
	char byte;

	if (name != NULL) {
		bytes_add(to, &bytes[name - names], 1);
		return p + 1;
	}
	if (*p == '(')
		return repeat_add(to, p + 1);
	if (*p != 'x' || hex(p[1]) < 0 || hex(p[2]) < 0)
		return NULL;
	byte = (char)(hex(p[1]) << 4 | hex(p[2]));
	bytes_add(to, &byte, 1);
	return p + 3;
}

/* Adds what the text stands for. Returns its end, or NULL. */
static const char *
text_add(struct bytes *to, const char *p, const char *end)
{
	while (p != NULL && p < end) {
		if (*p == '\\') {
			p = escape_add(to, p + 1);
		} else {
			bytes_add(to, p, 1);
			p++;
		}
	}
	return p;
}

/* A line of a case, and CRLF, but for a backslash at its end, which stands for nothing more. */
static int
line_add(struct bytes *to, const char *line)
{
	const char *end = line + strlen(line);
	bool open = end > line && end[-1] == '\\' && (end - 1 == line || end[-2] != '\\');

	if (text_add(to, line, open ? end - 1 : end) == NULL)
		return -1;
	if (!open)
		bytes_add(to, "\r\n", 2);
	return 0;
}

static unsigned
class_find(struct corpus *corpus, const char *name)
{
	unsigned i;

	for (i = 0; i < corpus->class_count; i++)
		if (strcmp(corpus->classes[i], name) == 0)
			return i;
	corpus->classes[i] = strdup(name);
	if (corpus->classes[i] == NULL)
		abort();
	return corpus->class_count++;
}

/* "== CLASS: what it is" begins a case. */
static int
line_read(struct corpus *corpus, char *line)
{
	struct corpus_case *last = corpus->count > 0 ? &corpus->cases[corpus->count - 1] : NULL;
	char *colon = strchr(line, ':');

	if (*line == '#')
		return 0;
	if (strncmp(line, "== ", 3) != 0)
		return last != NULL ? line_add(&last->bytes, line) : -1;
	if (colon == NULL || corpus->count == CORPUS_MAX)
		return -1;
	*colon = '\0';
	corpus->cases[corpus->count++] = (struct corpus_case){ .class = class_find(corpus, line + 3) };
	return 0;
}

int
corpus_read(struct corpus *corpus, const char *file)
{
	FILE *from = fopen(file, "r");
	unsigned number = 0;
	char line[4096];
	int result = 0;

	memset(corpus, 0, sizeof *corpus);
	if (from == NULL) {
		perror(file);
		return -1;
	}
	while (result == 0 && fgets(line, sizeof line, from) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		number++;
		result = line_read(corpus, line);
	}
	if (result < 0)
		fprintf(stderr, "%s:%u: this is no line of a case\n", file, number);
	fclose(from);
	return result;
}

void
corpus_free(struct corpus *corpus)
{
	unsigned i;

	for (i = 0; i < corpus->count; i++)
		free(corpus->cases[i].bytes.data);
	for (i = 0; i < corpus->class_count; i++)
		free(corpus->classes[i]);
}

#include "http/plain_path.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Decodes what is encoded with %, once, to the bytes at `to`. How many they are. */
static size_t
path_decode(struct text path, char *to)
{
	size_t i, length = 0;

	for (i = 0; i < path.length; i++) {
		const char *digits = path.bytes + i + 1;

		if (path.bytes[i] == '%' && i + 2 < path.length && isxdigit((unsigned char)digits[0]) &&
		    isxdigit((unsigned char)digits[1])) {
			char number[] = { digits[0], digits[1], '\0' };

			to[length++] = (char)strtoul(number, NULL, 16);
			i += 2;
		} else {
			to[length++] = path.bytes[i];
		}
	}
	return length;
}

/* Takes "//", "/./" and "/../" out of a path (RFC 3986 5.2.4), in place; it may get a byte longer. Its length. */
static size_t
path_resolve(char *path, size_t length)
{
	size_t at = 0, end = 0, next, size;
	bool folder = true;

	for (; at < length; at = next) {
		while (at < length && path[at] == '/')
			at++;
		for (next = at; next < length && path[next] != '/'; next++)
			;
		size = next - at;
		folder = size == 0 || next < length || (path[at] == '.' && (size == 1 || (size == 2 && path[at + 1] == '.')));
		if (size == 2 && memcmp(path + at, "..", 2) == 0) {
			while (end > 0 && path[--end] != '/')
				;
		} else if (size > 0 && !(size == 1 && path[at] == '.')) {
			path[end++] = '/';
			memmove(path + end, path + at, size);
			end += size;
		}
	}
	if (folder)
		path[end++] = '/';
	return end;
}

/* Takes the query off the path. */
static struct text
query_split(struct text *path)
{
	struct text query = { memchr(path->bytes, '?', path->length), 0 };

	if (query.bytes != NULL)
		query.length = (size_t)(path->bytes + path->length - query.bytes);
	path->length -= query.length;
	return query;
}

size_t
path_plain(struct text path, char to[PLAIN_PATH_MAX])
{
	struct text query;
	size_t length;

	if (path.length == 0 || path.length >= PLAIN_PATH_MAX || path.bytes[0] != '/')
		return 0;
	query = query_split(&path);
	if (memchr(path.bytes, '%', path.length) == NULL && memmem(path.bytes, path.length, "//", 2) == NULL &&
	    memmem(path.bytes, path.length, "/.", 2) == NULL)
		return 0;
	length = path_resolve(to, path_decode(path, to));
	if (query.length > 0)
		memcpy(to + length, query.bytes, query.length);
	return length + query.length;
}

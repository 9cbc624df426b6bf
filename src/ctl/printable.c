#include "ctl/printable.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "base/object.h"
#include "base/text.h"
#include "ctl/memory.h"

enum { ESCAPE_MAX = 12 }; /* the longest that stands for one character, with its NUL */

/* What cannot be seen but changes how the rest looks, from Unicode's general category Cf. */
static const struct {
	uint32_t first, last;
} invisible[] = {
	{ 0x00ad, 0x00ad },
	{ 0x061c, 0x061c },
	{ 0x180e, 0x180e },
	{ 0x200b, 0x200f },
	{ 0x2028, 0x202e },
	{ 0x2060, 0x206f },
	{ 0xfeff, 0xfeff },
	{ 0xfff9, 0xfffb },
	{ 0xe0000, 0xe0fff },
};

/* The code point of a character of `length` bytes, as text_utf8_length found it. */
static uint32_t
code_point(const char *bytes, size_t length)
{
	const unsigned char *p = (const unsigned char *)bytes;
	uint32_t code = length == 1 ? p[0] : length == 2 ? p[0] & 0x1fu : length == 3 ? p[0] & 0x0fu : p[0] & 0x07u;
	size_t i;

	for (i = 1; i < length; i++)
		code = code << 6 | (p[i] & 0x3fu);
	return code;
}

static bool
is_visible(uint32_t code)
{
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(invisible); i++)
		if (code >= invisible[i].first && code <= invisible[i].last)
			return false;
	return wcwidth((wchar_t)code) >= 0;
}

/* Writes what stands for the character at `bytes`; *taken tells how many bytes it covers. */
static size_t
character_write(char out[ESCAPE_MAX], const char *bytes, size_t left, bool utf8, size_t *taken)
{
	size_t length = text_utf8_length(bytes, left);
	uint32_t code;

	*taken = length > 0 ? length : 1;
	if (length == 0)
		return (size_t)snprintf(out, ESCAPE_MAX, "\\x%02x", (unsigned char)*bytes);
	code = code_point(bytes, length);
	if (code < 0x20 || code == 0x7f)
		return (size_t)snprintf(out, ESCAPE_MAX, "\\x%02x", (unsigned)code);
	if (code < 0x7f) {
		out[0] = *bytes;
		return 1;
	}
	if (code < 0xa0 || (utf8 && !is_visible(code)))
		return (size_t)snprintf(out, ESCAPE_MAX, "\\u%04x", (unsigned)code);
	if (!utf8)
		return (size_t)snprintf(out, ESCAPE_MAX, "?");
	memcpy(out, bytes, length);
	return length;
}

char *
printable(const char *bytes, size_t length, bool utf8)
{
	size_t size = length + ESCAPE_MAX, used = 0, taken;
	char *to = memory_zeroed(size, 1);

	while (length > 0) {
		if (size - used < ESCAPE_MAX + 1) {
			size *= 2;
			to = memory_grow(to, size, 1);
		}
		used += character_write(to + used, bytes, length, utf8, &taken);
		bytes += taken;
		length -= taken;
	}
	to[used] = '\0';
	return to;
}

/* Columns of the character at `text`, whose bytes are told in *length. */
static size_t
character_width(const char *text, size_t *length)
{
	int width;

	*length = 1;
	if ((unsigned char)*text < 0x80)
		return 1;
	*length = text_utf8_length(text, strlen(text));
	if (*length == 0) {
		*length = 1;
		return 1;
	}
	width = wcwidth((wchar_t)code_point(text, *length));
	return width > 0 ? (size_t)width : 0;
}

size_t
printable_width(const char *text)
{
	size_t width = 0, length;

	for (; *text != '\0'; text += length)
		width += character_width(text, &length);
	return width;
}

size_t
printable_fit(const char *text, size_t columns)
{
	size_t used = 0, width = 0, length;

	while (text[used] != '\0') {
		width += character_width(text + used, &length);
		if (width > columns)
			break;
		used += length;
	}
	return used;
}

#include "http/credentials.h"

#include <stdbool.h>
#include <string.h>

#include "http/h1_internal.h"

/* The value of a letter of base64 (RFC 4648 4), -1: it is none. */
static int
letter_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four letters to 24 bits, of which `padding` are none. -1: they are no base64. */
static int
quad_value(const char *four, int padding)
{
	int value = 0, i, letter;

	for (i = 0; i < 4; i++) {
		letter = i < 4 - padding ? letter_value(four[i]) : 0;
		if (letter < 0)
			return -1;
		value = value << 6 | letter;
	}
	/* bits that stand for nothing are zero, so that there is one way to write it */
	return (value & ((1 << 8 * padding) - 1)) != 0 ? -1 : value;
}

/* The bytes, -1: no base64, or more than `size` of them. */
static ptrdiff_t
base64_read(char *to, size_t size, const char *from, size_t length)
{
	size_t n = 0, i;
	int value, padding, k;

	if (length % 4 != 0)
		return -1;
	for (i = 0; i < length; i += 4) {
		padding = i + 4 < length || from[i + 3] != '=' ? 0 : from[i + 2] != '=' ? 1 : 2;
		value = quad_value(from + i, padding);
		if (value < 0 || n + 3 - (size_t)padding > size)
			return -1;
		for (k = 0; k < 3 - padding; k++)
			to[n++] = (char)(value >> (16 - 8 * k) & 0xff);
	}
	return (ptrdiff_t)n;
}

static bool
has_control(const char *bytes, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7f)
			return true;
	return false;
}

enum credentials_result
credentials_read(struct credentials *to, const char *value, size_t length)
{
	ptrdiff_t n;
	char *colon;

	if (length < 6 || !h1_spells(value, 5, "basic") || value[5] != ' ')
		return CREDENTIALS_OTHER;
	for (value += 6, length -= 6; length > 0 && *value == ' '; value++)
		length--;
	n = base64_read(to->bytes, CREDENTIALS_MAX, value, length);
	if (n <= 0 || has_control(to->bytes, (size_t)n))
		return CREDENTIALS_BAD;
	colon = memchr(to->bytes, ':', (size_t)n);
	if (colon == NULL)
		return CREDENTIALS_BAD;
	*colon = '\0';
	to->bytes[n] = '\0';
	to->name = (struct text){ to->bytes, (size_t)(colon - to->bytes) };
	to->password = (struct text){ colon + 1, (size_t)n - to->name.length - 1 };
	return CREDENTIALS_READ;
}

void
credentials_clear(struct credentials *credentials)
{
	explicit_bzero(credentials, sizeof *credentials);
}

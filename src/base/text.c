#include "base/text.h"

#include <stdio.h>
#include <string.h>

#include "base/object.h"

struct unit {
	const char *name;
	uint64_t factor;
};

/* The largest first: that is the order in which text_from_... tries them. */
static const struct unit duration_units[] = {
	{ "d", UINT64_C(86400000000) },
	{ "h", UINT64_C(3600000000) },
	{ "m", UINT64_C(60000000) },
	{ "s", UINT64_C(1000000) },
	{ "ms", UINT64_C(1000) },
	{ "us", UINT64_C(1) },
};

static const struct unit size_units[] = {
	{ "g", UINT64_C(1) << 30 },
	{ "m", UINT64_C(1) << 20 },
	{ "k", UINT64_C(1) << 10 },
};

/* Reads the digits at the start of text; the first byte after them, or NULL when there are none or too many. */
static const char *
digits_read(const char *text, uint64_t *number)
{
	uint64_t value = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return NULL;
	if (p == text)
		return NULL;
	*number = value;
	return p;
}

static bool
unit_apply(const struct unit *units, size_t count, const char *name, uint64_t number, uint64_t *result)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (text_equal_nocase(units[i].name, strlen(units[i].name), name, strlen(name)))
			return !__builtin_mul_overflow(number, units[i].factor, result);
	return false;
}

/* Cut off at the end of `to`, as snprintf would. */
static const char *
number_write(uint64_t number, const char *unit, char *to, size_t size)
{
	char digits[20], *first = digits + sizeof digits;
	size_t length, unit_length = strlen(unit);

	do
		*--first = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	length = (size_t)(digits + sizeof digits - first);
	if (size <= length + unit_length) {
		snprintf(to, size, "%.*s%s", (int)length, first, unit);
		return to;
	}
	memcpy(to, first, length);
	memcpy(to + length, unit, unit_length + 1);
	return to;
}

static const char *
unit_write(const struct unit *units, size_t count, uint64_t number, char *to, size_t size)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (number == 0 || number % units[i].factor != 0)
			continue;
		return number_write(number / units[i].factor, units[i].name, to, size);
	}
	return number_write(number, "", to, size);
}

bool
text_to_number(const char *text, uint64_t *number)
{
	uint64_t value;
	const char *end = digits_read(text, &value);

	if (end == NULL || *end != '\0')
		return false;
	*number = value;
	return true;
}

bool
text_to_duration(const char *text, uint64_t *microseconds)
{
	uint64_t value, result;
	const char *unit = digits_read(text, &value);

	if (unit == NULL)
		return false;
	if (*unit == '\0' && value == 0) {
		*microseconds = 0;
		return true;
	}
	if (!unit_apply(duration_units, ARRAY_LENGTH(duration_units), unit, value, &result))
		return false;
	*microseconds = result;
	return true;
}

bool
text_to_size(const char *text, uint64_t *bytes)
{
	uint64_t value, result;
	const char *unit = digits_read(text, &value);

	if (unit == NULL)
		return false;
	if (*unit == '\0')
		result = value;
	else if (!unit_apply(size_units, ARRAY_LENGTH(size_units), unit, value, &result))
		return false;
	*bytes = result;
	return true;
}

const char *
text_from_number(uint64_t number, char *to, size_t size)
{
	return number_write(number, "", to, size);
}

const char *
text_from_duration(uint64_t microseconds, char *to, size_t size)
{
	return unit_write(duration_units, ARRAY_LENGTH(duration_units), microseconds, to, size);
}

const char *
text_from_size(uint64_t bytes, char *to, size_t size)
{
	return unit_write(size_units, ARRAY_LENGTH(size_units), bytes, to, size);
}

static unsigned char
lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

bool
text_equal_nocase(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t i;

	if (a_length != b_length)
		return false;
	for (i = 0; i < a_length; i++)
		if (lower((unsigned char)a[i]) != lower((unsigned char)b[i]))
			return false;
	return true;
}

/* Whether the second byte of a sequence can follow the first: shortest form, no surrogates, not past U+10FFFF. */
static bool
utf8_second_fits(unsigned char first, unsigned char second)
{
	unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

	return second >= low && second <= high;
}

size_t
text_utf8_length(const char *bytes, size_t left)
{
	const unsigned char *p = (const unsigned char *)bytes;
	size_t length, i;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	length = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (left < length || !utf8_second_fits(p[0], p[1]))
		return 0;
	for (i = 2; i < length; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return length;
}

/* What stands for the first character of p in a JSON string: its bytes in `out`; *taken tells how many it covers. */
static size_t
json_character(const unsigned char *p, size_t left, char out[8], size_t *taken)
{
	size_t length = text_utf8_length((const char *)p, left);

	*taken = length == 0 ? 1 : length;
	if (length == 0)
		return (size_t)snprintf(out, 8, "\\ufffd");
	if (p[0] == '"' || p[0] == '\\') {
		out[0] = '\\';
		out[1] = (char)p[0];
		return 2;
	}
	if (p[0] == '\n')
		return (size_t)snprintf(out, 8, "\\n");
	if (p[0] < 0x20 || p[0] == 0x7f)
		return (size_t)snprintf(out, 8, "\\u%04x", p[0]);
	if (p[0] == 0xc2 && p[1] < 0xa0) /* the C1 controls, which some terminals obey */
		return (size_t)snprintf(out, 8, "\\u%04x", p[1]);
	memcpy(out, p, length);
	return length;
}

size_t
text_escape_json(char *to, size_t size, const char *bytes, size_t length)
{
	const unsigned char *p = (const unsigned char *)bytes;
	size_t written = 0, taken, n;
	char out[8];

	while (length > 0) {
		n = json_character(p, length, out, &taken);
		if (n > size - written)
			break;
		memcpy(to + written, out, n);
		written += n;
		p += taken;
		length -= taken;
	}
	return written;
}

/* As many bytes as can stand in a log as they are. */
static size_t
log_run(const char *bytes, size_t length)
{
	static const bool special[256] = { [0 ... 0x1f] = true, ['"'] = true, ['\\'] = true, [0x7f ... 0xff] = true };
	size_t n = 0;

	while (n < length && !special[(unsigned char)bytes[n]])
		n++;
	return n;
}

size_t
text_escape_log(char *to, size_t size, const char *bytes, size_t length)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t written = 0, i = 0, run;

	if (length == 0)
		return 0; /* what there is not may be NULL */
	for (;;) {
		run = log_run(bytes + i, length - i);
		run = run < size - written ? run : size - written;
		if (run > 0) /* bytes may be NULL when there are none */
			memcpy(to + written, bytes + i, run);
		written += run;
		i += run;
		if (i == length || size - written < 4)
			return written;
		to[written++] = '\\';
		to[written++] = 'x';
		to[written++] = hex[(unsigned char)bytes[i] >> 4];
		to[written++] = hex[(unsigned char)bytes[i] & 15];
		i++;
	}
}

enum {
	NEAREST_WORD_MAX = 63, /* no word of ours is longer */
	NEAREST_MISTAKES_MAX = 8, /* more make another word, and take long to count */
	NEAREST_WORK_MAX = 250000, /* pairs of letters: about a millisecond. Words after that are not looked at */
	FAR = 2 * NEAREST_WORD_MAX /* as far as no two words are from each other */
};

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Edit distance: insertions, deletions, substitutions and swaps of neighbors. More than `most`
 * is any number above it; then it takes less time. Both words are at most NEAREST_WORD_MAX long.
 * Adds to *work what it took.
 */
static unsigned
word_distance(const char *a, const char *b, unsigned most, unsigned *work)
{
	unsigned rows[3][NEAREST_WORD_MAX + 2], *before = rows[0], *last = rows[1], *row = rows[2], *oldest, smallest;
	size_t a_length = strlen(a), b_length = strlen(b), i, j, begin, end;

	if (a_length > b_length + most || b_length > a_length + most)
		return FAR;
	for (j = 0; j <= b_length; j++)
		last[j] = (unsigned)j;
	for (i = 1; i <= a_length; i++) {
		/* what is further from the diagonal costs more than `most` */
		begin = i > most ? i - most : 0;
		end = b_length < i + most ? b_length : i + most;
		smallest = FAR;
		*work += (unsigned)(end - begin) + 1;
		for (j = begin; j <= end; j++) {
			row[j] = j == 0 ? (unsigned)i : last[j - 1] + (a[i - 1] != b[j - 1]);
			if (j > begin)
				row[j] = least(row[j], row[j - 1] + 1);
			if (j < i + most)
				row[j] = least(row[j], last[j] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
			smallest = least(smallest, row[j]);
		}
		if (smallest > most)
			return FAR;
		oldest = before;
		before = last;
		last = row;
		row = oldest;
	}
	return last[b_length];
}

/* The first word that begins with `part`, or NULL. */
static const char *
word_beginning(const char *part, const char *const *list)
{
	size_t length = strlen(part);

	if (length < 3)
		return NULL;
	for (; *list != NULL; list++)
		if (strncmp(*list, part, length) == 0)
			return *list;
	return NULL;
}

const char *
text_nearest(const char *word, const char *const *list)
{
	size_t length = strlen(word);
	unsigned near, distance, work = 0;
	const char *const *first = list;
	const char *best = NULL;

	if (length < 2 || length > NEAREST_WORD_MAX)
		return NULL;
	near = length < 6 ? 1 : least((unsigned)length / 3, NEAREST_MISTAKES_MAX);
	for (; *list != NULL && work < NEAREST_WORK_MAX; list++) {
		if (strlen(*list) > NEAREST_WORD_MAX)
			continue;
		distance = word_distance(word, *list, near, &work);
		if (distance > near || (best != NULL && distance == near))
			continue;
		best = *list;
		near = distance;
	}
	return best != NULL ? best : word_beginning(word, first);
}

bool
text_fits(const char *word, const char *pattern)
{
	const char *star = NULL, *behind = NULL; /* the last star, and the word behind what that stands for */

	while (*word != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			behind = word;
		} else if (*pattern == '?' || *pattern == *word) {
			pattern++;
			word++;
		} else if (star != NULL) {
			pattern = star + 1;
			word = ++behind;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

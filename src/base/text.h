/* Reading and writing small texts: numbers with units, escapes. Pure. All processes. */
#ifndef DROVER_BASE_TEXT_H
#define DROVER_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A run of bytes somewhere else: borrowed, not NUL-terminated. */
struct text {
	const char *bytes;
	size_t length;
};

/* Decimal digits only, no sign, no space. false on anything else or overflow. */
bool text_to_number(const char *text, uint64_t *number);

/*
 * "30s", "500ms", "2m", "1h", "1d", "250us" -> microseconds; a bare number is
 * refused but "0". Here as with sizes, units in upper case are the same.
 */
bool text_to_duration(const char *text, uint64_t *microseconds);

/* "16k", "1m", "2g" (powers of 1024), or bytes without a unit. */
bool text_to_size(const char *text, uint64_t *bytes);

/* The text that text_to_number reads back; many times quicker than snprintf. Returns `to`. */
const char *text_from_number(uint64_t number, char *to, size_t size);

/* The shortest exact text that text_to_duration / text_to_size reads back. Returns `to`. */
const char *text_from_duration(uint64_t microseconds, char *to, size_t size);
const char *text_from_size(uint64_t bytes, char *to, size_t size);

/* The length of the UTF-8 character (RFC 3629) that `left` bytes, at least one, begin with, or 0 when it is none. */
size_t text_utf8_length(const char *bytes, size_t left);

/* ASCII only, whatever the locale. */
bool text_equal_nocase(const char *a, size_t a_length, const char *b, size_t b_length);

/*
 * Copies bytes into a JSON string or a quoted log field: quotes, backslashes
 * and control bytes are escaped so that what was between quotes stays there;
 * in JSON a byte that is no UTF-8 becomes U+FFFD. Writes at most `size` bytes and never a half escape.
 * Returns the bytes written; no NUL is added.
 */
size_t text_escape_json(char *to, size_t size, const char *bytes, size_t length);
size_t text_escape_log(char *to, size_t size, const char *bytes, size_t length); /* \xHH, as nginx does */

/*
 * Whether the whole word fits the pattern: "*" stands for any bytes, also none,
 * "?" for one, all else for itself. Time is bounded by the product of the lengths.
 */
bool text_fits(const char *word, const char *pattern);

/*
 * The word of a NULL-ended list nearest to `word` by edit distance; when none is
 * near, the first that begins with it; else NULL. Takes about a millisecond at most: of
 * a thousand long words that are alike not all may be compared.
 */
const char *text_nearest(const char *word, const char *const *list);

#endif

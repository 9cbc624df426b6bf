/*
 * A line under construction, in room that the caller gives: what does not fit
 * any more is left out. Many times quicker than printf, for lines that are written
 * once a request. Pure. All processes.
 */
#ifndef DROVER_BASE_LINE_H
#define DROVER_BASE_LINE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct line {
	char *at, *end;
};

static inline void
line_bytes(struct line *line, const char *bytes, size_t length)
{
	if (length > (size_t)(line->end - line->at))
		return;
	memcpy(line->at, bytes, length);
	line->at += length;
}

/* A string literal. */
#define line_literal(line, words) line_bytes(line, words, sizeof words - 1)

static inline void
line_string(struct line *line, const char *string)
{
	line_bytes(line, string, strlen(string));
}

/* In decimal, with zeros in front up to so many digits (1..20). */
void line_number_padded(struct line *line, uint64_t number, unsigned digits);

static inline void
line_number(struct line *line, uint64_t number)
{
	line_number_padded(line, number, 1);
}

/* In hexadecimal, lower case, the last so many digits (1..16). */
void line_hex(struct line *line, uint64_t number, unsigned digits);

/* Microseconds as seconds: "0.001234". */
void line_seconds(struct line *line, uint64_t microseconds);

#endif

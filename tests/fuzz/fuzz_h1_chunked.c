/*
 * Chunked bodies. The first byte is the size of the pieces in which the body
 * comes: accepted and decoded, whole and in pieces, it must end at the same byte
 * with the same data.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/h1.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

struct outcome {
	ptrdiff_t used; /* -1: malformed */
	bool done;
};

static char *
piece_copy(const char *bytes, size_t length)
{
	char *copy = malloc(length);

	if (copy == NULL)
		abort();
	return memcpy(copy, bytes, length);
}

static struct outcome
accept_pieces(const char *bytes, size_t length, size_t piece)
{
	struct h1_chunked chunked = { 0 };
	struct outcome outcome = { 0 };

	while (!outcome.done && (size_t)outcome.used < length) {
		size_t left = length - (size_t)outcome.used, there = left < piece ? left : piece;
		char *copy = piece_copy(bytes + outcome.used, there);
		ptrdiff_t n = h1_chunked_accept(&chunked, copy, there, &outcome.done);

		free(copy);
		if (n < 0)
			return (struct outcome){ .used = -1 };
		if ((size_t)n > there || (!outcome.done && (size_t)n != there))
			abort();
		outcome.used += n;
	}
	return outcome;
}

static struct outcome
decode_pieces(const char *bytes, size_t length, size_t piece, char *text, size_t *text_length)
{
	struct h1_chunked chunked = { 0 };
	struct outcome outcome = { 0 };

	for (*text_length = 0; !outcome.done && (size_t)outcome.used < length;) {
		size_t left = length - (size_t)outcome.used, there = left < piece ? left : piece, data_length;
		const char *at = bytes + outcome.used, *data;
		ptrdiff_t n = h1_chunked_decode(&chunked, at, there, &data, &data_length, &outcome.done);

		if (n < 0)
			return (struct outcome){ .used = -1 };
		if (n == 0 || (size_t)n > there ||
		    (data_length != 0 && (data < at || data + data_length != at + n)))
			abort();
		if (data_length != 0)
			memcpy(text + *text_length, data, data_length);
		*text_length += data_length;
		outcome.used += n;
	}
	return outcome;
}

static void
outcomes_check(struct outcome a, struct outcome b)
{
	if (a.used != b.used || a.done != b.done)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static char text[16384], again[sizeof text];
	const char *bytes = (const char *)input + 1;
	size_t length, text_length, again_length;
	struct outcome outcome;

	if (size < 2 || size > sizeof text)
		return 0;
	length = size - 1;
	outcome = accept_pieces(bytes, length, length);
	outcomes_check(outcome, accept_pieces(bytes, length, 1U + input[0]));
	outcomes_check(outcome, decode_pieces(bytes, length, length, text, &text_length));
	outcomes_check(outcome, decode_pieces(bytes, length, 1U + input[0], again, &again_length));
	if (text_length != again_length || memcmp(text, again, text_length) != 0)
		abort();
	return 0;
}

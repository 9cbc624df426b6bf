/* Chunked bodies (RFC 9112 7.1), byte by byte but for the data, which is skipped in one step. */
#include "http/h1_internal.h"

#include <string.h>

enum chunked_state {
	CHUNK_SIZE, /* 0: a zeroed struct begins here */
	CHUNK_EXTENSION,
	CHUNK_EXTENSION_NAME,
	CHUNK_EXTENSION_VALUE,
	CHUNK_EXTENSION_TOKEN,
	CHUNK_EXTENSION_QUOTED,
	CHUNK_EXTENSION_PAIR,
	CHUNK_EXTENSION_END,
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_TRAILER,
	CHUNK_TRAILER_NAME,
	CHUNK_TRAILER_VALUE,
	CHUNK_TRAILER_LF,
	CHUNK_END_LF,
	CHUNK_END,
	CHUNK_BAD
};

enum { DIGITS_MAX = 16, EXTENSION_MAX = 256, TRAILER_MAX = 8192, TRAILER_FIELDS_MAX = 64 };

static unsigned
hex_value(char digit)
{
	return h1_is_digit(digit) ? (unsigned)(digit - '0') : (unsigned)(h1_lower(digit) - 'a' + 10);
}

/* What may follow a chunk size, an extension's name or its value. */
static enum chunked_state
chunk_part_end(char byte)
{
	return byte == ';' ? CHUNK_EXTENSION : byte == '\r' ? CHUNK_SIZE_LF : CHUNK_BAD;
}

static enum chunked_state
size_byte(struct h1_chunked *chunked, char byte)
{
	if (h1_is(byte, H1_HEX)) {
		if (++chunked->count > DIGITS_MAX || chunked->left > (uint64_t)INT64_MAX >> 4)
			return CHUNK_BAD;
		chunked->left = chunked->left << 4 | hex_value(byte);
		return CHUNK_SIZE;
	}
	if (chunked->count == 0)
		return CHUNK_BAD;
	chunked->count = 0;
	return chunk_part_end(byte);
}

/*
 * RFC 9112 7.1.1, without the "bad" white space that its grammar lets a
 * recipient accept: what is accepted here is forwarded, and no sender may write it.
 */
static enum chunked_state
extension_byte(struct h1_chunked *chunked, char byte)
{
	if (byte != '\r' && ++chunked->count > EXTENSION_MAX - 1) /* the first ";" was not counted */
		return CHUNK_BAD;
	switch (chunked->state) {
	case CHUNK_EXTENSION:
		return h1_is(byte, H1_TOKEN) ? CHUNK_EXTENSION_NAME : CHUNK_BAD;
	case CHUNK_EXTENSION_NAME:
		if (byte == '=')
			return CHUNK_EXTENSION_VALUE;
		return h1_is(byte, H1_TOKEN) ? CHUNK_EXTENSION_NAME : chunk_part_end(byte);
	case CHUNK_EXTENSION_VALUE:
		if (byte == '"')
			return CHUNK_EXTENSION_QUOTED;
		return h1_is(byte, H1_TOKEN) ? CHUNK_EXTENSION_TOKEN : CHUNK_BAD;
	case CHUNK_EXTENSION_TOKEN:
		return h1_is(byte, H1_TOKEN) ? CHUNK_EXTENSION_TOKEN : chunk_part_end(byte);
	case CHUNK_EXTENSION_QUOTED:
		if (byte == '"')
			return CHUNK_EXTENSION_END;
		if (byte == '\\')
			return CHUNK_EXTENSION_PAIR;
		return h1_is(byte, H1_TEXT) ? CHUNK_EXTENSION_QUOTED : CHUNK_BAD;
	case CHUNK_EXTENSION_PAIR:
		return h1_is(byte, H1_TEXT) ? CHUNK_EXTENSION_QUOTED : CHUNK_BAD;
	default:
		return chunk_part_end(byte);
	}
}

static enum chunked_state
trailer_name_byte(struct h1_chunked *chunked, char byte)
{
	if (byte == ':') {
		if (chunked->name_length <= sizeof chunked->name &&
		    h1_name_is_no_trailer(chunked->name, chunked->name_length))
			return CHUNK_BAD;
		return CHUNK_TRAILER_VALUE;
	}
	if (!h1_is(byte, H1_TOKEN))
		return CHUNK_BAD;
	if (chunked->name_length < sizeof chunked->name)
		chunked->name[chunked->name_length] = byte;
	if (chunked->name_length <= sizeof chunked->name)
		chunked->name_length++;
	return CHUNK_TRAILER_NAME;
}

static enum chunked_state
trailer_byte(struct h1_chunked *chunked, char byte)
{
	if (++chunked->trailer_bytes > TRAILER_MAX)
		return CHUNK_BAD;
	switch (chunked->state) {
	case CHUNK_TRAILER:
		if (byte == '\r')
			return CHUNK_END_LF;
		if (!h1_is(byte, H1_TOKEN) || ++chunked->fields > TRAILER_FIELDS_MAX)
			return CHUNK_BAD;
		chunked->name_length = 0;
		return trailer_name_byte(chunked, byte);
	case CHUNK_TRAILER_NAME:
		return trailer_name_byte(chunked, byte);
	case CHUNK_TRAILER_VALUE:
		if (byte == '\r')
			return CHUNK_TRAILER_LF;
		return h1_is(byte, H1_TEXT) ? CHUNK_TRAILER_VALUE : CHUNK_BAD;
	case CHUNK_TRAILER_LF:
		return byte == '\n' ? CHUNK_TRAILER : CHUNK_BAD;
	default:
		return byte == '\n' ? CHUNK_END : CHUNK_BAD;
	}
}

/* The state after one byte of framing. */
static enum chunked_state
framing_byte(struct h1_chunked *chunked, char byte)
{
	switch (chunked->state) {
	case CHUNK_SIZE:
		return size_byte(chunked, byte);
	case CHUNK_SIZE_LF:
		if (byte != '\n')
			return CHUNK_BAD;
		chunked->count = 0;
		return chunked->left != 0 ? CHUNK_DATA : CHUNK_TRAILER;
	case CHUNK_DATA_CR:
		return byte == '\r' ? CHUNK_DATA_LF : CHUNK_BAD;
	case CHUNK_DATA_LF:
		return byte == '\n' ? CHUNK_SIZE : CHUNK_BAD;
	case CHUNK_BAD:
		return CHUNK_BAD;
	default:
		return chunked->state < CHUNK_SIZE_LF ? extension_byte(chunked, byte)
						      : trailer_byte(chunked, byte);
	}
}

/* Returns how many bytes are data of the current chunk, and counts them off. */
static size_t
data_take(struct h1_chunked *chunked, size_t length)
{
	size_t taken = length < chunked->left ? length : (size_t)chunked->left;

	chunked->left -= taken;
	chunked->data = taken < UINT64_MAX - chunked->data ? chunked->data + taken : UINT64_MAX;
	if (chunked->left == 0)
		chunked->state = CHUNK_DATA_CR;
	return taken;
}

ptrdiff_t
h1_chunked_decode(struct h1_chunked *chunked, const char *bytes, size_t length, const char **data,
    size_t *data_length, bool *done)
{
	size_t used = 0;

	*data = NULL;
	*data_length = 0;
	*done = false;
	while (used < length && chunked->state != CHUNK_DATA && chunked->state != CHUNK_END) {
		chunked->state = (uint8_t)framing_byte(chunked, bytes[used]);
		if (chunked->state == CHUNK_BAD)
			return -1;
		used++;
	}
	if (used < length && chunked->state == CHUNK_DATA) {
		*data = bytes + used;
		*data_length = data_take(chunked, length - used);
		used += *data_length;
	}
	*done = chunked->state == CHUNK_END;
	return (ptrdiff_t)used;
}

ptrdiff_t
h1_chunked_accept(struct h1_chunked *chunked, const char *bytes, size_t length, bool *done)
{
	size_t used = 0, data_length;
	const char *data;
	ptrdiff_t n;

	do {
		n = h1_chunked_decode(chunked, bytes + used, length - used, &data, &data_length, done);
		if (n < 0)
			return -1;
		used += (size_t)n;
	} while (used < length && !*done);
	return (ptrdiff_t)used;
}

uint64_t
h1_chunked_data_ahead(const struct h1_chunked *chunked)
{
	return chunked->state == CHUNK_DATA ? chunked->left : 0;
}

void
h1_chunked_skip_data(struct h1_chunked *chunked, uint64_t length)
{
	data_take(chunked, (size_t)length);
}

/*
 * Field lines (RFC 9112 5), and the fields that rule the connection and the
 * body: Connection, Content-Length, Transfer-Encoding.
 */
#include "http/h1_internal.h"

#include <string.h>

#define BYTES(byte) (UINT64_MAX / 255 * (byte)) /* eight times the same */

enum {
	NOMINATED_MAX = 32, /* options that name a field: each costs a look at all fields */
	LENGTH_DIGITS = 19, /* of 2^63 - 1 */
	FIELDS_PART = 1024, /* more than most heads have */
	NAME_LENGTH = UINT16_MAX
};

/*
 * Bit 7 of each of eight bytes that is a control (HTAB too) or DEL; of bytes
 * that follow one in memory the bits may be wrong.
 */
static inline uint64_t
word_controls(uint64_t word)
{
	uint64_t below_space = (word - BYTES(0x20)) & ~word;
	uint64_t from_del = word ^ BYTES(0x7f);

	return (below_space | ((from_del - BYTES(1)) & ~from_del)) & BYTES(0x80);
}

/* The first of eight bytes that word_controls has found. */
static inline unsigned
word_first(uint64_t controls)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (unsigned)__builtin_ctzll(controls) / 8;
#else
	(void)controls;
	return 0; /* the search goes on byte by byte */
#endif
}

const char *
h1_text_end(const char *at, const char *end)
{
	uint64_t word, controls;

	for (;;) {
		for (; end - at >= (ptrdiff_t)sizeof word; at += sizeof word) {
			memcpy(&word, at, sizeof word);
			controls = word_controls(word);
			if (controls == 0)
				continue;
			at += word_first(controls);
			break;
		}
		while (at < end && *at != '\t' && h1_is(*at, H1_TEXT))
			at++;
		if (at == end || *at != '\t')
			return at;
		at++;
	}
}

/* Says what is wrong with a whole field line. */
static enum h1_result
field_refuse(struct h1_head *head, const char *line, const char *lf)
{
	const char *p = line;

	if (h1_is_blank(*line))
		return h1_refuse(head, 400, "a folded line, or white space before a field name");
	while (h1_is(*p, H1_TOKEN))
		p++;
	if (p - line > NAME_LENGTH)
		return h1_refuse(head, 431, "a field name is too long");
	if (h1_is_blank(*p))
		return h1_refuse(head, 400, "white space in or behind a field name");
	if (*p != ':')
		return h1_refuse(head, 400, "a field line without a valid name and a colon");
	if (p == line)
		return h1_refuse(head, 400, "an empty field name");
	p = h1_text_end(p, lf);
	if (p == lf)
		return h1_refuse(head, 400, "a line that ends in a bare LF");
	if (*p == '\r')
		return h1_refuse(head, 400, "a bare CR in a field value");
	return h1_refuse(head, 400, "a control character in a field value");
}

static void
field_record(struct h1_head *head, enum h1_name name)
{
	uint32_t bit = (uint32_t)1 << name;

	if ((head->present & bit) != 0) {
		head->repeated |= bit;
	} else {
		head->present |= bit;
		head->first[name] = (uint8_t)head->count;
	}
	head->count++;
}

/* `end` is behind the last LF, which stops each search. Returns the next line, or NULL when this one is not valid. */
static const char *
field_parse(struct h1_head *head, const char *line, const char *end)
{
	struct h1_field *field = &head->fields[head->count];
	const char *p = line, *value, *last;
	enum h1_name name;

	while (h1_is(*p, H1_TOKEN))
		p++;
	if (*p != ':' || p == line || p - line > NAME_LENGTH)
		return NULL;
	for (value = p + 1; h1_is_blank(*value); value++)
		;
	last = h1_text_end(value, end);
	if (last[0] != '\r' || last[1] != '\n')
		return NULL;
	name = h1_name_find(line, (size_t)(p - line));
	field->line = (uint32_t)(line - head->start);
	field->line_length = (uint32_t)(last + 2 - line);
	field->name_length = (uint16_t)(p - line);
	field->name = (uint8_t)name;
	field->hop =
	    name != H1_NAME_OTHER ? h1_name_is_hop(name) : h1_name_is_disguised(line, (size_t)(p - line));
	for (p = last; p > value && h1_is_blank(p[-1]); p--)
		;
	field->value = (uint32_t)(value - head->start);
	field->value_length = (uint32_t)(p - value);
	field_record(head, name);
	return last + 2;
}

/* The line is whole, and could not be parsed: it is one too many, or bad. */
static enum h1_result
field_stop(struct h1_head *head, const char *line)
{
	if (head->count == head->limits->fields)
		return h1_refuse(head, 431, "too many header fields");
	return field_refuse(head, line, memchr(line, '\n', (size_t)(head->end - line)));
}

/* Parses lines from *at up to `last`, an LF. H1_MORE: the head goes on behind it. */
static enum h1_result
fields_parse_to(struct h1_head *head, const char **at, const char *last)
{
	const char *line = *at, *next;

	for (; line <= last; line = next) {
		if (line[0] == '\r' && line[1] == '\n') {
			*at = line + 2;
			return H1_DONE;
		}
		next = head->count < head->limits->fields ? field_parse(head, line, last + 1) : NULL;
		if (next == NULL) {
			*at = line;
			return field_stop(head, line);
		}
	}
	*at = line;
	return H1_MORE;
}

/* A part at a time: behind the head there may be much of a body. */
enum h1_result
h1_fields_parse(struct h1_head *head, const char **at)
{
	enum h1_result result = H1_MORE;
	size_t part = FIELDS_PART, left;
	const char *last;

	while (result == H1_MORE && (left = (size_t)(head->end - *at)) > 0) {
		part = part < left ? part : left;
		last = memrchr(*at, '\n', part);
		if (last != NULL)
			result = fields_parse_to(head, at, last);
		else if (part == left)
			break;
		else
			part *= 2;
	}
	return result;
}

struct h1_list
h1_list_of(const struct h1_head *head, const struct h1_field *field)
{
	const char *value = head->start + field->value;

	return (struct h1_list){ .at = value, .end = value + field->value_length };
}

bool
h1_list_next(struct h1_list *list, const char **member, size_t *length)
{
	const char *p, *last;

	while (list->at < list->end && (h1_is_blank(*list->at) || *list->at == ','))
		list->at++;
	if (list->at == list->end)
		return false;
	*member = list->at;
	p = memchr(list->at, ',', (size_t)(list->end - list->at));
	list->at = p != NULL ? p + 1 : list->end;
	for (last = p != NULL ? p : list->end; h1_is_blank(last[-1]); last--)
		;
	*length = (size_t)(last - *member);
	return true;
}

static bool
equal_nocase(const char *a, const char *b, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (h1_lower(a[i]) != h1_lower(b[i]))
			return false;
	return true;
}

/* Marks the fields of that name, but those whose loss would change what the message is. */
static void
fields_nominate(struct h1_head *head, const char *name, size_t length)
{
	enum { KEPT = 1 << H1_NAME_CONTENT_LENGTH | 1 << H1_NAME_HOST | 1 << H1_NAME_EXPECT };
	struct h1_field *field = head->fields;
	unsigned i;

	for (i = 0; i < head->count; i++, field++)
		if (field->name_length == length && !field->hop && (KEPT >> field->name & 1) == 0 &&
		    equal_nocase(head->start + field->line, name, length))
			field->hop = true;
}

/* Members that are not tokens name no field: nothing to do. */
static enum h1_result
option_read(
    struct h1_head *head, struct h1_options *options, unsigned *nominated, const char *option, size_t length)
{
	if (h1_spells(option, length, "close"))
		options->close = true;
	else if (h1_spells(option, length, "keep-alive"))
		options->keep_alive = true;
	else if (h1_spells(option, length, "upgrade"))
		options->upgrade = true;
	else if ((*nominated)++ < NOMINATED_MAX)
		fields_nominate(head, option, length);
	else
		return h1_refuse(head, 400, "Connection names too many fields");
	return H1_DONE;
}

enum h1_result
h1_options_read(struct h1_head *head, struct h1_options *options)
{
	unsigned i, nominated = 0;
	struct h1_list list;
	const char *option;
	size_t length;

	memset(options, 0, sizeof *options);
	if (!h1_has(head, H1_NAME_CONNECTION))
		return H1_DONE;
	for (i = head->first[H1_NAME_CONNECTION]; i < head->count; i++) {
		if (head->fields[i].name != H1_NAME_CONNECTION)
			continue;
		list = h1_list_of(head, &head->fields[i]);
		while (h1_list_next(&list, &option, &length))
			if (option_read(head, options, &nominated, option, length) != H1_DONE)
				return H1_ERROR;
	}
	return H1_DONE;
}

/* RFC 9112 6.3: 1 to 19 digits, no sign, no list, at most 2^63 - 1. */
static enum h1_result
content_length_read(struct h1_head *head, uint64_t *number)
{
	const struct h1_field *field = &head->fields[head->first[H1_NAME_CONTENT_LENGTH]];
	const char *p = head->start + field->value, *end = p + field->value_length;

	if (h1_has_many(head, H1_NAME_CONTENT_LENGTH))
		return h1_refuse(head, 400, "more than one Content-Length");
	if (p == end || end - p > LENGTH_DIGITS)
		return h1_refuse(head, 400, "Content-Length is empty or too large");
	for (*number = 0; p < end; p++) {
		if (!h1_is_digit(*p))
			return h1_refuse(head, 400, "Content-Length is not a number");
		*number = *number * 10 + (uint64_t)(*p - '0');
	}
	if (*number > INT64_MAX)
		return h1_refuse(head, 400, "Content-Length is too large");
	return H1_DONE;
}

static bool
is_token(const char *bytes, size_t length)
{
	while (length != 0 && h1_is(bytes[length - 1], H1_TOKEN))
		length--;
	return length == 0;
}

/* Counts the codings of one Transfer-Encoding field. false: it is malformed. */
static bool
codings_count(const struct h1_head *head, const struct h1_field *field, unsigned *chunked, unsigned *others)
{
	struct h1_list list = h1_list_of(head, field);
	const char *end = list.end, *coding;
	size_t length;

	/* a list may have empty members, but nobody writes them here except to confuse */
	if (list.at == end || *list.at == ',' || end[-1] == ',')
		return false;
	while (h1_list_next(&list, &coding, &length)) {
		if (!is_token(coding, length))
			return false;
		if (h1_spells(coding, length, "chunked"))
			++*chunked;
		else if (*chunked != 0)
			return false;
		else
			++*others;
	}
	return true;
}

/* RFC 9112 6.1: "chunked", and nothing else. */
static enum h1_result
transfer_encoding_read(struct h1_head *head)
{
	unsigned i, chunked = 0, others = 0;

	for (i = head->first[H1_NAME_TRANSFER_ENCODING]; i < head->count; i++)
		if (head->fields[i].name == H1_NAME_TRANSFER_ENCODING &&
		    !codings_count(head, &head->fields[i], &chunked, &others))
			return h1_refuse(
			    head, 400, "Transfer-Encoding is malformed or does not end in chunked");
	if (chunked > 1)
		return h1_refuse(head, 400, "Transfer-Encoding says chunked more than once");
	if (others != 0)
		return h1_refuse(head, 501, "a Transfer-Encoding other than chunked");
	return H1_DONE;
}

enum h1_result
h1_framing_read(struct h1_head *head, uint8_t minor, uint8_t *framing, uint64_t *content_length)
{
	*framing = H1_FRAMING_NONE;
	*content_length = 0;
	if (h1_has(head, H1_NAME_TRANSFER_ENCODING)) {
		if (minor == 0)
			return h1_refuse(head, 400, "Transfer-Encoding in HTTP/1.0");
		if (h1_has(head, H1_NAME_CONTENT_LENGTH))
			return h1_refuse(head, 400, "Content-Length beside Transfer-Encoding");
		*framing = H1_FRAMING_CHUNKED;
		return transfer_encoding_read(head);
	}
	if (!h1_has(head, H1_NAME_CONTENT_LENGTH))
		return H1_DONE;
	*framing = H1_FRAMING_LENGTH;
	return content_length_read(head, content_length);
}

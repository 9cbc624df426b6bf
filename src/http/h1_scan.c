/* The bytes of a head: character classes, lines, limits, and how far a head that is not whole was read. */
#include "http/h1_internal.h"

#include <string.h>

enum {
	C = 0, /* in nothing */
	S = H1_TEXT,
	N = H1_TEXT | H1_TOKEN, /* "#" */
	D = H1_TEXT | H1_TARGET,
	T = H1_TEXT | H1_TARGET | H1_TOKEN,
	H = H1_TEXT | H1_TARGET | H1_HOST,
	A = H1_TEXT | H1_TARGET | H1_TOKEN | H1_HOST,
	X = A | H1_HEX
};

/* clang-format off */
const uint8_t h1_classes[256] = {
	C, C, C, C, C, C, C, C, C, S, C, C, C, C, C, C, /* controls: only HTAB is text */
	C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C,
	S, A, D, N, A, T, A, A, H, H, A, A, H, A, A, D, /* SP ! " # $ % & ' ( ) * + , - . / */
	X, X, X, X, X, X, X, X, X, X, D, H, D, H, D, D, /* 0-9 : ; < = > ? */
	D, X, X, X, X, X, X, A, A, A, A, A, A, A, A, A, /* @ A-O */
	A, A, A, A, A, A, A, A, A, A, A, D, D, D, T, A, /* P-Z [ \ ] ^ _ */
	T, X, X, X, X, X, X, A, A, A, A, A, A, A, A, A, /* ` a-o */
	A, A, A, A, A, A, A, A, A, A, A, D, T, D, A, C, /* p-z { | } ~ DEL */
	[0x80 ... 0xff] = S
};
/* clang-format on */

enum h1_result
h1_refuse(struct h1_head *head, uint16_t status, const char *reason)
{
	head->status = status;
	head->reason = reason;
	return H1_ERROR;
}

static void
head_begin(struct h1_head *head, const char *start)
{
	head->start = start;
	head->count = 0;
	head->present = 0;
	head->repeated = 0;
}

/* Parses the lines from scan->line on. `lf` ends the first of them. */
static enum h1_result
head_walk(struct h1_head *head, struct h1_scan *scan, const char *bytes, const char *lf,
    h1_start_line start_line, void *message)
{
	const char *at = bytes + scan->line;
	enum h1_result result;

	if (scan->line == scan->start) {
		result = start_line(head, lf, message);
		if (result != H1_DONE)
			return result;
		at = lf + 1;
	}
	result = h1_fields_parse(head, &at);
	scan->line = (uint32_t)(at - bytes);
	scan->fields = head->count;
	return result;
}

/* Once more from the start line, when its fields were found by earlier calls, whose results are gone. */
static enum h1_result
head_again(
    struct h1_head *head, struct h1_scan *scan, const char *bytes, h1_start_line start_line, void *message)
{
	const char *start = bytes + scan->start;

	head_begin(head, start);
	scan->line = scan->start;
	return head_walk(
	    head, scan, bytes, memchr(start, '\n', (size_t)(head->end - start)), start_line, message);
}

enum h1_result
h1_head_read(struct h1_head *head, struct h1_scan *scan, const char *bytes, size_t *length,
    h1_start_line start_line, void *message)
{
	size_t limit = (size_t)scan->start + head->limits->head;
	size_t most = *length < limit ? *length : limit;
	size_t seen = scan->seen > scan->start ? scan->seen : scan->start;
	bool resumed = scan->line > scan->start;
	const char *lf = seen < most ? memchr(bytes + seen, '\n', most - seen) : NULL;
	enum h1_result result = H1_MORE;

	head_begin(head, bytes + scan->start);
	head->end = bytes + most;
	head->count = resumed ? scan->fields : 0;
	if (lf != NULL || !resumed)
		result = head_walk(head, scan, bytes, lf, start_line, message);
	if (result == H1_DONE && resumed)
		result = head_again(head, scan, bytes, start_line, message);
	if (result == H1_MORE && most == limit)
		return h1_refuse(head, 431, "the head is too large");
	scan->seen = (uint32_t)most;
	*length = scan->line - scan->start;
	return result;
}

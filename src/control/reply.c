#include "control/reply.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "control/values.h"

const struct reply_error_info reply_error_table[] = {
#define REPLY_ERROR_ROW(symbol, code, name, sentence) { code, name, sentence },
	REPLY_ERROR_TABLE(REPLY_ERROR_ROW)
#undef REPLY_ERROR_ROW
	    { 0, NULL, NULL },
};

const char reply_no_memory[] = "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32603,\"message\":"
			       "\"There is no memory for the reply.\","
			       "\"data\":{\"hint\":\"Try again later.\"}}}";

/* Results need 15 digits at most; an id is echoed with as many as it needs, up to those that a double can need. */
enum { RESULT_DIGITS = 15, ID_DIGITS = 17 };

void
fault_set(struct fault *fault, enum reply_error code, const char *format, ...)
{
	va_list ap;

	fault->code = code;
	fault->hint[0] = '\0';
	fault->errors = NULL;
	va_start(ap, format);
	vsnprintf(fault->message, sizeof fault->message, format, ap);
	va_end(ap);
}

void
fault_hint(struct fault *fault, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(fault->hint, sizeof fault->hint, format, ap);
	va_end(ap);
}

const char *
fault_word(const char *word, char to[FAULT_WORD_MAX])
{
	size_t length = strlen(word), room = FAULT_WORD_MAX - 6, n = 0, i;
	bool cut = length > room;

	if (cut)
		for (length = room; length > 0 && ((unsigned char)word[length] & 0xc0) == 0x80;)
			length--; /* not in the middle of a character */
	to[n++] = '\'';
	for (i = 0; i < length; i++)
		to[n++] = (unsigned char)word[i] < 0x20 || word[i] == 0x7f ? '?' : word[i];
	snprintf(to + n, FAULT_WORD_MAX - n, "%s", cut ? "...'" : "'");
	return to;
}

/* How many bytes there are in front of a control character that JSON lets stand, but that some terminals obey. */
static size_t
harmless_run(const char *bytes, size_t length)
{
	size_t n = 0;

	while (n < length && bytes[n] != 0x7f && (bytes[n] != '\xc2' || n + 1 == length || (unsigned char)bytes[n + 1] >= 0xa0))
		n++;
	return n;
}

/* Texts come as whole characters. */
static int
reply_dump_cb(const char *bytes, size_t length, void *arg)
{
	char escape[8];
	size_t run, taken, written;

	while (length > 0) {
		run = harmless_run(bytes, length);
		if (run > 0 && buffer_append(arg, bytes, run) < 0)
			return -1;
		bytes += run;
		length -= run;
		if (length == 0)
			break;
		taken = *bytes == 0x7f ? 1 : 2;
		written = text_escape_json(escape, sizeof escape, bytes, taken);
		if (buffer_append(arg, escape, written) < 0)
			return -1;
		bytes += taken;
		length -= taken;
	}
	return 0;
}

static int
reply_dump(struct buffer *out, const json_t *json, size_t flags)
{
	return json_dump_callback(json, reply_dump_cb, out, JSON_ENCODE_ANY | JSON_COMPACT | flags);
}

int
reply_value(struct buffer *out, const json_t *json)
{
	return reply_dump(out, json, JSON_REAL_PRECISION(RESULT_DIGITS));
}

int
reply_members(struct buffer *out, const json_t *object)
{
	if (object == NULL)
		return 0;
	return reply_dump(out, object, JSON_EMBED | JSON_REAL_PRECISION(RESULT_DIGITS));
}

int
reply_elements(struct buffer *out, const json_t *array)
{
	return reply_dump(out, array, JSON_EMBED | JSON_REAL_PRECISION(RESULT_DIGITS));
}

int
reply_text(struct buffer *out, const char *text)
{
	return buffer_append(out, text, strlen(text));
}

/* The fewest digits that read back as the same number: 0.1 stays 0.1. */
static size_t
id_digits(const json_t *id)
{
	double value = json_real_value(id);
	size_t digits = RESULT_DIGITS;
	char text[64];

	for (; digits < ID_DIGITS; digits++) {
		snprintf(text, sizeof text, "%.*g", (int)digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	return digits;
}

static int
reply_id(struct buffer *out, const json_t *id)
{
	if (reply_text(out, "{\"jsonrpc\":\"2.0\",\"id\":") < 0)
		return -1;
	return id == NULL ? reply_text(out, "null") : reply_dump(out, id, JSON_REAL_PRECISION(id_digits(id)));
}

int
reply_begin(struct buffer *out, const json_t *id)
{
	if (reply_id(out, id) < 0)
		return -1;
	return reply_text(out, ",\"result\":");
}

/* `what` is the name of the last member with its colon. */
static int
reply_write(struct buffer *out, const json_t *id, const char *what, const json_t *value)
{
	size_t before = buffer_length(out);

	if (reply_id(out, id) < 0 || reply_text(out, what) < 0 || reply_value(out, value) < 0 ||
	    reply_text(out, "}") < 0) {
		buffer_cut(out, before);
		return -1;
	}
	return 0;
}

int
reply_result(struct buffer *out, const json_t *id, const json_t *result)
{
	return reply_write(out, id, ",\"result\":", result);
}

int
reply_fault(struct buffer *out, const json_t *id, const struct fault *fault)
{
	/* a sentence can name a file, whose name is any bytes, and be cut off within a character */
	json_t *message = value_bytes(fault->message, strlen(fault->message));
	json_t *hint = value_bytes(fault->hint, strlen(fault->hint));
	json_t *error = json_pack("{s:i,s:o,s:{s:o,s:O*}}", "code", fault->code, "message", message, "data", "hint", hint,
	    "errors", fault->errors);
	int result = error == NULL ? -1 : reply_write(out, id, ",\"error\":", error);

	json_decref(error);
	return result;
}

int
reply_notification(struct buffer *out, const char *method, const json_t *params)
{
	size_t before = buffer_length(out);

	if (reply_text(out, "{\"jsonrpc\":\"2.0\",\"method\":\"") < 0 || reply_text(out, method) < 0 ||
	    reply_text(out, "\",\"params\":") < 0 || reply_value(out, params) < 0 ||
	    reply_text(out, "}\n") < 0) {
		buffer_cut(out, before);
		return -1;
	}
	return 0;
}

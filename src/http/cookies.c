#include "http/cookies.h"

#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Takes the next pair from the front, without blanks around it. */
static struct text
pair_take(struct text *left)
{
	const char *end = memchr(left->bytes, ';', left->length);
	struct text pair = { left->bytes, end != NULL ? (size_t)(end - left->bytes) : left->length };
	size_t taken = pair.length + (end != NULL ? 1 : 0);

	left->bytes += taken;
	left->length -= taken;
	while (pair.length > 0 && is_blank(pair.bytes[0])) {
		pair.bytes++;
		pair.length--;
	}
	while (pair.length > 0 && is_blank(pair.bytes[pair.length - 1]))
		pair.length--;
	return pair;
}

/* The next field of that name, if there is one. */
static bool
field_take(struct cookies *at, const struct h1_request *request)
{
	static const char name[] = "cookie";

	while (at->field < request->field_count) {
		const struct h1_field *field = &request->fields[at->field++];

		if (!text_equal_nocase(request->head + field->line, field->name_length, name, sizeof name - 1))
			continue;
		at->left = (struct text){ request->head + field->value, field->value_length };
		return true;
	}
	return false;
}

bool
cookies_next(struct cookies *at, const struct h1_request *request, struct text name, struct text *value)
{
	do {
		while (at->left.length > 0) {
			struct text pair = pair_take(&at->left);

			if (pair.length <= name.length || pair.bytes[name.length] != '=' ||
			    memcmp(pair.bytes, name.bytes, name.length) != 0)
				continue;
			*value = (struct text){ pair.bytes + name.length + 1, pair.length - name.length - 1 };
			return true;
		}
	} while (field_take(at, request));
	return false;
}

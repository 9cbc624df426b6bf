#include "http/fields.h"

#include <string.h>

struct text
fields_value(const struct h1_request *request, const char *name, unsigned *count)
{
	struct text value = { NULL, 0 };
	size_t length = strlen(name);
	const struct h1_field *field;

	*count = 0;
	for (field = request->fields; field < request->fields + request->field_count; field++) {
		if (!text_equal_nocase(request->head + field->line, field->name_length, name, length))
			continue;
		if ((*count)++ == 0)
			value = (struct text){ request->head + field->value, field->value_length };
	}
	return value;
}

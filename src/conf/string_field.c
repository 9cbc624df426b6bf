#include "conf/string_field.h"

#include <stdlib.h>
#include <string.h>

#include "conf/field.h"

int
conf_string_keep(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	char **field = conf_field(option, base), *copy = NULL;

	if (option->zero == NULL || strcmp(text, option->zero) != 0) {
		copy = strdup(text);
		if (copy == NULL)
			return error_set(err, "cannot be kept: out of memory");
	}
	free(*field);
	*field = copy;
	return 0;
}

const char *
conf_string_write(const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX])
{
	char *const *field = conf_field_const(option, base);

	(void)space;
	return i > 0 ? NULL : *field != NULL ? *field : option->zero;
}

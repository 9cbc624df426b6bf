#include "conf/list.h"

#include <stdlib.h>

#include "conf/field.h"

size_t *
conf_list_count(const struct conf_option *option, void *base)
{
	return (size_t *)(void *)((char *)base + option->field.count);
}

size_t
conf_list_length(const struct conf_option *option, const void *base)
{
	return *(const size_t *)(const void *)((const char *)base + option->field.count);
}

void *
conf_list_grow(const struct conf_option *option, void *base, size_t size, struct error *err)
{
	void **field = conf_field(option, base);
	size_t count = *conf_list_count(option, base);
	void *larger = reallocarray(*field, count + 1, size);

	if (larger == NULL) {
		error_set(err, "cannot be kept: out of memory");
		return NULL;
	}
	*field = larger;
	return (char *)larger + count * size;
}

int
conf_list_add_string(const struct conf_option *option, void *base, char *text, struct error *err)
{
	char **element;

	if (text == NULL)
		return error_set(err, "cannot be kept: out of memory");
	element = conf_list_grow(option, base, sizeof *element, err);
	if (element == NULL) {
		free(text);
		return -1;
	}
	*element = text;
	++*conf_list_count(option, base);
	return 0;
}

const char *
conf_list_write_string(
    const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX])
{
	char **const *list = conf_field_const(option, base);

	(void)space;
	return i >= conf_list_length(option, base) ? NULL : (*list)[i];
}

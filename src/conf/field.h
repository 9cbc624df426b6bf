/*
 * The field of a struct that a row of the option table points at. Master only.
 */
#ifndef DROVER_CONF_FIELD_H
#define DROVER_CONF_FIELD_H

#include <stdint.h>

#include "conf/options.h"

static inline void *
conf_field(const struct conf_option *option, void *base)
{
	return (char *)base + option->field.offset;
}

static inline const void *
conf_field_const(const struct conf_option *option, const void *base)
{
	return (const char *)base + option->field.offset;
}

/* Stores a number in an integer or enum of any width; the range of the option is such that it fits. */
static inline void
conf_field_set_number(const struct conf_option *option, void *base, uint64_t number)
{
	void *field = conf_field(option, base);

	if (option->field.size == sizeof(uint16_t))
		*(uint16_t *)field = (uint16_t)number;
	else if (option->field.size == sizeof(uint32_t))
		*(uint32_t *)field = (uint32_t)number;
	else
		*(uint64_t *)field = number;
}

static inline uint64_t
conf_field_number(const struct conf_option *option, const void *base)
{
	const void *field = conf_field_const(option, base);

	if (option->field.size == sizeof(uint16_t))
		return *(const uint16_t *)field;
	if (option->field.size == sizeof(uint32_t))
		return *(const uint32_t *)field;
	return *(const uint64_t *)field;
}

#endif

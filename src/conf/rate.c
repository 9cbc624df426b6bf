/* Rates: "100/s", "20/m", "5000/h". Master only. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "conf/conf.h"
#include "conf/field.h"
#include "conf/value.h"

enum { RATE_MOST = 1000000, RATE_DIGITS = 7 };

static uint32_t
unit_seconds(const char *unit)
{
	static const struct {
		const char *unit;
		uint32_t seconds;
	} units[] = { { "/s", 1 }, { "/m", 60 }, { "/h", 3600 } };
	size_t i;

	for (i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strcmp(unit, units[i].unit) == 0)
			return units[i].seconds;
	return 0;
}

static int
rate_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	struct conf_rate *rate = conf_field(option, base);
	size_t digits = strspn(text, "0123456789");
	char number[RATE_DIGITS + 1] = "";
	uint64_t value;

	(void)err;
	if (strcmp(text, "0") == 0) {
		*rate = (struct conf_rate){ 0, 1 };
		return 0;
	}
	if (digits == 0 || digits > RATE_DIGITS || unit_seconds(text + digits) == 0)
		return -1;
	memcpy(number, text, digits);
	if (!text_to_number(number, &value) || value == 0 || value > RATE_MOST)
		return -1;
	*rate = (struct conf_rate){ (uint32_t)value, unit_seconds(text + digits) };
	return 0;
}

static const char *
rate_write(const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX])
{
	const struct conf_rate *rate = conf_field_const(option, base);

	if (i > 0)
		return NULL;
	if (rate->number == 0)
		return "0";
	snprintf(space, CONF_VALUE_MAX, "%u/%s", rate->number,
	    rate->seconds == 1	      ? "s"
		: rate->seconds == 60 ? "m"
				      : "h");
	return space;
}

static void
rate_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "a rate of 1/s to %d/s, or by minute or hour: 600/m, 1000/h; or 0", RATE_MOST);
}

const struct conf_type conf_type_rate = { "rate", false, false, rate_read, rate_write, rate_describe };

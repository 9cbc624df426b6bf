#include "ctl/human.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/object.h"
#include "ctl/memory.h"
#include "ctl/printable.h"

/* "3 h 4 min": two whole numbers, the second left out when it is 0. */
static void
two_units(char to[HUMAN_MAX], uint64_t amount, uint64_t factor, const char *large, const char *small)
{
	if (amount % factor == 0)
		snprintf(to, HUMAN_MAX, "%" PRIu64 " %s", amount / factor, large);
	else
		snprintf(to, HUMAN_MAX, "%" PRIu64 " %s %" PRIu64 " %s", amount / factor, large, amount % factor, small);
}

const char *
human_duration(double ms, char to[HUMAN_MAX])
{
	uint64_t s;

	if (ms >= 999.5 && ms < 1000)
		ms = 1000;
	s = ms > 0 && ms < 1e18 ? (uint64_t)(ms / 1000) : 0;
	if (ms < 0 || ms >= 1e18)
		snprintf(to, HUMAN_MAX, "%g ms", ms);
	else if (ms < 1000)
		snprintf(to, HUMAN_MAX, ms == (double)(int)ms ? "%.0f ms" : "%.3g ms", ms);
	else if (s < 60)
		snprintf(to, HUMAN_MAX, "%.1f s", (double)(uint64_t)(ms / 100) / 10);
	else if (s < 3600)
		two_units(to, s, 60, "min", "s");
	else if (s < 86400)
		two_units(to, s / 60, 60, "h", "min");
	else
		two_units(to, s / 3600, 24, "d", "h");
	return to;
}

/* With as many decimals as make three digits, and the step that fits. */
static void
scaled(char to[HUMAN_MAX], double number, const char *const *steps, size_t count)
{
	size_t i = 0;

	while (number >= 999.5 && i + 1 < count) {
		number /= 1000;
		i++;
	}
	snprintf(to, HUMAN_MAX, i == 0 || number >= 99.95 ? "%.0f%s" : "%.1f%s", number, steps[i]);
}

const char *
human_bytes(double bytes, char to[HUMAN_MAX])
{
	static const char *const steps[] = { " B", " kB", " MB", " GB", " TB", " PB", " EB" };

	scaled(to, bytes, steps, ARRAY_LENGTH(steps));
	return to;
}

const char *
human_count(double count, char to[HUMAN_MAX])
{
	static const char *const steps[] = { "", "k", "M", "G", "T", "P", "E" };

	scaled(to, count, steps, ARRAY_LENGTH(steps));
	return to;
}

bool
human_time(const char *text, char to[HUMAN_MAX])
{
	struct tm tm = { 0 };
	const char *rest;
	time_t t;

	if (strlen(text) < sizeof "2026-01-31T09:30:00Z" - 1 || text[strlen(text) - 1] != 'Z')
		return false;
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (rest == NULL || strspn(rest, ".0123456789") + 1 != strlen(rest))
		return false;
	t = timegm(&tm);
	return localtime_r(&t, &tm) != NULL && strftime(to, HUMAN_MAX, "%Y-%m-%d %H:%M:%S", &tm) > 0;
}

static bool
ends_in(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

char *
human_name(const char *name, bool utf8)
{
	size_t length = strlen(name);

	return printable(name, ends_in(name, "-ms") ? length - 3 : length, utf8);
}

/* Whether "bytes" is one of the words of a name. */
static bool
counts_bytes(const char *name)
{
	const char *word = strstr(name, "bytes");

	return word != NULL && (word == name || word[-1] == '-') && (word[5] == '\0' || word[5] == '-');
}

static char *
number_text(const char *name, const char *unit, json_t *value)
{
	double number = json_number_value(value);
	char to[HUMAN_MAX];

	if (ends_in(name, "-ms") || (unit != NULL && strcmp(unit, "milliseconds") == 0))
		return memory_copy(human_duration(number, to));
	if (counts_bytes(name) || (unit != NULL && strcmp(unit, "bytes") == 0))
		return memory_copy(human_bytes(number, to));
	if (json_is_integer(value))
		return memory_print("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return memory_print("%.6g", number);
}

/* The elements of an array, when all are plain, with commas. NULL: they are not. */
static char *
list_text(const char *name, const char *unit, json_t *array, bool utf8)
{
	char *list = memory_copy(json_array_size(array) == 0 ? "-" : ""), *item, *longer;
	json_t *value;
	size_t i;

	json_array_foreach(array, i, value) {
		if (json_is_object(value) || json_is_array(value)) {
			free(list);
			return NULL;
		}
		item = human_value(name, unit, value, utf8);
		longer = memory_print("%s%s%s", list, i > 0 ? ", " : "", item);
		free(item);
		free(list);
		list = longer;
	}
	return list;
}

static char *
json_text(json_t *value, bool utf8)
{
	char *json = memory_need(json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)));
	char *text = printable(json, strlen(json), utf8);

	free(json);
	return text;
}

static char *
string_text(json_t *value, bool utf8)
{
	char to[HUMAN_MAX];

	if (human_time(json_string_value(value), to))
		return memory_copy(to);
	return printable(json_string_value(value), json_string_length(value), utf8);
}

char *
human_value(const char *name, const char *unit, json_t *value, bool utf8)
{
	char *list;

	switch (json_typeof(value)) {
	case JSON_NULL:
		return memory_copy("-");
	case JSON_TRUE:
		return memory_copy("yes");
	case JSON_FALSE:
		return memory_copy("no");
	case JSON_INTEGER:
	case JSON_REAL:
		return number_text(name, unit, value);
	case JSON_STRING:
		return string_text(value, utf8);
	case JSON_ARRAY:
		list = list_text(name, unit, value, utf8);
		return list != NULL ? list : json_text(value, utf8);
	default:
		return json_text(value, utf8);
	}
}

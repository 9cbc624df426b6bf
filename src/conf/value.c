#include "conf/value.h"

#include <ctype.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conf/conf.h"
#include "conf/field.h"

static bool
word_is(const char *word, const char *text)
{
	return word != NULL && strcmp(word, text) == 0;
}

/* What numbers, times and sizes share: the word for 0, how one is read, the range. */
static int
range_read(
    const struct conf_option *option, void *base, const char *text, bool (*parse)(const char *, uint64_t *))
{
	uint64_t number = 0;

	if (!word_is(option->zero, text) &&
	    (!parse(text, &number) || number < option->minimum || number > option->maximum))
		return -1;
	conf_field_set_number(option, base, number);
	return 0;
}

static const char *
zero_suffix(const struct conf_option *option, char *to, size_t size)
{
	snprintf(to, size, option->zero != NULL ? " or %s" : "%s", option->zero != NULL ? option->zero : "");
	return to;
}

static int
number_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	(void)err;
	return range_read(option, base, text, text_to_number);
}

static const char *
number_write(const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX])
{
	uint64_t number = conf_field_number(option, base);

	if (i > 0)
		return NULL;
	if (number == 0 && option->zero != NULL)
		return option->zero;
	return text_from_number(number, space, CONF_VALUE_MAX);
}

static void
number_describe(const struct conf_option *option, char *to, size_t size)
{
	char zero[32];

	snprintf(to, size, "a number from %" PRIu64 " to %" PRIu64 "%s", option->minimum, option->maximum,
	    zero_suffix(option, zero, sizeof zero));
}

static int
time_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	(void)err;
	return range_read(option, base, text, text_to_duration);
}

static const char *
time_write(const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX])
{
	return i > 0 ? NULL : text_from_duration(conf_field_number(option, base), space, CONF_VALUE_MAX);
}

static void
time_describe(const struct conf_option *option, char *to, size_t size)
{
	char from[32], most[32], zero[32];

	snprintf(to, size, "a time from %s to %s%s", text_from_duration(option->minimum, from, sizeof from),
	    text_from_duration(option->maximum, most, sizeof most), zero_suffix(option, zero, sizeof zero));
}

static int
size_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	(void)err;
	return range_read(option, base, text, text_to_size);
}

static const char *
size_write(const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX])
{
	return i > 0 ? NULL : text_from_size(conf_field_number(option, base), space, CONF_VALUE_MAX);
}

static void
size_describe(const struct conf_option *option, char *to, size_t size)
{
	char from[32], most[32], zero[32];

	snprintf(to, size, "a size from %s to %s%s", text_from_size(option->minimum, from, sizeof from),
	    text_from_size(option->maximum, most, sizeof most), zero_suffix(option, zero, sizeof zero));
}

static int
boolean_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	static const char *const words[] = { "false", "true", "no", "yes", "off", "on" };
	size_t i;

	(void)err;
	for (i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(words[i], text) != 0)
			continue;
		*(bool *)conf_field(option, base) = i % 2 == 1;
		return 0;
	}
	return -1;
}

static const char *
boolean_write(const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX])
{
	(void)space;
	if (i > 0)
		return NULL;
	return *(const bool *)conf_field_const(option, base) ? "true" : "false";
}

static void
boolean_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "true or false");
}

void
conf_words_describe(const char *const *words, char *to, size_t size)
{
	size_t used = 0;

	to[0] = '\0';
	for (; words[0] != NULL && used < size; words++)
		used += (size_t)snprintf(to + used, size - used, "%s%s", words[0],
		    words[1] == NULL   ? ""
		    : words[2] == NULL ? " or "
				       : ", ");
}

int
conf_words_refuse(
    const struct conf_option *option, const char *const *words, const char *text, struct error *err)
{
	const char *near = text_nearest(text, words);
	char range[CONF_RANGE_MAX];

	if (near == NULL)
		return -1;
	option->type->describe(option, range, sizeof range);
	return error_set(err, "is %s, not \"%.100s\"; did you mean \"%s\"?", range, text, near);
}

static int
choice_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	unsigned i;

	for (i = 0; option->words[i] != NULL; i++) {
		if (strcmp(option->words[i], text) != 0)
			continue;
		conf_field_set_number(option, base, i);
		return 0;
	}
	return conf_words_refuse(option, option->words, text, err);
}

static const char *
choice_write(const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX])
{
	(void)space;
	return i > 0 ? NULL : option->words[conf_field_number(option, base)];
}

static void
choice_describe(const struct conf_option *option, char *to, size_t size)
{
	conf_words_describe(option->words, to, size);
}

/* A choice that was true or false once: the second word, or the first. */
static int
switch_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	bool on;
	const struct conf_option boolean = { .type = &conf_type_boolean, .field = { 0, sizeof on, 0 } };

	if (boolean_read(&boolean, &on, text, err) < 0)
		return choice_read(option, base, text, err);
	conf_field_set_number(option, base, on);
	return 0;
}

uint32_t
conf_usable_cores(void)
{
	cpu_set_t set;
	int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;

	return count < 1 ? 1 : count > CONF_WORKERS_MAX ? CONF_WORKERS_MAX : (uint32_t)count;
}

static int
workers_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	struct conf *conf = base;

	if (number_read(option, base, text, err) < 0)
		return -1;
	conf->workers_auto = conf->workers == 0;
	if (conf->workers_auto)
		conf->workers = conf_usable_cores();
	return 0;
}

static const char *
workers_write(const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX])
{
	const struct conf *conf = base;

	return i == 0 && conf->workers_auto ? option->zero : number_write(option, base, i, space);
}

enum { ALGORITHMS_MAX = 32 };

/* Whether connections can be spread over workers so: nothing is known of them that could be hashed. */
static bool
algorithm_is_for(const struct balance_algorithm *algorithm, const struct conf_option *option)
{
	return !algorithm->uses_key || option->section != &conf_section_top;
}

static void
algorithm_names(const struct conf_option *option, const char *names[ALGORITHMS_MAX + 1])
{
	size_t i, count = 0;

	for (i = 0; count < ALGORITHMS_MAX && balance_algorithms[i] != NULL; i++)
		if (algorithm_is_for(balance_algorithms[i], option))
			names[count++] = balance_algorithms[i]->name;
	names[count] = NULL;
}

static int
balance_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	const struct balance_algorithm *algorithm = balance_find(text);
	const char *names[ALGORITHMS_MAX + 1];

	if (algorithm != NULL && !algorithm_is_for(algorithm, option))
		return error_set(err, "is about connections here, and %s needs a request: it is for pools", text);
	if (algorithm == NULL) {
		algorithm_names(option, names);
		return conf_words_refuse(option, names, text, err);
	}
	*(const struct balance_algorithm **)conf_field(option, base) = algorithm;
	return 0;
}

static const char *
balance_write(const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX])
{
	const struct balance_algorithm *const *algorithm = conf_field_const(option, base);

	(void)space;
	return i > 0 || *algorithm == NULL ? NULL : (*algorithm)->name;
}

static void
balance_describe(const struct conf_option *option, char *to, size_t size)
{
	const char *names[ALGORITHMS_MAX + 1];

	algorithm_names(option, names);
	conf_words_describe(names, to, size);
}

static int
mode_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	char *end;
	unsigned long mode = strtoul(text, &end, 8);

	(void)err;
	if (!isdigit((unsigned char)text[0]) || *end != '\0' || mode > option->maximum)
		return -1;
	*(mode_t *)conf_field(option, base) = (mode_t)mode;
	return 0;
}

static const char *
mode_write(const struct conf_option *option, const void *base, size_t i, char space[CONF_VALUE_MAX])
{
	snprintf(space, CONF_VALUE_MAX, "%04o", (unsigned)*(const mode_t *)conf_field_const(option, base));
	return i > 0 ? NULL : space;
}

static void
mode_describe(const struct conf_option *option, char *to, size_t size)
{
	(void)option;
	snprintf(to, size, "an octal number from 0000 to 0777");
}

const struct conf_type conf_type_number = { "number", false, false, number_read, number_write,
	number_describe };
const struct conf_type conf_type_time = { "time", false, false, time_read, time_write, time_describe };
const struct conf_type conf_type_size = { "size", false, false, size_read, size_write, size_describe };
const struct conf_type conf_type_boolean = { "boolean", false, false, boolean_read, boolean_write,
	boolean_describe };
const struct conf_type conf_type_choice = { "word", false, false, choice_read, choice_write,
	choice_describe };
const struct conf_type conf_type_switch = { "word", false, false, switch_read, choice_write, choice_describe };
const struct conf_type conf_type_workers = { "number", false, false, workers_read, workers_write,
	number_describe };
const struct conf_type conf_type_balance = { "word", false, false, balance_read, balance_write,
	balance_describe };
const struct conf_type conf_type_mode = { "mode", false, true, mode_read, mode_write, mode_describe };

size_t
conf_value_shown(const struct conf_option *option, const char *text, bool hide)
{
	return hide && option->open_length != NULL ? option->open_length(text) : strlen(text);
}

int
conf_value_read(const struct conf_option *option, void *base, const char *text, struct error *err)
{
	struct error why = { .text = "" };
	char range[CONF_RANGE_MAX];

	if (option->type->read(option, base, text, &why) == 0)
		return 0;
	if (why.text[0] != '\0')
		return error_set(err, "%s %s", option->name, why.text);
	option->type->describe(option, range, sizeof range);
	if (option->open_length != NULL) /* errors are logged, and told to all who watch */
		return error_set(err, "%s is %s; something here is not (it is not shown, as it may be secret)", option->name, range);
	return error_set(err, "%s is %s, not \"%.100s\"", option->name, range, text);
}

int
conf_value_default(const struct conf_option *option, void *base, struct error *err)
{
	if (option->standard == NULL || option->inherited || option->type->list)
		return 0;
	return conf_value_read(option, base, option->standard, err);
}

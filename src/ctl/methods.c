#include "ctl/methods.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/memory.h"

/* ---- the table; nothing in it is taken for granted */

static const char *
text_of(json_t *row, const char *member)
{
	const char *text = json_string_value(json_object_get(row, member));

	return text != NULL ? text : "";
}

/* The row of an array whose `member` is `name`, or NULL. */
static json_t *
row_find(json_t *rows, const char *member, const char *name)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (*name != '\0' && strcmp(text_of(row, member), name) == 0)
			return row;
	return NULL;
}

/* The word of an array nearest to `name`, or NULL; `member` NULL: the elements are the words themselves. */
static const char *
row_nearest(json_t *rows, const char *member, const char *name)
{
	const char **words = memory_zeroed(json_array_size(rows) + 1, sizeof *words), *near;
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		words[i] = member == NULL ? json_string_value(row) : text_of(row, member);
		if (words[i] == NULL)
			words[i] = "";
	}
	near = text_nearest(name, words);
	free(words);
	return near;
}

static bool
row_is(json_t *row, const char *type)
{
	return strcmp(text_of(row, "type"), type) == 0;
}

json_t *
methods_find(json_t *methods, const char *name, struct error *err)
{
	json_t *method = row_find(methods, "method", name);
	const char *near;

	if (method != NULL)
		return method;
	near = row_nearest(methods, "method", name);
	if (near != NULL)
		error_set(err, "there is no method '%s'; did you mean %s?", name, near);
	else
		error_set(err, "there is no method '%s'; `droverctl help` lists them.", name);
	return NULL;
}

/* The words with '|' between them. */
static char *
words_form(json_t *words)
{
	char *form = memory_copy(""), *longer;
	json_t *word;
	size_t i;

	json_array_foreach(words, i, word) {
		longer = memory_print("%s%s%s", form, i > 0 ? "|" : "", json_is_string(word) ? json_string_value(word) : "");
		free(form);
		form = longer;
	}
	return form;
}

char *
methods_value_form(json_t *param)
{
	if (row_is(param, "word"))
		return words_form(json_object_get(param, "words"));
	if (row_is(param, "boolean"))
		return memory_copy("yes|no");
	if (row_is(param, "integer"))
		return memory_copy("INTEGER");
	return memory_copy(row_is(param, "number") ? "NUMBER" : "TEXT");
}

json_t *
methods_instance(json_t *method)
{
	json_t *params = json_object_get(method, "params");

	return row_find(params, "name", "app") == NULL ? NULL : row_find(params, "name", "instance");
}

/* ---- values */

static bool
is_duration(const char *name)
{
	size_t length = strlen(name);

	return length > 3 && strcmp(name + length - 3, "-ms") == 0;
}

static bool
integer_read(const char *text, int64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && !isspace((unsigned char)*text) && *text != '+';
}

static json_t *
integer_value(json_t *param, const char *text, struct error *err)
{
	json_t *min = json_object_get(param, "min"), *max = json_object_get(param, "max");
	const char *name = text_of(param, "name");
	uint64_t duration;
	int64_t number;

	if (is_duration(name) && text_to_duration(text, &duration) && duration < INT64_MAX)
		number = (int64_t)(duration / CLOCK_MILLISECOND);
	else if (!integer_read(text, &number)) {
		error_set(err, is_duration(name) ? "%s=%s: milliseconds are wanted, or a time such as 30s or 5m."
			: *text == '+'		 ? "%s=%s: a whole number is wanted, not how many more."
						 : "%s=%s: a whole number is wanted.", name, text);
		return NULL;
	}
	if ((json_is_integer(min) && number < json_integer_value(min)) ||
	    (json_is_integer(max) && number > json_integer_value(max))) {
		error_set(err, "%s=%s: it goes from %" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT ".", name, text,
		    json_integer_value(min), json_integer_value(max));
		return NULL;
	}
	return memory_need(json_integer(number));
}

static json_t *
boolean_value(json_t *param, const char *text, struct error *err)
{
	static const char *const yes[] = { "yes", "true", "on", "1", NULL };
	static const char *const no[] = { "no", "false", "off", "0", NULL };
	size_t i;

	for (i = 0; yes[i] != NULL; i++) {
		if (strcmp(text, yes[i]) == 0)
			return json_true();
		if (strcmp(text, no[i]) == 0)
			return json_false();
	}
	error_set(err, "%s=%s: yes or no is wanted.", text_of(param, "name"), text);
	return NULL;
}

static json_t *
word_value(json_t *param, const char *text, struct error *err)
{
	json_t *words = json_object_get(param, "words"), *word;
	const char *near;
	char *form;
	size_t i;

	json_array_foreach(words, i, word)
		if (json_is_string(word) && strcmp(json_string_value(word), text) == 0)
			return json_incref(word);
	near = row_nearest(words, NULL, text);
	if (near == NULL && strncasecmp(text, "SIG", 3) == 0)
		near = row_nearest(words, NULL, text + 3);
	form = words_form(words);
	if (near != NULL)
		error_set(err, "%s=%s: did you mean %s?", text_of(param, "name"), text, near);
	else
		error_set(err, "%s=%s: it is one of %s.", text_of(param, "name"), text, form);
	free(form);
	return NULL;
}

static json_t *
number_value(json_t *param, const char *text, struct error *err)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

	if (json_is_number(value))
		return value;
	json_decref(value);
	error_set(err, "%s=%s: a number is wanted.", text_of(param, "name"), text);
	return NULL;
}

static json_t *
param_value(json_t *param, const char *text, struct error *err)
{
	json_t *value;

	if (row_is(param, "integer"))
		return integer_value(param, text, err);
	if (row_is(param, "boolean"))
		return boolean_value(param, text, err);
	if (row_is(param, "word"))
		return word_value(param, text, err);
	if (row_is(param, "number"))
		return number_value(param, text, err);
	value = json_string(text);
	if (value == NULL)
		error_set(err, "%s: the value is not UTF-8.", text_of(param, "name"));
	return value;
}

/* ---- arguments */

/* The parameter of that name; "for" means "for-ms", but for a number without a unit: of what, it does not say. */
static json_t *
param_find(json_t *params, const char *name, const char *value)
{
	json_t *param = row_find(params, "name", name);
	char *longer;

	if (param != NULL || value == NULL || value[strspn(value, "0123456789")] == '\0')
		return param;
	longer = memory_print("%s-ms", name);
	param = row_find(params, "name", longer);
	free(longer);
	return param;
}

static void
param_unknown(json_t *method, const char *name, struct error *err)
{
	json_t *params = json_object_get(method, "params");
	const char *near = row_nearest(params, "name", name), *title = text_of(method, "method");

	if (near != NULL)
		error_set(err, "%s has no parameter '%s'; did you mean %s?", title, name, near);
	else if (json_array_size(params) == 0)
		error_set(err, "%s has no parameter '%s': it takes none.", title, name);
	else
		error_set(err, "%s has no parameter '%s'; `droverctl help %s` lists them.", title, name, title);
}

static int
value_add(json_t *to, json_t *param, const char *value, struct error *err)
{
	json_t *read;

	if (json_object_get(to, text_of(param, "name")) != NULL)
		return error_set(err, "%s is given twice.", text_of(param, "name"));
	read = param_value(param, value, err);
	if (read == NULL)
		return -1;
	memory_need(json_object_set_new(to, text_of(param, "name"), read) < 0 ? NULL : to);
	return 0;
}

/* "web/0" of a method that takes an app and one of its instances; no app has a slash in its name. */
static int
instance_add(json_t *to, json_t *app, json_t *instance, const char *value, struct error *err)
{
	const char *slash = strrchr(value, '/');
	char *name = memory_print("%.*s", (int)(slash - value), value);
	int result = value_add(to, app, name, err);

	free(name);
	return result < 0 ? -1 : value_add(to, instance, slash + 1, err);
}

/* Adds one argument to `to`. `name` is a copy that ends where its '=' was; value NULL: there was none. */
static int
argument_add(json_t *to, json_t *method, const char *name, const char *value, struct error *err)
{
	json_t *param = param_find(json_object_get(method, "params"), name, value), *instance = methods_instance(method);
	char *form;

	if (param == NULL) {
		param_unknown(method, name, err);
		return -1;
	}
	if (value == NULL && !row_is(param, "boolean")) {
		form = methods_value_form(param);
		error_set(err, "%s lacks its value: %s=%s", name, name, form);
		free(form);
		return -1;
	}
	if (value != NULL && instance != NULL && strcmp(name, "app") == 0 && strchr(value, '/') != NULL)
		return instance_add(to, param, instance, value, err);
	return value_add(to, param, value == NULL ? "yes" : value, err);
}

/* "name=value", or the name of a parameter: it may lack its value. */
static int
argument_read(json_t *to, json_t *method, const char *argument, struct error *err)
{
	char *name = memory_copy(argument), *equals = strchr(name, '=');
	int result;

	if (equals != NULL)
		*equals = '\0';
	result = argument_add(to, method, name, equals == NULL ? NULL : equals + 1, err);
	free(name);
	return result;
}

/* ---- values without names: "scale web 8" */

static bool
is_bare(json_t *method, const char *argument)
{
	return strchr(argument, '=') == NULL && row_find(json_object_get(method, "params"), "name", argument) == NULL;
}

/* Whether so many values can be those of this form: none was given by name. */
static bool
form_fits(json_t *form, size_t count, json_t *given)
{
	json_t *name;
	size_t i;

	json_array_foreach(form, i, name)
		if (!json_is_string(name) || json_object_get(given, json_string_value(name)) != NULL)
			return false;
	return json_array_size(form) == count;
}

static json_t *
form_find(json_t *method, size_t count, json_t *given)
{
	json_t *forms = json_object_get(method, "short-forms"), *form;
	size_t i;

	json_array_foreach(forms, i, form)
		if (form_fits(form, count, given))
			return form;
	return NULL;
}

/* Appends a word in capitals, as help shows the names of values. Frees what it was given. */
static char *
capitals_add(char *text, const char *name)
{
	char *longer = memory_print("%s %s", text, name), *p;

	for (p = longer + strlen(text); *p != '\0'; p++)
		*p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
	free(text);
	return longer;
}

/* "scale WORKERS, or scale APP INSTANCES" */
static char *
forms_text(json_t *method)
{
	json_t *forms = json_object_get(method, "short-forms"), *form, *name;
	char *text = memory_copy(""), *longer;
	size_t i, j;

	json_array_foreach(forms, i, form) {
		longer = memory_print("%s%s%s", text, i > 0 ? ", or " : "", text_of(method, "method"));
		free(text);
		text = longer;
		json_array_foreach(form, j, name)
			text = capitals_add(text, json_is_string(name) ? json_string_value(name) : "");
	}
	return text;
}

/* The sentence tells what is wrong; adds how it is written. Always -1. */
static int
forms_tell(json_t *method, struct error *err)
{
	char *text = forms_text(method), *wrong = memory_copy(err->text);

	error_set(err, "%s It is written %s; all else as NAME=VALUE.", wrong, text);
	free(wrong);
	free(text);
	return -1;
}

/* Always -1. */
static int
form_is_short(json_t *method, const char *lacks, struct error *err)
{
	char *name = capitals_add(memory_copy(""), lacks);

	error_set(err, "%s:%s is missing.", text_of(method, "method"), name);
	free(name);
	return forms_tell(method, err);
}

/* Whether the values without names can be the first ones of a form. */
static bool
form_begins_with(json_t *form, json_t *method, int count, char *const *arguments)
{
	json_t *params = json_object_get(method, "params"), *param, *value;
	size_t next = 0;
	int i;

	for (i = 0; i < count; i++) {
		if (!is_bare(method, arguments[i]))
			continue;
		param = row_find(params, "name", json_string_value(json_array_get(form, next++)));
		value = param != NULL ? param_value(param, arguments[i], NULL) : NULL;
		if (value == NULL)
			return false;
		json_decref(value);
	}
	return true;
}

/* What is missing for the first form that is longer, and begins with what there is. NULL: nothing would help. */
static const char *
form_lacks(json_t *method, size_t bare, int count, char *const *arguments, json_t *given)
{
	json_t *forms = json_object_get(method, "short-forms"), *form;
	size_t i;

	json_array_foreach(forms, i, form)
		if (json_array_size(form) > bare && form_fits(form, json_array_size(form), given) &&
		    form_begins_with(form, method, count, arguments))
			return json_string_value(json_array_get(form, bare));
	return NULL;
}

/* The one of the values without names that is nearly the name of a parameter, else the last: it is too much. */
static const char *
bare_odd(json_t *method, int count, char *const *arguments)
{
	json_t *params = json_object_get(method, "params");
	const char *odd = NULL;
	int i;

	for (i = 0; i < count; i++)
		if (is_bare(method, arguments[i]) && (odd == NULL || row_nearest(params, "name", odd) == NULL))
			odd = arguments[i];
	return odd;
}

/* There is no form for so many. Always -1. */
static int
bare_unknown(json_t *method, int count, char *const *arguments, struct error *err)
{
	const char *title = text_of(method, "method"), *odd = bare_odd(method, count, arguments);
	json_t *params = json_object_get(method, "params");

	if (json_array_size(params) == 0 || row_nearest(params, "name", odd) != NULL) {
		param_unknown(method, odd, err);
		return -1;
	}
	if (json_array_size(json_object_get(method, "short-forms")) == 0)
		return error_set(err, "%s wants values as NAME=VALUE, not '%s'; `droverctl help %s` lists them.", title, odd, title);
	error_set(err, "%s has no place for '%s'.", title, odd);
	return forms_tell(method, err);
}

/* Adds the values that stand without names by a form for so many. */
static int
form_add(json_t *to, json_t *method, json_t *form, int count, char *const *arguments, struct error *err)
{
	size_t next = 0;
	int i;

	for (i = 0; i < count; i++) {
		if (!is_bare(method, arguments[i]) ||
		    argument_add(to, method, json_string_value(json_array_get(form, next++)), arguments[i], err) == 0)
			continue;
		if (row_nearest(json_object_get(method, "params"), "name", arguments[i]) == NULL)
			return forms_tell(method, err);
		param_unknown(method, arguments[i], err); /* "wiat" */
		return -1;
	}
	return 0;
}

/* Adds the values that stand without names. */
static int
bare_add(json_t *to, json_t *method, int count, char *const *arguments, struct error *err)
{
	const char *lacks;
	size_t bare = 0;
	json_t *form;
	int i;

	for (i = 0; i < count; i++)
		bare += is_bare(method, arguments[i]);
	if (bare == 0)
		return 0;
	lacks = form_lacks(method, bare, count, arguments, to);
	form = form_find(method, bare, to);
	if (form != NULL && (lacks == NULL || form_begins_with(form, method, count, arguments)))
		return form_add(to, method, form, count, arguments, err);
	if (lacks == NULL || row_nearest(json_object_get(method, "params"), "name", bare_odd(method, count, arguments)) != NULL)
		return bare_unknown(method, count, arguments, err);
	return form_is_short(method, lacks, err);
}

static int
check_required(json_t *given, json_t *method, struct error *err)
{
	json_t *params = json_object_get(method, "params"), *param;
	char *form;
	size_t i;

	json_array_foreach(params, i, param) {
		if (!json_is_true(json_object_get(param, "required")) ||
		    json_object_get(given, text_of(param, "name")) != NULL)
			continue;
		form = methods_value_form(param);
		error_set(err, "%s needs %s=%s: %s", text_of(method, "method"), text_of(param, "name"), form,
		    text_of(param, "sentence"));
		free(form);
		return -1;
	}
	return 0;
}

json_t *
methods_params(json_t *method, int count, char *const *arguments, struct error *err)
{
	json_t *to = memory_need(json_object());
	int i;

	for (i = 0; i < count; i++)
		if (!is_bare(method, arguments[i]) && argument_read(to, method, arguments[i], err) < 0)
			goto fail;
	if (bare_add(to, method, count, arguments, err) == 0 && check_required(to, method, err) == 0)
		return to;
fail:
	json_decref(to);
	return NULL;
}

uint64_t
methods_wait(json_t *method, json_t *params)
{
	json_t *row = row_find(json_object_get(method, "params"), "name", "timeout-ms");
	json_t *given = json_object_get(params, "timeout-ms");
	json_int_t ms = json_integer_value(given != NULL ? given : json_object_get(row, "default"));

	if (row == NULL || !json_is_true(json_object_get(params, "wait")) || ms <= 0 || ms > INT32_MAX)
		return 0;
	return (uint64_t)ms * CLOCK_MILLISECOND;
}

#include "control/params.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char *
json_type_name(const json_t *json)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "an array",
		[JSON_STRING] = "a string",
		[JSON_INTEGER] = "an integer",
		[JSON_REAL] = "a number with a fraction",
		[JSON_TRUE] = "a boolean",
		[JSON_FALSE] = "a boolean",
		[JSON_NULL] = "null",
	};

	return names[json_typeof(json)];
}

static void
fault_param(struct fault *fault, const struct command *command, const struct param *param)
{
	fault->code = REPLY_ERROR_PARAMS;
	fault_hint(fault, "%s: %s See {\"method\":\"help\",\"params\":{\"method\":\"%s\"}}.", param->name,
	    param->sentence, command->name);
}

static int
param_unknown(struct fault *fault, const struct command *command, const char *name)
{
	const char *names[COMMAND_PARAMS_MAX + 1], *near;
	char word[FAULT_WORD_MAX];
	size_t n;

	for (n = 0; n < COMMAND_PARAMS_MAX && command->params[n].name != NULL; n++)
		names[n] = command->params[n].name;
	names[n] = NULL;
	near = text_nearest(name, names);
	fault_set(
	    fault, REPLY_ERROR_PARAMS, "%s has no parameter %s.", command->name, fault_word(name, word));
	if (near != NULL)
		fault_hint(fault, "Did you mean %s?", near);
	else if (n == 0)
		fault_hint(fault, "It takes no parameters.");
	else
		fault_hint(fault,
		    "{\"method\":\"help\",\"params\":{\"method\":\"%s\"}} lists its parameters.",
		    command->name);
	return -1;
}

static int
param_bad_type(struct fault *fault, const struct param *param, const json_t *value)
{
	static const char *const wanted[] = {
		[PARAM_INTEGER] = "an integer",
		[PARAM_BOOLEAN] = "true or false",
		[PARAM_TEXT] = "a string",
		[PARAM_WORD] = "a word in quotes",
	};

	fault_set(fault, REPLY_ERROR_PARAMS, "The parameter %s is %s; %s is wanted.", param->name,
	    json_type_name(value), wanted[param->type]);
	return -1;
}

static int
param_bad_word(struct fault *fault, const struct param *param, const char *value)
{
	const char *near = text_nearest(value, param->words);
	char word[FAULT_WORD_MAX], list[128] = "";
	size_t i, n = 0;

	for (i = 0; param->words[i] != NULL && n < sizeof list; i++)
		n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i > 0 ? ", " : "", param->words[i]);
	if (near != NULL)
		fault_set(fault, REPLY_ERROR_PARAMS, "The parameter %s cannot be %s; did you mean %s?",
		    param->name, fault_word(value, word), near);
	else
		fault_set(fault, REPLY_ERROR_PARAMS, "The parameter %s cannot be %s; it is one of: %s.",
		    param->name, fault_word(value, word), list);
	return -1;
}

static int
param_check_integer(struct fault *fault, const struct param *param, int64_t value)
{
	if (value >= param->min && value <= param->max)
		return 0;
	fault_set(fault, REPLY_ERROR_PARAMS, "The parameter %s is %lld; it goes from %lld to %lld.",
	    param->name, (long long)value, (long long)param->min, (long long)param->max);
	return -1;
}

static int
param_check_text(struct fault *fault, const struct param *param, size_t length)
{
	if ((int64_t)length >= param->min && (int64_t)length <= param->max)
		return 0;
	fault_set(fault, REPLY_ERROR_PARAMS, "The parameter %s has %zu bytes; it takes %lld to %lld.",
	    param->name, length, (long long)param->min, (long long)param->max);
	return -1;
}

static int
param_check(struct fault *fault, const struct param *param, const json_t *value)
{
	switch (param->type) {
	case PARAM_INTEGER:
		if (json_is_integer(value))
			return param_check_integer(fault, param, json_integer_value(value));
		break;
	case PARAM_BOOLEAN:
		if (json_is_boolean(value))
			return 0;
		break;
	case PARAM_TEXT:
		if (json_is_string(value))
			return param_check_text(fault, param, json_string_length(value));
		break;
	case PARAM_WORD:
		if (!json_is_string(value))
			break;
		if (word_is_listed(json_string_value(value), param->words))
			return 0;
		return param_bad_word(fault, param, json_string_value(value));
	}
	return param_bad_type(fault, param, value);
}

static const struct param *
param_find(const struct command *command, const char *name)
{
	size_t i;

	for (i = 0; i < COMMAND_PARAMS_MAX && command->params[i].name != NULL; i++)
		if (strcmp(command->params[i].name, name) == 0)
			return &command->params[i];
	return NULL;
}

static int
params_check_given(const struct command *command, json_t *params, struct fault *fault)
{
	const struct param *param;
	const char *name;
	json_t *value;

	json_object_foreach (params, name, value) {
		param = param_find(command, name);
		if (param == NULL)
			return param_unknown(fault, command, name);
		if (param_check(fault, param, value) < 0) {
			fault_param(fault, command, param);
			return -1;
		}
	}
	return 0;
}

static int
params_no_memory(struct fault *fault)
{
	fault_set(fault, REPLY_ERROR_INTERNAL, "There is no memory for the parameters.");
	fault_hint(fault, "Try again later.");
	return -1;
}

static int
params_fill_in(const struct command *command, json_t *params, struct fault *fault)
{
	const struct param *param;
	json_t *value;
	size_t i;

	for (i = 0; i < COMMAND_PARAMS_MAX && command->params[i].name != NULL; i++) {
		param = &command->params[i];
		if (json_object_get(params, param->name) != NULL)
			continue;
		if (param->required) {
			fault_set(fault, REPLY_ERROR_PARAMS, "%s needs the parameter %s.", command->name,
			    param->name);
			fault_param(fault, command, param);
			return -1;
		}
		if (param->default_json == NULL)
			continue;
		value = json_loads(param->default_json, JSON_DECODE_ANY, NULL);
		if (json_object_set_new(params, param->name, value) < 0)
			return params_no_memory(fault);
	}
	return 0;
}

static int
params_no_object(const json_t *params, struct fault *fault)
{
	fault_set(fault, REPLY_ERROR_PARAMS, "params is %s; an object is wanted.", json_type_name(params));
	if (json_is_array(params))
		fault_hint(fault, "Give parameters by name, not by position.");
	else
		fault_hint(fault, "Write params as {\"name\":value}.");
	return -1;
}

int
params_read(json_t **checked, const struct command *command, json_t *given, struct fault *fault)
{
	json_t *params = given != NULL ? json_incref(given) : json_object();

	if (params == NULL)
		return params_no_memory(fault);
	if (!json_is_object(params)) {
		params_no_object(params, fault);
		goto fail;
	}
	if (params_check_given(command, params, fault) < 0 || params_fill_in(command, params, fault) < 0)
		goto fail;
	*checked = params;
	return 0;

fail:
	json_decref(params);
	return -1;
}

static bool
param_is_default(const struct param *param, const json_t *value)
{
	json_t *usual = param->default_json == NULL ? NULL : json_loads(param->default_json, JSON_DECODE_ANY, NULL);
	bool is = usual != NULL && json_equal(usual, value);

	json_decref(usual);
	return is;
}

char *
params_text(const struct command *command, const json_t *params)
{
	json_t *told = json_deep_copy(params);
	const struct param *param;
	char *text;
	size_t i;

	for (i = 0; i < COMMAND_PARAMS_MAX && command->params[i].name != NULL; i++) {
		param = &command->params[i];
		if (param_is_default(param, json_object_get(told, param->name)))
			json_object_del(told, param->name);
	}
	text = json_dumps(told, JSON_COMPACT);
	json_decref(told);
	return text;
}

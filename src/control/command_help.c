/* help: the tables of commands, errors and events, as they are in the program. Master. */
#include <string.h>

#include "base/text.h"
#include "control/commands.h"

static json_t *
help_words(const char *const *words)
{
	json_t *list = json_array();

	for (; *words != NULL; words++)
		if (json_array_append_new(list, json_string(*words)) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *
help_default(const struct param *param)
{
	return param->default_json == NULL ? json_null()
					   : json_loads(param->default_json, JSON_DECODE_ANY, NULL);
}

static json_t *
help_param(const struct param *param)
{
	json_t *json = json_pack("{s:s,s:s,s:b,s:o,s:s}", "name", param->name, "type",
	    param_type_names[param->type], "required", (int)param->required, "default", help_default(param),
	    "sentence", param->sentence);
	int failed = 0;

	if (param->type == PARAM_WORD)
		failed = json_object_set_new(json, "words", help_words(param->words));
	if (param->type == PARAM_INTEGER)
		failed = json_object_set_new(json, "min", json_integer(param->min)) < 0 ||
			 json_object_set_new(json, "max", json_integer(param->max)) < 0;
	if (failed) {
		json_decref(json);
		return NULL;
	}
	return json;
}

static json_t *
help_params(const struct command *command)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < COMMAND_PARAMS_MAX && command->params[i].name != NULL; i++)
		if (json_array_append_new(list, help_param(&command->params[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* The names of a form, which has blanks between them. */
static json_t *
help_form(const char *form)
{
	json_t *names = json_array();
	size_t length;

	for (; *form != '\0'; form += length + (form[length] == ' ')) {
		length = strcspn(form, " ");
		if (json_array_append_new(names, json_stringn(form, length)) < 0) {
			json_decref(names);
			return NULL;
		}
	}
	return names;
}

/* The form of a command that says nothing about it: its required parameters, which come first. */
static json_t *
help_form_required(const struct command *command)
{
	json_t *names = json_array();
	size_t i;

	for (i = 0; i < COMMAND_PARAMS_MAX && command->params[i].name != NULL; i++)
		if (command->params[i].required && json_array_append_new(names, json_string(command->params[i].name)) < 0) {
			json_decref(names);
			return NULL;
		}
	return names;
}

static json_t *
help_short_forms(const struct command *command)
{
	json_t *forms = json_array();
	int failed = 0;
	size_t i;

	if (command->short_forms[0] == NULL && command->params[0].required)
		failed = json_array_append_new(forms, help_form_required(command));
	for (i = 0; i < COMMAND_SHORT_FORMS && command->short_forms[i] != NULL && failed == 0; i++)
		failed = json_array_append_new(forms, help_form(command->short_forms[i]));
	if (failed == 0)
		return forms;
	json_decref(forms);
	return NULL;
}

static json_t *
help_method(const struct command *command)
{
	return json_pack("{s:s,s:s,s:s,s:o,s:o,s:o}", "method", command->name, "summary", command->summary,
	    "permission", permission_names[command->permission], "params", help_params(command), "short-forms", help_short_forms(command), "example",
	    json_loads(command->example, 0, NULL));
}

static json_t *
help_errors(void)
{
	json_t *list = json_array();
	const struct reply_error_info *e;

	for (e = reply_error_table; e->name != NULL; e++)
		if (json_array_append_new(list, json_pack("{s:i,s:s,s:s}", "code", e->code, "name", e->name,
						    "sentence", e->sentence)) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *
help_events(void)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < EVENT_TYPES; i++)
		if (json_array_append_new(list, json_pack("{s:s,s:s}", "event", event_table[i].name, "sentence",
						    event_table[i].sentence)) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* cursor: methods that were told of. */
static enum stream_row
help_next(struct call *call, json_t **row)
{
	const struct command *command = &control_commands[call->cursor];

	if (command->name == NULL) {
		*row = json_pack("{s:o,s:o}", "errors", help_errors(), "events", help_events());
		return STREAM_LAST;
	}
	call->cursor++;
	*row = help_method(command);
	return STREAM_ROW;
}

void
command_help(struct call *call)
{
	const char *name = call_text(call, "method");
	const struct command *command;

	if (name == NULL) {
		call_rows(call, json_object(), "methods", help_next);
		return;
	}
	command = command_find(control_commands, name);
	if (command == NULL) {
		command_unknown(&call->fault, control_commands, name);
		call->fault.code = REPLY_ERROR_PARAMS;
		call->done = true;
		return;
	}
	call_reply(call, json_pack("{s:[o]}", "methods", help_method(command)));
}

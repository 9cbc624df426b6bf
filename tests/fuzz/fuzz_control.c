/*
 * A line sent to the control socket: whatever the bytes are, each request of it
 * is either one that its handler can trust, or an error with a sentence and a
 * hint; and the reply is valid JSON with the id that was sent.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/object.h"
#include "control/commands.h"
#include "control/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_reply(const struct request *request)
{
	struct buffer out = { 0 };
	json_t *reply;

	if (request->command != NULL)
		INVARIANT(reply_result(&out, request->id, request->params) == 0);
	else
		INVARIANT(reply_fault(&out, request->id, &request->fault) == 0);
	reply = json_loadb(buffer_first(&out), buffer_length(&out), 0, NULL);
	INVARIANT(reply != NULL);
	if (request->id != NULL)
		INVARIANT(json_equal(json_object_get(reply, "id"), request->id));
	else
		INVARIANT(json_is_null(json_object_get(reply, "id")));
	INVARIANT(memchr(buffer_first(&out), '\n', buffer_length(&out)) == NULL);
	json_decref(reply);
	buffer_free(&out);
}

static void
check_param(const struct request *request, const struct param *param)
{
	const json_t *value = json_object_get(request->params, param->name);

	if (value == NULL) {
		INVARIANT(!param->required && param->default_json == NULL);
		return;
	}
	switch (param->type) {
	case PARAM_INTEGER:
		INVARIANT(json_is_integer(value) && json_integer_value(value) >= param->min);
		INVARIANT(json_integer_value(value) <= param->max);
		break;
	case PARAM_BOOLEAN:
		INVARIANT(json_is_boolean(value));
		break;
	case PARAM_TEXT:
		INVARIANT(json_is_string(value) && (int64_t)json_string_length(value) <= param->max);
		break;
	case PARAM_WORD:
		INVARIANT(json_is_string(value));
		break;
	}
}

static void
check_request(const struct request *request, enum conf_permission permission)
{
	size_t i, known = 0;

	if (request->command == NULL) {
		INVARIANT(request->fault.code != 0 && request->fault.message[0] != '\0' &&
			  request->fault.hint[0] != '\0');
		return;
	}
	INVARIANT(request->fault.code == 0 && request->command->permission <= permission);
	for (i = 0; i < COMMAND_PARAMS_MAX && request->command->params[i].name != NULL; i++) {
		check_param(request, &request->command->params[i]);
		known += json_object_get(request->params, request->command->params[i].name) != NULL;
	}
	INVARIANT(known == json_object_size(request->params));
}

static void
check_line(const char *bytes, size_t size, enum conf_permission permission)
{
	struct request_line line;
	size_t i;

	INVARIANT(request_line_read(&line, bytes, size, control_commands, permission) == 0);
	INVARIANT(line.count <= REQUEST_BATCH_MAX);
	for (i = 0; i < line.count; i++) {
		check_request(&line.requests[i], permission);
		check_reply(&line.requests[i]);
	}
	request_line_free(&line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > REQUEST_LINE_MAX)
		return 0;
	check_line((const char *)data, size, CONF_PERMISSION_ADMIN);
	check_line((const char *)data, size, CONF_PERMISSION_READ);
	return 0;
}

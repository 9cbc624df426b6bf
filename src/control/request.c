#include "control/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "control/params.h"

static const char *const request_members[] = { "jsonrpc", "id", "method", "params", NULL };

/* ---- from bytes to JSON */

/* What reading a line would cost. The bytes need not be valid JSON. */
struct shape {
	unsigned depth; /* arrays and objects open at once, at most */
	unsigned values; /* values and names, give or take one per array or object */
};

static struct shape
shape_of(const char *bytes, size_t length)
{
	struct shape shape = { 0, 0 };
	unsigned depth = 0;
	bool in_string = false;
	size_t i;

	for (i = 0; i < length; i++) {
		char c = bytes[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (in_string)
			continue;
		else if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && depth > 0)
			depth--;
		shape.values += !in_string && (c == ',' || c == ':' || c == '{' || c == '[');
		if (depth > shape.depth)
			shape.depth = depth;
	}
	return shape;
}

static int
shape_check(const char *bytes, size_t length, struct fault *fault)
{
	struct shape shape = shape_of(bytes, length);

	if (shape.depth <= REQUEST_DEPTH_MAX && shape.values <= REQUEST_VALUES_MAX)
		return 0;
	if (shape.depth > REQUEST_DEPTH_MAX)
		fault_set(
		    fault, REPLY_ERROR_PARSE, "The line is nested deeper than %d levels.", REQUEST_DEPTH_MAX);
	else
		fault_set(fault, REPLY_ERROR_LIMIT, "The line has more than %d values.", REQUEST_VALUES_MAX);
	fault_hint(fault, "No method needs so much; send requests on lines of their own.");
	return -1;
}

struct parse_problem {
	enum json_error_code code;
	const char *sentence, *hint;
};

static const struct parse_problem *
parse_problem(const json_error_t *error)
{
	static const struct parse_problem problems[] = {
		{ json_error_premature_end_of_input, "ends too early",
		    "A request is one line, with all of its brackets and quotes closed." },
		{ json_error_end_of_input_expected, "goes on after its end",
		    "Send each request on a line of its own." },
		{ json_error_invalid_utf8, "has bytes that are not UTF-8", "Send UTF-8." },
		{ json_error_null_byte_in_key, "has a NUL character", "Leave it out." },
		{ json_error_null_character, "has a NUL character", "Leave it out." },
		{ json_error_duplicate_key, "has a member twice", "Name each member of an object once." },
		{ json_error_numeric_overflow, "has a number that is too big", "Integers are of 64 bits." },
		{ json_error_unknown, "is not JSON",
		    "Send one JSON object per line, as {\"method\":\"help\"}; names and texts stand in double quotes." },
	};
	size_t i = 0;

	while (problems[i].code != json_error_unknown && problems[i].code != json_error_code(error))
		i++;
	return &problems[i];
}

static json_t *
line_parse(const char *bytes, size_t length, struct fault *fault)
{
	json_error_t error;
	json_t *json;

	if (shape_check(bytes, length, fault) < 0)
		return NULL;
	json = json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (json != NULL)
		return json;
	if (json_error_code(&error) == json_error_out_of_memory) {
		fault_set(fault, REPLY_ERROR_INTERNAL, "There is no memory to read the line.");
		fault_hint(fault, "Try again later.");
	} else {
		fault_set(fault, REPLY_ERROR_PARSE, "The line %s (near byte %d).",
		    parse_problem(&error)->sentence, error.position);
		fault_hint(fault, "%s", parse_problem(&error)->hint);
	}
	return NULL;
}

/* ---- the members of a request */

static int
request_invalid(struct request *request, const char *hint, const char *sentence)
{
	fault_set(&request->fault, REPLY_ERROR_REQUEST, "%s", sentence);
	fault_hint(&request->fault, "%s", hint);
	return -1;
}

static int
request_check_members(struct request *request, json_t *json)
{
	char word[FAULT_WORD_MAX];
	const char *name, *near;
	json_t *value;

	json_object_foreach (json, name, value) {
		if (word_is_listed(name, request_members))
			continue;
		near = text_nearest(name, request_members);
		fault_set(&request->fault, REPLY_ERROR_REQUEST, "A request has no member %s.",
		    fault_word(name, word));
		if (near != NULL)
			fault_hint(&request->fault, "Did you mean %s?", near);
		else
			fault_hint(&request->fault, "The members are method, params, id and jsonrpc; parameters stand within params.");
		return -1;
	}
	return 0;
}

/* The id comes first, so that every later error can carry it. */
static int
request_read_id(struct request *request, json_t *json)
{
	json_t *id = json_object_get(json, "id");

	if (id == NULL || json_is_null(id))
		return 0;
	if (!json_is_string(id) && !json_is_number(id))
		return request_invalid(request, "Use a string or a number, or leave it out.",
		    "The id is no string, no number and not null.");
	request->id = json_incref(id);
	return 0;
}

static int
request_check_permission(
    struct request *request, const struct command *command, enum conf_permission permission)
{
	if (command->permission <= permission)
		return 0;
	fault_set(&request->fault, REPLY_ERROR_PERMISSION,
	    "%s needs the permission %s; this connection has %s.", command->name,
	    permission_names[command->permission], permission_names[permission]);
	fault_hint(&request->fault, "Use a control socket that gives more (permission in drover.conf).");
	return -1;
}

static int
request_read_method(
    struct request *request, json_t *json, const struct command *table, enum conf_permission permission)
{
	json_t *version = json_object_get(json, "jsonrpc"), *method = json_object_get(json, "method");
	const struct command *command;

	if (version != NULL && (!json_is_string(version) || strcmp(json_string_value(version), "2.0") != 0))
		return request_invalid(
		    request, "Leave jsonrpc out, or make it \"2.0\".", "jsonrpc is not \"2.0\".");
	if (request_check_members(request, json) < 0)
		return -1;
	if (method == NULL)
		return request_invalid(
		    request, "The method help lists all methods.", "The request has no method.");
	if (!json_is_string(method))
		return request_invalid(
		    request, "The method help lists all methods.", "The method is no string.");
	command = command_find(table, json_string_value(method));
	if (command == NULL) {
		command_unknown(&request->fault, table, json_string_value(method));
		return -1;
	}
	if (request_check_permission(request, command, permission) < 0 ||
	    params_read(&request->params, command, json_object_get(json, "params"), &request->fault) < 0)
		return -1;
	request->command = command;
	return 0;
}

static void
request_read(
    struct request *request, json_t *json, const struct command *table, enum conf_permission permission)
{
	if (!json_is_object(json)) {
		request_invalid(request, "Send one JSON object per line, as {\"method\":\"help\"}.",
		    "The request is no object.");
		return;
	}
	if (request_read_id(request, json) == 0)
		request_read_method(request, json, table, permission);
}

/* ---- lines */

static bool
is_blank(const char *bytes, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r')
			return false;
	return true;
}

static int
line_allocate(struct request_line *line, size_t count)
{
	line->requests = calloc(count, sizeof *line->requests);
	if (line->requests == NULL)
		return -1;
	line->count = count;
	return 0;
}

static int
line_read_batch(
    struct request_line *line, json_t *json, const struct command *table, enum conf_permission permission)
{
	size_t count = json_array_size(json), i;
	bool fits = count >= 1 && count <= REQUEST_BATCH_MAX;

	if (line_allocate(line, fits ? count : 1) < 0)
		return -1;
	line->is_batch = fits;
	if (fits) {
		for (i = 0; i < count; i++)
			request_read(&line->requests[i], json_array_get(json, i), table, permission);
	} else if (count == 0) {
		request_invalid(&line->requests[0], "Put requests into the array.", "The batch is empty.");
	} else {
		fault_set(&line->requests[0].fault, REPLY_ERROR_LIMIT,
		    "The batch has %zu requests; %d are allowed.", count, REQUEST_BATCH_MAX);
		fault_hint(&line->requests[0].fault, "Send the requests on lines of their own.");
	}
	return 0;
}

static int
line_read_one(
    struct request_line *line, json_t *json, const struct command *table, enum conf_permission permission)
{
	if (line_allocate(line, 1) < 0)
		return -1;
	request_read(&line->requests[0], json, table, permission);
	return 0;
}

static int
line_refuse(struct request_line *line, const struct fault *fault)
{
	if (line_allocate(line, 1) < 0)
		return -1;
	line->requests[0].fault = *fault;
	return 0;
}

int
request_line_read(struct request_line *line, const char *bytes, size_t length, const struct command *table,
    enum conf_permission permission)
{
	struct fault fault;
	json_t *json;
	int result;

	*line = (struct request_line){ 0 };
	if (is_blank(bytes, length))
		return 0;
	json = line_parse(bytes, length, &fault);
	if (json == NULL)
		return line_refuse(line, &fault);
	if (json_is_array(json))
		result = line_read_batch(line, json, table, permission);
	else
		result = line_read_one(line, json, table, permission);
	json_decref(json);
	return result;
}

void
request_line_free(struct request_line *line)
{
	size_t i;

	for (i = 0; i < line->count; i++) {
		json_decref(line->requests[i].id);
		json_decref(line->requests[i].params);
	}
	free(line->requests);
	*line = (struct request_line){ 0 };
}

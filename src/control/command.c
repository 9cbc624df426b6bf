#include "control/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "control/values.h"

const char *const permission_names[] = { "none", "read", "operate", "admin", NULL };

const char *const param_type_names[] = {
	[PARAM_INTEGER] = "integer",
	[PARAM_BOOLEAN] = "boolean",
	[PARAM_TEXT] = "string",
	[PARAM_WORD] = "word",
};

bool
word_is_listed(const char *word, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

const struct command *
command_find(const struct command *table, const char *name)
{
	for (; table->name != NULL; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

void
command_unknown(struct fault *fault, const struct command *table, const char *name)
{
	const char *names[COMMANDS_MAX + 1], *near;
	char word[FAULT_WORD_MAX];
	size_t n;

	for (n = 0; n < COMMANDS_MAX && table[n].name != NULL; n++)
		names[n] = table[n].name;
	names[n] = NULL;
	near = text_nearest(name, names);
	fault_set(fault, REPLY_ERROR_METHOD, "There is no method %s.", fault_word(name, word));
	if (near != NULL)
		fault_hint(fault, "Did you mean %s?", near);
	else
		fault_hint(fault, "The method help lists all methods.");
}

static void
call_fail_memory(struct call *call)
{
	call_fail(call, REPLY_ERROR_INTERNAL, "Try again later.", "There is no memory for the reply.");
}

void
call_reply(struct call *call, json_t *result)
{
	if (result == NULL) {
		call_fail_memory(call);
		return;
	}
	call->result = result;
	call->done = true;
}

void
call_rows(struct call *call, json_t *head, const char *name, stream_rows_fn *next)
{
	if (head == NULL) {
		call_fail_memory(call);
		return;
	}
	call->stream.head = head;
	call->stream.name = name;
	call->stream.next = next;
	call->done = true;
}

void
call_text_later(struct call *call, stream_text_fn *make)
{
	call->stream.make = make;
	call->done = true;
}

void
call_wake(struct call *call)
{
	call->wake(call);
}

void
call_end(struct call *call)
{
	if (call->end != NULL)
		call->end(call);
	json_decref(call->result);
	json_decref(call->changes);
	json_decref(call->fault.errors);
	stream_free(&call->stream);
	*call = (struct call){ .master = call->master, .shared = call->shared, .wake = call->wake };
}

bool
call_is_dry_run(const struct call *call)
{
	return json_is_true(json_object_get(call->params, "dry-run"));
}

bool
call_is_to_change(const struct call *call)
{
	return !call_is_dry_run(call) && !call->changes_lost;
}

bool
call_comes_too_late(struct call *call)
{
	if (!master_is_stopping(call->master))
		return false;
	call_fail(call, REPLY_ERROR_IMPOSSIBLE, "Ask again after the next start.", "drover is stopping.");
	return true;
}

void
call_change(struct call *call, json_t *from, json_t *to, const char *what, ...)
{
	char text[512];
	va_list ap;

	if (json_equal(from, to)) {
		json_decref(from);
		json_decref(to);
		return;
	}
	va_start(ap, what);
	vsnprintf(text, sizeof text, what, ap);
	va_end(ap);
	if (call->changes == NULL)
		call->changes = json_array();
	if (json_array_append_new(call->changes,
		json_pack("{s:o,s:o,s:o}", "what", value_text(text), "from", from, "to", to)) < 0)
		call->changes_lost = true;
}

void
call_reply_changes(struct call *call, json_t *result)
{
	json_t *changes = call->changes != NULL ? call->changes : json_array();

	call->changes = NULL;
	if (json_object_set_new(result, "changes", changes) < 0 || call->changes_lost ||
	    (call_is_dry_run(call) && json_object_set_new(result, "dry-run", json_true()) < 0)) {
		json_decref(result);
		result = NULL;
	}
	call_reply(call, result);
}

void
call_fail(struct call *call, enum reply_error code, const char *hint, const char *format, ...)
{
	va_list ap;

	call->fault.code = code;
	call->fault.errors = NULL;
	snprintf(call->fault.hint, sizeof call->fault.hint, "%s", hint);
	va_start(ap, format);
	vsnprintf(call->fault.message, sizeof call->fault.message, format, ap);
	va_end(ap);
	call->done = true;
}

void
call_wait(struct call *call, call_poll_fn *poll, uint64_t microseconds)
{
	call->poll = poll;
	call->deadline = clock_monotonic() + microseconds;
}

bool
call_has(const struct call *call, const char *name)
{
	return json_object_get(call->params, name) != NULL;
}

int64_t
call_integer(const struct call *call, const char *name)
{
	return json_integer_value(json_object_get(call->params, name));
}

bool
call_boolean(const struct call *call, const char *name)
{
	return json_is_true(json_object_get(call->params, name));
}

const char *
call_text(const struct call *call, const char *name)
{
	return json_string_value(json_object_get(call->params, name));
}

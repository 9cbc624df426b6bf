#include "ctl/ask.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/memory.h"
#include "ctl/printable.h"
#include "ctl/render.h"
#include "ctl/style.h"

enum { ASK_ID = 1 };

int
complain(int status, const char *format, ...)
{
	char *text = NULL, *safe;
	struct style style;
	va_list ap;

	va_start(ap, format);
	memory_need(vasprintf(&text, format, ap) < 0 ? NULL : text);
	va_end(ap);
	style_read(&style, fileno(stderr));
	safe = printable(text, strlen(text), style.utf8);
	fprintf(stderr, "droverctl: %s\n", safe);
	free(safe);
	free(text);
	return status;
}

/* From here on. */
static uint64_t
ask_deadline(const struct options *o)
{
	return clock_monotonic() + o->timeout;
}

/* The complaint for a question that got no answer. */
static int
unanswered(const struct options *o, enum client_status status, const struct error *err)
{
	char limit[32];

	if (status == CLIENT_BROKEN)
		return complain(EXIT_UNREACHED, "%s", err->text);
	return complain(EXIT_UNREACHED, "no answer on %s within %s (-t sets another limit).", o->path,
	    text_from_duration(o->timeout, limit, sizeof limit));
}

int
ask_open(const struct options *o, struct client *c)
{
	struct error err;
	enum client_status status = client_open(c, o->path, ask_deadline(o), &err);

	return status == CLIENT_OK ? 0 : unanswered(o, status, &err);
}

/* An error reply, on stderr: as sentences, or as it came. */
static int
refused(const struct options *o, json_t *error)
{
	const char *message = json_string_value(json_object_get(error, "message"));
	const char *hint = json_string_value(json_object_get(json_object_get(error, "data"), "hint"));
	json_t *line;
	size_t i;

	if (o->json) {
		render_json(stderr, error);
		return EXIT_REFUSED;
	}
	complain(EXIT_REFUSED, "%s", message != NULL ? message : "the request was refused without a reason.");
	json_array_foreach(json_object_get(json_object_get(error, "data"), "errors"), i, line)
		if (json_is_string(line) && (message == NULL || strstr(message, json_string_value(line)) == NULL))
			complain(EXIT_REFUSED, "%s", json_string_value(line));
	return hint == NULL ? EXIT_REFUSED : complain(EXIT_REFUSED, "%s", hint);
}

int
output_end(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (errno == EPIPE)
		return status;
	return complain(EXIT_REFUSED, "cannot write the output: %s", strerror(errno));
}

int
ask(const struct options *o, struct client *c, const char *method, json_t *params, json_t **result)
{
	uint64_t deadline = ask_deadline(o);
	json_t *reply = NULL, *error;
	struct error err;
	enum client_status status;
	int end = 0;

	*result = NULL;
	status = client_send(c, ASK_ID, method, params, deadline, &err);
	if (status == CLIENT_OK)
		status = client_receive(c, &reply, deadline, &err);
	if (status != CLIENT_OK)
		return unanswered(o, status, &err);
	error = json_object_get(reply, "error");
	*result = json_object_get(reply, "result");
	if (json_is_object(error))
		end = refused(o, error);
	else if (*result == NULL)
		end = complain(EXIT_UNREACHED, "what answers on %s does not speak drover's protocol.", o->path);
	else
		json_incref(*result);
	json_decref(reply);
	return end;
}

int
ask_methods(const struct options *o, struct client *c, json_t **methods)
{
	json_t *help = NULL;
	int end = ask(o, c, "help", NULL, &help);

	if (end != 0)
		return end;
	*methods = json_incref(json_object_get(help, "methods"));
	json_decref(help);
	if (json_is_array(*methods))
		return 0;
	json_decref(*methods);
	return complain(EXIT_UNREACHED, "what answers on %s does not tell its methods: it is not drover.", o->path);
}

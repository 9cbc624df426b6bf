/*
 * What is sent to the control socket: whatever the bytes are, each request of a
 * line is either one that its handler can trust, or an error with a sentence and a
 * hint; and the reply is valid JSON with the id that was sent. Short inputs then go
 * through a connection to a master that has no processes: what reads and what is a
 * dry run is carried out, and there is one reply to each line.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/object.h"
#include "control/commands.h"
#include "control/connection.h"
#include "control/request.h"

enum {
	CONNECTION_INPUT_MAX = 2048, /* bytes: many dear requests would take long */
	CONNECTION_STEPS_MAX = 1000000
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static const char configuration[] =
    "workers = 2\nerror-log = \"/dev/null\"\nlisten \"127.0.0.1:0\" { }\n"
    "pool \"web\" { server \"127.0.0.1:81\" { } server \"unix:/tmp/x\" { weight = 2 } }\n"
    "pool \"api\" { balance = round-robin server \"127.0.0.1:82\" { max-connections = 3 } }\n"
    "route { host = \"x.test\" path = \"/y\" pool = \"api\" }\nroute { pool = \"web\" }\n";

static struct master *master;
static struct control_shared shared; /* as the control socket has it */

/* ---- lines */

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

/* ---- connections */

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct conf_errors errors = { 0 };
	struct conf *conf = conf_load_text(configuration, "fuzz.conf", &errors);
	struct master_options options = { 0 };
	struct error err;

	(void)argc;
	(void)argv;
	INVARIANT(conf != NULL);
	conf_errors_free(&errors);
	master = master_new(conf, &options, &err);
	INVARIANT(master != NULL);
	refusals_open(&shared.refusals, master_loop(master));
	return 0;
}

/* Whether nothing of a line changes anything: there is no process that could be told. */
static bool
line_is_harmless(const char *bytes, size_t size)
{
	struct request_line line;
	bool harmless = true;
	size_t i;

	INVARIANT(request_line_read(&line, bytes, size, control_commands, CONF_PERMISSION_ADMIN) == 0);
	for (i = 0; i < line.count; i++)
		if (line.requests[i].command != NULL &&
		    line.requests[i].command->permission > CONF_PERMISSION_READ)
			harmless &= json_is_true(json_object_get(line.requests[i].params, "dry-run"));
	request_line_free(&line);
	return harmless;
}

static bool
is_blank(const char *bytes, const char *end)
{
	while (bytes < end && (*bytes == ' ' || *bytes == '\t' || *bytes == '\r'))
		bytes++;
	return bytes == end;
}

/* How many lines are to be answered; -1: one of them is not to be carried out. */
static int
lines_to_answer(const char *bytes, size_t size)
{
	const char *end = bytes + size, *newline;
	int lines = 0;

	for (; bytes < end; bytes = newline + 1) {
		newline = memchr(bytes, '\n', (size_t)(end - bytes));
		if (newline == NULL)
			newline = end;
		if (!line_is_harmless(bytes, (size_t)(newline - bytes)))
			return -1;
		lines += !is_blank(bytes, newline);
	}
	return lines;
}

static void
collect(int fd, struct buffer *out)
{
	ssize_t n;

	do {
		char *to = buffer_reserve(out, 65536);

		INVARIANT(to != NULL);
		n = recv(fd, to, 65536, MSG_DONTWAIT);
		if (n > 0)
			buffer_added(out, (size_t)n);
	} while (n > 0);
}

/* Every line is JSON; those that tell of events are no replies. */
static int
count_replies(struct buffer *out)
{
	int replies = 0;

	while (buffer_length(out) > 0) {
		const char *first = buffer_first(out), *newline = memchr(first, '\n', buffer_length(out));
		json_t *reply;

		INVARIANT(newline != NULL);
		reply = json_loadb(first, (size_t)(newline - first), JSON_REJECT_DUPLICATES, NULL);
		INVARIANT(reply != NULL);
		replies += json_object_get(reply, "method") == NULL;
		json_decref(reply);
		buffer_drop(out, (size_t)(newline - first) + 1);
	}
	return replies;
}

static void
wake_cb(struct connection *c)
{
	c->is_ready = true;
}

/* All that there is to do, as the control socket would have it done; what waits is told that its time is over. */
static void
converse(struct connection *c, int far_end, struct buffer *out)
{
	enum connection_step step = CONNECTION_AGAIN;
	unsigned steps;

	for (steps = 0; step != CONNECTION_OVER && steps < CONNECTION_STEPS_MAX; steps++) {
		step = connection_step(c);
		if (step == CONNECTION_AGAIN)
			continue;
		collect(far_end, out);
		c->writable = true;
		if (step == CONNECTION_IDLE && !connection_is_waiting(c))
			return;
		if (step == CONNECTION_IDLE)
			step = connection_tick(c, clock_monotonic() + 31 * CLOCK_SECOND);
	}
	INVARIANT(steps < CONNECTION_STEPS_MAX);
}

static void
check_connection(const char *bytes, size_t size, enum conf_permission permission)
{
	struct peer peer = { .permission = permission };
	int lines = lines_to_answer(bytes, size), ends[2];
	struct buffer out = { 0 };
	struct connection *c;

	if (lines < 0)
		return;
	INVARIANT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	INVARIANT(send(ends[1], bytes, size, 0) == (ssize_t)size && shutdown(ends[1], SHUT_WR) == 0);
	c = connection_new(ends[0], &peer, master, wake_cb, NULL);
	INVARIANT(c != NULL);
	c->call.shared = &shared;
	converse(c, ends[1], &out);
	collect(ends[1], &out);
	INVARIANT(count_replies(&out) == lines);
	buffer_free(&out);
	connection_free(c);
	close(ends[1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;

	if (size > REQUEST_LINE_MAX)
		return 0;
	check_line(bytes, size, CONF_PERMISSION_ADMIN);
	check_line(bytes, size, CONF_PERMISSION_READ);
	if (size == 0 || size > CONNECTION_INPUT_MAX)
		return 0;
	check_connection(bytes, size, CONF_PERMISSION_ADMIN);
	check_connection(bytes, size, CONF_PERMISSION_READ);
	return 0;
}

/* control/request: a line of bytes becomes requests that fit their row, or the error that says what is wrong. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/object.h"
#include "control/params.h"
#include "control/request.h"
#include "run.h"

static const char *const modes[] = { "graceful", "now", NULL };

/* A table of its own: the rules are tested, not drover's commands. Handlers are never called. */
static const struct command table[] = {
	{ .name = "version", .permission = CONF_PERMISSION_READ },
	{
	    .name = "scale",
	    .permission = CONF_PERMISSION_OPERATE,
	    .params = {
		{ "workers", PARAM_INTEGER, .required = true, .min = 1, .max = 256, .sentence = "How many." },
		{ "wait", PARAM_BOOLEAN, .default_json = "false", .sentence = "Answer when done." },
		{ "label", PARAM_TEXT, .min = 1, .max = 4, .sentence = "A name." },
	    },
	},
	{
	    .name = "stop",
	    .permission = CONF_PERMISSION_ADMIN,
	    .params = {
		{ "mode", PARAM_WORD, .words = modes, .default_json = "\"graceful\"", .sentence = "How." },
	    },
	},
	{ .name = NULL },
};

static void
read_line(struct request_line *line, const char *text)
{
	ck_assert_int_eq(request_line_read(line, text, strlen(text), table, CONF_PERMISSION_ADMIN), 0);
}

/* ---- what is refused: code, and words that message and hint have */

struct refusal {
	const char *line;
	int code;
	const char *message, *hint;
};

static const struct refusal refusals[] = {
	{ "garbage", -32700, "is not JSON", "one JSON object per line" },
	{ "{\"method\":\"version\"", -32700, "ends too early", "" },
	{ "{\"method\":\"version\"}}", -32700, "goes on after its end", "" },
	{ "{\"method\":\"version\"} {}", -32700, "goes on after its end", "" },
	{ "{'method':'version'}", -32700, "is not JSON", "" },
	{ "{\"method\":\"ver\xff\"}", -32700, "not UTF-8", "" },
	{ "{\"method\":\"a\\u0000b\"}", -32700, "NUL", "" },
	{ "{\"method\":\"version\",\"method\":\"stop\"}", -32700, "a member twice", "" },
	{ "{\"id\":99999999999999999999,\"method\":\"version\"}", -32700, "too big", "" },
	{ "{\"id\":1e999,\"method\":\"version\"}", -32700, "too big", "" },
	{ "{\"id\":NaN,\"method\":\"version\"}", -32700, "is not JSON", "" },
	{ "8", -32600, "is no object", "" },
	{ "\"version\"", -32600, "is no object", "" },
	{ "null", -32600, "is no object", "" },
	{ "{}", -32600, "no method", "help" },
	{ "{\"methd\":\"version\"}", -32600, "'methd'", "Did you mean method?" },
	{ "{\"method\":\"version\",\"extra\":1}", -32600, "'extra'", "method, params, id and jsonrpc" },
	{ "{\"method\":1}", -32600, "no string", "" },
	{ "{\"method\":null}", -32600, "no string", "" },
	{ "{\"method\":\"version\",\"jsonrpc\":\"1.0\"}", -32600, "jsonrpc", "2.0" },
	{ "{\"method\":\"version\",\"jsonrpc\":2.0}", -32600, "jsonrpc", "2.0" },
	{ "{\"method\":\"version\",\"id\":[1]}", -32600, "id", "string or a number" },
	{ "{\"method\":\"version\",\"id\":true}", -32600, "id", "" },
	{ "{\"method\":\"\"}", -32601, "no method ''", "help lists" },
	{ "{\"method\":\"Version\"}", -32601, "'Version'", "Did you mean version?" },
	{ "{\"method\":\"sclae\"}", -32601, "'sclae'", "Did you mean scale?" },
	{ "{\"method\":\"frobnicate\"}", -32601, "'frobnicate'", "help lists" },
	{ "{\"method\":\"a\\u001b[31mb\"}", -32601, "'a?[31mb'", "" },
	{ "{\"method\":\"scale\"}", -32602, "needs the parameter workers", "How many." },
	{ "{\"method\":\"scale\",\"params\":{}}", -32602, "needs the parameter workers", "How many." },
	{ "{\"method\":\"scale\",\"params\":[8]}", -32602, "an array", "not by position" },
	{ "{\"method\":\"scale\",\"params\":null}", -32602, "null", "{\"name\":value}" },
	{ "{\"method\":\"scale\",\"params\":\"workers\"}", -32602, "a string", "{\"name\":value}" },
	{ "{\"method\":\"scale\",\"params\":{\"worker\":8}}", -32602, "no parameter 'worker'",
	    "Did you mean workers?" },
	{ "{\"method\":\"scale\",\"params\":{\"workers\":8,\"zzz\":1}}", -32602, "no parameter 'zzz'",
	    "help" },
	{ "{\"method\":\"version\",\"params\":{\"a\":1}}", -32602, "no parameter 'a'",
	    "takes no parameters" },
	{ "{\"method\":\"scale\",\"params\":{\"workers\":\"8\"}}", -32602, "is a string; an integer",
	    "How many." },
	{ "{\"method\":\"scale\",\"params\":{\"workers\":8.0}}", -32602, "with a fraction; an integer",
	    "How many." },
	{ "{\"method\":\"scale\",\"params\":{\"workers\":true}}", -32602, "is a boolean; an integer",
	    "How many." },
	{ "{\"method\":\"scale\",\"params\":{\"workers\":null}}", -32602, "is null; an integer",
	    "How many." },
	{ "{\"method\":\"scale\",\"params\":{\"workers\":{}}}", -32602, "is an object; an integer",
	    "How many." },
	{ "{\"method\":\"scale\",\"params\":{\"workers\":0}}", -32602, "is 0; it goes from 1 to 256",
	    "How many." },
	{ "{\"method\":\"scale\",\"params\":{\"workers\":257}}", -32602, "is 257; it goes from 1 to 256",
	    "" },
	{ "{\"method\":\"scale\",\"params\":{\"workers\":-9223372036854775808}}", -32602, "goes from 1", "" },
	{ "{\"method\":\"scale\",\"params\":{\"workers\":8,\"wait\":1}}", -32602, "true or false",
	    "when done" },
	{ "{\"method\":\"scale\",\"params\":{\"workers\":8,\"label\":\"\"}}", -32602,
	    "has 0 bytes; it takes 1 to 4", "" },
	{ "{\"method\":\"scale\",\"params\":{\"workers\":8,\"label\":\"abcde\"}}", -32602, "has 5 bytes",
	    "A name." },
	{ "{\"method\":\"scale\",\"params\":{\"workers\":8,\"label\":7}}", -32602, "a string is wanted", "" },
	{ "{\"method\":\"stop\",\"params\":{\"mode\":\"gracefull\"}}", -32602, "did you mean graceful?",
	    "How." },
	{ "{\"method\":\"stop\",\"params\":{\"mode\":\"sometime\"}}", -32602, "one of: graceful, now",
	    "How." },
	{ "{\"method\":\"stop\",\"params\":{\"mode\":1}}", -32602, "a word in quotes", "" },
	{ "[]", -32600, "batch is empty", "" },
};

START_TEST(what_is_wrong_is_said)
{
	const struct refusal *want = &refusals[_i];
	struct request_line line;
	const struct fault *fault;

	read_line(&line, want->line);
	ck_assert_uint_eq(line.count, 1);
	fault = &line.requests[0].fault;
	ck_assert_msg(line.requests[0].command == NULL, "%s was taken", want->line);
	ck_assert_msg(fault->code == want->code, "%s: %d %s", want->line, fault->code, fault->message);
	ck_assert_msg(strstr(fault->message, want->message) != NULL, "%s: %s", want->line, fault->message);
	ck_assert_msg(strstr(fault->hint, want->hint) != NULL, "%s: hint: %s", want->line, fault->hint);
	ck_assert_msg(fault->hint[0] != '\0', "%s: no hint", want->line);
	ck_assert(!line.is_batch);
	request_line_free(&line);
}
END_TEST

/* ---- what is taken */

START_TEST(the_short_form_is_a_request)
{
	struct request_line line;

	read_line(&line, "{\"method\":\"version\"}");
	ck_assert_uint_eq(line.count, 1);
	ck_assert_ptr_eq(line.requests[0].command, &table[0]);
	ck_assert_int_eq(line.requests[0].fault.code, 0);
	ck_assert_ptr_null(line.requests[0].id);
	request_line_free(&line);
}
END_TEST

START_TEST(the_long_form_is_a_request)
{
	struct request_line line;

	read_line(&line, " {\"jsonrpc\": \"2.0\", \"id\": \"a\", \"method\": \"version\", \"params\": {}}\r");
	ck_assert_ptr_eq(line.requests[0].command, &table[0]);
	ck_assert_str_eq(json_string_value(line.requests[0].id), "a");
	request_line_free(&line);
}
END_TEST

START_TEST(parameters_left_out_have_their_default)
{
	struct request_line line;
	const json_t *params;

	read_line(&line, "{\"method\":\"scale\",\"params\":{\"workers\":256}}");
	params = line.requests[0].params;
	ck_assert_ptr_eq(line.requests[0].command, &table[1]);
	ck_assert_int_eq(json_integer_value(json_object_get(params, "workers")), 256);
	ck_assert(json_is_false(json_object_get(params, "wait")));
	ck_assert_ptr_null(json_object_get(params, "label"));
	request_line_free(&line);

	read_line(&line, "{\"method\":\"stop\"}");
	ck_assert_str_eq(json_string_value(json_object_get(line.requests[0].params, "mode")), "graceful");
	request_line_free(&line);
}
END_TEST

START_TEST(parameters_given_are_kept)
{
	struct request_line line;
	const json_t *params;

	read_line(
	    &line, "{\"method\":\"scale\",\"params\":{\"label\":\"abcd\",\"wait\":true,\"workers\":1}}");
	params = line.requests[0].params;
	ck_assert_int_eq(json_integer_value(json_object_get(params, "workers")), 1);
	ck_assert(json_is_true(json_object_get(params, "wait")));
	ck_assert_str_eq(json_string_value(json_object_get(params, "label")), "abcd");
	request_line_free(&line);

	read_line(&line, "{\"method\":\"stop\",\"params\":{\"mode\":\"now\"}}");
	ck_assert_str_eq(json_string_value(json_object_get(line.requests[0].params, "mode")), "now");
	request_line_free(&line);
}
END_TEST

/* As the log and the event `changed` show them. */
static void
ck_told(const char *asked, const char *told)
{
	struct request_line line;
	char *text;

	read_line(&line, asked);
	text = params_text(line.requests[0].command, line.requests[0].params);
	ck_assert_str_eq(text, told);
	free(text);
	request_line_free(&line);
}

START_TEST(parameters_are_told_without_their_defaults)
{
	ck_told("{\"method\":\"scale\",\"params\":{\"workers\":8}}", "{\"workers\":8}");
	ck_told("{\"method\":\"scale\",\"params\":{\"wait\":false,\"workers\":8}}", "{\"workers\":8}");
	ck_told("{\"method\":\"scale\",\"params\":{\"workers\":8,\"wait\":true}}",
	    "{\"workers\":8,\"wait\":true}");
	ck_told("{\"method\":\"stop\"}", "{}");
	ck_told("{\"method\":\"stop\",\"params\":{\"mode\":\"now\"}}", "{\"mode\":\"now\"}");
}
END_TEST

START_TEST(a_blank_line_asks_nothing)
{
	static const char *const blanks[] = { "", " ", "\t \r" };
	struct request_line line;
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(blanks); i++) {
		read_line(&line, blanks[i]);
		ck_assert_uint_eq(line.count, 0);
		request_line_free(&line);
	}
}
END_TEST

/* ---- ids */

static const char *const ids[] = {
	"1",
	"0",
	"-7",
	"9223372036854775807",
	"-9223372036854775808",
	"1.5",
	"0.1",
	"-3.3e-300",
	"1e100",
	"0.30000000000000004",
	"\"\"",
	"\"a\"",
	"\"\\u001b\\\"\\\\\"",
	"\"\xc3\xa9\"",
	"null",
};

START_TEST(ids_come_back_as_they_were)
{
	struct buffer out = { 0 };
	struct request_line line;
	char text[256], want[256];

	snprintf(text, sizeof text, "{\"id\":%s,\"method\":\"scale\"}", ids[_i]);
	snprintf(want, sizeof want, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{", ids[_i]);
	read_line(&line, text);
	ck_assert_int_eq(line.requests[0].fault.code, -32602);
	ck_assert_int_eq(reply_fault(&out, line.requests[0].id, &line.requests[0].fault), 0);
	ck_assert_int_eq(strncasecmp(buffer_first(&out), want, strlen(want)), 0);
	buffer_free(&out);
	request_line_free(&line);
}
END_TEST

/* A fault as it is sent. Freed by the caller. */
static char *
fault_text(const struct fault *fault)
{
	struct buffer out = { 0 };
	char *text;

	ck_assert_int_eq(reply_fault(&out, NULL, fault), 0);
	ck_assert_int_eq(buffer_append(&out, "", 1), 0);
	text = buffer_take(&out);
	ck_assert_ptr_nonnull(text);
	return text;
}

/* Names of files are any bytes, and a sentence ends where its room does. */
START_TEST(sentences_of_any_bytes_are_sent)
{
	struct fault fault;
	char *text;

	fault_set(&fault, REPLY_ERROR_IMPOSSIBLE, "a\xfc" "b \"c\" %s\xc3\xbc\xc3\xbc", "\x1b");
	fault_hint(&fault, "\xe2\x82");
	text = fault_text(&fault);
	ck_assert_ptr_nonnull(strstr(text, "\"message\":\"a?b \\\"c\\\" \\u001B\xc3\xbc\xc3\xbc\""));
	ck_assert_ptr_nonnull(strstr(text, "\"hint\":\"?""?\""));
	free(text);
	fault_set(&fault, REPLY_ERROR_IMPOSSIBLE, "%0*d\xc3\xbc", (int)sizeof fault.message - 2, 0);
	text = fault_text(&fault);
	ck_assert_ptr_nonnull(strstr(text, "000?\""));
	free(text);
}
END_TEST

/* JSON lets them stand as they are: whoever looks at a reply in a terminal is not steered by it. */
START_TEST(control_characters_are_escaped)
{
	json_t *value = json_loads("[\"\\u001b[1m\\u007f\\u009b1m\\u0080\\u009f\\u00a0\\u00e9\\u20ac\\u007f\"]", 0, NULL);
	struct buffer out = { 0 };

	ck_assert_int_eq(reply_value(&out, value), 0);
	ck_assert_int_eq(buffer_append(&out, "", 1), 0);
	ck_assert_str_eq(buffer_first(&out),
	    "[\"\\u001B[1m\\u007f\\u009b1m\\u0080\\u009f\xc2\xa0\xc3\xa9\xe2\x82\xac\\u007f\"]");
	buffer_free(&out);
	json_decref(value);
}
END_TEST

/* ---- permission */

START_TEST(permission_comes_before_parameters)
{
	static const char text[] = "{\"method\":\"scale\",\"params\":{\"nonsense\":1}}";
	struct request_line line;

	ck_assert_int_eq(request_line_read(&line, text, strlen(text), table, CONF_PERMISSION_READ), 0);
	ck_assert_int_eq(line.requests[0].fault.code, -32001);
	ck_assert_str_eq(
	    line.requests[0].fault.message, "scale needs the permission operate; this connection has read.");
	request_line_free(&line);

	ck_assert_int_eq(request_line_read(&line, text, strlen(text), table, CONF_PERMISSION_OPERATE), 0);
	ck_assert_int_eq(line.requests[0].fault.code, -32602);
	request_line_free(&line);
}
END_TEST

/* ---- batches */

START_TEST(a_batch_has_a_request_per_element)
{
	struct request_line line;

	read_line(&line, "[{\"method\":\"version\",\"id\":1},2,{\"method\":\"stop\"},[]]");
	ck_assert(line.is_batch);
	ck_assert_uint_eq(line.count, 4);
	ck_assert_ptr_eq(line.requests[0].command, &table[0]);
	ck_assert_int_eq(line.requests[1].fault.code, -32600);
	ck_assert_ptr_eq(line.requests[2].command, &table[2]);
	ck_assert_int_eq(line.requests[3].fault.code, -32600);
	request_line_free(&line);
}
END_TEST

static void
batch_of(struct request_line *line, unsigned count)
{
	char text[4 * REQUEST_BATCH_MAX];
	size_t n = 0;
	unsigned i;

	for (i = 0; i < count; i++) {
		text[n++] = i == 0 ? '[' : ',';
		text[n++] = '1';
	}
	text[n++] = ']';
	ck_assert_int_eq(request_line_read(line, text, n, table, CONF_PERMISSION_ADMIN), 0);
}

START_TEST(a_batch_has_a_limit)
{
	struct request_line line;

	batch_of(&line, REQUEST_BATCH_MAX);
	ck_assert(line.is_batch);
	ck_assert_uint_eq(line.count, REQUEST_BATCH_MAX);
	request_line_free(&line);

	batch_of(&line, REQUEST_BATCH_MAX + 1);
	ck_assert(!line.is_batch);
	ck_assert_uint_eq(line.count, 1);
	ck_assert_int_eq(line.requests[0].fault.code, -32002);
	request_line_free(&line);
}
END_TEST

/* ---- limits */

static void
nested(struct request_line *line, unsigned depth)
{
	char text[256];
	size_t n = 0;

	memcpy(text, "{\"a\":", 5);
	n += 5;
	memset(text + n, '[', depth - 1);
	n += depth - 1;
	memset(text + n, ']', depth - 1);
	n += depth - 1;
	text[n++] = '}';
	ck_assert_int_eq(request_line_read(line, text, n, table, CONF_PERMISSION_ADMIN), 0);
}

START_TEST(nesting_has_a_limit)
{
	struct request_line line;

	nested(&line, REQUEST_DEPTH_MAX);
	ck_assert_int_eq(line.requests[0].fault.code, -32600);
	request_line_free(&line);

	nested(&line, REQUEST_DEPTH_MAX + 1);
	ck_assert_int_eq(line.requests[0].fault.code, -32700);
	ck_assert_ptr_nonnull(strstr(line.requests[0].fault.message, "nested deeper than 32"));
	request_line_free(&line);
}
END_TEST

/* {"id":1,"params":[0,0,...]}: five values and names, then one per comma. */
static void
with_commas(struct request_line *line, unsigned commas)
{
	static char text[2 * REQUEST_VALUES_MAX + 64];
	size_t n = (size_t)snprintf(text, sizeof text, "{\"id\":1,\"params\":[0");
	unsigned i;

	for (i = 0; i < commas; i++) {
		text[n++] = ',';
		text[n++] = '0';
	}
	text[n++] = ']';
	text[n++] = '}';
	ck_assert_int_eq(request_line_read(line, text, n, table, CONF_PERMISSION_ADMIN), 0);
}

START_TEST(values_have_a_limit)
{
	struct request_line line;

	with_commas(&line, REQUEST_VALUES_MAX - 5);
	ck_assert_int_eq(line.requests[0].fault.code, -32600);
	request_line_free(&line);

	with_commas(&line, REQUEST_VALUES_MAX - 4);
	ck_assert_int_eq(line.requests[0].fault.code, -32002);
	ck_assert_ptr_nonnull(strstr(line.requests[0].fault.message, "more than 4096 values"));
	request_line_free(&line);
}
END_TEST

START_TEST(brackets_in_strings_do_not_nest)
{
	struct request_line line;

	read_line(
	    &line, "{\"id\":\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\",\"method\":\"version\"}");
	ck_assert_ptr_eq(line.requests[0].command, &table[0]);
	request_line_free(&line);
}
END_TEST

START_TEST(nul_bytes_are_no_end)
{
	static const char text[] = "{\"method\":\"version\"}\0";
	struct request_line line;

	ck_assert_int_eq(request_line_read(&line, text, sizeof text - 1, table, CONF_PERMISSION_ADMIN), 0);
	ck_assert_int_eq(line.requests[0].fault.code, -32700);
	request_line_free(&line);
}
END_TEST

START_TEST(long_words_are_shortened_between_characters)
{
	char word[FAULT_WORD_MAX], text[128];

	memset(text, 'x', 41);
	memcpy(text + 41, "\xc3\xa9\xc3\xa9\xc3\xa9", 7);
	ck_assert_str_eq(fault_word(text, word), "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'");
	memset(text, 'x', 42);
	text[42] = '\0';
	ck_assert_str_eq(fault_word(text, word), "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'");
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("request");

	tcase_add_loop_test(tests, what_is_wrong_is_said, 0, ARRAY_LENGTH(refusals));
	tcase_add_test(tests, the_short_form_is_a_request);
	tcase_add_test(tests, the_long_form_is_a_request);
	tcase_add_test(tests, parameters_left_out_have_their_default);
	tcase_add_test(tests, parameters_given_are_kept);
	tcase_add_test(tests, parameters_are_told_without_their_defaults);
	tcase_add_test(tests, a_blank_line_asks_nothing);
	tcase_add_loop_test(tests, ids_come_back_as_they_were, 0, ARRAY_LENGTH(ids));
	tcase_add_test(tests, sentences_of_any_bytes_are_sent);
	tcase_add_test(tests, control_characters_are_escaped);
	tcase_add_test(tests, permission_comes_before_parameters);
	tcase_add_test(tests, a_batch_has_a_request_per_element);
	tcase_add_test(tests, a_batch_has_a_limit);
	tcase_add_test(tests, nesting_has_a_limit);
	tcase_add_test(tests, values_have_a_limit);
	tcase_add_test(tests, brackets_in_strings_do_not_nest);
	tcase_add_test(tests, nul_bytes_are_no_end);
	tcase_add_test(tests, long_words_are_shortened_between_characters);
	return run_case(tests);
}

/* control/stream: a reply that is made row by row, or copied from a shared text, is one JSON value. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/command.h"
#include "control/shared_text.h"
#include "control/stream.h"
#include "run.h"

static unsigned ended;

static void
count_end(struct call *call)
{
	(void)call;
	ended++;
}

/* As many rows as call->inner says; before each one there is nothing yet, and then it takes a moment. */
static enum stream_row
next_row(struct call *call, json_t **row)
{
	if (call->cursor == 3 * call->inner)
		return STREAM_LAST;
	if (call->cursor++ % 3 != 2)
		return call->cursor % 3 == 1 ? STREAM_LATER : STREAM_BUSY;
	*row = json_integer((json_int_t)(call->cursor / 3));
	return STREAM_ROW;
}

static enum stream_row
next_with_tail(struct call *call, json_t **row)
{
	enum stream_row given = next_row(call, row);

	if (given == STREAM_LAST)
		*row = json_pack("{s:i,s:b}", "shown", (int)call->inner, "truncated", 0);
	return given;
}

/* Three lists: 1, 2; none; 3. */
static enum stream_row
next_of_lists(struct call *call, json_t **row)
{
	switch (call->cursor++) {
	case 0:
	case 1:
		*row = json_integer((json_int_t)call->cursor);
		return STREAM_ROW;
	case 2:
		*row = json_string("none");
		return STREAM_LIST;
	case 3:
		*row = json_string("more");
		return STREAM_LIST;
	case 4:
		*row = json_integer(3);
		return STREAM_ROW;
	default:
		*row = json_pack("{s:i}", "shown", 3);
		return STREAM_LAST;
	}
}

static enum stream_row
next_fails(struct call *call, json_t **row)
{
	*row = call->cursor++ < 3 ? json_null() : NULL;
	return STREAM_ROW;
}

/* Two whole replies in one buffer would be two values: that the text is one is what is asked. */
static json_t *
drain(struct call *call, struct buffer *out, enum stream_step last)
{
	enum stream_step step;
	json_t *json;

	while ((step = stream_continue(call, out)) == STREAM_MORE || step == STREAM_WAITS)
		continue;
	ck_assert_int_eq(step, last);
	json = json_loadb(buffer_first(out), buffer_length(out), 0, NULL);
	buffer_free(out);
	return json;
}

static json_t *
reply_of(stream_rows_fn *next, json_t *head, size_t rows)
{
	struct call call = { .inner = rows, .end = count_end };
	struct buffer out = { 0 };
	json_t *id = json_string("a"), *reply;

	ended = 0;
	call_rows(&call, head, "rows", next);
	ck_assert(call.done && stream_is_open(&call.stream));
	ck_assert_int_eq(stream_begin(&call.stream, &out, id), 0);
	reply = drain(&call, &out, STREAM_OVER);
	ck_assert_msg(reply != NULL, "the reply is not JSON");
	call_end(&call);
	ck_assert_uint_eq(ended, 1);
	ck_assert(!stream_is_open(&call.stream));
	json_decref(id);
	return reply;
}

static void
check_reply(json_t *reply, const char *want)
{
	json_t *wanted = json_loads(want, 0, NULL);

	ck_assert_msg(json_equal(reply, wanted), "%s", json_dumps(reply, 0));
	json_decref(wanted);
	json_decref(reply);
}

START_TEST(rows_become_a_list)
{
	check_reply(reply_of(next_row, json_object(), 0), "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{\"rows\":[]}}");
	check_reply(
	    reply_of(next_row, json_object(), 1), "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{\"rows\":[1]}}");
	check_reply(reply_of(next_row, json_pack("{s:i}", "ready", 2), 3),
	    "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{\"ready\":2,\"rows\":[1,2,3]}}");
}
END_TEST

START_TEST(members_may_follow_the_list)
{
	check_reply(reply_of(next_with_tail, json_object(), 0),
	    "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{\"rows\":[],\"shown\":0,\"truncated\":false}}");
	check_reply(reply_of(next_with_tail, json_pack("{s:i}", "ready", 2), 2),
	    "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{\"ready\":2,\"rows\":[1,2],\"shown\":2,\"truncated\":false}}");
}
END_TEST

START_TEST(lists_may_follow_the_list)
{
	check_reply(reply_of(next_of_lists, json_object(), 0),
	    "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{\"rows\":[1,2],\"none\":[],\"more\":[3],\"shown\":3}}");
}
END_TEST

START_TEST(a_step_is_short)
{
	struct call call = { .inner = 1000000 };
	struct buffer out = { 0 };

	call_rows(&call, json_object(), "rows", next_row);
	ck_assert_int_eq(stream_begin(&call.stream, &out, NULL), 0);
	ck_assert_int_eq(stream_continue(&call, &out), STREAM_WAITS);
	while (stream_continue(&call, &out) == STREAM_WAITS && call.cursor < 100)
		continue;
	ck_assert_uint_ge(call.cursor, 100);
	call_end(&call);
	buffer_free(&out);
}
END_TEST

START_TEST(no_memory_for_a_row_is_noticed)
{
	struct call call = { 0 };
	struct buffer out = { 0 };

	call_rows(&call, json_object(), "rows", next_fails);
	ck_assert_int_eq(stream_begin(&call.stream, &out, NULL), 0);
	ck_assert_ptr_null(drain(&call, &out, STREAM_FAILED));
	call_end(&call);
}
END_TEST

START_TEST(no_memory_for_the_head_is_an_error)
{
	struct call call = { 0 };

	call_rows(&call, NULL, "rows", next_row);
	ck_assert(call.done && !stream_is_open(&call.stream));
	ck_assert_int_eq(call.fault.code, REPLY_ERROR_INTERNAL);
	call_end(&call);
}
END_TEST

/* A JSON string of so many bytes with its quotes. */
static char *
long_text(size_t length)
{
	char *text = malloc(length + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', length);
	text[0] = text[length - 1] = '"';
	text[length] = '\0';
	return text;
}

/* It takes three steps to make. */
static enum stream_row
make_text(struct call *call, struct shared_text **text)
{
	if (++call->cursor < 3)
		return call->cursor == 1 ? STREAM_BUSY : STREAM_LATER;
	*text = call->state == NULL ? NULL : shared_text_ref(call->state);
	return STREAM_ROW;
}

START_TEST(no_memory_for_a_text_is_noticed)
{
	struct call call = { 0 };
	struct buffer out = { 0 };

	call_text_later(&call, make_text);
	ck_assert_int_eq(stream_begin(&call.stream, &out, NULL), 0);
	ck_assert_ptr_null(drain(&call, &out, STREAM_FAILED));
	call_end(&call);
}
END_TEST

static void
check_text(struct shared_text *text, size_t length)
{
	struct call call = { .state = text };
	struct buffer out = { 0 };
	json_t *reply;

	call_text_later(&call, make_text);
	ck_assert_int_eq(stream_begin(&call.stream, &out, NULL), 0);
	reply = drain(&call, &out, STREAM_OVER);
	ck_assert_uint_eq(json_string_length(json_object_get(reply, "result")), length - 2);
	ck_assert(json_is_null(json_object_get(reply, "id")));
	json_decref(reply);
	call_end(&call);
}

START_TEST(a_text_is_copied_and_shared)
{
	static const size_t lengths[] = { 2, 3, 16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 300000 };
	struct shared_text *text = shared_text_new(long_text(lengths[_i]));

	ck_assert_ptr_nonnull(text);
	check_text(text, lengths[_i]);
	ck_assert_uint_eq(text->users, 1);
	check_text(text, lengths[_i]);
	shared_text_unref(text);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("stream");

	tcase_add_test(tests, rows_become_a_list);
	tcase_add_test(tests, members_may_follow_the_list);
	tcase_add_test(tests, lists_may_follow_the_list);
	tcase_add_test(tests, a_step_is_short);
	tcase_add_test(tests, no_memory_for_a_row_is_noticed);
	tcase_add_test(tests, no_memory_for_the_head_is_an_error);
	tcase_add_test(tests, no_memory_for_a_text_is_noticed);
	tcase_add_loop_test(tests, a_text_is_copied_and_shared, 0, 6);
	return run_case(tests);
}

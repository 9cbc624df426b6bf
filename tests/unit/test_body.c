/* http/body: how far a body goes, and which of its bytes go on. */
#include <check.h>
#include <string.h>

#include "base/object.h"
#include "http/body.h"
#include "run.h"

/* A body that the bytes begin, what goes on of them, and what is left behind it. */
struct example {
	enum h1_framing framing;
	uint64_t length;
	bool dechunk;
	const char *bytes, *goes_on, *left;
	unsigned data; /* bytes that are not framing */
	bool done, may_end; /* may_end: the sender's end is a proper end of this body, too */
};

static const struct example examples[] = {
	{ H1_FRAMING_NONE, 0, false, "GET", "", "GET", 0, true, true },
	{ H1_FRAMING_LENGTH, 0, false, "GET", "", "GET", 0, true, true },
	{ H1_FRAMING_LENGTH, 5, false, "hello", "hello", "", 5, true, true },
	{ H1_FRAMING_LENGTH, 5, false, "helloGET", "hello", "GET", 5, true, true },
	{ H1_FRAMING_LENGTH, 6, false, "hello", "hello", "", 5, false, false },
	{ H1_FRAMING_LENGTH, UINT64_MAX / 2, false, "hello", "hello", "", 5, false, false },
	{ H1_FRAMING_CHUNKED, 0, false, "5\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "", 5, true,
	    true },
	{ H1_FRAMING_CHUNKED, 0, false, "1;a=b\r\nx\r\n0\r\nA: b\r\n\r\nGET",
	    "1;a=b\r\nx\r\n0\r\nA: b\r\n\r\n", "GET", 1, true, true },
	{ H1_FRAMING_CHUNKED, 0, false, "5\r\nhello\r\n0\r\n", "5\r\nhello\r\n0\r\n", "", 5, false, false },
	{ H1_FRAMING_CHUNKED, 0, false, "5\r\nhel", "5\r\nhel", "", 3, false, false },
	{ H1_FRAMING_CHUNKED, 0, true, "5\r\nhello\r\n0\r\n\r\n", "hello", "", 5, true, true },
	{ H1_FRAMING_CHUNKED, 0, true, "5;a=b\r\nhello\r\n2\r\n, \r\n0\r\nA: b\r\n\r\nGET", "hello, ", "GET",
	    7, true, true },
	{ H1_FRAMING_CHUNKED, 0, true, "0\r\n\r\n", "", "", 0, true, true },
	{ H1_FRAMING_CHUNKED, 0, true, "5\r\nhel", "hel", "", 3, false, false },
	{ H1_FRAMING_CLOSE, 0, false, "hello", "hello", "", 5, false, true },
	{ H1_FRAMING_TUNNEL, 0, false, "hello", "hello", "", 5, false, true },
};

static const char *const malformed[] = {
	"x\r\n",
	"\r\n",
	"5\nhello\r\n",
	"5\r\nhelloo\r\n",
	"5\r\nhello\n",
	"5\r\nhello\r\n0\r\nContent-Length: 1\r\n\r\n",
	"ffffffffffffffff\r\n",
};

/* Everything that the body takes of the bytes, `step` of them at a time. Returns how many it took, or -1. */
static int
body_take(struct body *body, const char *bytes, size_t step, char *on)
{
	size_t length = strlen(bytes), at = 0, known = 0, filled = 0, skip, ready;

	*on = '\0';
	while (known < length || at < known) {
		known = known + step < length ? known + step : length;
		do {
			if (body_accept(body, bytes + at, known - at, &skip, &ready) < 0)
				return -1;
			ck_assert_uint_le(skip + ready, known - at);
			memcpy(on + filled, bytes + at + skip, ready);
			filled += ready;
			on[filled] = '\0';
			at += skip + ready;
		} while (skip + ready > 0);
		if (body->done)
			break;
	}
	return (int)at;
}

START_TEST(bodies_go_on_as_far_as_they_reach)
{
	size_t i, step;
	char on[200];

	for (i = 0; i < ARRAY_LENGTH(examples); i++) {
		const struct example *e = &examples[i];

		for (step = 1; step <= strlen(e->bytes); step++) {
			struct body body;
			int taken;

			body_begin(&body, e->framing, e->length, e->dechunk);
			/* what has no bytes ends without one */
			ck_assert(body.done == (*e->goes_on == '\0' && *e->left != '\0'));
			taken = body_take(&body, e->bytes, step, on);
			ck_assert_msg(taken >= 0, "%s", e->bytes);
			ck_assert_str_eq(on, e->goes_on);
			ck_assert_str_eq(e->bytes + taken, e->left);
			ck_assert_msg(body.done == e->done, "%s, %zu at a time", e->bytes, step);
			ck_assert_msg(body_end(&body) == e->may_end, "%s, %zu at a time", e->bytes, step);
			ck_assert(body.done == e->may_end);
			ck_assert_uint_eq(body.data, e->data);
		}
	}
}
END_TEST

START_TEST(what_is_malformed_stays_refused)
{
	size_t i, step;
	char on[200];

	for (i = 0; i < ARRAY_LENGTH(malformed); i++)
		for (step = 1; step <= strlen(malformed[i]); step++) {
			struct body chunked, dechunked;

			body_begin(&chunked, H1_FRAMING_CHUNKED, 0, false);
			body_begin(&dechunked, H1_FRAMING_CHUNKED, 0, true);
			ck_assert_msg(body_take(&chunked, malformed[i], step, on) < 0, "%s", malformed[i]);
			ck_assert_msg(body_take(&dechunked, malformed[i], step, on) < 0, "%s", malformed[i]);
			ck_assert(!body_end(&chunked) && !body_end(&dechunked));
		}
}
END_TEST

/* What stands in the place of data need not be looked at; framing always is. */
START_TEST(data_may_go_by_unseen)
{
	struct body body;
	char on[200];

	body_begin(&body, H1_FRAMING_NONE, 0, false);
	ck_assert_uint_eq(body_plain(&body), 0);
	body_begin(&body, H1_FRAMING_LENGTH, 10, false);
	ck_assert_uint_eq(body_plain(&body), 10);
	body_skip(&body, 4);
	ck_assert(body_plain(&body) == 6 && !body.done && body.data == 4);
	body_skip(&body, 6);
	ck_assert(body_plain(&body) == 0 && body.done && body.data == 10);
	body_begin(&body, H1_FRAMING_CLOSE, 0, false);
	ck_assert_uint_eq(body_plain(&body), UINT64_MAX);
	body_skip(&body, 1000);
	ck_assert(body_plain(&body) == UINT64_MAX && body.data == 1000 && body_end(&body));
	body_begin(&body, H1_FRAMING_CHUNKED, 0, _i == 1);
	ck_assert_uint_eq(body_plain(&body), 0);
	ck_assert_int_eq(body_take(&body, "a;x", 1, on), 3);
	ck_assert_uint_eq(body_plain(&body), 0);
	ck_assert_int_eq(body_take(&body, "\r\n12", 1, on), 4);
	ck_assert_uint_eq(body_plain(&body), 8);
	body_skip(&body, 7);
	ck_assert_uint_eq(body_plain(&body), 1);
	body_skip(&body, 1);
	ck_assert(body_plain(&body) == 0 && !body.done && body.data == 10);
	ck_assert_int_eq(body_take(&body, "\r\n0\r\n\r\n", 1, on), 7);
	ck_assert(body.done && body_plain(&body) == 0);
}
END_TEST

START_TEST(a_copy_begins_anew)
{
	size_t skip, ready;
	struct body body, kept;
	char on[200];

	body_begin(&body, H1_FRAMING_CHUNKED, 0, false);
	kept = body;
	ck_assert_int_eq(body_accept(&body, "5\r\nhel", 6, &skip, &ready), 0);
	ck_assert_int_eq(body_take(&kept, "5\r\nhello\r\n0\r\n\r\n", 100, on), 15);
	ck_assert(kept.done && !body.done);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("body");

	tcase_add_test(tests, bodies_go_on_as_far_as_they_reach);
	tcase_add_test(tests, what_is_malformed_stays_refused);
	tcase_add_loop_test(tests, data_may_go_by_unseen, 0, 2);
	tcase_add_test(tests, a_copy_begins_anew);
	return run_case(tests);
}

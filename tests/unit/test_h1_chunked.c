/* http/h1: chunked bodies. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "http/h1.h"
#include "run.h"

#define BYTES(text) (text), sizeof(text) - 1 /* may hold NUL bytes */
#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { BAD = -1, UNFINISHED = -2 };

struct body {
	const char *bytes;
	size_t length;
	int used; /* of the bytes, or BAD, or UNFINISHED */
	const char *data; /* what it decodes to */
};

static const struct body bodies[] = {
	{ BYTES("0\r\n\r\n"), 5, "" },
	{ BYTES("000\r\n\r\n"), 7, "" },
	{ BYTES("0\r\n\r\nGET / HTTP/1.1\r\n"), 5, "" },
	{ BYTES("3\r\nabc\r\n0\r\n\r\n"), 13, "abc" },
	{ BYTES("3\r\n\r\n\n\r\n0\r\n\r\n"), 13, "\r\n\n" },
	{ BYTES("00000003\r\nabc\r\n0\r\n\r\n"), 20, "abc" },
	{ BYTES("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"), 18, "abc" },
	{ BYTES("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"), 35, "01234567890123456789" },
	{ BYTES("3;a;b=c;d=\"e;f\\\"\t\x80\";g\r\nabc\r\n0;x\r\n\r\n"), 35, "abc" },
	{ BYTES("3;a=\"\"\r\nabc\r\n0\r\n\r\n"), 18, "abc" },
	{ BYTES("0\r\nA: b\r\nC:\r\n\r\n"), 15, "" },
	{ BYTES("0\r\nA: \t\x80\r\nA-name-that-is-longer-than-thirty-two-bytes: b\r\n\r\n"), 60, "" },
	{ BYTES("0\r\nServer-Timing: a\r\nGrpc-Status: 0\r\nETag: b\r\nDate: c\r\n\r\n"), 57, "" },
	{ BYTES(""), UNFINISHED, "" },
	{ BYTES("3"), UNFINISHED, "" },
	{ BYTES("3\r\nab"), UNFINISHED, "ab" },
	{ BYTES("3\r\nabc\r\n0\r\n"), UNFINISHED, "abc" },
	{ BYTES("3\r\nabc\r\n0\r\nA: b\r\n\r"), UNFINISHED, "abc" },
	{ BYTES("7fffffffffffffff\r\nab"), UNFINISHED, "ab" },
	{ BYTES("8000000000000000\r\nab"), BAD, "" },
	{ BYTES("ffffffffffffffff\r\nab"), BAD, "" },
	{ BYTES("0000000000000003\r\nab"), UNFINISHED, "ab" },
	{ BYTES("00000000000000003\r\nab"), BAD, "" },
	{ BYTES("10000000000000003\r\nab"), BAD, "" },
	{ BYTES("\r\n"), BAD, "" },
	{ BYTES("\r\n0\r\n\r\n"), BAD, "" },
	{ BYTES("g\r\n"), BAD, "" },
	{ BYTES("0x3\r\nabc\r\n"), BAD, "" },
	{ BYTES("+3\r\nabc\r\n"), BAD, "" },
	{ BYTES("-3\r\nabc\r\n"), BAD, "" },
	{ BYTES(" 3\r\nabc\r\n"), BAD, "" },
	{ BYTES("3 \r\nabc\r\n"), BAD, "" },
	{ BYTES("3\t\r\nabc\r\n"), BAD, "" },
	{ BYTES("3_0\r\nabc\r\n"), BAD, "" },
	{ BYTES("3.0\r\nabc\r\n"), BAD, "" },
	{ BYTES("\0"
		"3\r\nabc\r\n"),
	    BAD, "" },
	{ BYTES("3\0\r\nabc\r\n"), BAD, "" },
	{ BYTES("3\nabc\r\n"), BAD, "" },
	{ BYTES("3\rabc\r\n"), BAD, "" },
	{ BYTES("3\r\r\nabc\r\n"), BAD, "" },
	{ BYTES("3\r\nabcd\r\n0\r\n\r\n"), BAD, "abc" },
	{ BYTES("3\r\nabc\n0\r\n\r\n"), BAD, "abc" },
	{ BYTES("3\r\nabc\r0\r\n\r\n"), BAD, "abc" },
	{ BYTES("3\r\nabc\rX0\r\n\r\n"), BAD, "abc" },
	{ BYTES("3\r\nabc0\r\n\r\n"), BAD, "abc" },
	{ BYTES("3\r\nab\r\n0\r\n\r\n"), BAD, "ab\r" },
	{ BYTES("3;\r\nabc"), BAD, "" },
	{ BYTES("3;;a\r\nabc"), BAD, "" },
	{ BYTES("3;=b\r\nabc"), BAD, "" },
	{ BYTES("3;a=\r\nabc"), BAD, "" },
	{ BYTES("3 ;a\r\nabc"), BAD, "" },
	{ BYTES("3; a\r\nabc"), BAD, "" },
	{ BYTES("3;a =b\r\nabc"), BAD, "" },
	{ BYTES("3;a= b\r\nabc"), BAD, "" },
	{ BYTES("3;a b\r\nabc"), BAD, "" },
	{ BYTES("3;a=b=c\r\nabc"), BAD, "" },
	{ BYTES("3;a\nabc"), BAD, "" },
	{ BYTES("3;a\rb\r\nabc"), BAD, "" },
	{ BYTES("3;a=\"b\nc\"\r\nabc"), BAD, "" },
	{ BYTES("3;a=\"b\rc\"\r\nabc"), BAD, "" },
	{ BYTES("3;a=\"b\r\nabc\r\n0\r\n\r\n"), BAD, "" },
	{ BYTES("3;a=\"\\\r\"\r\nabc"), BAD, "" },
	{ BYTES("3;a=\"b\"c\r\nabc"), BAD, "" },
	{ BYTES("3;a=\"\0\"\r\nabc"), BAD, "" },
	{ BYTES("0\r\n\n"), BAD, "" },
	{ BYTES("0\r\n\r\r\n"), BAD, "" },
	{ BYTES("0\r\n A: b\r\n\r\n"), BAD, "" },
	{ BYTES("0\r\nA : b\r\n\r\n"), BAD, "" },
	{ BYTES("0\r\nA\r\n\r\n"), BAD, "" },
	{ BYTES("0\r\n: b\r\n\r\n"), BAD, "" },
	{ BYTES("0\r\nA: b\n\r\n"), BAD, "" },
	{ BYTES("0\r\nA: b\rC\r\n\r\n"), BAD, "" },
	{ BYTES("0\r\nA: b\0\r\n\r\n"), BAD, "" },
	{ BYTES("0\r\nA: b\r\n c\r\n\r\n"), BAD, "" },
	{ BYTES("0\r\nGET / HTTP/1.1\r\n\r\n"), BAD, "" },
	{ BYTES("0\r\ncontent-LENGTH: 5\r\n\r\n"), BAD, "" },
};

/* Takes the body in pieces of `piece` bytes. Returns as the table says; the data is collected. */
static int
decode(const struct body *body, size_t piece, char *text)
{
	struct h1_chunked chunked = { 0 };
	size_t used = 0, text_length = 0;
	bool done = false;

	while (!done) {
		size_t there = body->length - used < piece ? body->length - used : piece, data_length;
		const char *data;
		ptrdiff_t n;

		if (there == 0)
			break;
		n = h1_chunked_decode(&chunked, body->bytes + used, there, &data, &data_length, &done);
		if (n < 0) {
			ck_assert(!done);
			used = (size_t)-1;
			break;
		}
		ck_assert_uint_le((size_t)n, there);
		memcpy(text + text_length, data_length != 0 ? data : "", data_length);
		text_length += data_length;
		used += (size_t)n;
	}
	text[text_length] = '\0';
	return used == (size_t)-1 ? BAD : done ? (int)used : UNFINISHED;
}

static int
accept_in_pieces(const struct body *body, size_t piece)
{
	struct h1_chunked chunked = { 0 };
	size_t used = 0;
	bool done = false;

	while (!done && used < body->length) {
		size_t there = body->length - used < piece ? body->length - used : piece;
		ptrdiff_t n = h1_chunked_accept(&chunked, body->bytes + used, there, &done);

		if (n < 0) {
			ck_assert_int_eq(
			    h1_chunked_accept(&chunked, "0", 1, &done), -1); /* and so it stays */
			return BAD;
		}
		ck_assert(done || (size_t)n == there);
		used += (size_t)n;
	}
	return done ? (int)used : UNFINISHED;
}

START_TEST(each_body_ends_where_it_should)
{
	const struct body *body;
	char text[128];
	size_t piece;

	for (body = bodies; body < bodies + COUNT(bodies); body++)
		for (piece = 1; piece <= body->length + 1; piece++) {
			ck_assert_msg(accept_in_pieces(body, piece) == body->used, "%d by %zu: %s",
			    accept_in_pieces(body, piece), piece, body->bytes);
			ck_assert_msg(decode(body, piece, text) == body->used, "%d by %zu: %s",
			    decode(body, piece, text), piece, body->bytes);
			ck_assert_msg(
			    strcmp(text, body->data) == 0, "\"%s\" by %zu: %s", text, piece, body->bytes);
		}
}
END_TEST

START_TEST(nothing_is_read_behind_the_end)
{
	struct h1_chunked chunked = { 0 };
	bool done = false;

	ck_assert_int_eq(h1_chunked_accept(&chunked, BYTES("0\r\n\r\n"), &done), 5);
	ck_assert(done);
	ck_assert_int_eq(h1_chunked_accept(&chunked, BYTES("\x01\x02"), &done), 0);
	ck_assert(done);
	ck_assert_int_eq(h1_chunked_accept(&chunked, "", 0, &done), 0);
	ck_assert(done);
}
END_TEST

/* A body that is `before`, `count` times `unit`, and `after`. */
static bool
is_accepted(const char *before, const char *unit, unsigned count, const char *after)
{
	static char bytes[65536];
	struct h1_chunked chunked = { 0 };
	size_t length = (size_t)snprintf(bytes, sizeof bytes, "%s", before);
	ptrdiff_t n;
	bool done;

	for (; count != 0; count--)
		length += (size_t)snprintf(bytes + length, sizeof bytes - length, "%s", unit);
	length += (size_t)snprintf(bytes + length, sizeof bytes - length, "%s", after);
	n = h1_chunked_accept(&chunked, bytes, length, &done);
	ck_assert(n < 0 || (done && (size_t)n == length));
	return n >= 0;
}

START_TEST(limits_are_exact)
{
	ck_assert(is_accepted("1;", "a", 255, "\r\nx\r\n0\r\n\r\n"));
	ck_assert(!is_accepted("1;", "a", 256, "\r\nx\r\n0\r\n\r\n"));
	ck_assert(is_accepted("0;a=\"", "b", 251, "\"\r\n\r\n"));
	ck_assert(!is_accepted("0;a=\"", "b", 252, "\"\r\n\r\n"));
	ck_assert(is_accepted("1;a", ";a", 127, "\r\nx\r\n0\r\n\r\n")); /* 256 bytes with the first ";" */
	ck_assert(is_accepted("", "1;aaaa\r\nx\r\n", 200, "0\r\n\r\n")); /* counted for each chunk */
	ck_assert(is_accepted("0\r\n", "A: b\r\n", 64, "\r\n"));
	ck_assert(!is_accepted("0\r\n", "A: b\r\n", 65, "\r\n"));
	ck_assert(is_accepted("0\r\nA:", "b", 8192 - 6, "\r\n\r\n"));
	ck_assert(!is_accepted("0\r\nA:", "b", 8192 - 5, "\r\n\r\n"));
	ck_assert(is_accepted("0\r\n", "A", 300, ": b\r\n\r\n"));
}
END_TEST

START_TEST(names_that_frame_or_route_are_no_trailers)
{
	static const char *const bad[] = {
		"Content-Length",
		"Transfer-Encoding",
		"Host",
		"Connection",
		"Trailer",
		"TE",
		"Upgrade",
		"Keep-Alive",
		"Proxy-Connection",
		"Proxy-Authenticate",
		"Proxy-Authorization",
		"HTTP2-Settings",
		"Expect",
		"Via",
		"Forwarded",
		"X-Forwarded-For",
		"X-Forwarded-Proto",
		"X-Forwarded-Host",
		"Authorization",
		"Cookie",
		"Set-Cookie",
		"Content-Encoding",
		"Content-Type",
		"Content-Range",
		"Cache-Control",
		"Range",
		"Max-Forwards",
		"WWW-Authenticate",
		"hOST",
		"Age",
		"Expires",
		"Location",
		"Pragma",
		"Retry-After",
		"Vary",
		"Content_Length",
		"X-Forwarded_For",
	};
	static const char *const good[] = { "Hos", "Hosts", "X-Host", "T", "Content-MD5", "Digest",
		"X-Request-Id" };
	char line[64];
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		snprintf(line, sizeof line, "%s: a\r\n", bad[i]);
		ck_assert_msg(!is_accepted("0\r\nX: y\r\n", line, 1, "\r\n"), "%s", line);
	}
	for (i = 0; i < COUNT(good); i++) {
		snprintf(line, sizeof line, "%s: a\r\n", good[i]);
		ck_assert_msg(is_accepted("0\r\nX: y\r\n", line, 1, "\r\n"), "%s", line);
	}
}
END_TEST

/* Data is skipped, not read: a chunk of 4 GB is accepted though all of it is not there. */
START_TEST(large_chunks_are_counted)
{
	static char bytes[65536];
	struct h1_chunked chunked = { 0 };
	uint64_t left = UINT64_C(0x100000001);
	bool done;

	ck_assert_int_eq(h1_chunked_accept(&chunked, BYTES("100000001\r\n"), &done), 11);
	while (left != 0) {
		size_t n = left < sizeof bytes ? (size_t)left : sizeof bytes;

		ck_assert_int_eq(h1_chunked_accept(&chunked, bytes, n, &done), (int)n);
		left -= n;
	}
	ck_assert_int_eq(h1_chunked_accept(&chunked, BYTES("\r\n0\r\n\r\n"), &done), 7);
	ck_assert(done);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("h1_chunked");

	tcase_add_test(tests, each_body_ends_where_it_should);
	tcase_add_test(tests, nothing_is_read_behind_the_end);
	tcase_add_test(tests, limits_are_exact);
	tcase_add_test(tests, names_that_frame_or_route_are_no_trailers);
	tcase_add_test(tests, large_chunks_are_counted);
	return run_case(tests);
}

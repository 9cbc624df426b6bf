/* http/h1: response heads, which are as hostile as requests. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "h1_compare.h"
#include "run.h"

#define OK "HTTP/1.1 200 OK\r\n"
#define BYTES(text) (text), sizeof(text) - 1 /* may hold NUL bytes */
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct h1_limits limits = { .head = 1024, .target = 200, .fields = 20 };

struct verdict {
	const char *bytes;
	size_t length;
	bool good;
};

static const struct verdict verdicts[] = {
	{ BYTES("HTTP/1.1 200 OK\r\n\r\n"), true },
	{ BYTES("HTTP/1.0 200 OK\r\n\r\n"), true },
	{ BYTES("HTTP/1.7 200 OK\r\n\r\n"), true },
	{ BYTES("HTTP/1.1 200 \r\n\r\n"), true },
	{ BYTES("HTTP/1.1 200\r\n\r\n"), true },
	{ BYTES("HTTP/1.1 200 Tr\xc3\xa8s\tbien  !\r\n\r\n"), true },
	{ BYTES("HTTP/1.1 100 Continue\r\n\r\n"), true },
	{ BYTES("HTTP/1.1 599 X\r\n\r\n"), true },
	{ BYTES("HTTP/1.1 600 X\r\n\r\n"), false },
	{ BYTES("HTTP/1.1 099 X\r\n\r\n"), false },
	{ BYTES("HTTP/1.1 000 X\r\n\r\n"), false },
	{ BYTES("HTTP/1.1 20 X\r\n\r\n"), false },
	{ BYTES("HTTP/1.1 2000 X\r\n\r\n"), false },
	{ BYTES("HTTP/1.1 2x0 X\r\n\r\n"), false },
	{ BYTES("HTTP/1.1 20x X\r\n\r\n"), false },
	{ BYTES("HTTP/1.1 +20 X\r\n\r\n"), false },
	{ BYTES("HTTP/1.1 200\tX\r\n\r\n"), false },
	{ BYTES("HTTP/1.1 200OK\r\n\r\n"), false },
	{ BYTES("HTTP/1.1  200 OK\r\n\r\n"), false },
	{ BYTES("HTTP/1.1\t200 OK\r\n\r\n"), false },
	{ BYTES("HTTP/1.1\r\n\r\n"), false },
	{ BYTES("HTTP/1.1 \r\n\r\n"), false },
	{ BYTES("HTTP/1.x 200 OK\r\n\r\n"), false },
	{ BYTES("HTTP/1.10 200 OK\r\n\r\n"), false },
	{ BYTES("HTTP/2.0 200 OK\r\n\r\n"), false },
	{ BYTES("HTTP/0.9 200 OK\r\n\r\n"), false },
	{ BYTES("http/1.1 200 OK\r\n\r\n"), false },
	{ BYTES("ICY 200 OK\r\n\r\n"), false },
	{ BYTES("<html>"), false },
	{ BYTES("\r\nHTTP/1.1 200 OK\r\n\r\n"), false },
	{ BYTES(" HTTP/1.1 200 OK\r\n\r\n"), false },
	{ BYTES("HTTP/1.1 200 OK\n\n"), false },
	{ BYTES("HTTP/1.1 200\n\r\n"), false },
	{ BYTES("HTTP/1.1 200 OK\x01\n\r\n"), false },
	{ BYTES("HTTP/1.1 200 O\rK\r\n\r\n"), false },
	{ BYTES("HTTP/1.1 200 O\0K\r\n\r\n"), false },
	{ BYTES("HTTP/1.1 200 O\x7fK\r\n\r\n"), false },
	{ BYTES(OK "A: b\r\n c\r\n\r\n"), false },
	{ BYTES(OK "A : b\r\n\r\n"), false },
	{ BYTES(OK "A: b\nC: d\r\n\r\n"), false },
	{ BYTES(OK "A: b\rC: d\r\n\r\n"), false },
	{ BYTES(OK "A: \0\r\n\r\n"), false },
	{ BYTES(OK "A\r\n\r\n"), false },
	{ BYTES(OK "A: b\xe4\tc\r\n\r\n"), true },
	{ BYTES(OK "Content-Length: 5\r\n\r\n"), true },
	{ BYTES(OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"), false },
	{ BYTES(OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"), false },
	{ BYTES(OK "Content-Length: 5, 5\r\n\r\n"), false },
	{ BYTES(OK "Content-Length: +5\r\n\r\n"), false },
	{ BYTES(OK "Content-Length: 5x\r\n\r\n"), false },
	{ BYTES(OK "Content-Length:\r\n\r\n"), false },
	{ BYTES(OK "Content-Length: 9223372036854775808\r\n\r\n"), false },
	{ BYTES(OK "Transfer-Encoding: chunked\r\n\r\n"), true },
	{ BYTES(OK "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"), false },
	{ BYTES(OK "Transfer-Encoding: gzip\r\n\r\n"), false },
	{ BYTES(OK "Transfer-Encoding: gzip, chunked\r\n\r\n"), false },
	{ BYTES(OK "Transfer-Encoding: identity\r\n\r\n"), false },
	{ BYTES(OK "Transfer-Encoding: chunked, chunked\r\n\r\n"), false },
	{ BYTES("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), false },
	{ BYTES("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"), true },
	{ BYTES("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"), false },
	{ BYTES("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"), false },
	{ BYTES("HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n"), false },
	{ BYTES("HTTP/1.1 101 Switching Protocols\r\nTransfer-Encoding: chunked\r\n\r\n"), false },
	{ BYTES("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), true },
};

static struct h1_response response, again;

static enum h1_result
parse(const char *bytes, size_t length, enum h1_method method)
{
	struct h1_scan scan = { 0 };

	memset(&response, 0xa5, sizeof response);
	return h1_response_parse(&response, &scan, bytes, length, &limits, method);
}

START_TEST(each_response_is_accepted_or_refused)
{
	const struct verdict *verdict;

	for (verdict = verdicts; verdict < verdicts + COUNT(verdicts); verdict++) {
		enum h1_result result = parse(verdict->bytes, verdict->length, H1_METHOD_GET);

		ck_assert_msg(result == (verdict->good ? H1_DONE : H1_ERROR), "%d %s: %s", (int)result,
		    result == H1_ERROR ? response.reason : "", verdict->bytes);
		if (result == H1_DONE)
			ck_assert_msg(h1_response_fault(&response) == NULL, "%s: %s",
			    h1_response_fault(&response), verdict->bytes);
		else
			ck_assert_ptr_nonnull(response.reason);
	}
}
END_TEST

static void
cuts_check(const char *bytes, size_t length, const struct h1_limits *with)
{
	struct h1_scan scan = { 0 };
	enum h1_result whole = h1_response_parse(&response, &scan, bytes, length, with, H1_METHOD_GET);
	size_t cut;

	for (cut = 0; cut < length; cut++) {
		enum h1_result result =
		    h1_response_parse_cut(&again, bytes, length, cut, with, H1_METHOD_GET);

		ck_assert_msg(result == whole, "%d, not %d when cut at %zu: %.*s", (int)result, (int)whole,
		    cut, (int)length, bytes);
		if (result == H1_ERROR)
			ck_assert_msg(strcmp(again.reason, response.reason) == 0,
			    "%s, not %s when cut at %zu: %.*s", again.reason, response.reason, cut,
			    (int)length, bytes);
		if (result == H1_DONE)
			ck_assert_msg(h1_response_same(&again, &response),
			    "another result when cut at %zu: %.*s", cut, (int)length, bytes);
	}
	h1_parse_cut_free();
}

START_TEST(cuts_change_nothing)
{
	static const char text[] = OK "Host: a\r\nB: c\rd\r\nE : f\r\n\r\n";
	struct h1_limits with = { .target = 1 };
	size_t i;

	for (i = 0; i < COUNT(verdicts); i++)
		cuts_check(verdicts[i].bytes, verdicts[i].length, &limits);
	for (with.fields = 1; with.fields < 5; with.fields++)
		for (with.head = 1; with.head < sizeof text; with.head++)
			cuts_check(text, sizeof text - 1, &with);
}
END_TEST

START_TEST(what_is_no_response_is_refused_early)
{
	ck_assert_int_eq(parse("", 0, H1_METHOD_GET), H1_MORE);
	ck_assert_int_eq(parse("HTTP/", 5, H1_METHOD_GET), H1_MORE);
	ck_assert_int_eq(parse("HTTP/1.1 2", 10, H1_METHOD_GET), H1_MORE);
	ck_assert_int_eq(parse("S", 1, H1_METHOD_GET), H1_ERROR); /* SSH, SMTP, ... */
	ck_assert_int_eq(parse("\x15\x03", 2, H1_METHOD_GET), H1_ERROR);
	ck_assert_int_eq(parse("HTTP/2", 6, H1_METHOD_GET), H1_ERROR);
	ck_assert_int_eq(parse(BYTES("HTTP/1.1 2000 OK\r\n"), H1_METHOD_GET), H1_ERROR);
	ck_assert_int_eq(parse(BYTES(OK "A : b\r\n"), H1_METHOD_GET), H1_ERROR);
}
END_TEST

START_TEST(framing_follows_status_method_and_fields)
{
	static const struct {
		const char *bytes;
		enum h1_method method;
		enum h1_framing framing;
		uint64_t length;
		bool keep_alive;
	} cases[] = {
		{ OK "\r\n", H1_METHOD_GET, H1_FRAMING_CLOSE, 0, false },
		{ OK "Connection: keep-alive\r\n\r\n", H1_METHOD_GET, H1_FRAMING_CLOSE, 0, false },
		{ OK "Content-Length: 7\r\n\r\n", H1_METHOD_GET, H1_FRAMING_LENGTH, 7, true },
		{ OK "Content-Length: 0\r\n\r\n", H1_METHOD_POST, H1_FRAMING_LENGTH, 0, true },
		{ OK "Transfer-Encoding: chunked\r\n\r\n", H1_METHOD_GET, H1_FRAMING_CHUNKED, 0, true },
		{ OK "Content-Length: 7\r\nConnection: close\r\n\r\n", H1_METHOD_GET, H1_FRAMING_LENGTH, 7,
		    false },
		{ "HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\n", H1_METHOD_GET, H1_FRAMING_LENGTH, 7,
		    false },
		{ "HTTP/1.0 200 OK\r\nContent-Length: 7\r\nConnection: keep-alive\r\n\r\n", H1_METHOD_GET,
		    H1_FRAMING_LENGTH, 7, true },
		{ OK "Content-Length: 7\r\n\r\n", H1_METHOD_HEAD, H1_FRAMING_NONE, 0, true },
		{ OK "Transfer-Encoding: chunked\r\n\r\n", H1_METHOD_HEAD, H1_FRAMING_NONE, 0, true },
		{ OK "\r\n", H1_METHOD_HEAD, H1_FRAMING_NONE, 0, true },
		{ "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", H1_METHOD_GET, H1_FRAMING_NONE, 0,
		    true },
		{ "HTTP/1.1 204 No Content\r\n\r\n", H1_METHOD_GET, H1_FRAMING_NONE, 0, true },
		{ "HTTP/1.1 205 Reset Content\r\n\r\n", H1_METHOD_GET, H1_FRAMING_CLOSE, 0, false },
		{ "HTTP/1.1 100 Continue\r\n\r\n", H1_METHOD_POST, H1_FRAMING_NONE, 0, true },
		{ "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", H1_METHOD_GET, H1_FRAMING_NONE, 0, true },
		{ "HTTP/1.1 101 Switching Protocols\r\n\r\n", H1_METHOD_GET, H1_FRAMING_TUNNEL, 0, false },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", H1_METHOD_CONNECT, H1_FRAMING_TUNNEL, 0,
		    false },
		{ "HTTP/1.1 403 No\r\nContent-Length: 7\r\n\r\n", H1_METHOD_CONNECT, H1_FRAMING_LENGTH, 7,
		    true },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		ck_assert_int_eq(parse(cases[i].bytes, strlen(cases[i].bytes), cases[i].method), H1_DONE);
		ck_assert_ptr_null(h1_response_fault(&response));
		ck_assert_msg(
		    response.framing == cases[i].framing, "framing %d: %s", response.framing, cases[i].bytes);
		ck_assert_uint_eq(response.content_length, cases[i].length);
		ck_assert_msg(response.keep_alive == cases[i].keep_alive, "keep-alive: %s", cases[i].bytes);
	}
}
END_TEST

START_TEST(parts_are_where_they_were)
{
	static const char bytes[] =
	    "HTTP/1.0 404 Not  Found\r\nServer: a\r\nConnection: b\r\nB: c\r\n\r\nbody";

	ck_assert_int_eq(parse(bytes, sizeof bytes - 1, H1_METHOD_GET), H1_DONE);
	ck_assert_uint_eq(response.status, 404);
	ck_assert_uint_eq(response.minor, 0);
	ck_assert_uint_eq(response.length, sizeof bytes - 1 - 4);
	ck_assert_uint_eq(response.reason_phrase.length, 10);
	ck_assert_mem_eq(bytes + response.reason_phrase.offset, "Not  Found", 10);
	ck_assert_uint_eq(response.field_count, 3);
	ck_assert_uint_eq(response.fields[0].name, H1_NAME_SERVER);
	ck_assert(!response.fields[0].hop);
	ck_assert(response.fields[1].hop);
	ck_assert(response.fields[2].hop);
	ck_assert_int_eq(parse(BYTES("HTTP/1.1 200\r\n\r\n"), H1_METHOD_GET), H1_DONE);
	ck_assert_uint_eq(response.reason_phrase.length, 0);
}
END_TEST

/* Where a length is forbidden, it is not passed on; where it informs, it is. */
START_TEST(forbidden_lengths_are_hidden)
{
	ck_assert_int_eq(parse(BYTES("HTTP/1.1 204 X\r\nContent-Length: 0\r\n\r\n"), H1_METHOD_GET), H1_DONE);
	ck_assert(response.fields[0].hop);
	ck_assert_int_eq(parse(BYTES(OK "Content-Length: 5\r\n\r\n"), H1_METHOD_CONNECT), H1_DONE);
	ck_assert(response.fields[0].hop);
	ck_assert_int_eq(parse(BYTES(OK "Content-Length: 5\r\n\r\n"), H1_METHOD_HEAD), H1_DONE);
	ck_assert(!response.fields[0].hop);
	ck_assert_int_eq(parse(BYTES("HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n"), H1_METHOD_GET), H1_DONE);
	ck_assert(response.fields[0].hop);
	ck_assert_int_eq(
	    parse(BYTES(OK "Connection: content-length\r\nContent-Length: 5\r\n\r\n"), H1_METHOD_GET),
	    H1_DONE);
	ck_assert(!response.fields[1].hop);
}
END_TEST

START_TEST(limits_are_exact)
{
	static const char bytes[] = OK "A: b\r\nC: d\r\n\r\n";
	struct h1_limits with = { .head = sizeof bytes - 1, .fields = 2 };
	struct h1_scan scan = { 0 };

	ck_assert_int_eq(
	    h1_response_parse(&response, &scan, bytes, sizeof bytes - 1, &with, H1_METHOD_GET), H1_DONE);
	with.fields = 1;
	memset(&scan, 0, sizeof scan);
	ck_assert_int_eq(
	    h1_response_parse(&response, &scan, bytes, sizeof bytes - 1, &with, H1_METHOD_GET), H1_ERROR);
	with = (struct h1_limits){ .head = sizeof bytes - 2, .fields = 2 };
	memset(&scan, 0, sizeof scan);
	ck_assert_int_eq(
	    h1_response_parse(&response, &scan, bytes, with.head - 1, &with, H1_METHOD_GET), H1_MORE);
	ck_assert_int_eq(
	    h1_response_parse(&response, &scan, bytes, with.head, &with, H1_METHOD_GET), H1_ERROR);
}
END_TEST

#define ASKED "Connection: upgrade\r\nUpgrade: websocket, Chat/2\r\nUpgrade: irc\r\n"

static const struct {
	const char *asked, *fields;
	bool agreed;
} upgrades[] = {
	{ ASKED, "", false },
	{ ASKED, "Upgrade:\r\n", false },
	{ ASKED, "Upgrade: ,\r\n", false },
	{ ASKED, "Upgrade: websocket\r\n", true },
	{ ASKED, "upgrade: WebSocket\r\n", true },
	{ ASKED, "Upgrade: chat/2, irc\r\n", true },
	{ ASKED, "Upgrade: irc\r\nUpgrade: chat/2\r\n", true },
	{ ASKED, "Upgrade: irc\r\nUpgrade: other\r\n", false },
	{ ASKED, "Upgrade: websocket, h2c\r\n", false },
	{ ASKED, "Upgrade: chat\r\n", false },
	{ ASKED, "Upgrade: chat/20\r\n", false },
	{ ASKED, "Upgrade: websocket chat/2\r\n", false },
	{ "", "Upgrade: websocket\r\n", false },
};

START_TEST(upgrades_are_those_that_were_asked_for)
{
	static const struct h1_limits wide = { .head = 1024, .target = 200, .fields = 20 };
	static struct h1_request request;
	char asked[512], answered[512];
	struct h1_scan scan = { 0 };

	snprintf(asked, sizeof asked, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", upgrades[_i].asked);
	snprintf(answered, sizeof answered, "HTTP/1.1 101 X\r\nConnection: upgrade\r\n%s\r\n", upgrades[_i].fields);
	ck_assert_int_eq(h1_request_parse(&request, &scan, asked, strlen(asked), &wide), H1_DONE);
	memset(&scan, 0, sizeof scan);
	ck_assert_int_eq(
	    h1_response_parse(&response, &scan, answered, strlen(answered), &wide, H1_METHOD_GET), H1_DONE);
	ck_assert_int_eq(h1_upgrade_agreed(&request, &response), upgrades[_i].agreed);
}
END_TEST

START_TEST(statuses_have_phrases)
{
	ck_assert_str_eq(h1_status_phrase(200), "OK");
	ck_assert_str_eq(h1_status_phrase(431), "Request Header Fields Too Large");
	ck_assert_str_eq(h1_status_phrase(299), "Unknown");
	ck_assert_str_eq(h1_status_phrase(0), "Unknown");
	ck_assert_str_eq(h1_status_phrase(600), "Unknown");
	ck_assert_str_eq(h1_status_phrase(4000000000U), "Unknown");
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("h1_response");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, each_response_is_accepted_or_refused);
	tcase_add_test(tests, cuts_change_nothing);
	tcase_add_test(tests, what_is_no_response_is_refused_early);
	tcase_add_test(tests, framing_follows_status_method_and_fields);
	tcase_add_test(tests, parts_are_where_they_were);
	tcase_add_test(tests, forbidden_lengths_are_hidden);
	tcase_add_test(tests, limits_are_exact);
	tcase_add_loop_test(tests, upgrades_are_those_that_were_asked_for, 0, (int)COUNT(upgrades));
	tcase_add_test(tests, statuses_have_phrases);
	return run_case(tests);
}

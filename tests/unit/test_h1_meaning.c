/* http/h1: what a good request head means. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "h1_compare.h"
#include "run.h"

/* A request line and a Host, for what is not about them. */
#define GET "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct h1_limits limits = { .head = 1024, .target = 200, .fields = 20 };

static struct h1_request request;

static void
good(const char *bytes)
{
	struct h1_scan scan = { 0 };
	enum h1_result result;

	memset(&request, 0xa5, sizeof request);
	result = h1_request_parse(&request, &scan, bytes, strlen(bytes), &limits);
	ck_assert_msg(
	    result == H1_DONE, "%d %s: %s", (int)result, result == H1_ERROR ? request.reason : "", bytes);
	ck_assert_ptr_null(h1_request_fault(&request));
}

static void
span_check(struct h1_span span, const char *text)
{
	ck_assert_msg(
	    span.length == strlen(text) && memcmp(request.head + span.offset, text, span.length) == 0,
	    "\"%.*s\" instead of \"%s\"", (int)span.length, request.head + span.offset, text);
}

START_TEST(parts_are_where_they_were)
{
	const struct h1_field *field = request.fields + 1;
	struct h1_span value;

	good("PUT /a?b HTTP/1.1\r\nHost: c:1\r\nX-Name: \t d e\t \r\nContent-Length: 12\r\n\r\nbody");
	ck_assert_int_eq(request.method, H1_METHOD_PUT);
	span_check(request.method_text, "PUT");
	span_check(request.target, "/a?b");
	span_check(request.path, "/a?b");
	span_check(request.authority, "c:1");
	ck_assert_int_eq(request.minor, 1);
	ck_assert_int_eq(request.framing, H1_FRAMING_LENGTH);
	ck_assert_uint_eq(request.content_length, 12);
	ck_assert_uint_eq(request.field_count, 3);
	ck_assert_uint_eq(request.length, strlen("PUT /a?b HTTP/1.1\r\nHost: c:1\r\nX-Name: \t d e\t \r\n"
						 "Content-Length: 12\r\n\r\n"));
	value = (struct h1_span){ field->value, field->value_length };
	span_check(value, "d e");
	span_check((struct h1_span){ field->line, field->line_length }, "X-Name: \t d e\t \r\n");
	ck_assert_uint_eq(field->name_length, 6);
	ck_assert_uint_eq(field->name, H1_NAME_OTHER);
}
END_TEST

START_TEST(each_form_of_target_has_its_parts)
{
	good("GET http://B:80/c?d HTTP/1.1\r\nHost: b\r\n\r\n");
	span_check(request.authority, "B:80");
	span_check(request.path, "/c?d");
	good("GET https://b HTTP/1.1\r\nHost: B:443\r\n\r\n");
	span_check(request.authority, "b");
	span_check(request.path, "");
	good("CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_int_eq(request.method, H1_METHOD_CONNECT);
	span_check(request.authority, "b:443");
	span_check(request.path, "");
	good("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
	span_check(request.authority, "a");
	span_check(request.path, "*");
	good("GET / HTTP/1.0\r\n\r\n");
	ck_assert_uint_eq(request.minor, 0);
	span_check(request.authority, "");
	good("GET / HTTP/1.5\r\nHost: a\r\n\r\n");
	ck_assert_uint_eq(request.minor, 1);
}
END_TEST

START_TEST(keep_alive_follows_version_and_options)
{
	static const struct {
		const char *bytes;
		bool keep_alive;
	} cases[] = {
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true },
		{ GET "Connection: close\r\n\r\n", false },
		{ GET "Connection: CLOSE\r\n\r\n", false },
		{ GET "Connection: keep-alive, close\r\n\r\n", false },
		{ GET "Connection: close, keep-alive\r\n\r\n", false },
		{ GET "Connection: keep-alive\r\nConnection: close\r\n\r\n", false },
		{ GET "Connection: ,x,\tclose ,\r\n\r\n", false },
		{ GET "Connection: closed\r\n\r\n", true },
		{ GET "Connection: clos\r\n\r\n", true },
		{ "GET / HTTP/1.0\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true },
		{ "GET / HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		good(cases[i].bytes);
		ck_assert_msg(request.keep_alive == cases[i].keep_alive, "%s", cases[i].bytes);
	}
}
END_TEST

START_TEST(only_safe_upgrades_pass)
{
	static const struct {
		const char *bytes;
		bool upgrade;
	} cases[] = {
		{ GET "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", true },
		{ GET "Connection: keep-alive, upgrade\r\nUpgrade: a/1, b\r\n\r\n", true },
		{ GET "Upgrade: websocket\r\n\r\n", false },
		{ GET "Connection: upgrade\r\n\r\n", false },
		{ GET "Connection: upgrade\r\nUpgrade:\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", false },
		{ GET "Connection: upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n", false },
		{ GET "Connection: upgrade\r\nUpgrade: websocket, H2C\r\n\r\n", false },
		{ GET "Connection: upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n\r\n", false },
		{ GET "Connection: upgrade\r\nUpgrade: h2\r\n\r\n", false },
		{ GET "Connection: upgrade\r\nUpgrade: HTTP/2.0\r\n\r\n", false },
		{ GET "Connection: upgrade\r\nUpgrade: TLS/1.2\r\n\r\n", false },
		{ GET "Connection: upgrade\r\nUpgrade: h2c;x\r\n\r\n", false },
		{ GET "Connection: upgrade\r\nUpgrade: \"h2c\"\r\n\r\n", false },
		{ GET "Connection: upgrade\r\nUpgrade: /1\r\n\r\n", false },
		{ GET "Connection: upgrade\r\nUpgrade: a/b/c\r\n\r\n", false },
		{ GET "Connection: upgrade\r\nUpgrade: a h2c\r\n\r\n", false },
		{ GET "Connection: upgrade\r\nUpgrade: a\r\nContent-Length: 0\r\n\r\n", true },
		{ GET "Connection: upgrade\r\nUpgrade: a\r\nContent-Length: 1\r\n\r\n", false },
		{ GET "Connection: upgrade\r\nUpgrade: a\r\nTransfer-Encoding: chunked\r\n\r\n", false },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		good(cases[i].bytes);
		ck_assert_msg(request.upgrade == cases[i].upgrade, "%s", cases[i].bytes);
	}
}
END_TEST

/* Fields that are marked H are hop-by-hop; the names of the others begin with E. */
static void
hops_check(const char *bytes)
{
	unsigned i;

	good(bytes);
	for (i = 2; i < request.field_count; i++) {
		const struct h1_field *field = &request.fields[i];
		bool hop = request.head[field->value] == 'H';

		ck_assert_msg(field->hop == hop, "%.*s in %s", (int)field->name_length,
		    request.head + field->line, bytes);
	}
}

START_TEST(hop_fields_are_marked)
{
	hops_check(GET "Connection: a, B\r\nA: H\r\nb: H\r\nAb: E\r\nB: H\r\nC: E\r\n\r\n");
	hops_check(
	    GET "Connection: x\r\nKeep-Alive: H\r\nProxy-Connection: H\r\nTE: H\r\nUpgrade: H\r\n"
		"HTTP2-Settings: H\r\nProxy-Authorization: E\r\nProxy-Authenticate: E\r\nTrailer: E\r\n\r\n");
	hops_check(GET "Connection: cookie,authorization\r\nCookie: H\r\nAuthorization: H\r\n\r\n");
	hops_check(
	    GET "A: E\r\nConnection: H\r\nB: H\r\nConnection: Hb\r\nC: H\r\nConnection: H, b,c\r\n\r\n");
	hops_check(GET "A: E\r\nConnection: H a\r\nConnection: H; a\r\nConnection: H\"a\"\r\n\r\n");
	hops_check(GET "Connection: close\r\nClose: E\r\n\r\n");
	hops_check(
	    GET "Connection: x\r\nContent_Length: H\r\nTRANSFER.ENCODING: H\r\nx_Forwarded-for: H\r\n"
		"X_Other: E\r\nContentxLength: E\r\nUser_Agents: E\r\nH.st: E\r\nX-Forwarded+For: E\r\n\r\n");
	hops_check(GET "Connection: x-forwarded-for\r\nX-Forwarded-For: H\r\n\r\n");
}
END_TEST

START_TEST(underscores_are_treated_as_the_limits_say)
{
	static const char bytes[] = GET "Connection: b_b\r\nContent_Length: 1\r\nX.Other: 2\r\nB_b: 3\r\nX-A: 4\r\n\r\n";
	static const bool hop[][6] = { [H1_UNDERSCORES_GUARD] = { false, true, true, false, true, false },
		[H1_UNDERSCORES_PASS] = { false, true, false, false, true, false },
		[H1_UNDERSCORES_DROP] = { false, true, true, true, true, false } };
	struct h1_limits other = limits;
	unsigned i, policy;

	for (policy = H1_UNDERSCORES_GUARD; policy <= H1_UNDERSCORES_DROP; policy++) {
		struct h1_scan scan = { 0 };

		other.underscores = (uint8_t)policy;
		ck_assert_int_eq(h1_request_parse(&request, &scan, bytes, sizeof bytes - 1, &other), H1_DONE);
		for (i = 0; i < request.field_count; i++)
			ck_assert_msg(request.fields[i].hop == hop[policy][i], "field %u under policy %u", i, policy);
	}
}
END_TEST

START_TEST(underscores_can_be_refused)
{
	static const char *const bad[] = { GET "X_A: 1\r\n\r\n", GET "X.A: 1\r\n\r\n", GET "_: 1\r\n\r\n" };
	struct h1_limits other = limits;
	size_t i;

	other.underscores = H1_UNDERSCORES_REFUSE;
	for (i = 0; i < COUNT(bad); i++) {
		struct h1_scan scan = { 0 };

		ck_assert_int_eq(h1_request_parse(&request, &scan, bad[i], strlen(bad[i]), &other), H1_ERROR);
		ck_assert_uint_eq(request.status, 400);
	}
}
END_TEST

START_TEST(max_forwards_counts_for_two_methods)
{
	static const struct {
		const char *bytes;
		int max_forwards;
	} cases[] = {
		{ "OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n", -1 },
		{ "OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n", 0 },
		{ "TRACE / HTTP/1.1\r\nHost: a\r\nmax-forwards: 007\r\n\r\n", 7 },
		{ "TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 99999999999999999999\r\n\r\n", 255 },
		{ GET "Max-Forwards: 3\r\n\r\n", -1 },
		{ GET "Max-Forwards: x\r\nMax-Forwards: y\r\n\r\n", -1 },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		good(cases[i].bytes);
		ck_assert_msg(request.max_forwards == cases[i].max_forwards, "%s", cases[i].bytes);
	}
}
END_TEST

/* Nominations that would make another message of it. */
START_TEST(nominations_do_not_change_the_message)
{
	good("POST / HTTP/1.1\r\nConnection: host, content-length, expect\r\nHost: a\r\nContent-Length: 5\r\n"
	     "Expect: 100-continue\r\n\r\n");
	ck_assert(!request.fields[1].hop);
	ck_assert(!request.fields[2].hop);
	ck_assert(!request.fields[3].hop);
	ck_assert_int_eq(request.framing, H1_FRAMING_LENGTH);
	ck_assert(request.expect_continue);
	good(POST "Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n");
	ck_assert_int_eq(request.framing, H1_FRAMING_CHUNKED);
	ck_assert(request.fields[2].hop);
	good(POST "Transfer-Encoding: chunked\r\n\r\n");
	ck_assert(request.fields[1].hop);
}
END_TEST

START_TEST(expect_asks_only_with_a_body)
{
	good(POST "Content-Length: 5\r\nExpect: 100-Continue\r\n\r\n");
	ck_assert(request.expect_continue && !request.fields[2].hop);
	good(POST "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
	ck_assert(request.expect_continue && !request.fields[2].hop);
	good(POST "Content-Length: 0\r\nExpect: 100-continue\r\n\r\n");
	ck_assert(!request.expect_continue && request.fields[2].hop);
	good(GET "Expect: 100-continue\r\n\r\n");
	ck_assert(!request.expect_continue && request.fields[1].hop);
	good("POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
	ck_assert(!request.expect_continue && request.fields[1].hop);
}
END_TEST

START_TEST(trailers_are_wanted_by_te)
{
	good(GET "TE: trailers\r\nConnection: TE\r\n\r\n");
	ck_assert(request.trailers_wanted);
	good(GET "TE: gzip;q=0.5, Trailers\r\n\r\n");
	ck_assert(request.trailers_wanted);
	good(GET "TE: gzip\r\nTE: trailers\r\n\r\n");
	ck_assert(request.trailers_wanted);
	good(GET "TE: trailersx\r\n\r\n");
	ck_assert(!request.trailers_wanted);
	good(GET "\r\n");
	ck_assert(!request.trailers_wanted);
}
END_TEST

START_TEST(names_are_known_in_either_case)
{
	static const struct {
		const char *line;
		enum h1_name name;
	} cases[] = {
		{ "cONNECTION: x", H1_NAME_CONNECTION },
		{ "Content-Length: 1", H1_NAME_CONTENT_LENGTH },
		{ "Transfer-Encoding: chunked", H1_NAME_TRANSFER_ENCODING },
		{ "Upgrade: x", H1_NAME_UPGRADE },
		{ "Expect: 100-continue", H1_NAME_EXPECT },
		{ "TE: x", H1_NAME_TE },
		{ "Trailer: x", H1_NAME_TRAILER },
		{ "Keep-Alive: x", H1_NAME_KEEP_ALIVE },
		{ "Proxy-Connection: x", H1_NAME_PROXY_CONNECTION },
		{ "Proxy-Authenticate: x", H1_NAME_PROXY_AUTHENTICATE },
		{ "Proxy-Authorization: x", H1_NAME_PROXY_AUTHORIZATION },
		{ "HTTP2-Settings: x", H1_NAME_HTTP2_SETTINGS },
		{ "Via: x", H1_NAME_VIA },
		{ "Max-Forwards: x", H1_NAME_MAX_FORWARDS },
		{ "Forwarded: x", H1_NAME_FORWARDED },
		{ "X-Forwarded-For: x", H1_NAME_X_FORWARDED_FOR },
		{ "X-Forwarded-Proto: x", H1_NAME_X_FORWARDED_PROTO },
		{ "X-Forwarded-Host: x", H1_NAME_X_FORWARDED_HOST },
		{ "X-Request-Id: x", H1_NAME_X_REQUEST_ID },
		{ "Referer: x", H1_NAME_REFERER },
		{ "User-Agent: x", H1_NAME_USER_AGENT },
		{ "Date: x", H1_NAME_DATE },
		{ "Server: x", H1_NAME_SERVER },
		{ "X-Forwarded_For: x", H1_NAME_OTHER },
		{ "Connectiom: x", H1_NAME_OTHER },
		{ "Contention: x", H1_NAME_OTHER },
		{ "Connections: x", H1_NAME_OTHER },
		{ "T: x", H1_NAME_OTHER },
		{ "A-name-that-is-longer-than-all-others: x", H1_NAME_OTHER },
	};
	char bytes[200];
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		snprintf(bytes, sizeof bytes, GET "%s\r\n\r\n", cases[i].line);
		good(bytes);
		ck_assert_msg(request.fields[1].name == cases[i].name, "%s", cases[i].line);
	}
}
END_TEST

START_TEST(methods_have_names)
{
	static const char *const names[] = { [H1_METHOD_GET] = "GET", [H1_METHOD_HEAD] = "HEAD",
		[H1_METHOD_POST] = "POST", [H1_METHOD_PUT] = "PUT", [H1_METHOD_DELETE] = "DELETE",
		[H1_METHOD_OPTIONS] = "OPTIONS", [H1_METHOD_TRACE] = "TRACE", [H1_METHOD_CONNECT] = "CONNECT",
		[H1_METHOD_PATCH] = "PATCH" };
	static const char *const idempotent[] = { "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE" };
	unsigned count = 0;
	char bytes[64];
	int i;

	for (i = H1_METHOD_GET; i <= H1_METHOD_PATCH; i++) {
		const char *target = i == H1_METHOD_CONNECT ? "a:1" : "/";
		const char *name = names[i];
		size_t j;

		snprintf(bytes, sizeof bytes, "%s %s HTTP/1.0\r\n\r\n", name, target);
		good(bytes);
		ck_assert_int_eq(request.method, i);
		for (j = 0; j < COUNT(idempotent); j++)
			if (strcmp(name, idempotent[j]) == 0)
				break;
		ck_assert_msg(h1_method_idempotent((enum h1_method)i) == (j < COUNT(idempotent)), "%s", name);
		count += j < COUNT(idempotent);
	}
	ck_assert_uint_eq(count, COUNT(idempotent));
	ck_assert(!h1_method_idempotent(H1_METHOD_OTHER));
	good("GETS / HTTP/1.0\r\n\r\n");
	ck_assert_int_eq(request.method, H1_METHOD_OTHER);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("h1_meaning");

	tcase_add_test(tests, parts_are_where_they_were);
	tcase_add_test(tests, each_form_of_target_has_its_parts);
	tcase_add_test(tests, keep_alive_follows_version_and_options);
	tcase_add_test(tests, only_safe_upgrades_pass);
	tcase_add_test(tests, hop_fields_are_marked);
	tcase_add_test(tests, underscores_are_treated_as_the_limits_say);
	tcase_add_test(tests, underscores_can_be_refused);
	tcase_add_test(tests, max_forwards_counts_for_two_methods);
	tcase_add_test(tests, nominations_do_not_change_the_message);
	tcase_add_test(tests, expect_asks_only_with_a_body);
	tcase_add_test(tests, trailers_are_wanted_by_te);
	tcase_add_test(tests, names_are_known_in_either_case);
	tcase_add_test(tests, methods_have_names);
	return run_case(tests);
}

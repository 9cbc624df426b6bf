/* http/hops: what a request says of the proxies on its way. */
#include <check.h>
#include <string.h>

#include "http/hops.h"
#include "run.h"

static const struct h1_limits limits = { .head = 4096, .target = 200, .fields = 50 };
static struct h1_request request;

static void
parse(const char *head)
{
	struct h1_scan scan = { 0 };

	ck_assert_int_eq(h1_request_parse(&request, &scan, head, strlen(head), &limits), H1_DONE);
}

#define HEAD "GET / HTTP/1.1\r\nHost: a\r\n"

static const struct {
	const char *head;
	bool found;
} via_rows[] = {
	{ HEAD "\r\n", false },
	{ HEAD "Via: 1.1 edge\r\n\r\n", true },
	{ HEAD "Via: 1.1 EDGE\r\n\r\n", true },
	{ HEAD "Via: HTTP/1.1 \t edge \t(what it is)\r\n\r\n", true },
	{ HEAD "Via: 1.0 a, 1.1 edge, 1.1 b\r\n\r\n", true },
	{ HEAD "Via: 1.0 a\r\nvia: 1.1 b,1.1 edge\r\n\r\n", true },
	{ HEAD "Via: 1.1 edges\r\n\r\n", false },
	{ HEAD "Via: 1.1 edg\r\n\r\n", false },
	{ HEAD "Via: edge\r\n\r\n", false },
	{ HEAD "Via: edge a\r\n\r\n", false },
	{ HEAD "Via: 1.1 a (edge)\r\n\r\n", false },
	{ HEAD "Via: ,,\t, ,\r\n\r\n", false },
	{ HEAD "Via:\r\n\r\n", false },
	{ HEAD "X-Via: 1.1 edge\r\n\r\n", false },
};

START_TEST(a_name_is_found_in_via)
{
	parse(via_rows[_i].head);
	ck_assert_msg(hops_have(&request, "edge") == via_rows[_i].found, "%s", via_rows[_i].head);
}
END_TEST

static const char *
trace(size_t size)
{
	static char text[1024];

	text[hops_trace(&request, text, size)] = '\0';
	return text;
}

START_TEST(trace_tells_the_way_and_no_secrets)
{
	parse("TRACE /x HTTP/1.1\r\nHost: a\r\nCookie: b\r\nAuthorization: c\r\nVia: 1.1 d\r\n"
	      "Max-Forwards: 0\r\nX-Forwarded-For: 1.1.1.1\r\n\r\n");
	ck_assert_str_eq(trace(1000), "TRACE /x HTTP/1.1\r\nHost: a\r\nVia: 1.1 d\r\nMax-Forwards: 0\r\n"
				      "X-Forwarded-For: 1.1.1.1\r\n\r\n");
	parse("TRACE /x HTTP/1.0\r\n\r\n");
	ck_assert_str_eq(trace(1000), "TRACE /x HTTP/1.0\r\n\r\n");
}
END_TEST

START_TEST(trace_leaves_out_what_does_not_fit)
{
	static const char whole[] = "TRACE /x HTTP/1.1\r\nHost: a\r\nVia: 1.1 d\r\n\r\n";

	parse(whole);
	ck_assert_str_eq(trace(sizeof whole - 1), whole);
	ck_assert_str_eq(trace(sizeof whole - 2), "TRACE /x HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_str_eq(trace(21), "TRACE /x HTTP/1.1\r\n\r\n");
	ck_assert_str_eq(trace(20), "");
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("hops");

	tcase_add_loop_test(tests, a_name_is_found_in_via, 0, sizeof via_rows / sizeof via_rows[0]);
	tcase_add_test(tests, trace_tells_the_way_and_no_secrets);
	tcase_add_test(tests, trace_leaves_out_what_does_not_fit);
	return run_case(tests);
}

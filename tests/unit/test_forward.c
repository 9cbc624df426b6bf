/* http/forward: heads as they go on to the other side. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "http/forward.h"
#include "run.h"

static const struct h1_limits limits = { .head = 16384, .target = 8192, .fields = 100 };
static struct h1_request request;
static struct h1_response response;
static struct forward forward;
static char out[32768];

static const char *
flatten(void)
{
	size_t n = 0;
	int i;

	for (i = 0; i < forward.count; i++) {
		memcpy(out + n, forward.pieces[i].iov_base, forward.pieces[i].iov_len);
		n += forward.pieces[i].iov_len;
	}
	ck_assert_uint_eq(n, forward.length);
	out[n] = '\0';
	return out;
}

static void
parse_request(const char *head)
{
	struct h1_scan scan = { 0 };

	ck_assert_int_eq(h1_request_parse(&request, &scan, head, strlen(head), &limits), H1_DONE);
}

static const char *
request_as(const char *head, const struct forward_request_policy *policy)
{
	parse_request(head);
	forward_request(&forward, &request, policy);
	return flatten();
}

static const struct forward_request_policy plain = { .client = "192.0.2.1", .scheme = "http", .fallback_host = "app:1" };

struct row {
	const char *in, *out;
};

static const struct row plain_rows[] = {
	{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n" },
	{ "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nA: b\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n" },
	{ "GET /x HTTP/1.1\r\nHost: a\r\nConnection: X-Hop\r\nx-hop: 1\r\nKeep-Alive: 5\r\nB: c\r\n\r\n",
	    "GET /x HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n" },
	{ "GET http://b/x?y HTTP/1.1\r\nHost: B:80\r\n\r\n", "GET /x?y HTTP/1.1\r\nHost: b\r\n\r\n" },
	{ "GET http://b HTTP/1.1\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\r\nHost: b\r\n\r\n" },
	{ "OPTIONS /x HTTP/1.1\r\nHost: a\r\nMax-Forwards: 10\r\nA: b\r\n\r\n",
	    "OPTIONS /x HTTP/1.1\r\nHost: a\r\nA: b\r\nMax-Forwards: 9\r\n\r\n" },
	{ "GET /x HTTP/1.1\r\nHost: a\r\nMax-Forwards: 10\r\n\r\n",
	    "GET /x HTTP/1.1\r\nHost: a\r\nMax-Forwards: 10\r\n\r\n" },
	{ "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" },
	{ "OPTIONS http://b HTTP/1.1\r\nHost: b\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: b\r\n\r\n" },
	{ "GET / HTTP/1.0\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n" },
	{ "GET / HTTP/1.7\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n" },
	{ "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: app:1\r\n\r\n" },
	{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n" },
	{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
	    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" },
	{ "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n" },
	{ "GET / HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nHost: a\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n" },
	{ "GET / HTTP/1.1\r\nTE: trailers\r\nConnection: TE, Upgrade\r\nUpgrade: websocket\r\nHost: a\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: upgrade, TE\r\nUpgrade: websocket\r\n\r\n" },
	{ "GET / HTTP/1.1\r\nUpgrade: websocket\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n" },
	{ "GET / HTTP/1.1\r\nX-Forwarded-For: 1.1.1.1\r\nHost: a\r\n\r\n",
	    "GET / HTTP/1.1\r\nX-Forwarded-For: 1.1.1.1\r\nHost: a\r\n\r\n" },
};

START_TEST(plain_request)
{
	ck_assert_str_eq(request_as(plain_rows[_i].in, &plain), plain_rows[_i].out);
}
END_TEST

#define SPOOFED                                                                                          \
	"GET / HTTP/1.1\r\nX-Forwarded-For: 1.1.1.1\r\nx-forwarded-for: 2.2.2.2\r\nX-Forwarded-Proto: https\r\n" \
	"X-Forwarded-Host: evil\r\nForwarded: for=1.1.1.1\r\nHost: a:80\r\n\r\n"

START_TEST(forwarding_fields_of_a_stranger_are_replaced)
{
	struct forward_request_policy policy = plain;

	policy.x_forwarded = policy.forwarded = true;
	ck_assert_str_eq(request_as(SPOOFED, &policy),
	    "GET / HTTP/1.1\r\nHost: a:80\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: http\r\n"
	    "X-Forwarded-Host: a:80\r\nForwarded: for=192.0.2.1;host=\"a:80\";proto=http\r\n\r\n");
}
END_TEST

START_TEST(a_stranger_forges_no_field_that_drover_does_not_write)
{
	struct forward_request_policy policy = plain;

	policy.x_forwarded = true;
	ck_assert_ptr_null(strstr(request_as(SPOOFED, &policy), "1.1.1.1"));
	policy.x_forwarded = false;
	policy.forwarded = true;
	ck_assert_str_eq(request_as(SPOOFED, &policy),
	    "GET / HTTP/1.1\r\nHost: a:80\r\nForwarded: for=192.0.2.1;host=\"a:80\";proto=http\r\n\r\n");
	policy.trusted = true;
	ck_assert_ptr_nonnull(strstr(request_as(SPOOFED, &policy), "X-Forwarded-For: 1.1.1.1\r\n"));
}
END_TEST

START_TEST(forwarding_fields_of_a_trusted_proxy_are_added_to)
{
	struct forward_request_policy policy = plain;

	policy.x_forwarded = policy.forwarded = policy.trusted = true;
	ck_assert_str_eq(request_as(SPOOFED, &policy),
	    "GET / HTTP/1.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nHost: a:80\r\n"
	    "X-Forwarded-For: 1.1.1.1, 2.2.2.2, 192.0.2.1\r\n"
	    "Forwarded: for=1.1.1.1, for=192.0.2.1;host=\"a:80\";proto=http\r\n\r\n");
}
END_TEST

START_TEST(ipv6_client)
{
	struct forward_request_policy policy = plain;

	policy.client = "2001:db8::1";
	policy.client_is_ipv6 = true;
	policy.x_forwarded = policy.forwarded = true;
	ck_assert_str_eq(request_as("GET / HTTP/1.0\r\n\r\n", &policy),
	    "GET / HTTP/1.1\r\nHost: app:1\r\nX-Forwarded-For: 2001:db8::1\r\nX-Forwarded-Proto: http\r\n"
	    "Forwarded: for=\"[2001:db8::1]\";proto=http\r\n\r\n");
}
END_TEST

START_TEST(via_and_request_id)
{
	struct forward_request_policy policy = plain;

	policy.via = "drover";
	policy.request_id = "id1";
	ck_assert_str_eq(request_as("GET / HTTP/1.1\r\nVia: 1.1 x\r\nX-Request-Id: forged\r\nHost: a\r\n\r\n", &policy),
	    "GET / HTTP/1.1\r\nVia: 1.1 x\r\nHost: a\r\nX-Request-Id: id1\r\nVia: 1.1 drover\r\n\r\n");
}
END_TEST

static const char *const user_names[] = { "X-User", "X-Groups" }, *const secret_names[] = { "authorization" };
static const struct forward_changes changes = { { { user_names, 2 }, { secret_names, 1 } },
	{ "X-User: ann\r\n", sizeof "X-User: ann\r\n" - 1 } };

/* A name in another case, or with what a server behind CGI takes for "-", is the same. */
START_TEST(fields_are_taken_out_and_put_in)
{
	struct forward_request_policy policy = plain;

	policy.changes = &changes;
	ck_assert_str_eq(request_as("GET / HTTP/1.1\r\nx-uSER: eve\r\nX_User: eve\r\nX.User: eve\r\nX-User-Id: 1\r\n"
				    "X-Use: 2\r\nX+User: 3\r\nHost: a\r\nAuthorization: Basic x\r\nX-Groups: a\r\n\r\n",
			     &policy),
	    "GET / HTTP/1.1\r\nX-User-Id: 1\r\nX-Use: 2\r\nX+User: 3\r\nHost: a\r\nX-User: ann\r\n\r\n");
}
END_TEST

static const char *
ask_as(const char *head, const struct forward_request_policy *policy)
{
	static const struct text path = { "/auth?x", 7 };

	parse_request(head);
	forward_ask(&forward, &request, policy, path);
	return flatten();
}

START_TEST(asking_about_a_request)
{
	struct forward_request_policy policy = plain;

	ck_assert_str_eq(ask_as("POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Type: x\r\nCookie: c\r\n"
				"Content_Length: 7\r\nExpect: 100-continue\r\nIf-None-Match: *\r\nRange: bytes=0-1\r\n"
				"X-Original-URI: /x\r\nX_Original_Method: X\r\n\r\n",
			     &policy),
	    "GET /auth?x HTTP/1.1\r\nHost: a\r\nCookie: c\r\nX-Original-Method: POST\r\nX-Original-URI: /a?b\r\n\r\n");
	policy.changes = &changes;
	policy.x_forwarded = true;
	policy.via = "drover";
	policy.request_id = "id1";
	ck_assert_str_eq(ask_as("PURGE http://b HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n"
				"Connection: upgrade, x-hop, TE\r\nUpgrade: websocket\r\nX-Hop: 1\r\nX-User: eve\r\n\r\n",
			     &policy),
	    "GET /auth?x HTTP/1.1\r\nHost: b\r\nX-User: ann\r\nX-Original-Method: PURGE\r\nX-Original-URI: /\r\n"
	    "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: b\r\nX-Request-Id: id1\r\n"
	    "Via: 1.1 drover\r\n\r\n");
}
END_TEST

/* The head with the most pieces: every other field is dropped, every list is long. */
START_TEST(many_fields_fit)
{
	static const struct h1_limits wide = { .head = 65536, .target = 8192, .fields = H1_FIELDS_MAX };
	struct forward_request_policy policy = plain;
	struct h1_scan scan = { 0 };
	static char head[65536];
	size_t n = (size_t)snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: a\r\n");
	int i;

	for (i = 1; i < H1_FIELDS_MAX; i++)
		n += (size_t)snprintf(head + n, sizeof head - n, "%s: 10.0.0.%d\r\n",
		    i % 2 ? "X-Forwarded-For" : "Forwarded", i);
	n += (size_t)snprintf(head + n, sizeof head - n, "\r\n");
	policy.x_forwarded = policy.forwarded = policy.trusted = true;
	ck_assert_int_eq(h1_request_parse(&request, &scan, head, n, &wide), H1_DONE);
	forward_request(&forward, &request, &policy);
	ck_assert_int_lt(forward.count, FORWARD_PIECES);
	ck_assert_uint_lt(forward.text_used, FORWARD_TEXT);
	ck_assert_ptr_nonnull(strstr(flatten(), "10.0.0.255, 192.0.2.1\r\n"));
	ck_assert_ptr_nonnull(strstr(out, "10.0.0.254, for=192.0.2.1;"));
}
END_TEST

static const char *
response_as(const char *head, const struct forward_response_policy *policy)
{
	struct h1_scan scan = { 0 };

	ck_assert_int_eq(h1_response_parse(&response, &scan, head, strlen(head), &limits, H1_METHOD_GET), H1_DONE);
	forward_response(&forward, &response, policy);
	return flatten();
}

struct response_row {
	const char *in, *out;
	struct forward_response_policy policy;
};

static const struct response_row response_rows[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n",
	    { .keep_alive = true, .keep_length = true } },
	{ "HTTP/1.0 200 OK\r\nContent-Length: 1\r\nServer: x\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nServer: x\r\nConnection: close\r\n\r\n", { .keep_length = true } },
	{ "HTTP/1.1 204\r\n\r\n", "HTTP/1.1 204 \r\n\r\n", { .keep_alive = true, .keep_length = true } },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close, x-a\r\nX-A: 1\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n",
	    { .keep_alive = true, .keep_length = true, .client_is_10 = true } },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
	    { .keep_alive = true, .keep_length = true, .chunked = true } },
	{ "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nVia: 1.0 a-name\r\n\r\n",
	    { .keep_alive = true, .chunked = true, .via = "a-name" } },
	{ "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
	    { .keep_alive = true, .keep_length = true } },
	{ "HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", { .keep_alive = true, .keep_length = true } },
	{ "HTTP/1.6 204 No Content\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n", { .keep_alive = true } },
	{ "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
	    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", { .upgrade = true } },
};

START_TEST(response_heads)
{
	const struct response_row *row = &response_rows[_i];

	ck_assert_str_eq(response_as(row->in, &row->policy), row->out);
}
END_TEST

static const char *const cors_names[] = { "Access-Control-Allow-Origin" };

START_TEST(fields_of_a_response_are_replaced)
{
	static const struct forward_changes cors = { { { cors_names, 1 }, { NULL, 0 } }, { "Vary: Origin\r\n", 14 } };
	const struct forward_response_policy policy = { .keep_alive = true, .changes = &cors };

	ck_assert_str_eq(response_as("HTTP/1.1 200 OK\r\nA: b\r\naccess-control-allow-origin: *\r\nC: d\r\n\r\n", &policy),
	    "HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\nVary: Origin\r\n\r\n");
}
END_TEST

START_TEST(skipping_any_number_of_bytes)
{
	static const char body[] = "the body";
	struct forward_request_policy policy = plain;
	char whole[1024];
	size_t i, n;

	policy.x_forwarded = true;
	request_as(plain_rows[2].in, &policy);
	forward_add(&forward, body, strlen(body));
	n = forward.length;
	memcpy(whole, flatten(), n + 1);
	for (i = 0; i <= n; i++) {
		request_as(plain_rows[2].in, &policy);
		forward_add(&forward, body, strlen(body));
		forward_skip(&forward, i);
		ck_assert_str_eq(flatten(), whole + i);
	}
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("forward");

	tcase_add_loop_test(tcase, plain_request, 0, (int)(sizeof plain_rows / sizeof *plain_rows));
	tcase_add_test(tcase, forwarding_fields_of_a_stranger_are_replaced);
	tcase_add_test(tcase, a_stranger_forges_no_field_that_drover_does_not_write);
	tcase_add_test(tcase, forwarding_fields_of_a_trusted_proxy_are_added_to);
	tcase_add_test(tcase, ipv6_client);
	tcase_add_test(tcase, via_and_request_id);
	tcase_add_test(tcase, fields_are_taken_out_and_put_in);
	tcase_add_test(tcase, asking_about_a_request);
	tcase_add_test(tcase, many_fields_fit);
	tcase_add_loop_test(tcase, response_heads, 0, (int)(sizeof response_rows / sizeof *response_rows));
	tcase_add_test(tcase, fields_of_a_response_are_replaced);
	tcase_add_test(tcase, skipping_any_number_of_bytes);
	return run_case(tcase);
}

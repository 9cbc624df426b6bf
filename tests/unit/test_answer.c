/* prober/answer: the request of a check, and how its answer is read, however it is cut. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prober/answer.h"
#include "run.h"

static char path[] = "/health", host[] = "check.test", text[] = "aabaac", field[] = "X-One: 1", agent[] = "user-agent: me";
static char *fields[] = { field, agent };
static struct conf_status_range good[] = { { 200, 299 } };
static const struct h1_limits limits = { .head = 1024, .target = 1024, .fields = 10 };

static struct conf_health
http(void)
{
	return (struct conf_health){
		.type = CONF_HEALTH_HTTP,
		.path = path,
		.statuses = good,
		.status_count = 1,
	};
}

START_TEST(requests_are_as_configured)
{
	struct conf_health conf = http();
	char request[ANSWER_REQUEST_MAX];
	size_t length = answer_ask(request, &conf, "10.0.0.1:80");

	ck_assert_uint_eq(length, strlen(request));
	ck_assert_str_eq(request,
	    "GET /health HTTP/1.1\r\nHost: 10.0.0.1:80\r\nUser-Agent: drover/" PACKAGE_VERSION
	    "\r\nConnection: close\r\n\r\n");
	conf.method = CONF_HEALTH_HEAD;
	conf.host = host;
	conf.fields = fields;
	conf.field_count = 2;
	answer_ask(request, &conf, "10.0.0.1:80");
	ck_assert_str_eq(request,
	    "HEAD /health HTTP/1.1\r\nHost: check.test\r\nX-One: 1\r\nuser-agent: me\r\nConnection: close\r\n\r\n");
}
END_TEST

START_TEST(servers_are_greeted)
{
	char greeting[ANSWER_GREETING_MAX];

	ck_assert_uint_eq(answer_greet(greeting, CONF_SEND_PROXY_OFF), 0);
	ck_assert_uint_eq(answer_greet(greeting, CONF_SEND_PROXY_V1), 15);
	ck_assert_int_eq(memcmp(greeting, "PROXY UNKNOWN\r\n", 15), 0);
	ck_assert_uint_eq(answer_greet(greeting, CONF_SEND_PROXY_V2), 16);
	ck_assert_int_eq(memcmp(greeting, "\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a\x20\x00\x00\x00", 16), 0);
}
END_TEST

/* Feeds bytes, so many at once at most, then the end. How many of them were taken is in *taken. */
static struct answer_result
feed(const struct conf_health *conf, const char *bytes, size_t length, size_t piece, size_t *taken)
{
	struct answer_reader *answer = answer_new(conf, &limits);
	struct answer_result result = { .status = 0 };
	size_t done = 0, size;
	char *space;

	ck_assert_ptr_nonnull(answer);
	while (done < length) {
		space = answer_space(answer, &size);
		ck_assert_uint_gt(size, 0);
		if (size > piece)
			size = piece;
		if (size > length - done)
			size = length - done;
		memcpy(space, bytes + done, size);
		done += size;
		if (answer_read(answer, size, &result))
			goto over;
	}
	answer_end(answer, &result);
over:
	answer_free(answer);
	*taken = done;
	return result;
}

static void
expect(const struct conf_health *conf, const char *bytes, enum health_reason reason, unsigned status)
{
	size_t length = strlen(bytes), piece, taken;

	for (piece = 1; piece <= length + 1; piece++) {
		struct answer_result result = feed(conf, bytes, length, piece, &taken);

		ck_assert_msg(result.reason == reason && result.status == status, "%s in pieces of %zu: %s %u", bytes,
		    piece, health_reason_word((uint32_t)result.reason), result.status);
	}
}

START_TEST(the_status_decides)
{
	struct conf_health conf = http();

	expect(&conf, "HTTP/1.1 200 OK\r\n\r\n", HEALTH_REASON_OK, 0);
	expect(&conf, "HTTP/1.0 299 OK\r\nContent-Length: 5\r\n\r\n", HEALTH_REASON_OK, 0);
	expect(&conf, "HTTP/1.1 302 Found\r\n\r\n", HEALTH_REASON_STATUS, 302);
	expect(&conf, "HTTP/1.1 503 No\r\nContent-Length: 5\r\n\r\n", HEALTH_REASON_STATUS, 503);
}
END_TEST

START_TEST(what_is_no_answer_fails)
{
	struct conf_health conf = http();

	expect(&conf, "", HEALTH_REASON_CLOSED_BY_SERVER, 0);
	expect(&conf, "HTTP/1.1 200 OK\r\nX: 1\r\n", HEALTH_REASON_TRUNCATED_RESPONSE, 0);
	expect(&conf, "SSH-2.0-x\r\n", HEALTH_REASON_BAD_RESPONSE, 0);
	expect(&conf, "HTTP/1.1 200 OK\r\nX : 1\r\n\r\n", HEALTH_REASON_BAD_RESPONSE, 0);
	expect(&conf, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
	    HEALTH_REASON_BAD_RESPONSE, 0);
}
END_TEST

START_TEST(interim_responses_are_skipped)
{
	struct conf_health conf = http();
	char many[1024];
	size_t n;

	expect(&conf, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: </x>\r\n\r\nHTTP/1.1 204 No\r\n\r\n",
	    HEALTH_REASON_OK, 0);
	expect(&conf, "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", HEALTH_REASON_BAD_RESPONSE, 0);
	for (n = 0; n + 32 < sizeof many;)
		n += (size_t)snprintf(many + n, sizeof many - n, "HTTP/1.1 103 Early\r\n\r\n");
	expect(&conf, many, HEALTH_REASON_BAD_RESPONSE, 0);
}
END_TEST

START_TEST(texts_are_found_in_bodies)
{
	struct conf_health conf = http();

	conf.body = text;
	expect(&conf, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\naabaabaac", HEALTH_REASON_OK, 0);
	expect(&conf, "HTTP/1.1 200 OK\r\n\r\naaabaac, and more", HEALTH_REASON_OK, 0);
	expect(&conf, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nxaab\r\n1;e=1\r\na\r\n2\r\nac\r\n",
	    HEALTH_REASON_OK, 0);
	expect(&conf, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\naabaabaac", HEALTH_REASON_BODY_MISMATCH, 0);
	expect(&conf, "HTTP/1.1 200 OK\r\n\r\naabaaab", HEALTH_REASON_BODY_MISMATCH, 0);
	expect(&conf, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", HEALTH_REASON_BODY_MISMATCH, 0);
	expect(&conf, "HTTP/1.1 204 No\r\n\r\n", HEALTH_REASON_BODY_MISMATCH, 0);
	expect(&conf, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\naabaa", HEALTH_REASON_TRUNCATED_RESPONSE, 0);
	expect(&conf, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nxaabX", HEALTH_REASON_BAD_RESPONSE, 0);
	expect(&conf, "HTTP/1.1 500 No\r\n\r\naabaac", HEALTH_REASON_STATUS, 500);
}
END_TEST

START_TEST(nothing_is_read_without_end)
{
	struct conf_health conf = http();
	size_t length = 4 << 20, taken;
	char *bytes = malloc(length);
	static const char head[] = "HTTP/1.1 200 OK\r\n", chunked[] = "Transfer-Encoding: chunked\r\n\r\n";
	size_t i, n = sizeof head - 1;

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, 'a', length);
	memcpy(bytes, head, n);
	ck_assert_int_eq(feed(&conf, bytes, length, 4096, &taken).reason, HEALTH_REASON_BAD_RESPONSE);
	ck_assert_uint_le(taken, limits.head + 4096);
	conf.body = text;
	memcpy(bytes + n, "\r\n", 2);
	ck_assert_int_eq(feed(&conf, bytes, length, 4096, &taken).reason, HEALTH_REASON_BODY_MISMATCH);
	ck_assert_uint_le(taken, ANSWER_BODY_SEEN + 8192);
	memcpy(bytes + n, chunked, sizeof chunked - 1);
	for (i = n + sizeof chunked - 1; i + 6 <= length; i += 6)
		memcpy(bytes + i, "1\r\na\r\n", 6);
	ck_assert_int_eq(feed(&conf, bytes, length, 4096, &taken).reason, HEALTH_REASON_BODY_MISMATCH);
	ck_assert_uint_le(taken, 5 * ANSWER_BODY_SEEN);
	free(bytes);
}
END_TEST

START_TEST(head_has_no_body)
{
	struct conf_health conf = http();

	conf.method = CONF_HEALTH_HEAD;
	expect(&conf, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", HEALTH_REASON_OK, 0);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("answer");

	tcase_add_test(tests, requests_are_as_configured);
	tcase_add_test(tests, servers_are_greeted);
	tcase_add_test(tests, the_status_decides);
	tcase_add_test(tests, what_is_no_answer_fails);
	tcase_add_test(tests, interim_responses_are_skipped);
	tcase_add_test(tests, texts_are_found_in_bodies);
	tcase_add_test(tests, nothing_is_read_without_end);
	tcase_add_test(tests, head_has_no_body);
	return run_case(tests);
}

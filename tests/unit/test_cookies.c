/* http/cookies: a cookie is found whatever stands around it, and nothing else is taken for it. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "http/cookies.h"
#include "run.h"

static char head[70000];
static struct h1_request request;

/* A request with these header lines. */
static void
parse(const char *lines)
{
	const struct h1_limits limits = { .head = sizeof head, .target = 1000, .fields = 100 };
	struct h1_scan scan = { 0 };
	int length = snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", lines);

	ck_assert_int_eq((int)h1_request_parse(&request, &scan, head, (size_t)length, &limits), H1_DONE);
}

/* All values of the cookie "id": "1|2|". */
static const char *
values(const char *lines)
{
	static char text[70000];
	struct cookies at = { 0 };
	struct text value;
	size_t used = 0;

	parse(lines);
	text[0] = '\0';
	while (cookies_next(&at, &request, (struct text){ "id", 2 }, &value))
		used += (size_t)snprintf(text + used, sizeof text - used, "%.*s|", (int)value.length, value.bytes);
	return text;
}

START_TEST(it_is_found_among_others)
{
	ck_assert_str_eq(values("Cookie: id=1\r\n"), "1|");
	ck_assert_str_eq(values("cookie: a=b; id=1; c=d\r\n"), "1|");
	ck_assert_str_eq(values("COOKIE: a=b;id=1;c=d\r\n"), "1|");
	ck_assert_str_eq(values("Cookie: \t id=1 \t ;\r\n"), "1|");
	ck_assert_str_eq(values("Cookie: id=\r\n"), "|");
	ck_assert_str_eq(values("Cookie: id==1=\r\n"), "=1=|");
	ck_assert_str_eq(values("Cookie: a=1\r\nX: id=3\r\nCookie: id=2\r\n"), "2|");
}
END_TEST

START_TEST(all_of_that_name_in_their_order)
{
	ck_assert_str_eq(values("Cookie: id=1; id=2; a=3\r\nCookie: id=4\r\nCookie: b\r\nCookie: id=5\r\n"), "1|2|4|5|");
}
END_TEST

START_TEST(what_is_something_else_is_not_it)
{
	static const char *const others[] = { "id", "id ", "ID=1", "Id=1", "xid=1", "idx=1", "id =1", "a=id=1", "\"id=1\"",
		"=", ";", ";;;", "", "; ; =; ;", "i", "i=d=1", "a=\"b", "\xc3\xa4=\xff" };
	char lines[200];
	size_t i;

	for (i = 0; i < sizeof others / sizeof others[0]; i++) {
		snprintf(lines, sizeof lines, "Cookie: %s\r\n", others[i]);
		ck_assert_msg(strcmp(values(lines), "") == 0, "%s", others[i]);
		snprintf(lines, sizeof lines, "Cookie: %s; id=7; %s\r\n", others[i], others[i]);
		ck_assert_msg(strcmp(values(lines), "7|") == 0, "%s", others[i]);
	}
	ck_assert_str_eq(values("Cookies: id=1\r\nCookie2: id=1\r\nX-Cookie: id=1\r\n"), "");
}
END_TEST

START_TEST(many_and_long_ones)
{
	static char lines[60000], many[60000];
	size_t used = 0;
	int i;

	memset(lines, 'a', sizeof lines);
	memcpy(lines, "Cookie: id=", 11);
	memcpy(lines + sizeof lines - 3, "\r\n", 3);
	ck_assert_uint_eq(strlen(values(lines)), sizeof lines - 1 - 11 - 2 + 1);
	used += (size_t)snprintf(many, sizeof many, "Cookie: ");
	for (i = 0; i < 5000; i++)
		used += (size_t)snprintf(many + used, sizeof many - used, "id=%d;", i % 10);
	snprintf(many + used, sizeof many - used, "\r\n");
	ck_assert_uint_eq(strlen(values(many)), 10000);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("cookies");

	tcase_add_test(tests, it_is_found_among_others);
	tcase_add_test(tests, all_of_that_name_in_their_order);
	tcase_add_test(tests, what_is_something_else_is_not_it);
	tcase_add_test(tests, many_and_long_ones);
	return run_case(tests);
}

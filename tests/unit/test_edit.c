/* http/edit and http/rewrite: fields of heads are changed by rules, paths by prefixes. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/object.h"
#include "http/edit.h"
#include "http/forward.h"
#include "http/rewrite.h"
#include "run.h"

static struct edits edits;
static struct forward forward;
static char out[65536];

static struct text
text_of(const char *string)
{
	return (struct text){ string, strlen(string) };
}

/* One edit as text: "=A b" sets, "+A b" adds, "?A b" is a default, "-A" removes, "-A*" all that begin so. */
static void
edit_read(char *text)
{
	static const char signs[] = "=+?-"; /* enum edit_action */
	enum edit_action action = (enum edit_action)(strchr(signs, text[0]) - signs);
	char *value = strchr(text, ' ');
	size_t length = value != NULL ? (size_t)(value - text - 1) : strlen(text + 1);
	bool prefix = text[length] == '*';
	struct edit *edit = edits_open(&edits, action, text + 1, length - prefix, prefix);
	size_t room;

	ck_assert_ptr_nonnull(edit);
	if (value == NULL)
		return;
	memcpy(edits_end(&edits, &room), value + 1, strlen(value + 1));
	ck_assert_int_eq(edits_close(&edits, edit, strlen(value + 1)), 0);
}

/* Rules parted by "|". */
static void
edits_read(const char *rules)
{
	static char text[1024];
	char *at, *save = NULL;

	snprintf(text, sizeof text, "%s", rules);
	edits_begin(&edits);
	for (at = strtok_r(text, "|", &save); at != NULL; at = strtok_r(NULL, "|", &save))
		edit_read(at);
}

/* Fields parted by "|" as lines, and back. */
static const char *
rewritten_fields(const char *rules, const char *fields)
{
	static char lines[1024];
	char *to = lines;
	const char *p;
	ptrdiff_t n, i;

	for (p = fields; *p != '\0'; p++)
		to = *p == '|' ? stpcpy(to, "\r\n") : (*to = *p, to + 1);
	*to = '\0';
	edits_read(rules);
	n = edits_rewrite(&edits, text_of(lines), out, sizeof out);
	ck_assert_int_ge(n, 0);
	out[n] = '\0';
	for (i = 0, to = out; i < n; i++)
		if (out[i] == '\r')
			*to++ = '|';
		else if (out[i] != '\n')
			*to++ = out[i];
	*to = '\0';
	return out;
}

struct row {
	const char *rules, *in, *out;
};

static const struct row rows[] = {
	{ "", "A: 1|B: 2|", "A: 1|B: 2|" },
	{ "=A x", "a: 1|B: 2|A: 3|", "B: 2|A: x|" },
	{ "=A x", "B: 2|", "B: 2|A: x|" },
	{ "=A ", "A: 1|B: 2|", "B: 2|" },
	{ "+A x", "A: 1|", "A: 1|A: x|" },
	{ "+A ", "A: 1|", "A: 1|" },
	{ "?A x", "A: 1|", "A: 1|" },
	{ "?A x", "B: 1|", "B: 1|A: x|" },
	{ "-A", "A: 1|AB: 2|a: 3|", "AB: 2|" },
	{ "-A*", "A: 1|AB: 2|a-c: 3|B: 4|", "B: 4|" },
	{ "-X-A", "X_A: 1|X.A: 2|X-A: 3|XA: 4|", "XA: 4|" },
	{ "-X_A", "X_A: 1|X-A: 3|", "X-A: 3|" },
	/* the order counts */
	{ "=A x|+A y", "A: 1|", "A: x|A: y|" },
	{ "+A y|=A x", "A: 1|", "A: x|" },
	{ "+A y|-A", "A: 1|", "" },
	{ "-A|+A y", "A: 1|", "A: y|" },
	{ "-A|?A y", "A: 1|", "A: y|" },
	{ "=A x|?A y", "", "A: x|" },
	{ "?A x|?A y", "", "A: x|" },
	{ "?A x|-A|?A y", "", "A: y|" },
	{ "+A 1|-A*|+A 2", "A: 0|", "A: 2|" },
	{ "=A |?A y", "A: 1|", "A: y|" },
};

START_TEST(edits_are_carried_out_in_their_order)
{
	ck_assert_str_eq(rewritten_fields(rows[_i].rules, rows[_i].in), rows[_i].out);
}
END_TEST

START_TEST(no_value_ends_its_line)
{
	static const char *const values[] = { "a\rb", "a\nb", "a\r\nB: c", "\x01", "\x7f", "a\x1f" };
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(values); i++) {
		edits_begin(&edits);
		ck_assert_int_eq(edits_add(&edits, EDIT_SET, "A", text_of(values[i])), -1);
	}
	edits_begin(&edits);
	ck_assert_int_eq(edits_add(&edits, EDIT_SET, "A", (struct text){ "a\0b", 3 }), -1);
	edits_begin(&edits);
	ck_assert_int_eq(edits_add(&edits, EDIT_SET, "A", text_of("\ta \xc3\xa9")), 0);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
	static char big[EDITS_TEXT];
	size_t room;
	int i;

	memset(big, 'x', sizeof big);
	edits_begin(&edits);
	ck_assert_int_eq(edits_add(&edits, EDIT_SET, "A", (struct text){ big, EDITS_TEXT - 4 }), -1);
	edits_begin(&edits);
	edits_open(&edits, EDIT_SET, "A", 1, false);
	edits_end(&edits, &room);
	ck_assert_uint_eq(room, EDITS_TEXT - 3 - 2);
	edits_begin(&edits);
	ck_assert_int_eq(edits_add(&edits, EDIT_SET, "A", (struct text){ big, EDITS_TEXT - 5 }), 0);
	ck_assert_ptr_null(edits_open(&edits, EDIT_ADD, "B", 1, false));
	ck_assert_ptr_nonnull(edits_open(&edits, EDIT_REMOVE, "B", 1, false));
	ck_assert_int_eq(edits_rewrite(&edits, text_of(""), out, EDITS_TEXT - 1), -1);
	edits_begin(&edits);
	for (i = 0; i < EDITS_MAX; i++)
		ck_assert_ptr_nonnull(edits_open(&edits, EDIT_REMOVE, "B", 1, false));
	ck_assert_ptr_null(edits_open(&edits, EDIT_REMOVE, "B", 1, false));
}
END_TEST

/* ---- in heads */

static const struct h1_limits limits = { .head = 16384, .target = 8192, .fields = 100 };

static const char *
flatten(void)
{
	size_t n = 0;
	int i;

	for (i = 0; i < forward.count; i++) {
		memcpy(out + n, forward.pieces[i].iov_base, forward.pieces[i].iov_len);
		n += forward.pieces[i].iov_len;
	}
	out[n] = '\0';
	return out;
}

static const char *
request_with(const char *rules, const char *head)
{
	static const struct forward_changes changes = { .more = { "X-User: u\r\n", 11 } };
	static const struct forward_request_policy policy = { .client = "c", .scheme = "http", .fallback_host = "f",
		.x_forwarded = true, .via = "drover", .request_id = "id", .edits = &edits, .changes = &changes };
	static struct h1_request request;
	struct h1_scan scan = { 0 };

	ck_assert_int_eq(h1_request_parse(&request, &scan, head, strlen(head), &limits), H1_DONE);
	edits_read(rules);
	forward_request(&forward, &request, &policy);
	return flatten();
}

#define OWN "X-Forwarded-For: c\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: h\r\nX-Request-Id: id\r\nVia: 1.1 drover\r\n"
#define HEAD "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nCookie: c\r\n\r\n"

static const struct row requests[] = {
	{ "", HEAD, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nCookie: c\r\nX-User: u\r\n" OWN "\r\n" },
	{ "-Co*|-X-User", HEAD, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n" OWN "\r\n" },
	{ "-Ho*|=Host new:1", HEAD,
	    "POST / HTTP/1.1\r\nHost: new:1\r\nContent-Length: 1\r\nCookie: c\r\nX-User: u\r\n" OWN "\r\n" },
	{ "=Host ", HEAD, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nCookie: c\r\nX-User: u\r\n" OWN "\r\n" },
	{ "=Host a", "GET / HTTP/1.0\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a\r\nX-User: u\r\nX-Forwarded-For: c\r\nX-Forwarded-Proto: http\r\n"
	    "X-Request-Id: id\r\nVia: 1.0 drover\r\n\r\n" },
	{ "=X-Forwarded-Proto https|-X-Forwarded-For|?X-Request-Id x|?X-User v|-Via|?X-Forwarded-Host x", HEAD,
	    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nCookie: c\r\nX-User: u\r\nX-Forwarded-Proto: https\r\n"
	    "X-Forwarded-Host: h\r\nX-Request-Id: id\r\n\r\n" },
	{ "-X-*|?X-User v", HEAD,
	    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nCookie: c\r\nX-User: v\r\nVia: 1.1 drover\r\n\r\n" },
};

START_TEST(requests_are_edited)
{
	ck_assert_str_eq(request_with(requests[_i].rules, requests[_i].in), requests[_i].out);
}
END_TEST

START_TEST(responses_are_edited_but_not_their_framing)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 0\r\nX: 1\r\n\r\n";
	static const struct forward_response_policy policy = { .keep_alive = true, .keep_length = true, .edits = &edits };
	static struct h1_response response;
	struct h1_scan scan = { 0 };

	ck_assert_int_eq(
	    h1_response_parse(&response, &scan, head, sizeof head - 1, &limits, H1_METHOD_GET), H1_DONE);
	edits_read("-C*|-Server|?X 2|?Y 3|+X 4");
	forward_response(&forward, &response, &policy);
	ck_assert_str_eq(flatten(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: 1\r\nY: 3\r\nX: 4\r\n\r\n");
}
END_TEST

START_TEST(a_host_that_is_none_is_seen)
{
	static const char *const bad[] = { "=Host a b", "=Host a/b", "=Host a:b", "=Host @", "=hOST [::1" };
	static const char *const good[] = { "=Host a", "=Host a:1", "=Host [::1]:2", "=Host ", "=A a b" };
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(bad); i++) {
		edits_read(bad[i]);
		ck_assert_msg(!edits_host_is_valid(&edits), "%s", bad[i]);
	}
	for (i = 0; i < ARRAY_LENGTH(good); i++) {
		edits_read(good[i]);
		ck_assert_msg(edits_host_is_valid(&edits), "%s", good[i]);
	}
}
END_TEST

/* ---- paths */

static const struct path_row {
	const char *from, *to, *add, *path, *out; /* NULL: it stays */
} paths[] = {
	{ "/api", "", "", "/api/x?y", "/x?y" },
	{ "/api", "", "", "/api", "/" },
	{ "/api", "", "", "/api?q", "/?q" },
	{ "/api", "", "", "/api/", "/" },
	{ "/api", "", "", "/apix", NULL },
	{ "/api", "", "", "/x/api", NULL },
	{ "/api", "", "", "/API/x", NULL },
	{ "/api", "", "", "*", NULL },
	{ "/api", "", "", "", NULL },
	{ "/api", "", "", "/api//evil.example/x", "/evil.example/x" },
	{ "/api", "", "", "/api////", "/" },
	{ "/api", "", "", "/api/?a=//b", "/?a=//b" },
	{ "", "", "/v2", "/x?y", "/v2/x?y" },
	{ "", "", "/v2", "/", "/v2/" },
	{ "", "", "/v2", "", "/v2/" },
	{ "", "", "/v2", "*", NULL },
	{ "/old", "/new", "", "/old", "/new" },
	{ "/old", "/new", "", "/old/x", "/new/x" },
	{ "/old", "/new", "", "/old?x", "/new?x" },
	{ "/old", "/new", "", "/older", NULL },
	{ "", "/new", "", "/x", "/new/x" },
	{ "", "/new", "", "", "/new/" },
	{ "/api", "", "/v2", "/api", "/v2" },
	{ "/api", "", "/v2", "/api/x", "/v2/x" },
	{ "/api", "", "/v2", "/other", "/v2/other" },
	{ "/old", "/new", "/v2", "/old/x", "/v2/new/x" },
};

START_TEST(paths_are_rewritten)
{
	const struct path_row *row = &paths[_i];
	struct rewrite rewrite = { text_of(row->from), text_of(row->to), text_of(row->add) };
	struct rewritten to;
	size_t n = 0, i;

	ck_assert_int_eq(rewrite_path(&rewrite, text_of(row->path), &to), row->out != NULL);
	for (i = 0; row->out != NULL && i < REWRITTEN_PARTS; i++) {
		if (to.parts[i].length > 0)
			memcpy(out + n, to.parts[i].bytes, to.parts[i].length);
		n += to.parts[i].length;
	}
	out[n] = '\0';
	ck_assert_str_eq(out, row->out != NULL ? row->out : "");
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("edit");

	tcase_add_loop_test(tests, edits_are_carried_out_in_their_order, 0, ARRAY_LENGTH(rows));
	tcase_add_test(tests, no_value_ends_its_line);
	tcase_add_test(tests, what_does_not_fit_is_refused);
	tcase_add_loop_test(tests, requests_are_edited, 0, ARRAY_LENGTH(requests));
	tcase_add_test(tests, responses_are_edited_but_not_their_framing);
	tcase_add_test(tests, a_host_that_is_none_is_seen);
	tcase_add_loop_test(tests, paths_are_rewritten, 0, ARRAY_LENGTH(paths));
	return run_case(tests);
}

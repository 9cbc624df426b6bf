/* conf: what can be wrong with rules about requests and responses is told with its line. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/object.h"
#include "conf/conf.h"
#include "run.h"

#define OK "listen \"*:80\" { }\npool \"web\" { server \"127.0.0.1:3000\" { } }\n"

static const struct bad {
	const char *text, *errors;
} bad[] = {
	{ OK "request-header = { \"set X $hots\",\n\"sett Y z\", \"set TE x\" }\n",
	    "f:3: request-header has no variable $hots; did you mean $host?\n"
	    "f:4: request-header has no rule \"sett\"; did you mean \"set\"?\n"
	    "f:4: request-header cannot change TE: it belongs to the connection or frames the message\n" },
	{ OK "request-header = \"set X $status\"\n", "f:3: request-header cannot have $status: it has no value here\n" },
	{ OK "route { pool = web\nresponse-header = \"set X a\tb\" }\n",
	    "f:4: response-header cannot hold a control character (0x09)\n" },
	{ OK "route {\nredirect = \"300 /\" }\n", "f:4: redirect has the status 300; it is 301, 302, 303, 307 or 308\n" },
	{ OK "route { redirect = \"301\" }\n",
	    "f:3: redirect has no address to go to, such as https://$host$uri\n" },
	{ OK "route { redirect = \"301 https://$server/\" }\n",
	    "f:3: redirect cannot have $server: it has no value here\n" },
	{ OK "route { respond = \"hello\" }\n",
	    "f:3: respond is a status, then a text or the path of a file, such as 200 ok, not \"hello\"\n" },
	{ OK "route { path = /  respond = \"100\" }\nroute { respond = \"304\" }\n",
	    "f:3: respond has the status 100, which cannot be sent so\n"
	    "f:4: respond has the status 304, which cannot be sent so\n" },
	{ OK "route { respond = \"204 x\" }\n", "f:3: respond has a body, and 204 has none\n" },
	{ OK "route { respond = \"200 /no/such.html\" }\n",
	    "f:3: respond cannot take /no/such.html: cannot open the file: No such file or directory\n" },
	{ OK "error-page = { \"/etc/passwd\", \"404\", \"200 /etc/passwd\",\n\"404 /etc\",\n\"404 /dev/null\" }\n",
	    "f:3: error-page cannot hold \"/etc/passwd\": it is statuses, then a path that begins with /\n"
	    "f:3: error-page cannot hold \"404\": it is statuses, then a path that begins with /\n"
	    "f:3: error-page has the status 200; it is one from 400 to 599\n"
	    "f:4: error-page cannot take /etc: this is a directory, not a file\n"
	    "f:5: error-page cannot take /dev/null: this is a device, not a file\n" },
	{ OK "error-page = { \"404 500 /etc/passwd\", \"500 /etc/passwd\" }\n",
	    "f:3: error-page has two pages for the status 500\n" },
	{ OK "route { pool = web  redirect = \"/\" }\n",
	    "f:3: this route has a pool and redirect, which leaves it no request\n" },
	{ OK "route { redirect = \"/\"  respond = 200 }\n", "f:3: this route has both redirect and respond\n" },
	{ OK "listen \"*:81\" {\nrespond-type = \"a/b\" }\n",
	    "f:3: this listener has respond-type, but nothing to respond\n" },
	{ OK "route { pool = web  respond-type = text }\n",
	    "f:3: respond-type is a media type, such as application/json, not \"text\"\n"
	    },
	{ OK "route { pool = web  strip-prefix = api  add-prefix = \"/a b\"  replace-prefix = /x }\n",
	    "f:3: strip-prefix is a path that begins with / and has no ? or #, not \"api\"\n"
	    "f:3: replace-prefix is a path and the one in its place, such as /old /new, not \"/x\"\n"
	    "f:3: add-prefix is a path that begins with / and has no ? or #, not \"/a b\"\n" },
	{ OK "route { pool = web  strip-prefix = \"//\"  replace-prefix = \"/a b\"  add-prefix = \"/?\" }\n",
	    "f:3: strip-prefix is a path below /, not \"//\"\n"
	    "f:3: replace-prefix is a path and the one in its place, such as /old /new, not \"/a b\"\n"
	    "f:3: add-prefix is a path that begins with / and has no ? or #, not \"/?\"\n" },
	{ OK "route { pool = web  strip-prefix = /a  replace-prefix = \"/a /b\" }\n",
	    "f:3: this route has both strip-prefix and replace-prefix\n" },
	{ OK "request-id = keeep\nrequest-id-header = \"Content-Length\"\nrequest-id-response = true\n",
	    "f:3: request-id is off, make or keep, not \"keeep\"; did you mean \"keep\"?\n"
	    "f:4: request-id-header cannot change Content-Length: it belongs to the connection or frames the message\n"
	    "f:5: request-id-response is true, but request-id is off\n" },
	{ "listen \"*:80\" { redirect = \"/\" }\nlisten \"*:81\" { }\n",
	    "f: there is no pool and no app; add: pool \"web\" { server \"127.0.0.1:3000\" { } }\n" },
};

/* All that is said about a configuration, a line each. */
static const char *
errors_of(const char *text)
{
	static char out[8192];
	struct conf_errors errors;
	struct conf *conf = conf_load_text(text, "f", &errors);
	size_t i, n = 0;

	out[0] = '\0';
	for (i = 0; i < errors.count; i++)
		n += (size_t)snprintf(out + n, sizeof out - n, "%s\n", errors.lines[i]);
	conf_errors_free(&errors);
	conf_free(conf);
	return out;
}

START_TEST(what_is_wrong_is_told)
{
	ck_assert_str_eq(errors_of(bad[_i].text), bad[_i].errors);
}
END_TEST

static const char *const good[] = {
	"listen \"*:80\" { redirect = \"https://$host$uri\" }\n",
	"listen \"*:80\" { }\nroute { respond = \"200 a $100 text\" }\n",
	"listen \"*:80\" { }\nroute { path = /a  redirect = /b }\nroute { respond = 404 }\n",
	"error-page = { \"404 /etc/passwd\", \"500 /etc/passwd\" }\n" OK,
	OK "route { pool = web  replace-prefix = \"/ /new/\"  add-prefix = /v }\n",
};

START_TEST(what_needs_no_pool_has_none)
{
	ck_assert_str_eq(errors_of(good[_i]), "");
}
END_TEST

START_TEST(lists_and_texts_are_inherited_by_listeners_alone)
{
	struct conf_errors errors;
	struct conf *conf = conf_load_text("error-page = \"404 /etc/passwd\"  response-header = \"set A b\"\n" OK
					   "listen \"*:81\" { response-header = { }  error-page = \"500 /etc/passwd\" }\n"
					   "route { pool = web }\n",
	    "f", &errors);

	ck_assert_ptr_nonnull(conf);
	ck_assert_str_eq(conf->listeners[0].rules.response_headers[0].text, "set A b");
	ck_assert_str_eq(conf->listeners[0].rules.error_pages[0].text, "404 /etc/passwd");
	ck_assert_uint_eq(conf->listeners[1].rules.response_header_count, 0);
	ck_assert_ptr_null(conf_error_page_find(conf->listeners[1].rules.error_pages, 1, 404));
	ck_assert_ptr_nonnull(conf_error_page_find(conf->listeners[1].rules.error_pages, 1, 500));
	ck_assert_uint_eq(conf->routes[0].rules.response_header_count + conf->routes[0].rules.error_page_count, 0);
	conf_free(conf);
}
END_TEST

START_TEST(a_list_is_not_longer_than_workers_have_room_for)
{
	static char text[CONF_HEADER_RULES_BYTES + 512];
	enum { LINE = sizeof "X: \r\n" - 1, VALUE = CONF_HEADER_RULES_BYTES / 4 - LINE };
#define ROWS OK "response-header = { \"set X %s\", \"add X %s\", \"add X %s\", \"add X %s%s\" }\n"
	static char value[VALUE + 1];

	memset(value, 'x', VALUE);
	snprintf(text, sizeof text, ROWS, value, value, value, value, "");
	ck_assert_str_eq(errors_of(text), "");
	snprintf(text, sizeof text, ROWS, value, value, value, value, "x");
	ck_assert_str_eq(
	    errors_of(text), "f:3: response-header is too long: its rules can write more than 8192 bytes\n");
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("conf_rules");

	tcase_add_loop_test(tests, what_is_wrong_is_told, 0, ARRAY_LENGTH(bad));
	tcase_add_loop_test(tests, what_needs_no_pool_has_none, 0, ARRAY_LENGTH(good));
	tcase_add_test(tests, lists_and_texts_are_inherited_by_listeners_alone);
	tcase_add_test(tests, a_list_is_not_longer_than_workers_have_room_for);
	return run_case(tests);
}

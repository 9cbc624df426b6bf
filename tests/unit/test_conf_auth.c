/* conf: who is let in. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/object.h"
#include "conf/conf.h"
#include "conf/users.h"
#include "conf_must.h"
#include "run.h"

START_TEST(rules_about_users)
{
	struct conf *conf = conf_must_load("auth-basic = all auth-users = /u auth-user-header = X-U listen :81 { } "
				 "listen :82 { auth-basic = off auth-user-header = off } listen :83 { auth-users = /v auth-forward = no } "
				 "pool p { server 127.0.0.1:1 { } } route { pool = p auth-basic = \"of it\" auth-users = /u }");
	const struct conf_rules *one = &conf->listeners[0].rules, *two = &conf->listeners[1].rules;
	const struct conf_rules *three = &conf->listeners[2].rules, *route = &conf->routes[0].rules;

	ck_assert_str_eq(one->auth_realm, "all");
	ck_assert_str_eq(one->auth_user_header, "X-U");
	ck_assert(one->auth_forward && route->auth_forward && !three->auth_forward);
	ck_assert_ptr_null(two->auth_realm);
	ck_assert_ptr_null(two->auth_user_header);
	ck_assert_str_eq(three->auth_realm, "all");
	ck_assert_str_eq(route->auth_realm, "of it");
	ck_assert_ptr_null(route->auth_user_header);
	/* a file is read once, whoever names it */
	ck_assert_uint_eq(conf->users_file_count, 2);
	ck_assert_int_eq(one->users_file, route->users_file);
	ck_assert_str_eq(conf->users_files[one->users_file].path, "/u");
	ck_assert_str_eq(conf->users_files[three->users_file].path, "/v");
	free(conf_must_round_trip("auth-basic = all auth-users = /u listen :81 { auth-basic = off } pool p { server 127.0.0.1:1 { } }"));
	conf_free(conf);
}
END_TEST

START_TEST(rules_about_who_is_asked)
{
	struct conf *conf = conf_must_load("auth-request = \"b c /x?y\" listen :80 { } listen :81 { auth-request = off } "
					   "pool a { server 127.0.0.1:1 { } } pool \"b c\" { server 127.0.0.1:2 { } } "
					   "route { pool = a auth-request = \"a /\" auth-request-copy = { X-A, X-B } "
					   "cors-origins = { \"HTTPS://*.Example.ORG\", \"http://[::1]:80\" } }");
	const struct conf_rules *first = &conf->listeners[0].rules, *route = &conf->routes[0].rules;

	ck_assert_int_eq(first->ask_pool, 1);
	ck_assert_str_eq(first->ask_path, "/x?y");
	ck_assert_ptr_null(conf->listeners[1].rules.ask);
	ck_assert_int_eq(route->ask_pool, 0);
	ck_assert_str_eq(route->ask_path, "/");
	ck_assert_uint_eq(route->ask_copy_count, 2);
	ck_assert_str_eq(route->cors_origins[0], "https://*.example.org");
	ck_assert_uint_eq(route->cors_max_age, UINT64_C(3600000000));
	conf_free(conf);
}
END_TEST

#define REST " } pool web { server 127.0.0.1:1 { } }"

struct row {
	const char *options; /* of a listener */
	const char *error;
};

static const struct row rows[] = {
	{ "auth-basic = x", "f:1: auth-basic needs the file of those who may come in: auth-users = \"/PATH\"" },
	{ "auth-basic = \"\"", "f:1: auth-basic is a text of 1 to 127 bytes, or off, not \"\"" },
	{ "auth-basic = \"a\tb\" auth-users = /u", "f:1: auth-basic cannot have control characters in it" },
	{ "auth-users = users", "f:1: auth-users is a path that begins with /, not \"users\"" },
	{ "auth-user-header = \"X User\"", "f:1: auth-user-header is the name of a header field, or off, not \"X User\"" },
	{ "auth-user-header = \"X:\"", "f:1: auth-user-header is the name of a header field, or off, not \"X:\"" },
	{ "auth-user-header = host", "f:1: auth-user-header cannot be host, which drover writes itself" },
	{ "auth-user-header = Transfer-Encoding",
	    "f:1: auth-user-header cannot be Transfer-Encoding, which drover writes itself" },
	{ "auth-request = \"wab /x\"", "f:1: there is no pool \"wab\"; did you mean \"web\"?" },
	{ "auth-request = web",
	    "f:1: auth-request is the name of a pool, a space and a path, such as \"login /check\", or off, not \"web\"" },
	{ "auth-request = \"web /a#b\"", "f:1: auth-request has a path with what is to be written as %23" },
	{ "auth-request-copy = { X-A, \"X B\" }",
	    "f:1: auth-request-copy is a list of names of header fields, not \"X B\"" },
	{ "auth-request-copy = content-length", "f:1: auth-request-copy cannot be content-length, which drover writes itself" },
	{ "cors-origins = \"https://a/\"",
	    "f:1: cors-origins cannot hold \"https://a/\": an origin ends with the host or its port, without a path" },
	{ "cors-origins = \"https://*\"", "f:1: cors-origins is a list of origins, such as https://app.example or "
					  "https://*.example.org, null, or *, not \"https://*\"" },
	{ "cors-origins = \"app.example\"", "f:1: cors-origins is a list of origins, such as https://app.example or "
					    "https://*.example.org, null, or *, not \"app.example\"" },
	{ "cors-origins = { \"*\" } cors-credentials = on",
	    "f:1: cors-origins \"*\" with cors-credentials would show what users see to every page; name the origins" },
	{ "cors-methods = \"P UT\"", "f:1: cors-methods is a list of methods, such as PUT and DELETE, not \"P UT\"" },
};

START_TEST(what_is_refused)
{
	const struct row *row = &rows[_i];
	struct conf_errors errors;
	char text[512];

	snprintf(text, sizeof text, "listen :80 { %s" REST, row->options);
	ck_assert_ptr_null(conf_load_text(text, "f", &errors));
	ck_assert_uint_eq(errors.count, 1);
	ck_assert_str_eq(errors.lines[0], row->error);
	conf_errors_free(&errors);
}
END_TEST

static const struct row routes[] = {
	{ "auth-users = /u", "f:2: this route has auth-users, but no auth-basic" },
	{ "auth-user-header = X-U", "f:2: this route has auth-user-header, but no auth-basic" },
	{ "auth-request-copy = X-U", "f:2: this route has auth-request-copy, but no auth-request" },
	{ "auth-request-redirect = on", "f:2: this route has auth-request-redirect, but no auth-request" },
	{ "cors-methods = PUT", "f:2: this route has options of CORS, but no cors-origins" },
	{ "cors-credentials = on", "f:2: this route has options of CORS, but no cors-origins" },
	{ "limit-burst = 3", "f:2: this route has limit-burst, but no limit-rate" },
};

/* A route inherits nothing: these would do nothing. */
START_TEST(what_does_nothing_in_a_route)
{
	const struct row *row = &routes[_i];
	struct conf_errors errors;
	char text[512];

	snprintf(text, sizeof text, "listen :80 {" REST "\nroute { pool = web %s }", row->options);
	ck_assert_ptr_null(conf_load_text(text, "f", &errors));
	ck_assert_uint_eq(errors.count, 1);
	ck_assert_str_eq(errors.lines[0], row->error);
	conf_errors_free(&errors);
}
END_TEST

/* With the line that says it, whoever inherits it. */
START_TEST(what_listeners_inherit_is_refused_once)
{
	static const char *const lines[] = {
		"f:1: auth-basic needs the file of those who may come in: auth-users = \"/PATH\"",
		"f:2: there is no pool \"wab\"; did you mean \"web\"?",
		"f:3: cors-origins \"*\" with cors-credentials would show what users see to every page; name the origins",
		"f:5: there is no pool \"wob\"; did you mean \"web\"?",
	};
	struct conf_errors errors;
	size_t i;

	ck_assert_ptr_null(conf_load_text("auth-basic = x\nauth-request = \"wab /x\"\ncors-origins = { \"*\" } "
					  "cors-credentials = on\nlisten :80 { }\n"
					  "listen :81 { auth-request = \"wob /x\" }\nlisten :82 {" REST,
	    "f", &errors));
	ck_assert_uint_eq(errors.count, ARRAY_LENGTH(lines));
	for (i = 0; i < errors.count; i++)
		ck_assert_str_eq(errors.lines[i], lines[i]);
	conf_errors_free(&errors);
}
END_TEST

#define HASH "$1$j6fddOg0$3OQuAgveN7332SGgZ2GSG0"

static char directory[] = "/tmp/drover-conf-auth.XXXXXX";
static char users[64], conf_file[64];

static void
file_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static void
setup(void)
{
	char text[512];

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(users, sizeof users, "%s/users", directory);
	snprintf(conf_file, sizeof conf_file, "%s/conf", directory);
	snprintf(text, sizeof text,
	    "listen :80 { }\nlisten :81 { auth-basic = x auth-users = \"%s\" }\npool web { server 127.0.0.1:1 { } }\n"
	    "route { pool = web auth-basic = y auth-users = \"%s\" }\n",
	    users, users);
	file_write(conf_file, text);
}

static void
teardown(void)
{
	unlink(users);
	unlink(conf_file);
	rmdir(directory);
}

START_TEST(files_of_users_are_read)
{
	struct conf_errors errors;
	struct conf *conf;

	file_write(users, "ann:" HASH "\nbob:" HASH "\n");
	conf = conf_load(conf_file, &errors);
	ck_assert_ptr_nonnull(conf);
	ck_assert_uint_eq(conf->users_file_count, 1);
	ck_assert_uint_eq(conf_users_count(conf->users_files[0].users), 2);
	conf_free(conf);
}
END_TEST

START_TEST(what_is_wrong_in_them_is_told_with_both_places)
{
	struct conf_errors errors;
	char line[256];

	file_write(users, "ann:" HASH "\nbob\nann:" HASH "\n");
	ck_assert_ptr_null(conf_load(conf_file, &errors));
	ck_assert_uint_ge(errors.count, 1);
	snprintf(line, sizeof line, "%s:2: auth-users: %s:2: a line is NAME:HASH, as htpasswd writes it", conf_file, users);
	ck_assert_str_eq(errors.lines[0], line);
	conf_errors_free(&errors);
}
END_TEST

START_TEST(a_file_that_is_missing)
{
	struct conf_errors errors;

	ck_assert_ptr_null(conf_load(conf_file, &errors));
	ck_assert_uint_eq(errors.count, 1);
	ck_assert_ptr_nonnull(strstr(errors.lines[0], "/conf:2: auth-users: "));
	ck_assert_ptr_nonnull(strstr(errors.lines[0], "No such file or directory"));
	conf_errors_free(&errors);
}
END_TEST

START_TEST(a_file_that_everybody_can_read_is_warned_of)
{
	struct conf_errors errors;
	struct conf *conf;

	file_write(users, "ann:" HASH "\n");
	ck_assert_int_eq(chmod(users, 0644), 0);
	conf = conf_load(conf_file, &errors);
	ck_assert_ptr_nonnull(conf);
	conf_check_directories(conf, &errors);
	ck_assert_uint_eq(errors.count, 1);
	ck_assert_ptr_nonnull(strstr(errors.lines[0], "warning: auth-users: everybody on this machine can read"));
	conf_errors_free(&errors);
	ck_assert_int_eq(chmod(users, 0640), 0);
	conf_check_directories(conf, &errors);
	ck_assert_uint_eq(errors.count, 0);
	conf_errors_free(&errors);
	conf_free(conf);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("conf_auth");
	TCase *tests = tcase_create("conf_auth"), *files = tcase_create("files");

	suite_add_tcase(suite, tests);
	suite_add_tcase(suite, files);
	tcase_add_checked_fixture(files, setup, teardown);
	tcase_add_test(tests, rules_about_users);
	tcase_add_test(tests, rules_about_who_is_asked);
	tcase_add_loop_test(tests, what_is_refused, 0, (int)ARRAY_LENGTH(rows));
	tcase_add_loop_test(tests, what_does_nothing_in_a_route, 0, (int)ARRAY_LENGTH(routes));
	tcase_add_test(tests, what_listeners_inherit_is_refused_once);
	tcase_add_test(files, files_of_users_are_read);
	tcase_add_test(files, what_is_wrong_in_them_is_told_with_both_places);
	tcase_add_test(files, a_file_that_is_missing);
	tcase_add_test(files, a_file_that_everybody_can_read_is_warned_of);
	return run_suite(suite);
}

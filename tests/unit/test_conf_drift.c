/* conf/drift: what differs between two configurations, option by option and section by section. */
#include <check.h>
#include <string.h>

#include "base/object.h"
#include "conf/conf.h"
#include "conf/drift.h"
#include "conf/writer.h"
#include "run.h"

static struct conf *
load(const char *text)
{
	struct conf_errors errors;
	struct conf *conf = conf_load_text(text, "test.conf", &errors);

	ck_assert_msg(conf != NULL, "%s: %s", text, errors.count > 0 ? errors.lines[0] : "");
	conf_errors_free(&errors);
	return conf;
}

static json_t *
drift(const struct conf *from, const struct conf *to, bool hide)
{
	struct conf_drift *d = conf_drift_new(from, to, hide);
	json_t *found = json_array();
	enum conf_drift_step step;

	ck_assert_ptr_nonnull(d);
	while ((step = conf_drift_continue(d, found)) == CONF_DRIFT_MORE)
		continue;
	ck_assert_int_eq(step, CONF_DRIFT_OVER);
	conf_drift_free(d);
	return found;
}

#define BASE "workers = 2\nlisten \"*:80\" { }\n"

struct pair {
	const char *from, *to;
	const char *found; /* whole objects of sections are compared by their title only: see shortened() */
};

static const struct pair pairs[] = {
	{ BASE "pool \"web\" { server \"10.0.0.1:80\" { } }", BASE "pool \"web\" { server \"10.0.0.1:80\" { } }",
	    "[]" },
	{ BASE "pool \"web\" { server \"10.0.0.1:80\" { } }",
	    "workers = 3\nlisten \"*:80\" { }\npool \"web\" { server \"10.0.0.1:80\" { } }",
	    "[{\"what\":\"workers\",\"from\":2,\"to\":3}]" },
	{ BASE "pool \"web\" { server \"10.0.0.1:80\" { } }",
	    BASE "pool \"web\" { balance = least-connections server \"10.0.0.1:80\" { weight = 4 } }",
	    "[{\"what\":\"pool web balance\",\"from\":\"round-robin\",\"to\":\"least-connections\"},"
	    "{\"what\":\"pool web server 10.0.0.1:80 weight\",\"from\":1,\"to\":4}]" },
	{ BASE "pool \"web\" { server \"10.0.0.1:80\" { } server \"10.0.0.2:80\" { } server \"10.0.0.3:80\" { } }",
	    BASE "pool \"web\" { server \"10.0.0.3:80\" { } server \"10.0.0.1:80\" { } server \"10.0.0.4:80\" { } }",
	    "[{\"what\":\"pool web server 10.0.0.4:80\",\"from\":null,\"to\":\"10.0.0.4:80\"},"
	    "{\"what\":\"pool web server 10.0.0.2:80\",\"from\":\"10.0.0.2:80\",\"to\":null}]" },
	{ BASE "pool \"a\" { server \"10.0.0.1:80\" { } } route { pool = \"a\" }",
	    BASE "pool \"b\" { server \"10.0.0.1:80\" { } } route { path = \"/x\" pool = \"b\" } route { pool = \"b\" }",
	    "[{\"what\":\"pool b\",\"from\":null,\"to\":\"b\"},{\"what\":\"pool a\",\"from\":\"a\",\"to\":null},"
	    "{\"what\":\"route 1 path\",\"from\":[],\"to\":[\"/x\"]},"
	    "{\"what\":\"route 1 pool\",\"from\":\"a\",\"to\":\"b\"},"
	    "{\"what\":\"route 2\",\"from\":null,\"to\":null}]" },
	{ BASE "pool \"a\" { server \"10.0.0.1:80\" { } } route { path = \"/x\" pool = \"a\" } route { pool = \"a\" }",
	    BASE "pool \"a\" { server \"10.0.0.1:80\" { } }",
	    "[{\"what\":\"route 1\",\"from\":null,\"to\":null},{\"what\":\"route 2\",\"from\":null,\"to\":null}]" },
	{ BASE "pool \"web\" { server \"10.0.0.1:80\" { } }",
	    "workers = 2\nlisten \"*:80\" { paused = true }\npool \"web\" { server \"10.0.0.1:80\" { } }",
	    "[{\"what\":\"listen *:80 paused\",\"from\":false,\"to\":true}]" },
	{ BASE "app \"web\" { command = { a, b }  health { path = /x } }",
	    BASE "app \"web\" { command = { a, c }  instances = 2  health { path = /y } }",
	    "[{\"what\":\"app web command\",\"from\":[\"a\",\"b\"],\"to\":[\"a\",\"c\"]},"
	    "{\"what\":\"app web instances\",\"from\":1,\"to\":2},"
	    "{\"what\":\"app web health path\",\"from\":\"/x\",\"to\":\"/y\"}]" },
	{ BASE "app \"a\" { command = x }", BASE "app \"b\" { command = x }  pool \"a\" { server \"10.0.0.1:80\" { } } route { pool = a }",
	    "[{\"what\":\"pool a\",\"from\":null,\"to\":\"a\"},{\"what\":\"app b\",\"from\":null,\"to\":\"b\"},"
	    "{\"what\":\"app a\",\"from\":\"a\",\"to\":null},{\"what\":\"route 1\",\"from\":null,\"to\":null}]" },
};

/* In the place of a section's object: its title, or null. */
static void
shorten(json_t *difference, const char *name)
{
	json_t *value = json_object_get(difference, name), *title;

	if (!json_is_object(value))
		return;
	title = json_object_get(value, "address");
	if (title == NULL)
		title = json_object_get(value, "name");
	if (title != NULL)
		json_object_set(difference, name, title);
	else
		json_object_set_new(difference, name, json_null());
}

static void
check_drift(const char *from, const char *to, bool hide, const char *want)
{
	struct conf *a = load(from), *b = load(to);
	json_t *found = drift(a, b, hide), *wanted = json_loads(want, 0, NULL), *difference;
	size_t i;

	json_array_foreach (found, i, difference) {
		shorten(difference, "from");
		shorten(difference, "to");
	}
	ck_assert_ptr_nonnull(wanted);
	ck_assert_msg(json_equal(found, wanted), "%s", json_dumps(found, 0));
	json_decref(found);
	json_decref(wanted);
	conf_free(a);
	conf_free(b);
}

START_TEST(differences_are_found)
{
	check_drift(pairs[_i].from, pairs[_i].to, false, pairs[_i].found);
}
END_TEST

START_TEST(a_configuration_is_equal_to_itself)
{
	check_drift(pairs[_i].to, pairs[_i].to, false, "[]");
	check_drift(pairs[_i].from, pairs[_i].from, false, "[]");
}
END_TEST

#define SECRETS(one, two) \
	BASE "app \"web\" { command = x  environment = { \"KEY=" one "\", \"EMPTY=\" } }\n" \
	     "pool \"old\" { server \"10.0.0.1:80\" { }  health { path = /up  header = { \"Authorization: " two "\" } } }\n" \
	     "route { pool = web  auth-basic = \"\xc2\x9b\xc3\xbc\xc2\xa0\"  auth-users = \"/u\"  request-header = { \"set  X-Key\t" two "\", \"remove X-Old\" } }"

/* The names of secrets and that they were changed, but no values. */
START_TEST(secrets_are_hidden)
{
	check_drift(SECRETS("a\\$b=c", "d"), SECRETS("e", "f g"), true,
	    "[{\"what\":\"pool old health header\",\"from\":[\"Authorization: ***\"],\"to\":[\"Authorization: ***\"]},"
	    "{\"what\":\"app web environment\",\"from\":[\"KEY=***\",\"EMPTY=\"],\"to\":[\"KEY=***\",\"EMPTY=\"]},"
	    "{\"what\":\"route 1 request-header\",\"from\":[\"set  X-Key\\t***\",\"remove X-Old\"],"
	    "\"to\":[\"set  X-Key\\t***\",\"remove X-Old\"]}]");
}
END_TEST

START_TEST(secrets_are_shown)
{
	check_drift(SECRETS("a\\$b=c", "d"), SECRETS("e", "d"), false,
	    "[{\"what\":\"app web environment\",\"from\":[\"KEY=a$b=c\",\"EMPTY=\"],\"to\":[\"KEY=e\",\"EMPTY=\"]}]");
}
END_TEST

static void
check_written(enum conf_form form, bool hide, const char *const parts[])
{
	struct conf *conf = load(SECRETS("a\\\"b", "cd"));
	struct conf_writer *w = conf_writer_new(conf, form, hide);
	char text[32768];
	size_t used = 0, i;
	struct text piece;

	ck_assert_ptr_nonnull(w);
	while (conf_writer_next(w, &piece) > 0) {
		ck_assert_uint_lt(used + piece.length, sizeof text);
		memcpy(text + used, piece.bytes, piece.length);
		used += piece.length;
	}
	text[used] = '\0';
	for (i = 0; parts[i] != NULL; i++)
		ck_assert_msg(strstr(text, parts[i]) != NULL, "%s in %s", parts[i], text);
	conf_writer_free(w);
	conf_free(conf);
}

START_TEST(secrets_are_written_or_hidden)
{
	check_written(CONF_FORM_TEXT, false, (const char *const[]){ "{ \"KEY=a\\\"b\", \"EMPTY=\" }", "{ \"set  X-Key\tcd\", \"remove X-Old\" }", "{ \"Authorization: cd\" }", NULL });
	check_written(CONF_FORM_TEXT, true, (const char *const[]){ "{ \"KEY=***\", \"EMPTY=\" }", "{ \"set  X-Key\t***\", \"remove X-Old\" }", "{ \"Authorization: ***\" }", NULL });
	check_written(CONF_FORM_JSON, false, (const char *const[]){ "[\"KEY=a\\\"b\",\"EMPTY=\"]", "[\"set  X-Key\\u0009cd\",\"remove X-Old\"]", "[\"Authorization: cd\"]", NULL });
	check_written(CONF_FORM_JSON, false, (const char *const[]){ "\"auth-basic\":\"\\u009b\xc3\xbc\xc2\xa0\"", NULL });
	check_written(CONF_FORM_JSON, true, (const char *const[]){ "[\"KEY=***\",\"EMPTY=\"]", "[\"set  X-Key\\u0009***\",\"remove X-Old\"]", "[\"Authorization: ***\"]", NULL });
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("drift");

	tcase_add_loop_test(tests, differences_are_found, 0, (int)ARRAY_LENGTH(pairs));
	tcase_add_loop_test(tests, a_configuration_is_equal_to_itself, 0, (int)ARRAY_LENGTH(pairs));
	tcase_add_test(tests, secrets_are_hidden);
	tcase_add_test(tests, secrets_are_shown);
	tcase_add_test(tests, secrets_are_written_or_hidden);
	return run_case(tests);
}

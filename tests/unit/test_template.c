/* conf/template and conf/header_rule: texts with variables are taken apart, and what is wrong in them is told. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/object.h"
#include "conf/header_rule.h"
#include "run.h"

static struct template template;
static struct conf_header_rule rule;
static struct error err;

/* What a template comes to when each variable is replaced by its name in brackets. */
static const char *
parts_of(const char *text, enum template_use use)
{
	static char out[512];
	size_t i, n = 0;

	err.text[0] = out[0] = '\0';
	if (template_compile(&template, text, use, &err) < 0)
		return err.text;
	for (i = 0; i < template.count; i++) {
		const struct template_part *part = &template.parts[i];

		if (part->variable == TEMPLATE_TEXT)
			n += (size_t)snprintf(out + n, sizeof out - n, "%.*s", part->length, part->text);
		else
			n += (size_t)snprintf(out + n, sizeof out - n, "<%s%s%.*s>",
			    template_variables[part->variable].name, part->length > 0 ? "." : "", part->length,
			    part->length > 0 ? part->text : "");
	}
	template_clear(&template);
	return out;
}

struct row {
	const char *text, *parts;
};

static const struct row rows[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "$host", "<host>" },
	{ "https://$host$uri", "https://<host><uri>" },
	{ "a$$b", "a$b" },
	{ "$$", "$" },
	{ "$$$$host", "$$host" },
	{ "$$$host$$", "$<host>$" },
	{ "$client:$client-port", "<client>:<client-port>" },
	{ "$client-", "<client>-" },
	{ "$path-old-", "<path>-old-" },
	{ "$client-port-x", "<client-port>-x" },
	{ "$request-id.x", "<request-id>.x" },
	{ "[$header.X-Fwd_1-] $header.a.b", "[<header.X-Fwd_1>-] <header.a>.b" },
	{ "$host\xc3\xa9", "<host>\xc3\xa9" },
	{ "$hots", "has no variable $hots; did you mean $host?" },
	{ "$heder.x", "has no variable $heder; did you mean $header.NAME?" },
	{ "$xyzzy", "has no variable $xyzzy; for a dollar sign, write $$" },
	{ "https://$host$request_uri", "has no variable $request_uri; drover calls it $uri" },
	{ "$http_x_user", "has no variable $http_x_user; drover calls it $header.NAME" },
	{ "$", "has a $ without a variable behind it; for the character, write $$" },
	{ "5 $ each", "has a $ without a variable behind it; for the character, write $$" },
	{ "$Host", "has a $ without a variable behind it; for the character, write $$" },
	{ "$header", "has $header without a name: write $header.NAME" },
	{ "$header.", "has $header without a name: write $header.NAME" },
	{ "$header.-", "has $header without a name: write $header.NAME" },
	{ "$status", "cannot have $status: it has no value here" },
	{ "a\nb", "cannot hold a control character (0x0a)" },
	{ "a\rb", "cannot hold a control character (0x0d)" },
	{ "a\x7f", "cannot hold a control character (0x7f)" },
};

START_TEST(texts_are_taken_apart)
{
	ck_assert_str_eq(parts_of(rows[_i].text, TEMPLATE_IN_REQUEST), rows[_i].parts);
}
END_TEST

START_TEST(what_has_a_value_depends_on_the_place)
{
	ck_assert_str_eq(parts_of("$status", TEMPLATE_IN_RESPONSE), "<status>");
	ck_assert_str_eq(parts_of("$server", TEMPLATE_IN_RESPONSE), "<server>");
	ck_assert_str_eq(
	    parts_of("$server", TEMPLATE_IN_REDIRECT), "cannot have $server: it has no value here");
}
END_TEST

START_TEST(each_variable_has_a_row)
{
	size_t i;

	for (i = 1; i < TEMPLATE_VARIABLES; i++) {
		ck_assert_ptr_nonnull(template_variables[i].name);
		ck_assert_msg((template_variables[i].most == 0) == template_variables[i].request, "%s",
		    template_variables[i].name);
	}
}
END_TEST

START_TEST(there_are_so_many_parts_and_no_more)
{
	char text[2 * (TEMPLATE_PARTS_MAX + 1) + 1] = "";
	char *at = text;
	int i;

	for (i = 0; i <= TEMPLATE_PARTS_MAX; i++)
		at = stpcpy(at, "$$");
	ck_assert_str_eq(parts_of(text, TEMPLATE_IN_REQUEST), "has more than 64 parts");
	text[sizeof text - 3] = '\0';
	ck_assert_uint_eq(strlen(parts_of(text, TEMPLATE_IN_REQUEST)), TEMPLATE_PARTS_MAX);
}
END_TEST

/* What is said about a rule; "" when it is one. */
static const char *
rule_error(const char *text, enum template_use use)
{
	err.text[0] = '\0';
	if (conf_header_rule_read(&rule, text, use, &err) == 0)
		conf_header_rule_clear(&rule);
	return err.text;
}

static const struct row bad_rules[] = {
	{ "", "has no rule \"\": it is set, add, default or remove, then a name" },
	{ "set", "has \"\", which cannot be the name of a header field" },
	{ "sett X a", "has no rule \"sett\"; did you mean \"set\"?" },
	{ "frobnicate X a", "has no rule \"frobnicate\": it is set, add, default or remove, then a name" },
	{ "set X", "has no value for X" },
	{ "set X: a", "has \"X:\", which cannot be the name of a header field" },
	{ "set X\r\nY a", "has \"X\r\nY\", which cannot be the name of a header field" },
	{ "set X a\r\nY: b", "cannot hold a control character (0x0d)" },
	{ "remove X y", "has \"y\" behind the name: remove takes a name only" },
	{ "remove *", "cannot remove all fields: put a part of the name before the star" },
	{ "remove X*Y", "has a star in \"X*Y\": only remove takes one, at the end" },
	{ "set X-* y", "has a star in \"X-*\": only remove takes one, at the end" },
	{ "set Content-Length 3", "cannot change Content-Length: it belongs to the connection or frames the message" },
	{ "remove content_length", "cannot change content_length: it belongs to the connection or frames the message" },
	{ "remove Transfer-Encoding",
	    "cannot change Transfer-Encoding: it belongs to the connection or frames the message" },
	{ "add Connection x", "cannot change Connection: it belongs to the connection or frames the message" },
	{ "add HOST x", "cannot add HOST: a request has one Host; use set" },
	{ "remove Host", "cannot remove Host: a request has one Host; use set" },
	{ "set Host a b", "sets a Host that is none: \"set Host a b\"" },
	{ "set Host a@b", "sets a Host that is none: \"set Host a@b\"" },
};

START_TEST(what_is_wrong_with_a_rule_is_told)
{
	ck_assert_str_eq(rule_error(bad_rules[_i].text, TEMPLATE_IN_REQUEST), bad_rules[_i].parts);
}
END_TEST

START_TEST(fields_of_one_connection_cannot_be_changed)
{
	static const char *const names[] = { "Connection", "Content-Length", "Expect", "HTTP2-Settings", "Keep-Alive",
		"Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade" };
	static const char *const words[] = { "set", "add", "default", "remove" };
	char text[64];
	size_t i, j;

	for (i = 0; i < ARRAY_LENGTH(names); i++)
		for (j = 0; j < ARRAY_LENGTH(words); j++) {
			snprintf(text, sizeof text, "%s %s%s", words[j], names[i], j < 3 ? " x" : "");
			ck_assert_msg(strncmp(rule_error(text, TEMPLATE_IN_REQUEST), "cannot change", 13) == 0, "%s", text);
			ck_assert_msg(strncmp(rule_error(text, TEMPLATE_IN_RESPONSE), "cannot change", 13) == 0, "%s", text);
		}
}
END_TEST

START_TEST(a_rule_is_read)
{
	ck_assert_int_eq(conf_header_rule_read(&rule, "set  X-Y   a $client ", TEMPLATE_IN_REQUEST, &err), 0);
	ck_assert_int_eq(rule.action, CONF_HEADER_SET);
	ck_assert_str_eq(rule.name, "X-Y");
	ck_assert(!rule.prefix);
	ck_assert_uint_eq(rule.value.count, 3);
	conf_header_rule_clear(&rule);
	ck_assert_int_eq(conf_header_rule_read(&rule, "remove X-*", TEMPLATE_IN_REQUEST, &err), 0);
	ck_assert_int_eq(rule.action, CONF_HEADER_REMOVE);
	ck_assert_str_eq(rule.name, "X-");
	ck_assert(rule.prefix);
	conf_header_rule_clear(&rule);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("template");

	tcase_add_loop_test(tc, texts_are_taken_apart, 0, ARRAY_LENGTH(rows));
	tcase_add_test(tc, what_has_a_value_depends_on_the_place);
	tcase_add_test(tc, each_variable_has_a_row);
	tcase_add_test(tc, there_are_so_many_parts_and_no_more);
	tcase_add_loop_test(tc, what_is_wrong_with_a_rule_is_told, 0, ARRAY_LENGTH(bad_rules));
	tcase_add_test(tc, fields_of_one_connection_cannot_be_changed);
	tcase_add_test(tc, a_rule_is_read);
	return run_case(tc);
}

/* http/credentials: name and password of the Basic scheme. */
#include <check.h>
#include <string.h>

#include "http/credentials.h"
#include "run.h"

struct row {
	const char *value;
	enum credentials_result result;
	const char *name, *password;
};

static const struct row rows[] = {
	{ "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", CREDENTIALS_READ, "Aladdin", "open sesame" }, /* RFC 7617 2 */
	{ "Basic dGVzdDoxMjPCow==", CREDENTIALS_READ, "test", "123\xc2\xa3" },		       /* RFC 7617 2.1 */
	{ "bAsIC   YTpi", CREDENTIALS_READ, "a", "b" },
	{ "Basic YTo=", CREDENTIALS_READ, "a", "" },
	{ "Basic Og==", CREDENTIALS_READ, "", "" },
	{ "Basic YTpiOmM=", CREDENTIALS_READ, "a", "b:c" },
	{ "Basic Pz4+Pz86/w==", CREDENTIALS_READ, "?>>??", "\xff" },
	{ "Basic", CREDENTIALS_OTHER, NULL, NULL },
	{ "", CREDENTIALS_OTHER, NULL, NULL },
	{ "Bearer abc", CREDENTIALS_OTHER, NULL, NULL },
	{ "BasicYTpi", CREDENTIALS_OTHER, NULL, NULL },
	{ "Basic\tYTpi", CREDENTIALS_OTHER, NULL, NULL },
	{ "Basic ", CREDENTIALS_BAD, NULL, NULL },
	{ "Basic YTpi ", CREDENTIALS_BAD, NULL, NULL },
	{ "Basic YTpi, Basic YTpi", CREDENTIALS_BAD, NULL, NULL },
	{ "Basic YTo", CREDENTIALS_BAD, NULL, NULL },
	{ "Basic YTp=", CREDENTIALS_BAD, NULL, NULL },	 /* bits that stand for nothing */
	{ "Basic YT=p", CREDENTIALS_BAD, NULL, NULL },
	{ "Basic Y===", CREDENTIALS_BAD, NULL, NULL },
	{ "Basic ====", CREDENTIALS_BAD, NULL, NULL },
	{ "Basic YTo=YTpi", CREDENTIALS_BAD, NULL, NULL },
	{ "Basic YT-_", CREDENTIALS_BAD, NULL, NULL },
	{ "Basic YWJj", CREDENTIALS_BAD, NULL, NULL },	 /* no colon */
	{ "Basic YTpiAGM=", CREDENTIALS_BAD, NULL, NULL }, /* a NUL, which would end the password early */
	{ "Basic YQo6Yg==", CREDENTIALS_BAD, NULL, NULL }, /* a newline in the name */
	{ "Basic YTp/", CREDENTIALS_BAD, NULL, NULL },
};

START_TEST(values)
{
	const struct row *row = &rows[_i];
	struct credentials c;

	ck_assert_int_eq(credentials_read(&c, row->value, strlen(row->value)), row->result);
	if (row->result != CREDENTIALS_READ)
		return;
	ck_assert_str_eq(c.name.bytes, row->name);
	ck_assert_uint_eq(c.name.length, strlen(row->name));
	ck_assert_str_eq(c.password.bytes, row->password);
	ck_assert_uint_eq(c.password.length, strlen(row->password));
}
END_TEST

/* As long as may be, and longer. */
START_TEST(length_is_bounded)
{
	static char value[2048];
	struct credentials c;
	size_t letters;

	memcpy(value, "Basic ", 6);
	memset(value + 6, 'a', sizeof value - 6);
	memcpy(value + 6, "Ojo6", 4); /* ":::" */
	for (letters = 800; letters < 900; letters += 4)
		ck_assert_int_eq(credentials_read(&c, value, 6 + letters),
		    letters / 4 * 3 > CREDENTIALS_MAX ? CREDENTIALS_BAD : CREDENTIALS_READ);
}
END_TEST

START_TEST(clearing_leaves_nothing)
{
	struct credentials c, nothing;

	memset(&nothing, 0, sizeof nothing);
	memset(&c, 0, sizeof c);
	ck_assert_int_eq(credentials_read(&c, "Basic YTpi", 10), CREDENTIALS_READ);
	credentials_clear(&c);
	ck_assert_mem_eq(&c, &nothing, sizeof c);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("credentials");

	tcase_add_loop_test(tests, values, 0, (int)(sizeof rows / sizeof *rows));
	tcase_add_test(tests, length_is_bounded);
	tcase_add_test(tests, clearing_leaves_nothing);
	return run_case(tests);
}

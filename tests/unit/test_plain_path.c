/* http/plain_path: a path in the plainest way to write it. */
#include <check.h>
#include <string.h>

#include "base/object.h"
#include "http/plain_path.h"
#include "run.h"

static char plain[PLAIN_PATH_MAX];

static const struct {
	const char *path, *plain; /* NULL: it is plain, or none */
} paths[] = {
	{ "/", NULL },
	{ "/admin/x", NULL },
	{ "/admin/x?next=/../%61//", NULL },
	{ "/a.b/c..d", NULL },
	{ "", NULL },
	{ "*", NULL },
	{ "admin//x", NULL },
	{ "/%61dmin/x", "/admin/x" },
	{ "/%61dmin/x?%61=/../y", "/admin/x?%61=/../y" },
	{ "/%2fadmin%2Fx", "/admin/x" },
	{ "/x%2f..%2fadmin", "/admin" },
	{ "/%2561dmin", "/%61dmin" },
	{ "/%", "/%" },
	{ "/%6", "/%6" },
	{ "/%6g/%61", "/%6g/a" },
	{ "/%61", "/a" },
	{ "/%3fx", "/?x" },
	{ "//admin//x", "/admin/x" },
	{ "//", "/" },
	{ "//?", "/?" },
	{ "/./admin/./x", "/admin/x" },
	{ "/.", "/" },
	{ "/a/.", "/a/" },
	{ "/a/..", "/" },
	{ "/a/../", "/" },
	{ "/a/b/../c", "/a/c" },
	{ "/../../a", "/a" },
	{ "/a/%2e%2e/b/%2E/c/", "/b/c/" },
	{ "/a/.../b", "/a/.../b" },
	{ "/.well-known/x", "/.well-known/x" },
	{ "/a//", "/a/" },
};

START_TEST(paths_in_disguise)
{
	const char *expected = paths[_i].plain;
	size_t length = path_plain((struct text){ paths[_i].path, strlen(paths[_i].path) }, plain);

	ck_assert_msg(length == (expected != NULL ? strlen(expected) : 0), "%s: %.*s", paths[_i].path, (int)length, plain);
	ck_assert_msg(length == 0 || memcmp(plain, expected, length) == 0, "%s: %.*s", paths[_i].path, (int)length, plain);
}
END_TEST

START_TEST(the_longest)
{
	static char path[PLAIN_PATH_MAX];

	memset(path, 'x', sizeof path);
	memcpy(path, "/a/../", 6);
	ck_assert_uint_eq(path_plain((struct text){ path, sizeof path - 1 }, plain), sizeof path - 1 - 5);
	ck_assert_uint_eq(path_plain((struct text){ path, sizeof path }, plain), 0);
	/* the only one that gets longer: "." within what has no more room */
	memset(path, '.', 3);
	path[0] = '/';
	path[1] = '.';
	path[2] = '?';
	ck_assert_uint_eq(path_plain((struct text){ path, sizeof path - 1 }, plain), sizeof path - 2);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("plain_path");

	tcase_add_loop_test(tests, paths_in_disguise, 0, (int)ARRAY_LENGTH(paths));
	tcase_add_test(tests, the_longest);
	return run_case(tests);
}

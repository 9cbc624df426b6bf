/* master/privileges: who may be what is said before anything is started. */
#include <check.h>
#include <unistd.h>

#include "conf/conf.h"
#include "master/privileges.h"
#include "run.h"

enum { SOMEBODY = 65534 };

static char file[] = "f", web[] = "web", alice[] = "alice", bob[] = "bob", ops[] = "ops";
static struct conf_pool app = { .name = web, .app = { .wanted = true, .user_line = 7 } };
static struct conf conf = { .file = file, .pools = &app, .pool_count = 1 };

static void
setup(void)
{
	conf.uid = app.app.uid = (uid_t)-1;
	conf.gid = app.app.gid = (gid_t)-1;
	conf.user = conf.group = app.app.user = app.app.group = NULL;
	if (getuid() == 0)
		ck_assert_int_eq(setresgid(SOMEBODY, SOMEBODY, SOMEBODY) | setresuid(SOMEBODY, SOMEBODY, SOMEBODY), 0);
}

static void
expect(const char *sentence)
{
	struct error err = { .text = "" };
	int rc = privileges_check(&conf, &err);

	ck_assert_str_eq(err.text, sentence);
	ck_assert_int_eq(rc, sentence[0] == '\0' ? 0 : -1);
}

START_TEST(apps_run_as_drover)
{
	expect("");
	conf.uid = app.app.uid = geteuid();
	conf.gid = app.app.gid = getegid();
	expect("");
}
END_TEST

START_TEST(others_need_root)
{
	app.app.user = alice;
	app.app.uid = geteuid() + 1;
	expect("f:7: app \"web\": user = alice needs drover to be started by root");
	app.app.uid = geteuid();
	app.app.gid = getegid() + 1;
	expect("f:7: app \"web\": group = (that of the user) needs drover to be started by root");
	app.app.group = ops;
	expect("f:7: app \"web\": group = ops needs drover to be started by root");
	conf.user = bob;
	conf.uid = geteuid() + 1;
	expect("user = bob needs drover to be started by root");
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("privileges");

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, apps_run_as_drover);
	tcase_add_test(tests, others_need_root);
	return run_case(tests);
}

/* conf: the app section, and sticky. */
#include <check.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "conf/conf.h"
#include "conf_must.h"
#include "run.h"

#define LISTEN "listen \"*:80\" { pool = web }\n"

static struct conf *
app_load(const char *options)
{
	char text[1024];

	snprintf(text, sizeof text, LISTEN "app web { %s }", options);
	return conf_must_load(text);
}

/* The only error that there is, without file and line; "": none. */
static void
expect_app_error(const char *options, int line, const char *expected)
{
	char text[2048], sentence[1024];
	struct conf_errors errors;
	struct conf *conf;

	snprintf(text, sizeof text, LISTEN "app web { %s }", options);
	conf = conf_load_text(text, "f", &errors);
	snprintf(sentence, sizeof sentence, "f:%d: %s", line, expected);
	ck_assert_msg(conf == NULL && errors.count == 1, "%s: %zu errors", text, errors.count);
	ck_assert_str_eq(errors.lines[0], sentence);
	conf_errors_free(&errors);
}

START_TEST(defaults_are_as_documented)
{
	struct conf *conf = app_load("command = x");
	const struct conf_pool *pool = &conf->pools[0];
	const struct conf_app *app = &pool->app;

	ck_assert_uint_eq(conf->pool_count, 1);
	ck_assert_uint_eq(conf->first_app, 0);
	ck_assert_uint_eq(conf->server_count, 0);
	ck_assert(app->wanted && !app->shell && !app->instances_auto && app->environment_inherit);
	ck_assert_uint_eq(app->instances, 1);
	ck_assert_int_eq(app->listen, CONF_APP_PORT);
	ck_assert_ptr_null(app->directory);
	ck_assert_uint_eq(app->uid, (uid_t)-1);
	ck_assert_uint_eq(app->gid, (gid_t)-1);
	ck_assert_uint_eq(app->umask, (mode_t)-1);
	ck_assert_uint_eq(app->start_timeout, 30 * CLOCK_SECOND);
	ck_assert_uint_eq(app->start_retries, 5);
	ck_assert_uint_eq(app->stop_signal, CONF_STOP_TERM);
	ck_assert_uint_eq(app->stop_timeout, 10 * CLOCK_SECOND);
	ck_assert_uint_eq(app->max_memory + app->max_requests + app->max_age + app->max_connections, 0);
	ck_assert_uint_eq(app->jitter, 10);
	ck_assert_uint_eq(app->surge, 1);
	ck_assert_uint_eq(app->max_unavailable, 0);
	ck_assert_uint_eq(app->output_rate, 1000);
	ck_assert_int_eq(pool->sticky_kind, CONF_STICKY_OFF);
	ck_assert_ptr_null(pool->sticky);
	ck_assert_ptr_null(pool->sticky_cookie);
	ck_assert_uint_eq(pool->connect_timeout, 5 * CLOCK_SECOND);
	ck_assert(!pool->health.wanted);
	conf_free(conf);
}
END_TEST

START_TEST(options_are_set)
{
	struct conf *conf = conf_must_load("user = 5  group = 6  retries = 1\n" LISTEN
	    "app web { command = { a, '', \"c {port} {x}\" }  instances = 0  directory = /srv  environment = { \"A=b c\", 'D=' }\n"
	    "environment-inherit = no  user = root  umask = 027  start-timeout = 1s  start-retries = 0  stop-signal = USR2\n"
	    "stop-timeout = 0  max-memory = 64m  max-requests = 7  max-age = 8s  jitter = 0  surge = 0  max-unavailable = 1\n"
	    "max-connections = 9  output-rate = 0  sticky = header:X-A  health { path = /x } }\n"
	    "app two { command = \"a b\"  shell = on  instances = auto  group = 7 }");
	const struct conf_pool *pool = &conf->pools[0];
	const struct conf_app *app = &pool->app, *two = &conf->pools[1].app;

	ck_assert_uint_eq(app->command_count, 3);
	ck_assert_str_eq(app->command[1], "");
	ck_assert_str_eq(app->command[2], "c {port} {x}");
	ck_assert_uint_eq(app->instances, 0);
	ck_assert_str_eq(app->directory, "/srv");
	ck_assert_uint_eq(app->environment_count, 2);
	ck_assert_str_eq(app->environment[1], "D=");
	ck_assert(!app->environment_inherit);
	ck_assert_uint_eq(app->uid, 0);
	ck_assert_uint_eq(app->gid, 0); /* that of the user */
	ck_assert_str_eq(app->account.name, "root");
	ck_assert_str_eq(app->account.home, getpwuid(0)->pw_dir);
	ck_assert_uint_ge(app->account.group_count, 1);
	ck_assert_uint_eq(app->account.groups[0], 0);
	ck_assert_uint_eq(app->umask, 027);
	ck_assert_uint_eq(app->stop_signal, CONF_STOP_USR2);
	ck_assert_uint_eq(app->max_memory, 64 << 20);
	ck_assert_uint_eq(app->max_age, 8 * CLOCK_SECOND);
	ck_assert_uint_eq(app->start_retries + app->surge + app->output_rate + app->jitter, 0);
	ck_assert_int_eq(pool->sticky_kind, CONF_STICKY_HEADER);
	ck_assert_str_eq(pool->sticky_header, "X-A");
	ck_assert_uint_eq(pool->retries, 1);
	ck_assert_uint_eq(pool->health.statuses[0].last, 299);
	ck_assert(two->shell && two->instances_auto && two->instances > 0);
	ck_assert_uint_eq(two->uid, 5); /* as workers */
	ck_assert_uint_eq(two->gid, 7);
	ck_assert_str_eq(two->account.name, getpwuid(5)->pw_name);
	ck_assert_uint_eq(two->account.groups[0], 7);
	conf_free(conf);
}
END_TEST

START_TEST(pools_come_first)
{
	struct conf *conf = conf_must_load("listen :80 { }\napp a { command = x }\npool b { server 127.0.0.1:1 { } }\n"
	    "app c { command = x }\npool d { server 127.0.0.1:1 { } }\nroute { path = /c  pool = c }\nroute { pool = a }");

	ck_assert_uint_eq(conf->pool_count, 4);
	ck_assert_uint_eq(conf->first_app, 2);
	ck_assert_str_eq(conf->pools[1].name, "d");
	ck_assert_str_eq(conf->pools[2].name, "a");
	ck_assert(!conf->pools[1].app.wanted && conf->pools[2].app.wanted);
	ck_assert_int_eq(conf->routes[0].pool, 3);
	ck_assert_int_eq(conf->routes[1].pool, 2);
	ck_assert_uint_eq(conf->pools[3].first_server, 2);
	ck_assert_int_eq(conf->pools[3].line, 4);
	conf_free(conf);
}
END_TEST

START_TEST(where_it_listens_is_found_out)
{
	static const struct {
		const char *options;
		enum conf_app_listen listen;
	} rows[] = {
		{ "command = x", CONF_APP_PORT },
		{ "command = \"x {port}\"", CONF_APP_PORT },
		{ "command = { x, \"--bind=unix:{socket}\" }", CONF_APP_UNIX },
		{ "command = x  environment = \"S={socket}\"", CONF_APP_UNIX },
		{ "command = x  environment = \"PORT={port}\"", CONF_APP_PORT },
		{ "command = x  environment = { 'PORTAL=1', 'LISTEN_FDS=1', 'LISTEN=1' }", CONF_APP_PORT },
		{ "command = x  environment = { 'AB=1', 'A=1' }", CONF_APP_PORT },
		{ "command = \"x {socket}\"  listen = unix", CONF_APP_UNIX },
		{ "command = \"x {socket}\"  listen = activation", CONF_APP_ACTIVATION },
		{ "command = \"x {port}\"  listen = activation-port", CONF_APP_ACTIVATION_PORT },
		{ "command = x  environment = \"PORT=1\"  listen = activation", CONF_APP_ACTIVATION },
	};
	struct conf *conf;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		conf = app_load(rows[i].options);
		ck_assert_msg(conf->pools[0].app.listen == rows[i].listen, "%s", rows[i].options);
		conf_free(conf);
	}
}
END_TEST

START_TEST(contradictions_are_told)
{
	expect_app_error("", 2, "app \"web\" has no command; add: command = { \"node\", \"server.js\" }");
	expect_app_error("\ncommand = { }", 2, "app \"web\" has no command; add: command = { \"node\", \"server.js\" }");
	expect_app_error("\ncommand = ''", 3, "command begins with the program to run, which is empty here");
	expect_app_error("\ncommand = { \"exec x\", y }\nshell = true", 3,
	    "with shell = true the command is one text: command = \"exec x ...\"");
	expect_app_error("command = x\nlisten = unix", 3,
	    "listen = unix, but the app is not told where: {socket} is neither in command nor in environment");
	expect_app_error("\n\ncommand = \"x {socket} {port}\"", 4,
	    "{port} and {socket} are both mentioned: an instance listens on one of them");
	expect_app_error("command = \"x {socket}\"\nlisten = port", 3,
	    "{socket} is mentioned, but listen makes it a port; use {port}, or listen = unix");
	expect_app_error("command = \"x {socket}\"\nlisten = activation-port", 3,
	    "{socket} is mentioned, but listen makes it a port; use {port}, or listen = unix");
	expect_app_error("command = \"x {port}\"\nlisten = activation", 3,
	    "{port} is mentioned, but listen makes it a unix socket; use {socket}, or listen = port");
	expect_app_error("command = x\nsurge = 0", 2,
	    "app \"web\": surge and max-unavailable are both 0, so that no instance could ever be replaced; let one of "
	    "them be 1");
}
END_TEST

#define NO_VARIABLE \
	"environment is a list of variables, each \"NAME=VALUE\"; something here is not (it is not shown, as it may be secret)"

START_TEST(bad_environments_are_told)
{
	expect_app_error("command = x\nenvironment = { 'A=1', B }", 3, NO_VARIABLE);
	expect_app_error("command = x\nenvironment = '=1'", 3, NO_VARIABLE);
	expect_app_error("command = x\nenvironment = 'A B=1'", 3, NO_VARIABLE);
	expect_app_error("command = x\nenvironment = { 'A=1', 'AB=2', 'A=3' }", 3, "environment has A twice");
	expect_app_error("command = x\nenvironment = 'PORT=1'", 3,
	    "environment cannot have PORT: drover chooses the port of each instance, and tells it so");
	expect_app_error("command = x  listen = activation\nenvironment = 'LISTEN_PID=1'", 3,
	    "environment cannot have LISTEN_PID: drover sets it for the socket that it passes");
}
END_TEST

START_TEST(bad_values_are_told)
{
	expect_app_error("command = x\ninstances = some", 3, "instances is a number from 0 to 1000 or auto, not \"some\"");
	expect_app_error("command = x\nmax-memory = 1k", 3, "max-memory is a size from 1m to 1048576g or 0, not \"1k\"");
	expect_app_error("command = x\nmax-age = 10ms", 3, "max-age is a time from 1s to 365d or 0, not \"10ms\"");
	expect_app_error("command = x\nlisten = tcp", 3,
	    "listen is auto, port, unix, activation or activation-port, not \"tcp\"");
	expect_app_error("command = x\nstop-signal = KILL", 3,
	    "stop-signal is TERM, INT, QUIT, HUP, USR1 or USR2, not \"KILL\"");
	expect_app_error("command = x\ndirectory = srv", 3, "directory is a path that begins with /, not \"srv\"");
	expect_app_error("command = x\nsticky = header:", 3,
	    "sticky is cookie, address, header:NAME or off, not \"header:\"; did you mean \"header:NAME\"?");
	expect_app_error("command = x\nsticky = 'header:A b'", 3, "sticky is cookie, address, header:NAME or off, not \"header:A b\"; did you mean \"header:NAME\"?");
	expect_app_error("command = x\nsticky = address\nsticky-cookie = a", 4, "sticky-cookie is for sticky = cookie only");
	expect_app_error("command = x\nhealth { }\nhealth { }", 4, "an app has one health section; the first is in line 3");
}
END_TEST

static void
expect_error(const char *text, const char *expected)
{
	struct conf_errors errors;
	struct conf *conf = conf_load_text(text, "f", &errors);

	ck_assert_msg(conf == NULL && errors.count == 1, "%s: %zu errors", text, errors.count);
	ck_assert_str_eq(errors.lines[0], expected);
	conf_errors_free(&errors);
}

START_TEST(names_are_those_of_pools)
{
	expect_error(LISTEN "app web { command = x }\napp web { command = x }",
	    "f:3: app \"web\" is there twice; the first is in line 2");
	expect_error(LISTEN "app web { command = x }\npool web { server 127.0.0.1:1 { } }",
	    "f:2: app \"web\" is called as the pool in line 3");
	expect_error("listen :80 { pool = wed }\napp web { command = x }\n",
	    "f:1: there is no pool or app \"wed\"; did you mean \"web\"?");
	expect_error(LISTEN "app web { command = x }\napp a/b { command = x }",
	    "f:3: app \"a/b\": its name may have letters, digits, '-', '_' and '.', and begins with no '.'");
	expect_error(LISTEN "app web { command = x }\napp .a { command = x }",
	    "f:3: app \".a\": its name may have letters, digits, '-', '_' and '.', and begins with no '.'");
	expect_error("listen :80 { }\napp web { command = x\nserver 127.0.0.1:1 { } }",
	    "f:3: unknown option 'server' in app; it belongs in pool { }");
	expect_error(LISTEN "app web { command = x\nstatus = 200 }",
	    "f:3: unknown option 'status' in app; it belongs in health { }");
}
END_TEST

START_TEST(instances_are_limited_over_all_apps)
{
	static const char apps[] = LISTEN "pool p { server 127.0.0.1:1 { } }\napp web { command = x  instances = 1000 }\n"
				   "app b { command = x  instances = 1000 }\napp c { command = x  instances = 1000 }\n"
				   "app d { command = x  instances = 1000 }\napp e { command = x  instances = %d  surge = 50 }\n";
	char text[1024];

	snprintf(text, sizeof text, apps, 41);
	conf_free(conf_must_load(text)); /* 1 + 4 * 1001 + 41 + 50 */
	snprintf(text, sizeof text, apps, 42);
	expect_error(text, "f:7: there are more than 4096 servers and instances over all pools and apps, with surge: 4097");
}
END_TEST

START_TEST(arguments_make_an_app)
{
	static const char *const listeners[] = { ":8080" };
	static const char *const command[] = { "/bin/sh", "-c", "exec $X \"{a}\"", "" };
	struct conf_arguments given = { .listeners = listeners, .listener_count = 1, .command = command, .command_count = 4 };
	struct conf_errors errors;
	struct conf *conf = conf_from_arguments(&given, &errors);

	ck_assert_msg(conf != NULL, "%s", errors.count > 0 ? errors.lines[0] : "");
	ck_assert_str_eq(conf->pools[0].name, "default");
	ck_assert_uint_eq(conf->pools[0].app.command_count, 4);
	ck_assert_str_eq(conf->pools[0].app.command[2], command[2]);
	ck_assert_uint_eq(conf->pools[0].app.instances, 1);
	ck_assert_int_eq(conf->listeners[0].pool, 0);
	conf_free(conf);
	given.instances = "7";
	conf = conf_from_arguments(&given, &errors);
	ck_assert_uint_eq(conf->pools[0].app.instances, 7);
	conf_free(conf);
}
END_TEST

/* What is found, and whether it can be run. */
static void
expect_program(const char *options, const char *expected)
{
	struct conf *conf = app_load(options);
	char path[512] = "";
	struct error err = { .text = "" };
	int rc = conf_app_find_command(&conf->pools[0].app, path, sizeof path, &err);

	ck_assert_str_eq(rc == 0 ? path : err.text, expected);
	conf_free(conf);
}

START_TEST(commands_are_found)
{
	ck_assert_int_eq(setenv("PATH", "/nowhere:/bin", 1), 0);
	expect_program("command = sh", "/bin/sh");
	expect_program("command = \"/bin/sh\"", "/bin/sh");
	expect_program("command = \"x y\"  shell = on", "/bin/sh");
	expect_program("command = \"./sh\"  directory = /bin", "/bin/./sh");
	expect_program("command = sh  environment = 'PATH=/etc:.'  directory = /bin", "/bin/./sh");
	expect_program("command = sh  environment = 'PATH=/nowhere:/bin'  directory = /etc", "/bin/sh");
	expect_program("command = sh  environment = 'PATH='  directory = /bin", "/bin/sh");
	expect_program("command = sh  environment = 'PATH=/etc'", "there is no program \"sh\" in PATH, which is /etc");
	expect_program("command = \"sh x\"",
	    "there is no program \"sh x\"; write arguments apart, as { \"node\", \"server.js\" }, or add shell = true");
	expect_program("command = \"/bin/sh x\"",
	    "there is no program \"/bin/sh x\"; write arguments apart, as { \"node\", \"server.js\" }, or add shell = true");
	expect_program("command = passwd  environment = 'PATH=/etc:/nowhere'",
	    "cannot run \"/etc/passwd\": Permission denied; its mode has to let drover execute it (chmod +x)");
	expect_program("command = \"/etc\"", "cannot run \"/etc\": Is a directory");
	ck_assert_int_eq(unsetenv("PATH"), 0);
	expect_program("command = env", "/usr/bin/env");
}
END_TEST

START_TEST(what_is_shown_loads_again)
{
	char *shown = conf_must_round_trip(LISTEN "app web { command = { x, \"{\\\"a\\\":1}\", '' }  sticky = cookie "
						  "sticky-cookie = sid  instances = auto  health { } }");

	ck_assert_ptr_nonnull(strstr(shown, "\tcommand = { \"x\", \"{\\\"a\\\":1}\", \"\" }\n"));
	ck_assert_ptr_nonnull(strstr(shown, "\tinstances = auto\n"));
	ck_assert_ptr_nonnull(strstr(shown, "\tlisten = port\n"));
	ck_assert_ptr_nonnull(strstr(shown, "\tsticky = cookie\n\tsticky-cookie = \"sid\"\n"));
	ck_assert_ptr_null(strstr(shown, "umask"));
	free(shown);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("conf_app");

	tcase_add_test(tests, defaults_are_as_documented);
	tcase_add_test(tests, options_are_set);
	tcase_add_test(tests, pools_come_first);
	tcase_add_test(tests, where_it_listens_is_found_out);
	tcase_add_test(tests, contradictions_are_told);
	tcase_add_test(tests, bad_environments_are_told);
	tcase_add_test(tests, bad_values_are_told);
	tcase_add_test(tests, names_are_those_of_pools);
	tcase_add_test(tests, instances_are_limited_over_all_apps);
	tcase_add_test(tests, arguments_make_an_app);
	tcase_add_test(tests, commands_are_found);
	tcase_add_test(tests, what_is_shown_loads_again);
	return run_case(tests);
}

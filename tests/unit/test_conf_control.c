/* conf: what the control socket asks of it: permissions, and servers that are added at run time. */
#include <check.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/object.h"
#include "conf/conf.h"
#include "run.h"

#define SMALL "listen \"*:80\" { }\npool \"web\" { server \"127.0.0.1:3000\" { } }\n"

static void
expect_error(const char *text, const char *line)
{
	struct conf_errors errors;

	ck_assert_ptr_null(conf_load_text(text, "f", &errors));
	ck_assert_uint_eq(errors.count, 1);
	ck_assert_str_eq(errors.lines[0], line);
	conf_errors_free(&errors);
}

static struct conf *
load(const char *text)
{
	struct conf_errors errors;
	struct conf *conf = conf_load_text(text, "f", &errors);

	ck_assert_msg(conf != NULL, "%s\n%s", text, errors.count > 0 ? errors.lines[0] : "no error");
	ck_assert_uint_eq(errors.count, 0);
	conf_errors_free(&errors);
	return conf;
}

#define NAMES "read = 1  operate = { @root, \"2\", '@3' }  admin = { root, \"@4\" }\n"

START_TEST(people_are_kept_by_name_and_number)
{
	struct conf *conf = load(SMALL "control \"/one\" {\n" NAMES "}\n");
	const struct conf_people *people = conf->controls[0].people;

	ck_assert_uint_eq(people[CONF_PERMISSION_NONE].count, 0);
	ck_assert_uint_eq(people[CONF_PERMISSION_READ].count, 1);
	ck_assert_uint_eq(people[CONF_PERMISSION_READ].gid_count, 0);
	ck_assert_uint_eq(people[CONF_PERMISSION_READ].uids[0], 1);
	ck_assert_uint_eq(people[CONF_PERMISSION_OPERATE].count, 3);
	ck_assert_uint_eq(people[CONF_PERMISSION_OPERATE].gid_count, 2);
	ck_assert_str_eq(people[CONF_PERMISSION_OPERATE].names[0], "@root");
	ck_assert_uint_eq(people[CONF_PERMISSION_OPERATE].gids[0], 0);
	ck_assert_uint_eq(people[CONF_PERMISSION_OPERATE].gids[1], 3);
	ck_assert_uint_eq(people[CONF_PERMISSION_OPERATE].uids[0], 2);
	ck_assert_str_eq(people[CONF_PERMISSION_ADMIN].names[0], "root");
	ck_assert_uint_eq(people[CONF_PERMISSION_ADMIN].uids[0], 0);
	ck_assert_uint_eq(people[CONF_PERMISSION_ADMIN].gids[0], 4);
	conf_free(conf);
}
END_TEST

/* Of whom, in the two sockets below. */
static const struct {
	uid_t uid;
	gid_t gid;
	gid_t groups[2];
	enum conf_permission open, closed;
} peers[] = {
	{ 50, 50, { 51, 52 }, CONF_PERMISSION_ADMIN, CONF_PERMISSION_NONE },
	{ 10, 50, { 51, 52 }, CONF_PERMISSION_READ, CONF_PERMISSION_READ }, /* less than others */
	{ 50, 11, { 51, 52 }, CONF_PERMISSION_READ, CONF_PERMISSION_READ },
	{ 50, 50, { 51, 11 }, CONF_PERMISSION_READ, CONF_PERMISSION_READ },
	{ 11, 10, { 51, 52 }, CONF_PERMISSION_ADMIN, CONF_PERMISSION_NONE }, /* a user is no group */
	{ 10, 50, { 20, 52 }, CONF_PERMISSION_OPERATE, CONF_PERMISSION_OPERATE }, /* the most counts */
	{ 10, 20, { 11, 30 }, CONF_PERMISSION_ADMIN, CONF_PERMISSION_ADMIN },
	{ 30, 50, { 51, 11 }, CONF_PERMISSION_OPERATE, CONF_PERMISSION_OPERATE },
	{ 0, 0, { 0, 0 }, CONF_PERMISSION_ADMIN, CONF_PERMISSION_NONE }, /* root is nobody special */
};

#define PEOPLE "read = { 10, \"@11\" }  operate = { \"@20\", 30 }  admin = \"@30\" }\n"

START_TEST(the_highest_list_decides)
{
	struct conf *conf =
	    load(SMALL "control \"/open\" { " PEOPLE "control \"/closed\" { permission = none  " PEOPLE);
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(peers); i++) {
		ck_assert_int_eq(conf_control_permission(
				     &conf->controls[0], peers[i].uid, peers[i].gid, peers[i].groups, 2),
		    peers[i].open);
		ck_assert_int_eq(conf_control_permission(
				     &conf->controls[1], peers[i].uid, peers[i].gid, peers[i].groups, 2),
		    peers[i].closed);
	}
	ck_assert_int_eq(conf_control_permission(&conf->controls[1], 50, 50, NULL, 0), CONF_PERMISSION_NONE);
	conf_free(conf);
}
END_TEST

START_TEST(people_are_limited_in_number)
{
	char *text;
	size_t length, i;
	FILE *to = open_memstream(&text, &length);

	fputs(SMALL "control \"/x\" {\n\tadmin = { 0", to);
	for (i = 1; i < CONF_PEOPLE_MAX; i++)
		fprintf(to, ", %zu", i);
	fputs(",\n\t\t\"@1\" }\n}\n", to);
	fclose(to);
	expect_error(text, "f:5: admin holds at most 256 users and groups");
	free(text);
}
END_TEST

/* A group that no user is called like: "name", or NULL when this machine has none. */
static const char *
group_only_find(void)
{
	const struct group *entry;

	for (setgrent(); (entry = getgrent()) != NULL;)
		if (getpwnam(entry->gr_name) == NULL)
			return entry->gr_name;
	return NULL;
}

START_TEST(a_group_without_its_mark_is_told)
{
	const char *group = group_only_find();
	char text[400], expected[400];

	if (group == NULL)
		return;
	snprintf(text, sizeof text, SMALL "control \"/x\" { admin = \"%s\" }\n", group);
	snprintf(expected, sizeof expected,
	    "f:3: admin cannot hold \"%s\": there is no user \"%s\" on this machine; did you mean the group, "
	    "\"@%s\"?",
	    group, group, group);
	expect_error(text, expected);
}
END_TEST

/* As a server that was added while drover runs: in an array of its own, without a line. */
START_TEST(what_was_put_together_in_memory_is_shown)
{
	struct conf *conf = load(SMALL), *again;
	struct conf_server *servers = calloc(2, sizeof *servers);
	struct error err;
	char *shown;

	ck_assert_ptr_nonnull(servers);
	servers[0] = conf->pools[0].servers[0];
	servers[1].name = strdup("unix:/run/$ \"b\\.sock");
	servers[1].state = CONF_SERVER_DRAIN;
	servers[1].weight = 7;
	servers[1].max_fails = conf->pools[0].max_fails;
	servers[1].fail_timeout = conf->pools[0].fail_timeout + CLOCK_SECOND;
	ck_assert_int_eq(conf_server_from_text(&servers[1].address, NULL, servers[1].name, &err), 0);
	free(conf->pools[0].servers);
	conf->pools[0].servers = servers;
	conf->pools[0].server_count = 2;
	shown = conf_show(conf);
	again = load(shown);
	ck_assert_uint_eq(again->pools[0].server_count, 2);
	ck_assert_str_eq(again->pools[0].servers[1].name, servers[1].name);
	ck_assert(address_equal(&again->pools[0].servers[1].address, &servers[1].address));
	ck_assert_int_eq(again->pools[0].servers[1].state, CONF_SERVER_DRAIN);
	ck_assert_uint_eq(again->pools[0].servers[1].weight, 7);
	ck_assert_uint_eq(again->pools[0].servers[1].fail_timeout, servers[1].fail_timeout);
	free(shown);
	conf_free(again);
	conf_free(conf);
}
END_TEST

static const struct {
	const char *name;
	const char *sentence; /* NULL: it is taken */
} added[] = {
	{ "10.0.0.5:8080", NULL },
	{ "[::1]:80", NULL },
	{ "[fe80::1%lo]:80", NULL },
	{ "localhost:3000", NULL },
	{ "unix:/run/\xc3\xa9 x.sock", NULL },
	{ "", "the port is missing: \"ADDRESS:PORT\" or \"unix:/PATH\"" },
	{ "app.example.org:80", "\"app.example.org\" is neither an address nor a name" },
	{ "*:80", "a server needs a host: \"127.0.0.1:80\"" },
	{ "unix:/run/a\nb", "there is a byte 0x0a in the address" },
	{ "unix:/run/a\xff", "there is a byte 0xff in the address" },
	{ "unix:/run/a\x7f", "there is a byte 0x7f in the address" },
};

START_TEST(servers_that_are_added_are_not_looked_up)
{
	struct address address;
	char text[200];
	struct error err;
	size_t i;
	int rc;

	snprintf(text, sizeof text, "127.0.0.1:%0118d", 1);
	ck_assert_int_eq(conf_server_from_text(&address, NULL, text, &err), -1);
	ck_assert_str_eq(err.text, "the address of a server has at most 127 bytes; this one has 128");
	for (i = 0; i < ARRAY_LENGTH(added); i++) {
		rc = conf_server_from_text(&address, NULL, added[i].name, &err);
		ck_assert_msg(rc == (added[i].sentence == NULL ? 0 : -1), "%s", added[i].name);
		if (rc < 0)
			ck_assert_str_eq(err.text, added[i].sentence);
	}
}
END_TEST

START_TEST(names_are_questions)
{
	struct conf_errors errors;
	struct conf *conf = conf_load_text("listen \"*:80\" { }\npool \"web\" { server \"127.0.0.1:1\" { }\n"
					   "server \"App.internal.:8080\" { family = ipv6  addresses = first }\n"
					   "server \"_http._tcp.app.internal\" { } }\n",
	    "f", &errors);
	const struct conf_server *host = &conf->pools[0].servers[1], *service = &conf->pools[0].servers[2];

	ck_assert_str_eq(conf->pools[0].servers[0].question.name, "");
	ck_assert_uint_eq(host->address.length, 0);
	ck_assert_str_eq(host->name, "App.internal.:8080");
	ck_assert_str_eq(host->question.name, "App.internal.");
	ck_assert_uint_eq(host->question.port, 8080);
	ck_assert_uint_eq(host->question.family, AF_INET6);
	ck_assert_int_eq(host->addresses, CONF_ADDRESSES_FIRST);
	ck_assert(!host->question.service);
	ck_assert_str_eq(service->question.name, "_http._tcp.app.internal");
	ck_assert_uint_eq(service->question.family, AF_UNSPEC);
	ck_assert_int_eq(service->addresses, CONF_ADDRESSES_ALL);
	ck_assert(service->question.service);
	conf_free(conf);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("conf_control");

	tcase_add_test(tests, people_are_kept_by_name_and_number);
	tcase_add_test(tests, the_highest_list_decides);
	tcase_add_test(tests, people_are_limited_in_number);
	tcase_add_test(tests, a_group_without_its_mark_is_told);
	tcase_add_test(tests, what_was_put_together_in_memory_is_shown);
	tcase_add_test(tests, servers_that_are_added_are_not_looked_up);
	tcase_add_test(tests, names_are_questions);
	return run_case(tests);
}

/* worker/sticky: words of servers, and whom they name. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lone_worker.h"
#include "worker/sticky.h"
#include "run.h"

enum { PLAIN, APP, NONE, POOLS };
static char plain[] = "plain", app[] = "a b;=p", none[] = "none", cookie[] = "stay";
static struct conf_pool pools[POOLS] = {
	{ .name = plain, .balance = &balance_round_robin, .sticky_kind = CONF_STICKY_COOKIE, .sticky_cookie = cookie },
	{ .name = app, .balance = &balance_round_robin, .sticky_kind = CONF_STICKY_COOKIE, .app.wanted = true },
	{ .name = none, .balance = &balance_round_robin },
};
static struct conf conf = { .pools = pools, .pool_count = POOLS };
static struct session session;
static struct exchange x;

/* The master does it, and the worker has heard of it. */
static void
place_take(unsigned slot, uint32_t id, unsigned pool, enum server_state state)
{
	place_set(slot, id, pool, state);
	membership_sync(worker);
}

static void
setup(void)
{
	lone_worker_open(&conf);
	worker->limits = (struct h1_limits){ .head = 65536, .target = 1000, .fields = 100 };
	lone_worker_begin();
	session = (struct session){ .worker = worker };
	x = (struct exchange){ .worker = worker, .session = &session, .pool = &worker->pools[PLAIN] };
}

/* The server that a request with these header lines names: its id; 0: none. */
static uint32_t
named(const char *lines)
{
	static char head[70000];
	struct h1_scan scan = { 0 };
	int length = snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", lines);
	const struct server *server;

	ck_assert_int_eq((int)h1_request_parse(&worker->request, &scan, head, (size_t)length, &worker->limits), H1_DONE);
	worker->request_owner = &x;
	server = sticky_server(&x);
	ck_assert_uint_eq(x.sticky_id, server != NULL ? server->id : 0);
	return x.sticky_id;
}

/* The field with the word of a server. */
static const char *
field(unsigned slot)
{
	static char text[100];
	const struct siphash *word = &worker->servers[slot]->word;

	snprintf(text, sizeof text, "Cookie: %s=%016" PRIx64 "%016" PRIx64 "\r\n",
	    worker->servers[slot]->pool == &worker->pools[APP] ? "drover-a-b--p" : cookie, word->words[0], word->words[1]);
	return text;
}

START_TEST(each_word_names_its_server)
{
	enum { SERVERS = 1000 };
	unsigned i;

	ck_assert_uint_eq(named("Cookie: stay=00000000000000000000000000000000\r\n"), 0); /* there is no server at all */
	for (i = 0; i < SERVERS; i++)
		place_take(i, i + 1, PLAIN, SERVER_READY);
	for (i = 0; i < SERVERS; i++)
		ck_assert_uint_eq(named(field(i)), i + 1);
	ck_assert_uint_eq(named("Cookie: stay=00000000000000000000000000000000\r\n"), 0);
	ck_assert_uint_eq(named(""), 0);
}
END_TEST

START_TEST(only_servers_that_take_requests_are_named)
{
	static const enum server_state others[] = { SERVER_DRAIN, SERVER_MAINTENANCE, SERVER_LEAVING, SERVER_CUT };
	char text[100];
	size_t i;

	place_take(0, 1, PLAIN, SERVER_READY);
	place_take(1, 2, PLAIN, SERVER_READY);
	snprintf(text, sizeof text, "%s", field(0));
	for (i = 0; i < 4; i++) {
		place_take(0, 1, PLAIN, others[i]);
		ck_assert_uint_eq(named(text), 0);
		ck_assert_uint_eq(named(field(1)), 2);
		place_take(0, 1, PLAIN, SERVER_READY);
		ck_assert_uint_eq(named(text), 1);
	}
	place_take(0, 1, PLAIN, SERVER_FREE);
	ck_assert_uint_eq(named(text), 0);
	place_take(0, 9, PLAIN, SERVER_READY); /* the same server, added again */
	ck_assert_uint_eq(named(text), 9);
}
END_TEST

START_TEST(an_instance_is_another_after_its_end)
{
	char text[100];

	place_take(0, 1, APP, SERVER_READY);
	x.pool = &worker->pools[APP];
	snprintf(text, sizeof text, "%s", field(0));
	ck_assert_uint_eq(named(text), 1);
	place_take(0, 1, APP, SERVER_FREE);
	place_take(0, 2, APP, SERVER_STARTING);
	ck_assert_uint_eq(named(text), 0);
	place_take(0, 2, APP, SERVER_READY); /* at the same address */
	ck_assert_uint_eq(named(text), 0);
	ck_assert_uint_eq(named(field(0)), 2);
}
END_TEST

START_TEST(a_word_is_of_one_pool_and_one_drover)
{
	struct siphash before;

	place_take(0, 1, PLAIN, SERVER_READY);
	ck_assert_uint_eq(named(field(0)), 1);
	pools[APP].sticky_cookie = cookie;
	lone_worker_close();
	setup();
	pools[APP].sticky_cookie = NULL;
	place_take(0, 1, PLAIN, SERVER_READY);
	x.pool = &worker->pools[APP];
	ck_assert_uint_eq(named(field(0)), 0);
	x.pool = &worker->pools[NONE];
	ck_assert_uint_eq(named(field(0)), 0);
	before = worker->servers[0]->word;
	board->sticky_key.words[1] ^= 1;
	place_take(0, 1, PLAIN, SERVER_FREE);
	place_take(0, 1, PLAIN, SERVER_READY);
	ck_assert_uint_ne(worker->servers[0]->word.words[0], before.words[0]);
	ck_assert_uint_ne(worker->servers[0]->word.words[1], before.words[1]);
	place_take(1, 2, NONE, SERVER_READY);
	ck_assert_uint_eq(worker->servers[1]->word.words[0], 0);
}
END_TEST

START_TEST(of_several_the_first_that_is_good)
{
	char text[400];
	size_t used;

	place_take(0, 1, PLAIN, SERVER_READY);
	place_take(1, 2, PLAIN, SERVER_READY);
	used = (size_t)snprintf(text, sizeof text, "Cookie: stay=; stay=zz; stay=00000000000000000000000000000000\r\n%s", field(1));
	snprintf(text + used, sizeof text - used, "%s", field(0));
	ck_assert_uint_eq(named(text), 2);
}
END_TEST

START_TEST(the_line_is_there_when_it_is_needed)
{
	static const char more[] = "Vary: Origin\r\n";
	struct text line;
	char wanted[300];

	place_take(0, 1, PLAIN, SERVER_READY);
	place_take(1, 2, PLAIN, SERVER_READY);
	named(field(0));
	x.server = worker->servers[0];
	ck_assert_uint_eq(sticky_line(&x, (struct text){ NULL, 0 }).length, 0);
	x.server = worker->servers[1];
	line = sticky_line(&x, (struct text){ more, sizeof more - 1 });
	snprintf(wanted, sizeof wanted, "Set-%.*s; Path=/; HttpOnly; SameSite=Lax\r\n%s", (int)strlen(field(1)) - 2, field(1), more);
	ck_assert_uint_eq(line.length, strlen(wanted));
	ck_assert_int_eq(strncmp(line.bytes, wanted, line.length), 0);
}
END_TEST

START_TEST(secure_is_what_a_believed_proxy_calls_so)
{
	struct text line;

	place_take(0, 1, PLAIN, SERVER_READY);
	x.server = worker->servers[0];
	named("X-Forwarded-Proto: https\r\n");
	ck_assert(!x.secure);
	session.trusted = true;
	named("X-Forwarded-Proto: http\r\n");
	ck_assert(!x.secure);
	named("X-Forwarded-Proto: HTTPS\r\n");
	ck_assert(x.secure);
	line = sticky_line(&x, (struct text){ NULL, 0 });
	ck_assert_int_eq(strncmp(line.bytes + line.length - 10, "; Secure\r\n", 10), 0);
}
END_TEST

START_TEST(a_tcp_connection_has_no_cookies)
{
	place_take(0, 1, PLAIN, SERVER_READY);
	x.tcp = true;
	x.sticky_id = 7;
	ck_assert_ptr_null(sticky_server(&x));
	ck_assert_uint_eq(x.sticky_id, 0);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("sticky");

	tcase_add_checked_fixture(tests, setup, lone_worker_close);
	tcase_add_test(tests, each_word_names_its_server);
	tcase_add_test(tests, only_servers_that_take_requests_are_named);
	tcase_add_test(tests, an_instance_is_another_after_its_end);
	tcase_add_test(tests, a_word_is_of_one_pool_and_one_drover);
	tcase_add_test(tests, of_several_the_first_that_is_good);
	tcase_add_test(tests, the_line_is_there_when_it_is_needed);
	tcase_add_test(tests, secure_is_what_a_believed_proxy_calls_so);
	tcase_add_test(tests, a_tcp_connection_has_no_cookies);
	return run_case(tests);
}

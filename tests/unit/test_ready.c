/* app/ready: when an instance listens, by real sockets. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/ready.h"
#include "base/clock.h"
#include "net/connect.h"
#include "net/listener.h"
#include "run.h"
#include "waiting.h"

static struct loop *loop;
static struct app_ready ready;
static struct app_place place;
static char directory[] = "/tmp/drover-ready-XXXXXX", path[64];
static unsigned calls;
static int listening; /* of the instance, or passed to it; -1: none */

/* ---- waiting */

static bool
is_called(void)
{
	return calls > 0;
}

/* It has looked a dozen times or so. */
static bool
looks_seldom(void)
{
	return ready.pause > 8 * CLOCK_MILLISECOND;
}

/* ---- places */

static void
listen_there(void)
{
	struct listener_options options = { .backlog = 16, .mode = (mode_t)-1, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	struct error err;

	listening = listener_open(&place.address, &options, &err);
	ck_assert_msg(listening >= 0, "%s", err.text);
	ck_assert_int_eq(listener_address(listening, &place.address), 0);
}

/* A port that nobody listens on and nobody else is given: bound, not listening. */
static int
port_reserve(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
	ck_assert_int_eq(bind(fd, &place.address.socket.any, place.address.length), 0);
	ck_assert_int_eq(listener_address(fd, &place.address), 0);
	return fd;
}

static void
place_is(const char *text)
{
	struct error err;

	memset(&place, 0, sizeof place);
	place.fd = -1;
	ck_assert_msg(address_parse(&place.address, text, ADDRESS_LISTEN, &err) == 0, "%s", err.text);
}

static void
place_is_unix(void)
{
	char text[80];

	snprintf(text, sizeof text, "unix:%s", path);
	place_is(text);
}

/* As drover holds it: bound by drover, handed down. */
static void
place_is_passed(void)
{
	listen_there();
	place.fd = listening;
}

/* Takes a connection as the instance would; it says nothing, and goes. */
static void
accept_silent(void)
{
	struct address peer;
	char byte;
	int fd = listener_accept(listening, &peer);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_le((int)read(fd, &byte, 1), 0);
	close(fd);
}

static void
called_cb(struct app_ready *r)
{
	ck_assert_ptr_eq(r, &ready);
	ck_assert_int_lt(r->fd, 0);
	calls++;
}

static void
setup(void)
{
	struct error err;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/web.0", directory);
	loop = loop_new(&err);
	ck_assert_ptr_nonnull(loop);
	listening = -1;
	calls = 0;
	app_ready_init(&ready, loop);
}

static void
teardown(void)
{
	app_ready_end(&ready);
	loop_free(loop);
	if (listening >= 0)
		close(listening);
	unlink(path);
	rmdir(directory);
}

/* ---- it makes its own socket */

static void
place_of(int kind)
{
	if (kind == 0)
		place_is("127.0.0.1:0");
	else
		place_is_unix();
}

START_TEST(one_that_listens_is_ready_at_once)
{
	place_of(_i);
	listen_there();
	app_ready_begin(&ready, &place, called_cb);
	ck_assert_uint_eq(calls, 0); /* not from within */
	wait_until(loop, is_called);
	accept_silent();
	ck_assert_uint_eq(calls, 1);
}
END_TEST

START_TEST(one_that_listens_later_is_ready_then)
{
	int reserved = -1;

	place_of(_i);
	if (_i == 0)
		reserved = port_reserve();
	app_ready_begin(&ready, &place, called_cb);
	wait_until(loop, looks_seldom);
	ck_assert_uint_eq(calls, 0);
	if (_i == 0)
		ck_assert_int_eq(listen(reserved, 5), 0);
	else
		listen_there();
	wait_until(loop, is_called);
	ck_assert_uint_eq(calls, 1);
	if (reserved >= 0)
		close(reserved);
}
END_TEST

START_TEST(one_that_never_listens_is_never_ready)
{
	int reserved = -1;

	place_of(_i);
	if (_i == 0)
		reserved = port_reserve();
	app_ready_begin(&ready, &place, called_cb);
	wait_until(loop, looks_seldom);
	app_ready_end(&ready);
	ck_assert(!timer_is_set(&ready.timer) && !watch_is_open(&ready.watch));
	ck_assert_uint_eq(calls, 0);
	if (reserved >= 0)
		close(reserved);
}
END_TEST

/* ---- a passed socket */

static void
passed_of(int kind)
{
	place_of(kind);
	place_is_passed();
}

START_TEST(a_passed_socket_is_ready_when_it_is_accepted)
{
	passed_of(_i);
	app_ready_begin(&ready, &place, called_cb);
	wait_until(loop, looks_seldom);
	ck_assert_uint_eq(calls, 0);
	ck_assert(ready.connected);
	accept_silent();
	wait_until(loop, is_called);
	ck_assert_uint_eq(calls, 1);
}
END_TEST

START_TEST(what_waited_there_comes_first)
{
	int fds[3], i;
	bool connected;

	passed_of(_i);
	for (i = 0; i < 3; i++) {
		fds[i] = connect_begin(&place.address, &connected);
		ck_assert_int_ge(fds[i], 0);
	}
	app_ready_begin(&ready, &place, called_cb);
	wait_until(loop, looks_seldom);
	for (i = 0; i < 3; i++)
		accept_silent();
	ready.pause = 2 * CLOCK_MILLISECOND;
	wait_until(loop, looks_seldom);
	ck_assert_uint_eq(calls, 0);
	accept_silent();
	wait_until(loop, is_called);
	for (i = 0; i < 3; i++)
		close(fds[i]);
}
END_TEST

/* Its process died before it had accepted anything: the next one finds what that left. */
START_TEST(a_second_process_on_a_passed_socket)
{
	passed_of(_i);
	app_ready_begin(&ready, &place, called_cb);
	wait_until(loop, looks_seldom);
	app_ready_end(&ready);
	app_ready_begin(&ready, &place, called_cb);
	wait_until(loop, looks_seldom);
	ck_assert_uint_eq(calls, 0);
	accept_silent();
	accept_silent();
	wait_until(loop, is_called);
	ck_assert_uint_eq(calls, 1);
}
END_TEST

/* ---- the end, and the next beginning */

static void
begins_anew_cb(struct app_ready *r)
{
	calls++;
	if (calls < 3)
		app_ready_begin(r, &place, begins_anew_cb);
}

static bool
is_called_three_times(void)
{
	return calls == 3;
}

START_TEST(it_may_begin_anew_when_it_is_called)
{
	place_of(_i);
	listen_there();
	app_ready_begin(&ready, &place, begins_anew_cb);
	wait_until(loop, is_called_three_times);
}
END_TEST

START_TEST(it_ends_in_each_state)
{
	app_ready_end(&ready); /* never begun */
	passed_of(_i);
	app_ready_begin(&ready, &place, called_cb);
	app_ready_end(&ready); /* before its first look */
	app_ready_end(&ready);
	app_ready_begin(&ready, &place, called_cb);
	app_ready_begin(&ready, &place, called_cb); /* instead */
	wait_until(loop, looks_seldom);
	app_ready_close_copy(&ready);
	app_ready_end(&ready);
	ck_assert_uint_eq(calls, 0);
	ck_assert(!timer_is_set(&ready.timer) && !watch_is_open(&ready.watch) && ready.fd < 0);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("ready");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	/* each on TCP and on a unix socket */
	tcase_add_loop_test(tests, one_that_listens_is_ready_at_once, 0, 2);
	tcase_add_loop_test(tests, one_that_listens_later_is_ready_then, 0, 2);
	tcase_add_loop_test(tests, one_that_never_listens_is_never_ready, 0, 2);
	tcase_add_loop_test(tests, a_passed_socket_is_ready_when_it_is_accepted, 0, 2);
	tcase_add_loop_test(tests, what_waited_there_comes_first, 0, 2);
	tcase_add_loop_test(tests, a_second_process_on_a_passed_socket, 0, 2);
	tcase_add_loop_test(tests, it_may_begin_anew_when_it_is_called, 0, 2);
	tcase_add_loop_test(tests, it_ends_in_each_state, 0, 2);
	return run_case(tests);
}

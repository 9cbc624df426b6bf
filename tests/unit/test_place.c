/* app/place: ports, unix sockets and passed sockets of instances. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/place.h"
#include "base/object.h"
#include "run.h"

enum { NOBODY = 65534, SOMEBODY = 12345, WORKERS = 12346 };

static char name[] = "web";
static struct conf conf;
static struct conf_pool app;
static struct app_places places;

static void
set_up(void)
{
	char top[] = "/tmp/test_place-XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(top));
	ck_assert_int_eq(chmod(top, 0711), 0);
	setenv("TMPDIR", top, 1);
	memset(&conf, 0, sizeof conf);
	memset(&app, 0, sizeof app);
	memset(&places, 0, sizeof places);
	conf.uid = app.app.uid = (uid_t)-1;
	conf.gid = app.app.gid = (gid_t)-1;
	app.name = name;
	app.app.wanted = true;
	app.app.listen = CONF_APP_PORT;
}

static void
tear_down(void)
{
	app_directory_remove(&places.directory);
	ck_assert_msg(rmdir(getenv("TMPDIR")) == 0 || errno == ENOENT, "%s: %s", getenv("TMPDIR"), strerror(errno));
}

static void
find(struct app_place *place, unsigned seat)
{
	struct error err;

	ck_assert_msg(app_place_find(place, &conf, &app, seat, &places, &err) == 0, "%s", err.text);
}

static void
admit(const struct app_place *place)
{
	struct error err;

	ck_assert_msg(app_place_admit(place, &conf, &err) == 0, "%s", err.text);
}

/* Listens where the place is, as an instance would. The descriptor. */
static int
listen_there(const struct app_place *place)
{
	int fd = socket(place->address.socket.any.sa_family, SOCK_STREAM, 0), on = 1;

	ck_assert_int_ge(fd, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	ck_assert_msg(bind(fd, &place->address.socket.any, place->address.length) == 0, "%s: %s", place->name, strerror(errno));
	ck_assert_int_eq(listen(fd, 10), 0);
	return fd;
}

static bool
connects(const struct app_place *place)
{
	int fd = socket(place->address.socket.any.sa_family, SOCK_STREAM, 0);
	bool good = connect(fd, &place->address.socket.any, place->address.length) == 0;

	close(fd);
	return good;
}

static const char *
path_of(const struct app_place *place)
{
	return place->address.socket.un.sun_path;
}

/* ---- ports */

START_TEST(a_port_that_is_free)
{
	struct app_place place;
	char text[32];
	int fd;

	app_place_init(&place);
	find(&place, 0);
	ck_assert_uint_ne(place.port, 0);
	ck_assert_int_eq(place.fd, -1);
	snprintf(text, sizeof text, "127.0.0.1:%u", place.port);
	ck_assert_str_eq(place.name, text);
	fd = listen_there(&place);
	ck_assert(connects(&place));
	close(fd);
	app_place_close(&place);
}
END_TEST

START_TEST(ports_are_outside_of_those_for_connections)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
	unsigned from, to, i;
	struct app_place place;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%u %u", &from, &to), 2);
	fclose(file);
	app_place_init(&place);
	for (i = 0; i < 100 && from > 22000; i++) {
		find(&place, 0);
		ck_assert_uint_ge(place.port, 20000);
		ck_assert_uint_lt(place.port, from);
	}
}
END_TEST

/* Those that were given are remembered, as it takes a while until an instance listens. */
START_TEST(no_port_is_given_twice)
{
	static bool given[65536];
	struct app_place place;
	unsigned i;

	memset(given, 0, sizeof given);
	places.ports.first = 21000;
	places.ports.last = 21000 + 2 * APP_PORTS_REMEMBERED;
	for (i = 0; i < APP_PORTS_REMEMBERED; i++) {
		app_place_init(&place);
		find(&place, i);
		app_place_listens(&place); /* it may have told so too early */
		ck_assert(!given[place.port]);
		given[place.port] = true;
	}
}
END_TEST

/* One that others listen on, on whatever address, is passed over. */
START_TEST(a_port_in_use_is_passed_over)
{
	static const in_addr_t addresses[] = { INADDR_LOOPBACK, INADDR_ANY, INADDR_LOOPBACK + 1 };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(addresses[_i]) };
	struct app_place place, next;
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	app_place_init(&place);
	app_place_init(&next);
	find(&place, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	in.sin_port = htons(place.port);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&in, sizeof in), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	app_place_listens(&place);
	memset(&places.ports, 0, sizeof places.ports);
	places.ports.first = place.port;
	places.ports.last = (uint16_t)(place.port + 20);
	find(&next, 0);
	ck_assert_uint_ne(next.port, place.port);
	close(fd);
}
END_TEST

/* It is free for another drover when the one that has it now ends. */
START_TEST(a_port_that_is_passed_over_is_let_go)
{
	struct app_place place;
	struct error err;
	uint16_t port;
	int fd;

	app_place_init(&place);
	find(&place, 0);
	port = place.port;
	fd = listen_there(&place);
	app_place_close(&place);
	memset(&places.ports, 0, sizeof places.ports);
	places.ports.first = places.ports.last = port;
	ck_assert_int_eq(app_place_find(&place, &conf, &app, 0, &places, &err), -1);
	close(fd);
	find(&place, 0);
	ck_assert_uint_eq(place.port, port);
	app_place_close(&place);
}
END_TEST

/* What another drover knows: nothing of the ports that were given here. */
static void
forget_but(uint16_t port)
{
	memset(&places.ports, 0, sizeof places.ports);
	places.ports.first = places.ports.last = port;
}

/* One that an instance of another drover does not listen on yet. */
START_TEST(a_port_that_another_has_given_is_passed_over)
{
	struct app_place first, second;
	struct error err;
	uint16_t port;

	app_place_init(&first);
	app_place_init(&second);
	find(&first, 0);
	port = first.port;
	forget_but(port);
	ck_assert_int_eq(app_place_find(&second, &conf, &app, 0, &places, &err), -1);
	app_place_listens(&first);
	find(&second, 0);
	ck_assert_uint_eq(second.port, port);
	forget_but(port);
	ck_assert_int_eq(app_place_find(&first, &conf, &app, 0, &places, &err), -1);
	app_place_close(&second);
	find(&first, 0);
	ck_assert_uint_eq(first.port, port);
	app_place_close(&first);
}
END_TEST

START_TEST(a_port_of_a_server_is_passed_over)
{
	struct conf_server server;
	struct conf_pool pool = { .servers = &server, .server_count = 1 };
	struct app_place place;
	struct error err;

	memset(&server, 0, sizeof server);
	conf.pools = &pool;
	conf.first_app = 1;
	ck_assert_int_eq(address_parse(&server.address, "127.0.0.1:21007", ADDRESS_CONNECT, &err), 0);
	places.ports.first = places.ports.last = 21007;
	app_place_init(&place);
	ck_assert_int_eq(app_place_find(&place, &conf, &app, 0, &places, &err), -1);
	ck_assert_str_eq(err.text, "app web: cannot find a free port from 21007 to 21007");
}
END_TEST

/* Where outgoing connections may take any. */
START_TEST(ports_of_the_kernel)
{
	struct app_place first, second;

	places.ports.first = places.ports.last = 1;
	places.ports.by_kernel = true;
	app_place_init(&first);
	app_place_init(&second);
	find(&first, 0);
	find(&second, 1);
	ck_assert_uint_gt(first.port, 1);
	ck_assert_uint_gt(second.port, 1);
	ck_assert_uint_ne(first.port, second.port);
}
END_TEST

/* ---- unix sockets */

START_TEST(a_path_for_each_seat)
{
	struct app_place first, second;
	char path[128];
	struct stat st;
	int fd;

	app.app.listen = CONF_APP_UNIX;
	app_place_init(&first);
	app_place_init(&second);
	find(&first, 0);
	find(&second, 1);
	ck_assert_str_ne(path_of(&first), path_of(&second));
	ck_assert_int_eq(strncmp(first.name, "unix:/", 6), 0);
	ck_assert_str_eq(first.name + 5, path_of(&first));
	ck_assert_str_eq(strstr(path_of(&first), "/web/"), "/web/0.sock");
	ck_assert_uint_eq(first.port, 0);
	ck_assert_int_eq(stat(places.directory.path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0711);
	fd = listen_there(&first);
	admit(&first);
	ck_assert(connects(&first));
	close(fd);
	/* what it has left is removed, and the path is the same */
	find(&first, 0);
	ck_assert_int_lt(access(path_of(&first), F_OK), 0);
	fd = listen_there(&first);
	snprintf(path, sizeof path, "%s", path_of(&first));
	app_place_close(&first);
	ck_assert_int_eq(first.address.length, 0);
	ck_assert_int_lt(access(path, F_OK), 0);
	close(fd);
	/* nor does it matter what else lies there */
	ck_assert_int_eq(symlink("/nonexistent", path), 0);
	find(&first, 0);
	ck_assert_str_eq(path_of(&first), path);
	close(listen_there(&first));
	app_place_close(&first);
	app_place_close(&second);
}
END_TEST

/* Who can be let in is let in: user of workers, whatever the app's umask. */
START_TEST(a_socket_of_another_user)
{
	static const mode_t umasks[] = { 0, 022, 077, 0777 };
	struct app_place place;
	struct stat st;
	mode_t before;
	int status, fd;

	if (geteuid() != 0)
		return;
	conf.uid = conf.gid = WORKERS;
	app.app.uid = app.app.gid = SOMEBODY;
	app.app.listen = CONF_APP_UNIX;
	app_place_init(&place);
	find(&place, 0);
	before = umask(umasks[_i]);
	if (fork() == 0) {
		/* the app itself */
		_exit(setgroups(0, NULL) == 0 && setgid(SOMEBODY) == 0 && setuid(SOMEBODY) == 0 &&
			      bind(fd = socket(AF_UNIX, SOCK_STREAM, 0), &place.address.socket.any, place.address.length) == 0 ?
			  0 :
			  1);
	}
	umask(before);
	wait(&status);
	ck_assert_int_eq(status, 0);
	admit(&place);
	ck_assert_int_eq(stat(path_of(&place), &st), 0);
	ck_assert_uint_eq(st.st_uid, SOMEBODY);
	ck_assert_uint_eq(st.st_gid, WORKERS);
	ck_assert_uint_eq(st.st_mode & 0660, 0660);
	for (uid_t user = NOBODY; user != 0; user = user == NOBODY ? WORKERS : 0) {
		if (fork() == 0)
			_exit(setgroups(0, NULL) == 0 && setgid(user) == 0 && setuid(user) == 0 && access(path_of(&place), W_OK) == 0);
		wait(&status);
		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == (user == WORKERS), "user %u", user);
	}
	app_place_close(&place);
}
END_TEST

/* Nothing that is not the app's own socket is touched. */
START_TEST(a_path_that_leads_elsewhere)
{
	struct app_place place;
	char target[] = "/tmp/test_place_target-XXXXXX", elsewhere[128];
	struct error err;
	struct stat st;
	int fd = mkstemp(target);

	ck_assert_int_eq(fchmod(fd, 0600), 0);
	close(fd);
	app.app.listen = CONF_APP_UNIX;
	app_place_init(&place);
	find(&place, 0);
	ck_assert_int_eq(symlink(target, path_of(&place)), 0);
	ck_assert_int_eq(app_place_admit(&place, &conf, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "is no socket"));
	ck_assert_int_eq(stat(target, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	/* nor by a link to a socket, even one of the same user */
	unlink(path_of(&place));
	fd = listen_there(&place);
	ck_assert_int_eq(chmod(path_of(&place), 0600), 0);
	snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere.sock", getenv("TMPDIR"));
	ck_assert_int_eq(rename(path_of(&place), elsewhere), 0);
	ck_assert_int_eq(symlink(elsewhere, path_of(&place)), 0);
	ck_assert_int_eq(app_place_admit(&place, &conf, &err), -1);
	ck_assert_int_eq(stat(elsewhere, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	close(fd);
	unlink(elsewhere);
	/* it is removed, and what it leads to is not */
	find(&place, 0);
	ck_assert_int_eq(symlink(target, path_of(&place)), 0);
	app_place_close(&place);
	ck_assert_int_eq(stat(target, &st), 0);
	unlink(target);
}
END_TEST

START_TEST(a_socket_of_a_stranger)
{
	struct app_place place;
	struct error err;
	int fd;

	if (geteuid() != 0)
		return;
	app.app.uid = SOMEBODY;
	app.app.listen = CONF_APP_UNIX;
	app_place_init(&place);
	find(&place, 0);
	fd = listen_there(&place);
	ck_assert_int_eq(app_place_admit(&place, &conf, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "belongs to user 0, not to that of the app, 12345"));
	close(fd);
	app_place_close(&place);
}
END_TEST

START_TEST(names_that_are_no_directory)
{
	static char names[][80] = { "..", ".", "a/b", "/etc" };
	struct app_place place;
	struct error err;

	app.app.listen = CONF_APP_UNIX;
	app.name = names[_i];
	app_place_init(&place);
	ck_assert_int_eq(app_place_find(&place, &conf, &app, 0, &places, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "no directory for its sockets can have that name"));
}
END_TEST

START_TEST(a_path_that_is_too_long)
{
	char text[] = "a-name-with-as-many-letters-as-the-name-of-an-app-may-have-at-all";
	struct app_place place;
	struct error err;

	app.name = text;
	app.app.listen = CONF_APP_UNIX;
	snprintf(places.directory.path, sizeof places.directory.path, "%s/a-deep-directory", getenv("TMPDIR"));
	ck_assert_int_eq(mkdir(places.directory.path, 0700), 0);
	app_place_init(&place);
	ck_assert_int_eq(app_place_find(&place, &conf, &app, 0, &places, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "the path of a unix socket has at most 107 bytes"));
}
END_TEST

/* All of it goes, but not what an app has filled, and nothing that a link leads to. */
START_TEST(the_directory_is_removed)
{
	struct app_place place;
	char path[256], top[64];
	struct stat st;

	app.app.listen = CONF_APP_UNIX;
	app_place_init(&place);
	find(&place, 7);
	snprintf(top, sizeof top, "%s", places.directory.path);
	close(listen_there(&place));
	snprintf(path, sizeof path, "%s/web/link", top);
	ck_assert_int_eq(symlink(getenv("TMPDIR"), path), 0);
	snprintf(path, sizeof path, "%s/web/empty", top);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	app_directory_remove(&places.directory);
	ck_assert_str_eq(places.directory.path, "");
	ck_assert_int_lt(stat(top, &st), 0);
	ck_assert_int_eq(stat(getenv("TMPDIR"), &st), 0);
	app_directory_remove(&places.directory);
}
END_TEST

/* ---- passed sockets */

START_TEST(a_socket_is_held)
{
	struct app_place place;
	struct error err;
	char before[sizeof place.name];
	int fd;

	app.app.listen = _i == 0 ? CONF_APP_ACTIVATION : CONF_APP_ACTIVATION_PORT;
	app_place_init(&place);
	find(&place, 0);
	ck_assert_int_ge(place.fd, 0);
	ck_assert_int_eq(fcntl(place.fd, F_GETFD), FD_CLOEXEC);
	ck_assert(connects(&place));
	snprintf(before, sizeof before, "%s", place.name);
	fd = place.fd;
	/* an instance may have made it one that does not wait */
	ck_assert_int_eq(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
	find(&place, 0);
	ck_assert_int_eq(place.fd, fd);
	ck_assert_str_eq(place.name, before);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert(connects(&place));
	ck_assert_int_eq(app_place_admit(&place, &conf, &err), 0);
	app_place_close(&place);
	ck_assert_int_eq(place.fd, -1);
	ck_assert_int_lt(fcntl(fd, F_GETFD), 0);
}
END_TEST

/* Nobody answers them: those who come behind them wait as before. */
START_TEST(who_waits_is_turned_away)
{
	struct app_place place;
	int fd, flags;
	char byte;

	app.app.listen = CONF_APP_ACTIVATION;
	app_place_init(&place);
	find(&place, 0);
	flags = fcntl(place.fd, F_GETFL);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd, &place.address.socket.any, place.address.length), 0);
	app_place_turn_away(&place);
	ck_assert_int_eq(read(fd, &byte, 1), 0);
	close(fd);
	ck_assert_int_eq(fcntl(place.fd, F_GETFL), flags);
	ck_assert(connects(&place));
	app_place_close(&place);
}
END_TEST

/* A new configuration may want another kind. */
START_TEST(another_kind_of_place)
{
	struct app_place place;

	app.app.listen = CONF_APP_ACTIVATION;
	app_place_init(&place);
	find(&place, 0);
	app.app.listen = CONF_APP_PORT;
	find(&place, 0);
	ck_assert_int_eq(place.fd, -1);
	ck_assert_uint_ne(place.port, 0);
}
END_TEST

/* The same as a user who is not root. */
START_TEST(as_another_user)
{
	struct app_place place;
	int status, fd;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chmod(getenv("TMPDIR"), 0777), 0);
	if (fork() == 0) {
		if (setgroups(0, NULL) < 0 || setgid(SOMEBODY) < 0 || setuid(SOMEBODY) < 0)
			_exit(1);
		app.app.listen = CONF_APP_UNIX;
		app_place_init(&place);
		find(&place, 0);
		umask(0777);
		fd = listen_there(&place);
		admit(&place);
		if (!connects(&place))
			_exit(2);
		close(fd);
		app_place_close(&place);
		app_directory_remove(&places.directory);
		_exit(0);
	}
	wait(&status);
	ck_assert_int_eq(status, 0);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("place");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_port_that_is_free);
	tcase_add_test(tests, ports_are_outside_of_those_for_connections);
	tcase_add_test(tests, no_port_is_given_twice);
	tcase_add_loop_test(tests, a_port_in_use_is_passed_over, 0, 3);
	tcase_add_test(tests, a_port_that_is_passed_over_is_let_go);
	tcase_add_test(tests, a_port_that_another_has_given_is_passed_over);
	tcase_add_test(tests, a_port_of_a_server_is_passed_over);
	tcase_add_test(tests, ports_of_the_kernel);
	tcase_add_test(tests, a_path_for_each_seat);
	tcase_add_loop_test(tests, a_socket_of_another_user, 0, 4);
	tcase_add_test(tests, a_path_that_leads_elsewhere);
	tcase_add_test(tests, a_socket_of_a_stranger);
	tcase_add_loop_test(tests, names_that_are_no_directory, 0, 4);
	tcase_add_test(tests, a_path_that_is_too_long);
	tcase_add_test(tests, the_directory_is_removed);
	tcase_add_loop_test(tests, a_socket_is_held, 0, 2);
	tcase_add_test(tests, who_waits_is_turned_away);
	tcase_add_test(tests, another_kind_of_place);
	tcase_add_test(tests, as_another_user);
	return run_case(tests);
}

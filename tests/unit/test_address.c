/* base/address: addresses as people write them, and networks. */
#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "base/object.h"
#include "run.h"

struct good {
	const char *text;
	enum address_use use;
	int family;
	int port;
	const char *written; /* as address_format gives it back; NULL: as read */
};

static const struct good good[] = {
	{ "10.0.0.5:8080", ADDRESS_LISTEN, AF_INET, 8080, NULL },
	{ "10.0.0.5:8080", ADDRESS_CONNECT, AF_INET, 8080, NULL },
	{ "0.0.0.0:80", ADDRESS_LISTEN, AF_INET, 80, NULL },
	{ "*:80", ADDRESS_LISTEN, AF_INET6, 80, NULL },
	{ ":80", ADDRESS_LISTEN, AF_INET6, 80, "*:80" },
	{ "[::]:80", ADDRESS_LISTEN, AF_INET6, 80, "*:80" },
	{ "*:0", ADDRESS_LISTEN, AF_INET6, 0, NULL },
	{ "[::1]:65535", ADDRESS_CONNECT, AF_INET6, 65535, NULL },
	{ "[fe80::1%lo]:80", ADDRESS_CONNECT, AF_INET6, 80, "[fe80::1%1]:80" },
	{ "[2001:DB8::0:1]:80", ADDRESS_LISTEN, AF_INET6, 80, "[2001:db8::1]:80" },
	{ "[::ffff:10.0.0.1]:80", ADDRESS_CONNECT, AF_INET6, 80, NULL },
	{ "localhost:3000", ADDRESS_CONNECT, AF_INET, 3000, "127.0.0.1:3000" },
	{ "LocalHost:1", ADDRESS_CONNECT, AF_INET, 1, "127.0.0.1:1" },
	{ "unix:/run/app.sock", ADDRESS_LISTEN, AF_UNIX, 0, NULL },
	{ "unix:/run/app.sock", ADDRESS_CONNECT, AF_UNIX, 0, NULL },
	{ "unix:/with space:and colon", ADDRESS_CONNECT, AF_UNIX, 0, NULL },
};

START_TEST(good_addresses_are_read_and_written)
{
	char text[ADDRESS_TEXT_MAX];
	struct address a, again;
	struct error err;
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(good); i++) {
		const struct good *g = &good[i];

		ck_assert_msg(address_parse(&a, g->text, g->use, &err) == 0, "%s: %s", g->text, err.text);
		ck_assert_int_eq(a.socket.any.sa_family, g->family);
		ck_assert_int_eq(address_port(&a), g->port);
		ck_assert_str_eq(address_format(&a, text), g->written != NULL ? g->written : g->text);
		ck_assert_int_eq(address_parse(&again, text, g->use, &err), 0);
		ck_assert(address_equal(&a, &again));
	}
}
END_TEST

struct bad {
	const char *text;
	enum address_use use;
	const char *sentence; /* the beginning of it */
};

static const struct bad bad[] = {
	{ "", ADDRESS_LISTEN, "the port is missing" },
	{ "10.0.0.5", ADDRESS_LISTEN, "the port is missing" },
	{ "3000", ADDRESS_CONNECT, "a server needs a host: \"127.0.0.1:3000\"" },
	{ "http://localhost:3000", ADDRESS_CONNECT,
	    "an address has no http:// and no path; did you mean \"localhost:3000\"?" },
	{ "http://127.0.0.1:3000/api", ADDRESS_CONNECT,
	    "an address has no http:// and no path; did you mean \"127.0.0.1:3000\"?" },
	{ "http://[::1]:80/", ADDRESS_LISTEN,
	    "an address has no http:// and no path; did you mean \"[::1]:80\"?" },
	{ "https://x", ADDRESS_CONNECT, "an address has no http:// and no path, but a port: \"127.0.0.1:3000\"" },
	{ "8080", ADDRESS_LISTEN, "a port alone is written \":8080\"" },
	{ "10.0.0.5:", ADDRESS_LISTEN, "the port is a number from 0 to 65535" },
	{ "10.0.0.5:65536", ADDRESS_LISTEN, "the port is a number" },
	{ "10.0.0.5:http", ADDRESS_CONNECT, "the port is a number from 1 to 65535" },
	{ "10.0.0.5:-1", ADDRESS_CONNECT, "the port is a number" },
	{ "10.0.0.5:80 ", ADDRESS_CONNECT, "the port is a number" },
	{ "10.0.0.5:0", ADDRESS_CONNECT, "port 0 cannot be connected to" },
	{ "*:80", ADDRESS_CONNECT, "a server needs a host: \"127.0.0.1:80\"" },
	{ ":80", ADDRESS_CONNECT, "a server needs a host" },
	{ "10.0.0.256:80", ADDRESS_CONNECT, "\"10.0.0.256\" is not an IPv4 address" },
	{ "10.1:80", ADDRESS_CONNECT, "\"10.1\" is not an IPv4 address" },
	{ "::1:80", ADDRESS_LISTEN, "an IPv6 address is written in brackets" },
	{ "[::1]", ADDRESS_LISTEN, "an IPv6 address with a port is written \"[::1]:80\"" },
	{ "[::1", ADDRESS_LISTEN, "an IPv6 address with a port" },
	{ "[::1]80", ADDRESS_LISTEN, "an IPv6 address with a port" },
	{ "[10.0.0.1]:80", ADDRESS_LISTEN, "\"10.0.0.1\" is not an IPv6 address" },
	{ "[]:80", ADDRESS_LISTEN, "\"\" is not an IPv6 address" },
	{ "[fe80::1%nosuchport]:80", ADDRESS_CONNECT, "\"fe80::1%nosuchport\" is not an address here: " },
	{ "localhost:80", ADDRESS_LISTEN,
	    "names cannot be listened on; write an address, such as \"127.0.0.1:80\"" },
	{ "example.org:80", ADDRESS_CONNECT, "\"example.org\" is neither an address nor a name" },
	{ "unix:", ADDRESS_LISTEN, "the path of a unix socket begins with \"/\"" },
	{ "unix:app.sock", ADDRESS_CONNECT, "the path of a unix socket begins with \"/\"" },
	{ "/run/app.sock", ADDRESS_CONNECT, "a unix socket is written \"unix:/run/app.sock\"" },
};

START_TEST(bad_addresses_are_refused_with_a_sentence)
{
	struct address a;
	struct error err;
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(bad); i++) {
		ck_assert_msg(
		    address_parse(&a, bad[i].text, bad[i].use, &err) == -1, "\"%s\" is taken", bad[i].text);
		ck_assert_msg(strncmp(err.text, bad[i].sentence, strlen(bad[i].sentence)) == 0, "\"%s\": %s",
		    bad[i].text, err.text);
	}
}
END_TEST

START_TEST(names_are_told_from_addresses)
{
	static const char *const others[] = { "localhost:80", "LOCALHOST:80", "10.0.0.1:80", "10.0.0.256:80", "[::1]:80",
		"unix:/a:80", "/a:80", "app", "app:", "app:x", "app:0", "app:65536", ":80", "*:80", "::1:80", "http://app:80",
		"a:b:80" };
	char host[ADDRESS_HOST_MAX];
	uint16_t port = 0;
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(others); i++)
		ck_assert_msg(!address_has_name(others[i], host, &port), "%s", others[i]);
	ck_assert(address_has_name("app.internal:8080", host, &port));
	ck_assert_str_eq(host, "app.internal");
	ck_assert_uint_eq(port, 8080);
	ck_assert(address_has_name("localhost.:80", host, &port));
	ck_assert_str_eq(host, "localhost.");
	ck_assert(address_has_name("a b:80", host, &port)); /* what it is made of is looked at elsewhere */
}
END_TEST

START_TEST(a_unix_path_has_107_bytes)
{
	char text[128] = "unix:/", back[ADDRESS_TEXT_MAX];
	struct address a;
	struct error err;

	memset(text + 6, 'x', 106);
	ck_assert_int_eq(address_parse(&a, text, ADDRESS_LISTEN, &err), 0);
	ck_assert_str_eq(address_format(&a, back), text);
	text[6 + 106] = 'x';
	ck_assert_int_eq(address_parse(&a, text, ADDRESS_LISTEN, &err), -1);
	ck_assert_str_eq(err.text, "the path of a unix socket has at most 107 bytes; this one has 108");
}
END_TEST

START_TEST(a_long_host_is_refused)
{
	char text[400];
	struct address a;
	struct error err;

	memset(text, 'x', sizeof text);
	memcpy(text + sizeof text - 4, ":80", 4);
	ck_assert_int_eq(address_parse(&a, text, ADDRESS_CONNECT, &err), -1);
	ck_assert_str_eq(err.text, "the host name is too long");
}
END_TEST

START_TEST(addresses_differ_in_each_part)
{
	static const char *const different[] = { "10.0.0.1:80", "10.0.0.1:81", "10.0.0.2:80", "[::1]:80",
		"[::1]:81", "[::2]:80", "unix:/a", "unix:/b", "unix:/ab" };
	struct address a, b;
	size_t i, j;

	for (i = 0; i < ARRAY_LENGTH(different); i++)
		for (j = 0; j < ARRAY_LENGTH(different); j++) {
			ck_assert_int_eq(address_parse(&a, different[i], ADDRESS_CONNECT, NULL), 0);
			ck_assert_int_eq(address_parse(&b, different[j], ADDRESS_CONNECT, NULL), 0);
			ck_assert_int_eq(address_equal(&a, &b), i == j);
		}
}
END_TEST

START_TEST(no_address_is_written_as_nothing)
{
	struct address none = { .length = 0 }, unnamed = { .length = sizeof(sa_family_t) };
	char text[ADDRESS_TEXT_MAX];

	unnamed.socket.any.sa_family = AF_UNIX;
	ck_assert_str_eq(address_format(&none, text), "");
	ck_assert_str_eq(address_format(&unnamed, text), "unix:");
	ck_assert_int_eq(address_port(&unnamed), 0);
	ck_assert(address_equal(&none, &none));
	ck_assert(!address_equal(&none, &unnamed));
}
END_TEST

static const struct {
	const char *text, *written, *in, *out; /* an address that it holds, one that it does not */
} ranges[] = {
	{ "10.0.0.0/8", NULL, "10.255.0.1", "11.0.0.0" },
	{ "10.1.2.3", NULL, "10.1.2.3", "10.1.2.2" },
	{ "10.1.2.3/32", "10.1.2.3", "10.1.2.3", "10.1.2.2" },
	{ "192.168.0.128/25", NULL, "192.168.0.129", "192.168.0.127" },
	{ "0.0.0.0/0", NULL, "8.8.8.8", "::1" },
	{ "10.0.0.0/8", NULL, "::ffff:10.1.1.1", "::ffff:11.1.1.1" },
	{ "::ffff:10.0.0.0/104", "10.0.0.0/8", "10.1.1.1", "11.1.1.1" },
	{ "::1", NULL, "::1", "::2" },
	{ "fd00::/8", NULL, "fdff::1", "fe00::1" },
	{ "2001:db8::/33", NULL, "2001:db8:7fff::1", "2001:db8:8000::1" },
	{ "::/0", NULL, "2001:db8::1", "10.0.0.1" },
};

static bool
range_holds(const struct address_range *r, const char *address)
{
	int family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
	uint8_t bytes[16] = { 0 };

	ck_assert_int_eq(inet_pton(family, address, bytes), 1);
	return address_range_holds(r, family, bytes);
}

START_TEST(ranges_hold_what_is_in_them)
{
	char text[ADDRESS_TEXT_MAX];
	struct address_range r;
	struct error err;
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(ranges); i++) {
		ck_assert_msg(
		    address_range_parse(&r, ranges[i].text, &err) == 0, "%s: %s", ranges[i].text, err.text);
		ck_assert_str_eq(address_range_format(&r, text),
		    ranges[i].written != NULL ? ranges[i].written : ranges[i].text);
		ck_assert_msg(range_holds(&r, ranges[i].in), "%s in %s", ranges[i].in, ranges[i].text);
		ck_assert_msg(!range_holds(&r, ranges[i].out), "%s in %s", ranges[i].out, ranges[i].text);
	}
}
END_TEST

START_TEST(the_unix_range_holds_unix_peers_only)
{
	struct address_range r;
	char text[ADDRESS_TEXT_MAX];
	uint8_t none[16] = { 0 };

	ck_assert_int_eq(address_range_parse(&r, "unix", NULL), 0);
	ck_assert_str_eq(address_range_format(&r, text), "unix");
	ck_assert(address_range_holds(&r, AF_UNIX, none));
	ck_assert(!range_holds(&r, "0.0.0.0"));
	ck_assert_int_eq(address_range_parse(&r, "0.0.0.0/0", NULL), 0);
	ck_assert(!address_range_holds(&r, AF_UNIX, none));
}
END_TEST

START_TEST(bad_ranges_are_refused)
{
	static const char *const texts[] = { "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/8/8",
		"10.0.0.0/a", "10.0.0/8", "::1/129", "localhost", "*", "unix:/x", "::ffff:10.0.0.1/64",
		"0123456789012345678901234567890123456789012345678901234567890" };
	struct address_range r;
	struct error err;
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(texts); i++)
		ck_assert_msg(address_range_parse(&r, texts[i], &err) == -1, "\"%s\" is taken", texts[i]);
	ck_assert_int_eq(address_range_parse(&r, "10.1.2.3/8", &err), -1);
	ck_assert_str_eq(err.text, "there are bits after the first 8; did you mean \"10.0.0.0/8\"?");
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("address");

	tcase_add_test(tests, good_addresses_are_read_and_written);
	tcase_add_test(tests, bad_addresses_are_refused_with_a_sentence);
	tcase_add_test(tests, names_are_told_from_addresses);
	tcase_add_test(tests, a_unix_path_has_107_bytes);
	tcase_add_test(tests, a_long_host_is_refused);
	tcase_add_test(tests, addresses_differ_in_each_part);
	tcase_add_test(tests, no_address_is_written_as_nothing);
	tcase_add_test(tests, ranges_hold_what_is_in_them);
	tcase_add_test(tests, the_unix_range_holds_unix_peers_only);
	tcase_add_test(tests, bad_ranges_are_refused);
	return run_case(tests);
}

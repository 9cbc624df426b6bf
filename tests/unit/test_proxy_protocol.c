/* worker/proxy_protocol: what servers are told of a client, byte by byte. */
#include <arpa/inet.h>
#include <check.h>
#include <string.h>

#include "worker/proxy_protocol.h"
#include "run.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n\x21"

static struct channel_connection
peer_of(int family, const char *address, uint16_t port)
{
	struct channel_connection peer = { .family = (uint16_t)family, .port = port };

	if (address != NULL)
		ck_assert_int_eq(inet_pton(family, address, peer.address), 1);
	return peer;
}

static union {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
} local;

static void
local_set(int family, const char *address, uint16_t port)
{
	memset(&local, 0, sizeof local);
	local.any.sa_family = (sa_family_t)family;
	if (family == AF_INET)
		local.in.sin_port = htons(port);
	else
		local.in6.sin6_port = htons(port);
	if (address != NULL)
		ck_assert_int_eq(inet_pton(family, address,
				     family == AF_INET ? (void *)&local.in.sin_addr : (void *)&local.in6.sin6_addr),
		    1);
}

static void
assert_head(enum conf_send_proxy version, const struct channel_connection *peer, const char *wanted, size_t length)
{
	char head[PROXY_PROTOCOL_MAX];

	ck_assert_uint_eq(proxy_protocol_format(head, version, peer, &local.any), length);
	ck_assert_mem_eq(head, wanted, length);
}

#define ASSERT_HEAD(version, peer, wanted) assert_head(version, peer, wanted, sizeof(wanted) - 1)

START_TEST(ipv4)
{
	struct channel_connection peer = peer_of(AF_INET, "192.0.2.1", 65535);

	local_set(AF_INET, "10.0.0.255", 80);
	ASSERT_HEAD(CONF_SEND_PROXY_V1, &peer, "PROXY TCP4 192.0.2.1 10.0.0.255 65535 80\r\n");
	ASSERT_HEAD(CONF_SEND_PROXY_V2, &peer,
	    SIGNATURE "\x11\0\x0c\xc0\0\x02\x01\x0a\0\0\xff\xff\xff\0\x50");
}
END_TEST

START_TEST(ipv4_on_a_socket_of_ipv6)
{
	struct channel_connection peer = peer_of(AF_INET, "192.0.2.1", 1);

	local_set(AF_INET6, "::ffff:10.0.0.255", 80);
	ASSERT_HEAD(CONF_SEND_PROXY_V1, &peer, "PROXY TCP4 192.0.2.1 10.0.0.255 1 80\r\n");
}
END_TEST

START_TEST(ipv6)
{
	struct channel_connection peer = peer_of(AF_INET6, "2001:db8::1", 258);
	char head[PROXY_PROTOCOL_MAX];

	local_set(AF_INET6, "::1", 443);
	ASSERT_HEAD(CONF_SEND_PROXY_V1, &peer, "PROXY TCP6 2001:db8::1 ::1 258 443\r\n");
	ASSERT_HEAD(CONF_SEND_PROXY_V2, &peer,
	    SIGNATURE "\x21\0\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
		      "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01\x02\x01\xbb");
	/* the longest */
	peer = peer_of(AF_INET6, "1111:2222:3333:4444:5555:6666:7777:8888", 65535);
	local_set(AF_INET6, "1111:2222:3333:4444:5555:6666:7777:8888", 65535);
	ck_assert_uint_lt(proxy_protocol_format(head, CONF_SEND_PROXY_V1, &peer, &local.any), sizeof head);
}
END_TEST

START_TEST(what_is_not_known)
{
	struct channel_connection on_unix = peer_of(AF_UNIX, NULL, 0), peer = peer_of(AF_INET, "192.0.2.1", 1);

	local_set(AF_UNSPEC, NULL, 0);
	ASSERT_HEAD(CONF_SEND_PROXY_V1, &on_unix, "PROXY UNKNOWN\r\n");
	ASSERT_HEAD(CONF_SEND_PROXY_V2, &on_unix, SIGNATURE "\0\0\0");
	ASSERT_HEAD(CONF_SEND_PROXY_V1, &peer, "PROXY UNKNOWN\r\n");
	local_set(AF_INET6, "::1", 1);
	ASSERT_HEAD(CONF_SEND_PROXY_V2, &peer, SIGNATURE "\0\0\0");
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("proxy_protocol");

	tcase_add_test(tests, ipv4);
	tcase_add_test(tests, ipv4_on_a_socket_of_ipv6);
	tcase_add_test(tests, ipv6);
	tcase_add_test(tests, what_is_not_known);
	return run_case(tests);
}

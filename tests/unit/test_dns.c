/* net/dns: lists of addresses, and the reading of SRV records. */
#include <arpa/inet.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "net/dns.h"
#include "run.h"

static struct dns_answer answer;

static struct dns_address
address(const char *text, uint16_t port, uint16_t priority)
{
	struct dns_address a = { .port = port, .priority = priority, .weight = 1, .family = AF_INET };

	if (inet_pton(AF_INET, text, a.bytes) == 1)
		return a;
	a.family = AF_INET6;
	ck_assert_int_eq(inet_pton(AF_INET6, text, a.bytes), 1);
	return a;
}

static void
add(const char *text, uint16_t port, uint16_t priority)
{
	struct dns_address a = address(text, port, priority);

	dns_answer_add(&answer, &a);
}

static const char *
shown(unsigned i)
{
	static char text[ADDRESS_TEXT_MAX];
	struct address a;

	dns_address_get(&answer.addresses[i], &a);
	return address_format(&a, text);
}

START_TEST(an_order_of_their_own)
{
	dns_answer_clear(&answer);
	add("10.0.0.9", 80, 1);
	add("fd00::1", 80, 0);
	add("10.0.0.2", 80, 0);
	add("10.0.0.2", 79, 0);
	add("10.0.0.1", 80, 0);
	add("10.0.0.2", 80, 0);
	add("10.0.0.2", 80, 7);
	dns_answer_sort(&answer);
	ck_assert_uint_eq(answer.count, 5);
	ck_assert_str_eq(shown(0), "10.0.0.1:80");
	ck_assert_str_eq(shown(1), "10.0.0.2:79");
	ck_assert_str_eq(shown(2), "10.0.0.2:80");
	ck_assert_str_eq(shown(3), "[fd00::1]:80");
	ck_assert_str_eq(shown(4), "10.0.0.9:80");
	ck_assert(!answer.more);
}
END_TEST

/* 1000 addresses in two orders: the same 256 stay. */
START_TEST(too_many_are_the_same_ones)
{
	unsigned i;

	dns_answer_clear(&answer);
	for (i = 0; i < 1000; i++) {
		struct dns_address a = address("10.0.0.0", 80, 0);
		unsigned number = _i == 0 ? i : 999 - i;

		a.bytes[2] = (uint8_t)(number >> 8);
		a.bytes[3] = (uint8_t)number;
		dns_answer_add(&answer, &a);
	}
	dns_answer_sort(&answer);
	ck_assert_uint_eq(answer.count, DNS_ADDRESSES_MAX);
	ck_assert(answer.more);
	ck_assert_str_eq(shown(0), "10.0.0.0:80");
	ck_assert_str_eq(shown(DNS_ADDRESSES_MAX - 1), "10.0.0.255:80");
}
END_TEST

START_TEST(names)
{
	static const char *const good[] = { "a", "a.b", "app.internal", "app.internal.", "_http._tcp.x", "1st.example",
		"xn--bcher-kva.example", "A-b_c.d" };
	static const char *const bad[] = { "", ".", "a..b", ".a", "a b", "a/b", "a:b", "b\303\274cher", "a..",
		"0123456789012345678901234567890123456789012345678901234567890123" };
	char text[DNS_NAME_MAX + 3];
	size_t i;

	for (i = 0; i < sizeof good / sizeof good[0]; i++)
		ck_assert_msg(dns_name_is_valid(good[i]), "%s", good[i]);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(!dns_name_is_valid(bad[i]), "%s", bad[i]);
	for (i = 0; i < sizeof text; i++)
		text[i] = i % 2 == 1 ? '.' : 'a';
	text[DNS_NAME_MAX] = '\0';
	ck_assert(dns_name_is_valid(text));
	text[DNS_NAME_MAX] = '.';
	text[DNS_NAME_MAX + 1] = '\0';
	ck_assert(dns_name_is_valid(text));
	text[DNS_NAME_MAX + 1] = 'a';
	text[DNS_NAME_MAX + 2] = '\0';
	ck_assert(!dns_name_is_valid(text));
}
END_TEST

/* ---- SRV */

static uint8_t message[2048];
static size_t used;

static void
put(const void *bytes, size_t length)
{
	ck_assert_uint_le(used + length, sizeof message);
	memcpy(message + used, bytes, length);
	used += length;
}

static void
begin(unsigned records)
{
	used = 0;
	put("\x12\x34\x81\x80\x00\x01", 6);
	put((uint8_t[]){ (uint8_t)(records >> 8), (uint8_t)records }, 2);
	put("\x00\x00\x00\x00", 4);
	put("\2_h\4_tcp\4test\0\x00\x21\x00\x01", 18);
}

/* A record of the name that was asked for, with a target of one label or, with "", of none. */
static void
record(uint8_t ttl, uint8_t priority, uint8_t weight, uint16_t port, const char *label)
{
	uint8_t length = (uint8_t)strlen(label);

	put("\xc0\x0c\x00\x21\x00\x01\x00\x00\x00", 9);
	put(&ttl, 1);
	put((uint8_t[]){ 0, (uint8_t)(6 + 1 + (length > 0 ? length + 1 : 0)) }, 2);
	put((uint8_t[]){ 0, priority, 0, weight, (uint8_t)(port >> 8), (uint8_t)port }, 6);
	if (length > 0)
		put(&length, 1);
	put(label, length);
	put("", 1);
}

static struct dns_target targets[4];
static uint32_t ttl;
static bool more;

static int
read_targets(void)
{
	uint8_t *exact = malloc(used); /* the sanitizer sees a byte read too many */
	int count;

	ck_assert_ptr_nonnull(exact);
	memcpy(exact, message, used);
	count = dns_targets_read(exact, used, targets, 4, &ttl, &more);
	free(exact);
	return count;
}

START_TEST(services)
{
	begin(4);
	record(60, 10, 5, 8080, "b");
	record(30, 0, 0, 8081, "a");
	record(90, 0, 1, 0, "noport");
	record(90, 0, 1, 80, "");
	ck_assert_int_eq(read_targets(), 2);
	ck_assert_uint_eq(ttl, 30);
	ck_assert(!more);
	ck_assert_str_eq(targets[0].name, "a");
	ck_assert_uint_eq(targets[0].port, 8081);
	ck_assert_uint_eq(targets[0].weight, 0);
	ck_assert_str_eq(targets[1].name, "b");
	ck_assert_uint_eq(targets[1].priority, 10);
	ck_assert_uint_eq(targets[1].weight, 5);
	ck_assert_uint_eq(targets[1].port, 8080);
}
END_TEST

START_TEST(too_many_targets)
{
	unsigned i;

	begin(5);
	for (i = 0; i < 5; i++)
		record(1, 0, 1, (uint16_t)(i + 1), "a");
	ck_assert_int_eq(read_targets(), 4);
	ck_assert(more);
}
END_TEST

/* Whatever is missing at the end, what is there is not taken for all. */
START_TEST(cut_off)
{
	size_t whole;

	begin(2);
	record(60, 10, 5, 8080, "b");
	record(60, 10, 5, 8081, "c");
	for (whole = used; used > 0; used--)
		ck_assert_int_eq(read_targets(), used == whole ? 2 : -1);
}
END_TEST

START_TEST(short_record)
{
	begin(1);
	put("\xc0\x0c\x00\x21\x00\x01\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x50", 18);
	ck_assert_int_eq(read_targets(), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("dns");
	TCase *lists = tcase_create("lists"), *services_case = tcase_create("services");

	tcase_add_test(lists, an_order_of_their_own);
	tcase_add_loop_test(lists, too_many_are_the_same_ones, 0, 2);
	tcase_add_test(lists, names);
	tcase_add_test(services_case, services);
	tcase_add_test(services_case, too_many_targets);
	tcase_add_test(services_case, cut_off);
	tcase_add_test(services_case, short_record);
	suite_add_tcase(suite, lists);
	suite_add_tcase(suite, services_case);
	return run_suite(suite);
}

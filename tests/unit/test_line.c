/* base/line: lines that are put together without printf. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/line.h"
#include "run.h"

static char room[64];
static struct line line;

static void
setup(void)
{
	memset(room, '#', sizeof room);
	line = (struct line){ room, room + sizeof room };
}

static void
expect(const char *text)
{
	ck_assert_uint_eq((size_t)(line.at - room), strlen(text));
	ck_assert_mem_eq(room, text, strlen(text));
	setup();
}

START_TEST(numbers_are_those_of_printf)
{
	static const uint64_t numbers[] = { 0, 1, 9, 10, 11, 99, 100, 101, 999, 1000, 12345, 1000000, 4294967296,
		9999999999, 10000000000000000000u, UINT64_MAX };
	char text[32];
	size_t i;

	for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		snprintf(text, sizeof text, "%llu", (unsigned long long)numbers[i]);
		line_number(&line, numbers[i]);
		expect(text);
		snprintf(text, sizeof text, "%06llu", (unsigned long long)numbers[i]);
		line_number_padded(&line, numbers[i], 6);
		expect(text);
		snprintf(text, sizeof text, "%08llx", (unsigned long long)(numbers[i] & 0xffffffff));
		line_hex(&line, numbers[i], 8);
		expect(text);
	}
}
END_TEST

START_TEST(microseconds_are_seconds)
{
	line_seconds(&line, 0);
	expect("0.000000");
	line_seconds(&line, 1234);
	expect("0.001234");
	line_seconds(&line, 75000001);
	expect("75.000001");
}
END_TEST

START_TEST(what_does_not_fit_is_left_out)
{
	line.end = room + 6;
	line_literal(&line, "abc");
	line_string(&line, "defg");
	line_number(&line, 12345);
	line_literal(&line, "hij");
	line_number(&line, 1);
	ck_assert_mem_eq(room, "abchij#", 7);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("line");

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, numbers_are_those_of_printf);
	tcase_add_test(tests, microseconds_are_seconds);
	tcase_add_test(tests, what_does_not_fit_is_left_out);
	return run_case(tests);
}

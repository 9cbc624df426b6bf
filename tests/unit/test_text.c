/* base/text: numbers with units, escapes, near words. */
#include <check.h>
#include <string.h>

#include "base/object.h"
#include "base/text.h"
#include "run.h"

struct reading {
	const char *text;
	bool good;
	uint64_t value;
};

static const struct reading numbers[] = {
	{ "0", true, 0 },
	{ "007", true, 7 },
	{ "18446744073709551615", true, UINT64_MAX },
	{ "18446744073709551616", false, 0 },
	{ "99999999999999999999", false, 0 },
	{ "", false, 0 },
	{ "-1", false, 0 },
	{ "+1", false, 0 },
	{ " 1", false, 0 },
	{ "1 ", false, 0 },
	{ "1k", false, 0 },
	{ "0x10", false, 0 },
};

static const struct reading durations[] = {
	{ "0", true, 0 },
	{ "0s", true, 0 },
	{ "250us", true, 250 },
	{ "500ms", true, 500000 },
	{ "30s", true, 30000000 },
	{ "2m", true, 120000000 },
	{ "1h", true, UINT64_C(3600000000) },
	{ "1d", true, UINT64_C(86400000000) },
	{ "30S", true, 30000000 },
	{ "213503982d", true, UINT64_C(18446744044800000000) },
	{ "213503983d", false, 0 },
	{ "30", false, 0 },
	{ "s", false, 0 },
	{ "", false, 0 },
	{ "3 s", false, 0 },
	{ "3sec", false, 0 },
	{ "1.5s", false, 0 },
	{ "-3s", false, 0 },
};

static const struct reading sizes[] = {
	{ "0", true, 0 },
	{ "100", true, 100 },
	{ "16k", true, 16384 },
	{ "16K", true, 16384 },
	{ "1m", true, 1048576 },
	{ "2g", true, UINT64_C(2147483648) },
	{ "17179869183g", true, UINT64_C(17179869183) << 30 },
	{ "17179869184g", false, 0 },
	{ "k", false, 0 },
	{ "", false, 0 },
	{ "16kb", false, 0 },
	{ "1t", false, 0 },
};

static void
expect_readings(const struct reading *readings, size_t count, bool (*read)(const char *, uint64_t *))
{
	size_t i;

	for (i = 0; i < count; i++) {
		uint64_t value = 4711;
		bool good = read(readings[i].text, &value);

		ck_assert_msg(
		    good == readings[i].good, "\"%s\" is %s", readings[i].text, good ? "taken" : "refused");
		ck_assert_msg(value == (good ? readings[i].value : 4711), "\"%s\" gives %llu",
		    readings[i].text, (unsigned long long)value);
	}
}

START_TEST(numbers_are_digits_that_fit)
{
	expect_readings(numbers, ARRAY_LENGTH(numbers), text_to_number);
}
END_TEST

START_TEST(durations_need_a_unit)
{
	expect_readings(durations, ARRAY_LENGTH(durations), text_to_duration);
}
END_TEST

START_TEST(sizes_are_powers_of_1024)
{
	expect_readings(sizes, ARRAY_LENGTH(sizes), text_to_size);
}
END_TEST

START_TEST(units_are_written_the_short_way)
{
	char text[32];

	ck_assert_str_eq(text_from_number(0, text, sizeof text), "0");
	ck_assert_str_eq(text_from_number(10, text, sizeof text), "10");
	ck_assert_str_eq(text_from_number(UINT64_MAX, text, sizeof text), "18446744073709551615");
	ck_assert_str_eq(text_from_number(12345, text, 6), "12345");
	ck_assert_str_eq(text_from_number(12345, text, 5), "1234");
	ck_assert_str_eq(text_from_duration(1500, text, 5), "1500");
	ck_assert_str_eq(text_from_duration(15000, text, 5), "15ms");
	ck_assert_str_eq(text_from_duration(15000, text, 4), "15m");
	ck_assert_str_eq(text_from_duration(0, text, sizeof text), "0");
	ck_assert_str_eq(text_from_duration(1, text, sizeof text), "1us");
	ck_assert_str_eq(text_from_duration(1500000, text, sizeof text), "1500ms");
	ck_assert_str_eq(text_from_duration(90000000, text, sizeof text), "90s");
	ck_assert_str_eq(text_from_duration(60000000, text, sizeof text), "1m");
	ck_assert_str_eq(text_from_duration(UINT64_C(172800000000), text, sizeof text), "2d");
	ck_assert_str_eq(text_from_size(0, text, sizeof text), "0");
	ck_assert_str_eq(text_from_size(1023, text, sizeof text), "1023");
	ck_assert_str_eq(text_from_size(16384, text, sizeof text), "16k");
	ck_assert_str_eq(text_from_size(UINT64_C(1) << 40, text, sizeof text), "1024g");
}
END_TEST

START_TEST(what_is_written_reads_back)
{
	char text[32];
	uint64_t value, back;

	for (value = 1; value < UINT64_MAX / 7; value = value * 7 + value % 5) {
		ck_assert(text_to_duration(text_from_duration(value, text, sizeof text), &back));
		ck_assert_uint_eq(back, value);
		ck_assert(text_to_size(text_from_size(value, text, sizeof text), &back));
		ck_assert_uint_eq(back, value);
	}
}
END_TEST

START_TEST(letters_are_equal_in_either_case)
{
	ck_assert(text_equal_nocase("Keep-Alive", 10, "kEEP-aLIVE", 10));
	ck_assert(text_equal_nocase("", 0, "", 0));
	ck_assert(!text_equal_nocase("close", 5, "closed", 6));
	ck_assert(!text_equal_nocase("close", 5, "cloze", 5));
	ck_assert(!text_equal_nocase("@", 1, "`", 1));
	ck_assert(!text_equal_nocase("[", 1, "{", 1));
	ck_assert(!text_equal_nocase("\xc4", 1, "\xe4", 1));
}
END_TEST

typedef size_t escape(char *to, size_t size, const char *bytes, size_t length);

static void
expect_escape(escape *function, const char *bytes, size_t length, const char *expected)
{
	char text[128];
	size_t n = function(text, sizeof text - 1, bytes, length);

	text[n] = '\0';
	ck_assert_str_eq(text, expected);
}

#define EXPECT_ESCAPE(function, literal, expected) \
	expect_escape(function, literal, sizeof literal - 1, expected)

START_TEST(json_escapes_what_could_end_or_break_the_string)
{
	EXPECT_ESCAPE(text_escape_json, "plain", "plain");
	EXPECT_ESCAPE(text_escape_json, "a\"b\\c", "a\\\"b\\\\c");
	EXPECT_ESCAPE(text_escape_json, "\n\r\t\0\x1f\x7f", "\\n\\u000d\\u0009\\u0000\\u001f\\u007f");
	EXPECT_ESCAPE(text_escape_json, "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x82",
	    "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x82");
	EXPECT_ESCAPE(text_escape_json, "\xc2\x9b", "\\u009b");
}
END_TEST

START_TEST(json_replaces_what_is_no_utf8)
{
	EXPECT_ESCAPE(text_escape_json, "\xff", "\\ufffd");
	EXPECT_ESCAPE(text_escape_json, "\x80z", "\\ufffdz");
	EXPECT_ESCAPE(text_escape_json, "\xc3", "\\ufffd");
	EXPECT_ESCAPE(text_escape_json, "\xe2\x82", "\\ufffd\\ufffd");
	EXPECT_ESCAPE(text_escape_json, "\xe2\x82z", "\\ufffd\\ufffdz");
	EXPECT_ESCAPE(text_escape_json, "\xc0\xaf", "\\ufffd\\ufffd");
	EXPECT_ESCAPE(text_escape_json, "\xe0\x9f\xbf", "\\ufffd\\ufffd\\ufffd");
	EXPECT_ESCAPE(text_escape_json, "\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd");
	EXPECT_ESCAPE(text_escape_json, "\xf0\x8f\xbf\xbf", "\\ufffd\\ufffd\\ufffd\\ufffd");
	EXPECT_ESCAPE(text_escape_json, "\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd");
}
END_TEST

START_TEST(utf8_ends_where_the_bytes_end)
{
	ck_assert_uint_eq(text_utf8_length("a", 1), 1);
	ck_assert_uint_eq(text_utf8_length("\xe2\x82\xac", 3), 3);
	ck_assert_uint_eq(text_utf8_length("\xe2\x82\xac", 2), 0);
	ck_assert_uint_eq(text_utf8_length("\x80", 1), 0);
}
END_TEST

START_TEST(log_escapes_as_hex)
{
	EXPECT_ESCAPE(text_escape_log, "GET / ~", "GET / ~");
	EXPECT_ESCAPE(text_escape_log, "a\"b\\c\n\x7f\xff\0", "a\\x22b\\x5Cc\\x0A\\x7F\\xFF\\x00");
}
END_TEST

/* With less and less room, the result is always whole characters of the full one, within the room. */
static void
expect_whole(escape *function, const char *bytes, size_t length, const size_t *ends, size_t count)
{
	char full[128], text[128];
	size_t total = function(full, sizeof full, bytes, length), room, n, i;

	for (room = 0; room <= total; room++) {
		memset(text, '#', sizeof text);
		n = function(text, room, bytes, length);
		ck_assert_uint_le(n, room);
		ck_assert(memcmp(text, full, n) == 0);
		ck_assert_int_eq(text[n], '#');
		for (i = 0; i < count && ends[i] != n; i++)
			;
		ck_assert_msg(i < count, "cut at %zu", n);
	}
}

START_TEST(an_escape_is_never_cut)
{
	static const size_t json_ends[] = { 0, 1, 3, 9, 12, 18 };
	static const size_t log_ends[] = { 0, 1, 5, 6 };

	expect_whole(text_escape_json, "a\"\x01\xe2\x82\xac\xff", 7, json_ends, ARRAY_LENGTH(json_ends));
	expect_whole(text_escape_log, "a\nb", 3, log_ends, ARRAY_LENGTH(log_ends));
}
END_TEST

/* Insertions, deletions, substitutions and swaps of neighbors, counted in the plainest way. */
static unsigned
mistakes(const char *a, size_t i, const char *b, size_t j)
{
	unsigned table[16][16], cost;
	size_t x, y;

	for (x = 0; x <= i; x++)
		for (y = 0; y <= j; y++) {
			table[x][y] = (unsigned)(x + y);
			if (x == 0 || y == 0)
				continue;
			cost = table[x - 1][y - 1] + (a[x - 1] != b[y - 1]);
			cost = table[x - 1][y] + 1 < cost ? table[x - 1][y] + 1 : cost;
			cost = table[x][y - 1] + 1 < cost ? table[x][y - 1] + 1 : cost;
			if (x > 1 && y > 1 && a[x - 1] == b[y - 2] && a[x - 2] == b[y - 1] && table[x - 2][y - 2] + 1 < cost)
				cost = table[x - 2][y - 2] + 1;
			table[x][y] = cost;
		}
	return table[i][j];
}

/* A word of 4 to 15 letters, of which there are three, other ones for another seed. */
static size_t
word_make(char word[16], unsigned seed)
{
	size_t length = 4 + seed % 12, i;

	for (i = 0; i < length; i++)
		word[i] = (char)('a' + (seed = seed * 1103515245 + 12345) / 65536 % 3);
	word[length] = '\0';
	return length;
}

START_TEST(mistakes_are_counted)
{
	unsigned seed, count, most;
	char one[16], other[16];

	for (seed = 0; seed < 20000; seed++) {
		const char *const words[] = { other, NULL };
		size_t length = word_make(one, seed), other_length = word_make(other, seed * 7919 + 13);

		if (strncmp(one, other, length) == 0)
			continue; /* found as its beginning */
		most = length < 6 ? 1 : (unsigned)length / 3;
		count = mistakes(one, length, other, other_length);
		ck_assert_msg((text_nearest(one, words) != NULL) == (count <= most), "%s %s %u", one, other, count);
	}
}
END_TEST

/* In a long word more than a few mistakes are another word. */
START_TEST(mistakes_are_few)
{
	char one[64] = "", other[64] = "";
	const char *const words[] = { other, NULL };

	memset(one, 'a', 63);
	memset(other, 'a', 63);
	memcpy(one + 20, "bbbbbbbb", 8);
	ck_assert_str_eq(text_nearest(one, words), other);
	one[40] = 'b';
	ck_assert_ptr_null(text_nearest(one, words));
}
END_TEST

START_TEST(the_nearest_word_is_found)
{
	static const char *const words[] = { "balance", "backlog", "user", "group", "via", "worker-timeout",
		NULL };
	static const char *const none[] = { NULL }, *const alike[] = { "host", "post", NULL };

	ck_assert_str_eq(text_nearest("blance", words), "balance");
	ck_assert_str_eq(text_nearest("balnace", words), "balance");
	ck_assert_str_eq(text_nearest("balance", words), "balance");
	ck_assert_str_eq(text_nearest("usr", words), "user");
	ck_assert_str_eq(text_nearest("worker_timeout", words), "worker-timeout");
	ck_assert_str_eq(text_nearest("most", alike), "host"); /* the first of those that are as near */
	ck_assert_str_eq(text_nearest("work", words), "worker-timeout"); /* near to none, but the beginning of one */
	ck_assert_ptr_null(text_nearest("listen", words));
	ck_assert_ptr_null(text_nearest("x", words));
	ck_assert_ptr_null(text_nearest("", words));
	ck_assert_ptr_null(text_nearest("balance", none));
	ck_assert_ptr_null(
	    text_nearest("balancebalancebalancebalancebalancebalancebalancebalancebalancebalance", words));
}
END_TEST

struct fitting {
	const char *word, *pattern;
	bool fits;
};

static const struct fitting fittings[] = {
	{ "", "", true },
	{ "a", "", false },
	{ "", "a", false },
	{ "", "*", true },
	{ "", "?", false },
	{ "requests", "requests", true },
	{ "requests", "request", false },
	{ "requests", "requestsx", false },
	{ "requests", "req*", true },
	{ "requests", "*sts", true },
	{ "requests", "*que*", true },
	{ "requests", "r*q*s", true },
	{ "requests", "r*q*t", false },
	{ "requests", "********", true },
	{ "requests", "????????", true },
	{ "requests", "???????", false },
	{ "requests", "?equest?*", true },
	{ "requests", "[r]equests", false },
	{ "aab", "*ab", true },
	{ "aaa", "*ab", false },
	{ "abcabcabd", "*abd", true },
	{ "a*b", "a*b", true },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", false },
};

START_TEST(patterns_fit_whole_words)
{
	const struct fitting *f = &fittings[_i];

	ck_assert_msg(text_fits(f->word, f->pattern) == f->fits, "%s, %s", f->word, f->pattern);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("text");

	tcase_add_test(tests, numbers_are_digits_that_fit);
	tcase_add_test(tests, durations_need_a_unit);
	tcase_add_test(tests, sizes_are_powers_of_1024);
	tcase_add_test(tests, units_are_written_the_short_way);
	tcase_add_test(tests, what_is_written_reads_back);
	tcase_add_test(tests, letters_are_equal_in_either_case);
	tcase_add_test(tests, json_escapes_what_could_end_or_break_the_string);
	tcase_add_test(tests, json_replaces_what_is_no_utf8);
	tcase_add_test(tests, utf8_ends_where_the_bytes_end);
	tcase_add_test(tests, log_escapes_as_hex);
	tcase_add_test(tests, an_escape_is_never_cut);
	tcase_add_test(tests, the_nearest_word_is_found);
	tcase_add_test(tests, mistakes_are_counted);
	tcase_add_test(tests, mistakes_are_few);
	tcase_add_loop_test(tests, patterns_fit_whole_words, 0, (int)ARRAY_LENGTH(fittings));
	return run_case(tests);
}

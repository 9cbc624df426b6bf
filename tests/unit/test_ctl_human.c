/* ctl/human, ctl/printable: values and texts as people read them. */
#include <check.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/object.h"
#include "ctl/human.h"
#include "ctl/printable.h"
#include "run.h"

static const struct {
	double value;
	const char *text;
} durations[] = {
	{ 0, "0 ms" },
	{ 0.015, "0.015 ms" },
	{ 12.345, "12.3 ms" },
	{ 999, "999 ms" },
	{ 999.7, "1.0 s" },
	{ 1234, "1.2 s" },
	{ 59990, "59.9 s" },
	{ 60000, "1 min" },
	{ 192000, "3 min 12 s" },
	{ 3600000, "1 h" },
	{ 11040000, "3 h 4 min" },
	{ 86400000, "1 d" },
	{ 273600000, "3 d 4 h" },
	{ -5, "-5 ms" },
	{ 1e30, "1e+30 ms" },
}, sizes[] = {
	{ 0, "0 B" },
	{ 999, "999 B" },
	{ 1000, "1.0 kB" },
	{ 12345678, "12.3 MB" },
	{ 999499, "999 kB" },
	{ 999950, "1.0 MB" },
	{ 9.2e18, "9.2 EB" },
}, counts[] = {
	{ 0, "0" },
	{ 873, "873" },
	{ 12345, "12.3k" },
	{ 4100000, "4.1M" },
};

START_TEST(duration)
{
	char to[HUMAN_MAX];

	ck_assert_str_eq(human_duration(durations[_i].value, to), durations[_i].text);
}
END_TEST

START_TEST(bytes)
{
	char to[HUMAN_MAX];

	ck_assert_str_eq(human_bytes(sizes[_i].value, to), sizes[_i].text);
}
END_TEST

START_TEST(count)
{
	char to[HUMAN_MAX];

	ck_assert_str_eq(human_count(counts[_i].value, to), counts[_i].text);
}
END_TEST

START_TEST(times)
{
	static const char *const bad[] = { "", "Z", "2026-01-31", "2026-01-31T09:30:00", "2026-01-31T09:30:00xZ",
		"2026-01-31T09:30:00.1\033Z", "an address of some length Z" };
	char to[HUMAN_MAX];
	size_t i;

	setenv("TZ", "UTC-2", 1);
	tzset();
	ck_assert(human_time("2026-01-31T23:30:00.125Z", to));
	ck_assert_str_eq(to, "2026-02-01 01:30:00");
	ck_assert(human_time("2026-01-31T09:30:00Z", to));
	for (i = 0; i < ARRAY_LENGTH(bad); i++)
		ck_assert_msg(!human_time(bad[i], to), "%s", bad[i]);
}
END_TEST

static const struct {
	const char *name, *unit, *json, *text;
} values[] = {
	{ "uptime-ms", NULL, "1500", "1.5 s" },
	{ "p50-ms", NULL, "0.25", "0.25 ms" },
	{ "client-bytes-in", NULL, "12345678", "12.3 MB" },
	{ "bytes", NULL, "1", "1 B" },
	{ "kilobytes", NULL, "1", "1" },
	{ "value", "bytes", "2000", "2.0 kB" },
	{ "value", "requests", "2000", "2000" },
	{ "ms", NULL, "7", "7" },
	{ "pid", NULL, "null", "-" },
	{ "stopping", NULL, "true", "yes" },
	{ "stopping", NULL, "false", "no" },
	{ "rate", NULL, "1.5", "1.5" },
	{ "hosts", NULL, "[\"a\",\"b\"]", "a, b" },
	{ "hosts", NULL, "[]", "-" },
	{ "steps-ms", NULL, "[1,2000]", "1 ms, 2.0 s" },
	{ "buckets", NULL, "[[1,2],[3,4]]", "[[1, 2], [3, 4]]" },
	{ "object", NULL, "{\"a\":\"\\u001b\"}", "{\"a\": \"\\u001B\"}" },
	{ "text", NULL, "\"a\\u001b[2Jb\"", "a\\x1b[2Jb" },
	{ "text", NULL, "\"a\\u0000b\"", "a\\x00b" },
};

START_TEST(value)
{
	json_t *json = json_loads(values[_i].json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	char *text;

	ck_assert_ptr_nonnull(json);
	text = human_value(values[_i].name, values[_i].unit, json, true);
	ck_assert_str_eq(text, values[_i].text);
	free(text);
	json_decref(json);
}
END_TEST

static const struct {
	const char *in, *utf8, *ascii;
	size_t width;
} texts[] = {
	{ "plain", "plain", "plain", 5 },
	{ "\033[31mred\033]0;title\a", "\\x1b[31mred\\x1b]0;title\\x07", "\\x1b[31mred\\x1b]0;title\\x07", 27 },
	{ "a\nb\tc\rd\177", "a\\x0ab\\x09c\\x0dd\\x7f", "a\\x0ab\\x09c\\x0dd\\x7f", 20 },
	{ "caf\303\251", "caf\303\251", "caf?", 4 },
	{ "\344\270\255\346\226\207", "\344\270\255\346\226\207", "??", 4 },
	{ "c1 \302\233m", "c1 \\u009bm", "c1 \\u009bm", 10 },
	{ "turn \342\200\256 it", "turn \\u202e it", "turn ? it", 14 },
	{ "\377\376", "\\xff\\xfe", "\\xff\\xfe", 8 },
	{ "\303", "\\xc3", "\\xc3", 4 },
	{ "e\314\201", "e\314\201", "e?", 1 },
};

START_TEST(text)
{
	const char *in = texts[_i].in;
	char *safe = printable(in, strlen(in), true);

	ck_assert_str_eq(safe, texts[_i].utf8);
	ck_assert_uint_eq(printable_width(safe), texts[_i].width);
	free(safe);
	safe = printable(in, strlen(in), false);
	ck_assert_str_eq(safe, texts[_i].ascii);
	free(safe);
}
END_TEST

START_TEST(fit)
{
	ck_assert_uint_eq(printable_fit("abc", 2), 2);
	ck_assert_uint_eq(printable_fit("abc", 3), 3);
	ck_assert_uint_eq(printable_fit("abc", 9), 3);
	ck_assert_uint_eq(printable_fit("\344\270\255\346\226\207", 3), 3); /* a wide one does not fit by half */
	ck_assert_uint_eq(printable_fit("e\314\201x", 1), 3); /* an accent stays with its letter */
	ck_assert_uint_eq(printable_fit("", 5), 0);
}
END_TEST

START_TEST(every_byte)
{
	char in[2] = { (char)_i, '\0' }, *safe = printable(in, 1, true);
	const unsigned char *p;

	for (p = (const unsigned char *)safe; *p != '\0'; p++)
		ck_assert(*p >= 0x20 && *p < 0x7f);
	free(safe);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("human");

	setlocale(LC_CTYPE, "C.UTF-8");
	tcase_add_loop_test(tc, duration, 0, ARRAY_LENGTH(durations));
	tcase_add_loop_test(tc, bytes, 0, ARRAY_LENGTH(sizes));
	tcase_add_loop_test(tc, count, 0, ARRAY_LENGTH(counts));
	tcase_add_test(tc, times);
	tcase_add_loop_test(tc, value, 0, ARRAY_LENGTH(values));
	tcase_add_loop_test(tc, text, 0, ARRAY_LENGTH(texts));
	tcase_add_test(tc, fit);
	tcase_add_loop_test(tc, every_byte, 0, 256);
	return run_case(tc);
}

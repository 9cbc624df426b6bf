/* control/values, control/buffer: figures as they are shown, bytes as they are kept. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/object.h"
#include "control/buffer.h"
#include "control/values.h"
#include "run.h"

static void
value_is(json_t *json, const char *want)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, want);
	free(text);
	json_decref(json);
}

START_TEST(times_are_rfc3339)
{
	value_is(value_time(0), "\"1970-01-01T00:00:00.000Z\"");
	value_is(value_time(UINT64_C(1767225599999999)), "\"2025-12-31T23:59:59.999Z\"");
	value_is(value_ms(1999), "1");
	value_is(value_ms(UINT64_C(31536000000000)), "31536000000");
}
END_TEST

START_TEST(names_are_always_json)
{
	value_is(value_text("web"), "\"web\"");
	value_is(value_text("caf\xc3\xa9"), "\"caf\xc3\xa9\"");
	value_is(value_text("caf\xe9"), "\"caf?\"");
	value_is(value_text("caf\xc3\xa9 \xe2\x82"), "\"caf\xc3\xa9 ??\"");
	value_is(value_text_or_null(NULL), "null");
}
END_TEST

START_TEST(deaths_tell_why)
{
	struct scoreboard_death death = { .slot = 3, .pid = 7, .lived = 12345, .wait_status = 9 };

	value_is(value_death(&death),
	    "{\"worker\":3,\"pid\":7,\"time\":\"1970-01-01T00:00:00.000Z\",\"lived-ms\":12,"
	    "\"cause\":\"signal 9 (Killed)\",\"asked-for\":false}");
	death.wait_status = 2 << 8;
	death.asked_for = true;
	value_is(value_death(&death),
	    "{\"worker\":3,\"pid\":7,\"time\":\"1970-01-01T00:00:00.000Z\",\"lived-ms\":12,"
	    "\"cause\":\"exit status 2\",\"asked-for\":true}");
	death.hung = true;
	value_is(value_death(&death),
	    "{\"worker\":3,\"pid\":7,\"time\":\"1970-01-01T00:00:00.000Z\",\"lived-ms\":12,"
	    "\"cause\":\"hung: its loop had not turned for worker-timeout\",\"asked-for\":true}");
}
END_TEST

START_TEST(loop_times_are_milliseconds)
{
	static struct scoreboard_worker worker;

	worker.lag.buckets[0] = 98;
	worker.lag.buckets[histogram_bucket(1000)] = 1;
	worker.lag.buckets[histogram_bucket(16000)] = 1;
	value_is(value_lag(&worker),
	    "{\"count\":100,\"p50-ms\":0.015,\"p90-ms\":0.015,\"p99-ms\":1.023,\"p99.9-ms\":16.383,"
	    "\"max-ms\":16.383}");
}
END_TEST

/* ---- buffers */

START_TEST(bytes_come_out_in_order)
{
	struct buffer b = { 0 };
	unsigned char next_in = 0, next_out = 0;
	unsigned i, j;

	for (i = 0; i < 3000; i++) {
		for (j = 0; j < 7; j++, next_in++)
			ck_assert_int_eq(buffer_append(&b, (const char *)&next_in, 1), 0);
		for (j = 0; j < 5; j++, next_out++) {
			ck_assert_uint_eq((unsigned char)*buffer_first(&b), next_out);
			buffer_drop(&b, 1);
		}
		ck_assert_uint_eq(buffer_length(&b), 2 * (i + 1));
	}
	ck_assert_uint_le(b.size, 4 * buffer_length(&b));
	buffer_free(&b);
}
END_TEST

START_TEST(an_empty_buffer_holds_nothing)
{
	struct buffer b = { 0 };

	ck_assert_int_eq(buffer_append(&b, "abc", 3), 0);
	buffer_drop(&b, 3);
	ck_assert_ptr_null(b.bytes);
	ck_assert_uint_eq(b.size, 0);
	ck_assert_int_eq(buffer_append(&b, "abc", 3), 0);
	buffer_cut(&b, 0);
	ck_assert_ptr_null(b.bytes);
}
END_TEST

START_TEST(what_was_appended_can_be_cut)
{
	struct buffer b = { 0 };

	ck_assert_int_eq(buffer_append(&b, "xabc", 4), 0);
	buffer_drop(&b, 1);
	ck_assert_int_eq(buffer_append(&b, "def", 3), 0);
	buffer_cut(&b, 3);
	ck_assert_uint_eq(buffer_length(&b), 3);
	ck_assert_int_eq(memcmp(buffer_first(&b), "abc", 3), 0);
	buffer_free(&b);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("values");

	tcase_add_test(tests, times_are_rfc3339);
	tcase_add_test(tests, names_are_always_json);
	tcase_add_test(tests, deaths_tell_why);
	tcase_add_test(tests, loop_times_are_milliseconds);
	tcase_add_test(tests, bytes_come_out_in_order);
	tcase_add_test(tests, an_empty_buffer_holds_nothing);
	tcase_add_test(tests, what_was_appended_can_be_cut);
	return run_case(tests);
}

#include "ipc/histogram.h"
#include "run.h"

#include <check.h>

START_TEST(buckets_cover_all_durations_without_gaps)
{
	uint64_t previous = 0;
	unsigned bucket;

	ck_assert_uint_eq(histogram_bucket(0), 0);
	for (bucket = 0; bucket < HISTOGRAM_BUCKETS - 1; bucket++) {
		uint64_t bound = histogram_bound(bucket);

		ck_assert_uint_eq(histogram_bucket(bound), bucket);
		ck_assert_uint_eq(histogram_bucket(bound + 1), bucket + 1);
		ck_assert(bucket == 0 || (bound - previous) * 5 <= bound + 1);
		previous = bound;
	}
	ck_assert(previous > 45 * UINT64_C(1000000));
	ck_assert_uint_eq(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
	ck_assert_uint_eq(histogram_bound(HISTOGRAM_BUCKETS - 1), UINT64_MAX);
}
END_TEST

START_TEST(percentiles_are_upper_bounds)
{
	static struct histogram h;
	uint64_t sums[HISTOGRAM_BUCKETS] = { 0 };
	int i;

	ck_assert_uint_eq(histogram_percentile(sums, 500), 0);
	for (i = 0; i < 989; i++)
		histogram_add(&h, 100);
	for (i = 0; i < 11; i++)
		histogram_add(&h, 5000);
	histogram_sum(&h, sums);
	ck_assert_uint_eq(histogram_percentile(sums, 500), histogram_bound(histogram_bucket(100)));
	ck_assert_uint_eq(histogram_percentile(sums, 989), histogram_bound(histogram_bucket(100)));
	ck_assert_uint_eq(histogram_percentile(sums, 990), histogram_bound(histogram_bucket(5000)));
	ck_assert_uint_eq(histogram_percentile(sums, 1000), histogram_bound(histogram_bucket(5000)));
}
END_TEST

START_TEST(what_is_too_long_has_a_bucket_and_no_infinity)
{
	uint64_t sums[HISTOGRAM_BUCKETS] = { [HISTOGRAM_BUCKETS - 1] = 1 };

	ck_assert_uint_eq(histogram_percentile(sums, 1000), histogram_bound(HISTOGRAM_BUCKETS - 2) + 1);
}
END_TEST

START_TEST(sums_of_many_do_not_overflow)
{
	uint64_t sums[HISTOGRAM_BUCKETS] = { [3] = UINT64_C(1) << 60, [5] = 1 };

	ck_assert_uint_eq(histogram_percentile(sums, 999), histogram_bound(3));
	ck_assert_uint_eq(histogram_percentile(sums, 1000), histogram_bound(5));
}
END_TEST

START_TEST(a_full_bucket_halves_all)
{
	static struct histogram h;

	h.buckets[histogram_bucket(100)] = UINT32_MAX;
	h.buckets[histogram_bucket(5000)] = 1000;
	histogram_add(&h, 100);
	ck_assert_uint_eq(h.buckets[histogram_bucket(100)], UINT32_MAX / 2 + 1);
	ck_assert_uint_eq(h.buckets[histogram_bucket(5000)], 500);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("histogram");

	tcase_add_test(tests, buckets_cover_all_durations_without_gaps);
	tcase_add_test(tests, percentiles_are_upper_bounds);
	tcase_add_test(tests, what_is_too_long_has_a_bucket_and_no_infinity);
	tcase_add_test(tests, sums_of_many_do_not_overflow);
	tcase_add_test(tests, a_full_bucket_halves_all);
	return run_case(tests);
}

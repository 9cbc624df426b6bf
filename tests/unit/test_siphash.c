/* base/siphash: the published vectors, and that the key counts. */
#include <check.h>
#include <string.h>

#include "base/siphash.h"
#include "run.h"

/* Of the authors of SipHash: key 00 01 .. 0f, input 00 01 .., by its length. */
static const struct siphash_key key = { { 0x0706050403020100, 0x0f0e0d0c0b0a0908 } };

struct row {
	size_t length;
	unsigned char result[16];
};

static const struct row rows[] = {
	{ 0, { 0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93 } },
	{ 1, { 0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11, 0x9b, 0x22, 0xfc, 0x45 } },
	{ 2, { 0x81, 0x77, 0x22, 0x8d, 0xa4, 0xa4, 0x5d, 0xc7, 0xfc, 0xa3, 0x8b, 0xde, 0xf6, 0x0a, 0xff, 0xe4 } },
};

START_TEST(published_vectors)
{
	unsigned char input[64];
	struct siphash result;
	size_t i;

	for (i = 0; i < sizeof input; i++)
		input[i] = (unsigned char)i;
	result = siphash(&key, input, rows[_i].length);
	ck_assert_mem_eq(&result, rows[_i].result, sizeof result);
}
END_TEST

START_TEST(each_bit_of_input_and_key_counts)
{
	struct siphash_key other = key;
	char input[33] = "a name and a password, 32 bytes.";
	struct siphash before = siphash(&key, input, 32), after;
	unsigned bit;

	for (bit = 0; bit < 8 * 32; bit++) {
		input[bit / 8] = (char)(input[bit / 8] ^ 1 << bit % 8);
		after = siphash(&key, input, 32);
		ck_assert(memcmp(&before, &after, sizeof before) != 0);
		input[bit / 8] = (char)(input[bit / 8] ^ 1 << bit % 8);
	}
	for (bit = 0; bit < 128; bit++) {
		other.words[bit / 64] ^= UINT64_C(1) << bit % 64;
		after = siphash(&other, input, 32);
		ck_assert(memcmp(&before, &after, sizeof before) != 0);
		other = key;
	}
	after = siphash(&key, input, 31);
	ck_assert(memcmp(&before, &after, sizeof before) != 0);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("siphash");

	tcase_add_loop_test(tests, published_vectors, 0, (int)(sizeof rows / sizeof *rows));
	tcase_add_test(tests, each_bit_of_input_and_key_counts);
	return run_case(tests);
}

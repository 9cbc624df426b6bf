/*
 * Request heads. The first three bytes choose the limits and where the input is
 * cut: the result must be the same as that of the whole, and sound.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/h1_compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static struct h1_request whole, cut;

static void
request_check(const char *bytes, size_t length, size_t at, const struct h1_limits *limits)
{
	struct h1_scan scan = { 0 };
	enum h1_result result = h1_request_parse(&whole, &scan, bytes, length, limits);
	size_t start;

	if (result == H1_ERROR && (whole.status < 400 || whole.status > 599 || whole.reason == NULL))
		abort();
	if (result == H1_DONE && (h1_request_fault(&whole) != NULL || scan.start + whole.length > length ||
				     whole.length > limits->head || whole.target.length > limits->target ||
				     whole.field_count > limits->fields))
		abort();
	if (h1_request_parse_cut(&cut, bytes, length, at, limits, &start) != result)
		abort();
	if (result == H1_ERROR && (cut.status != whole.status || strcmp(cut.reason, whole.reason) != 0))
		abort();
	if (result == H1_DONE && (start != scan.start || !h1_request_same(&whole, &cut)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct h1_limits limits = { .head = 4096, .target = 1024, .fields = 64 };
	const char *bytes = (const char *)input + 3;

	if (size < 4 || size > 8192)
		return 0;
	if (input[0] < 64)
		limits = (struct h1_limits){ 32U + input[1], 8U + input[0], 1U + input[0] % 8, input[1] % 4 };
	request_check(bytes, size - 3, (input[1] << 8 | input[2]) % (size - 3), &limits);
	if (size < 512)
		request_check(bytes, size - 3, 0, &limits);
	h1_parse_cut_free();
	return 0;
}

/*
 * Response heads. The first three bytes choose the limits, the request's method
 * and where the input is cut: the result must be that of the whole, and sound.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/h1_compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static struct h1_response whole, cut;

static void
response_check(
    const char *bytes, size_t length, size_t at, const struct h1_limits *limits, enum h1_method method)
{
	struct h1_scan scan = { 0 };
	enum h1_result result = h1_response_parse(&whole, &scan, bytes, length, limits, method);

	if (result == H1_ERROR && whole.reason == NULL)
		abort();
	if (result == H1_DONE && (h1_response_fault(&whole) != NULL || whole.length > length ||
				     whole.length > limits->head || whole.field_count > limits->fields))
		abort();
	if (h1_response_parse_cut(&cut, bytes, length, at, limits, method) != result)
		abort();
	if (result == H1_ERROR && strcmp(cut.reason, whole.reason) != 0)
		abort();
	if (result == H1_DONE && !h1_response_same(&whole, &cut))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct h1_limits limits = { .head = 4096, .target = 1, .fields = 64 };
	const char *bytes = (const char *)input + 3;
	enum h1_method method;

	if (size < 4 || size > 8192)
		return 0;
	method = input[0] % (H1_METHOD_PATCH + 1);
	if (input[0] >= 192)
		limits =
		    (struct h1_limits){ .head = 32U + input[1], .target = 1, .fields = 1 + input[0] % 8 };
	response_check(bytes, size - 3, (input[1] << 8 | input[2]) % (size - 3), &limits, method);
	if (size < 512)
		response_check(bytes, size - 3, 0, &limits, method);
	h1_parse_cut_free();
	return 0;
}

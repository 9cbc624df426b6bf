#include "base/line.h"

#include "base/clock.h"

enum { DIGITS_MAX = 20 }; /* of 2^64 - 1 */

/* "00" to "99" */
static const char pairs[] =
	"0001020304050607080910111213141516171819"
	"2021222324252627282930313233343536373839"
	"4041424344454647484950515253545556575859"
	"6061626364656667686970717273747576777879"
	"8081828384858687888990919293949596979899";

void
line_number_padded(struct line *line, uint64_t number, unsigned digits)
{
	char text[DIGITS_MAX + 1], *end = text + sizeof text, *first = end;

	for (; number >= 10; number /= 100) {
		first -= 2;
		memcpy(first, pairs + number % 100 * 2, 2);
	}
	if (number > 0)
		*--first = (char)('0' + number);
	while ((size_t)(end - first) < digits)
		*--first = '0';
	line_bytes(line, first, (size_t)(end - first));
}

void
line_hex(struct line *line, uint64_t number, unsigned digits)
{
	static const char hex[] = "0123456789abcdef";
	char text[16];
	unsigned i;

	for (i = digits; i > 0; number >>= 4)
		text[--i] = hex[number & 15];
	line_bytes(line, text, digits);
}

void
line_seconds(struct line *line, uint64_t microseconds)
{
	line_number(line, microseconds / CLOCK_SECOND);
	line_literal(line, ".");
	line_number_padded(line, microseconds % CLOCK_SECOND, 6);
}

#include "mutate.h"

#include <string.h>

#define WORD(text) { text, sizeof(text) - 1 }
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What confuses parsers: it is put in, or in place of something. */
static const struct {
	const char *bytes;
	size_t length;
} words[] = { WORD("\r\n"), WORD("\n"), WORD("\r"), WORD("\r\n\r\n"), WORD("\n\n"), WORD("\r\r\n"), WORD("\0"),
	WORD(" "), WORD("\t"), WORD("\x0b"), WORD("\x0c"), WORD("\x7f"), WORD("\x80"), WORD("\xff"), WORD(","),
	WORD(";"), WORD(":"), WORD("\""), WORD("\\"), WORD("_"), WORD("."), WORD("0"), WORD("1"), WORD("5"),
	WORD("a"), WORD("f"), WORD("0x"), WORD("+"), WORD("-"), WORD("00"), WORD("0\r\n\r\n"), WORD("5\r\nhello\r\n"),
	WORD("1\r\nx\r\n"), WORD(";a"), WORD(";a=b"), WORD(";a=\"b\""), WORD(";a=\"\r\n\""), WORD("\r\nX-A: b"),
	WORD("\r\n c"), WORD("\r\n\tc"), WORD("\r\nContent-Length: 5"), WORD("\r\nContent-Length: 0"),
	WORD("\r\nContent-Length: 6"), WORD("\r\nTransfer-Encoding: chunked"), WORD("\r\nTransfer-Encoding: identity"),
	WORD("\r\nTransfer_Encoding: chunked"), WORD("\r\nContent_Length: 5"), WORD("\r\nTransfer-Encoding:\tchunked"),
	WORD("\r\nConnection: close"), WORD("\r\nConnection: keep-alive"), WORD("\r\nConnection: upgrade"),
	WORD("\r\nConnection: content-length"), WORD("\r\nConnection: transfer-encoding"), WORD("\r\nConnection: host"),
	WORD("\r\nUpgrade: websocket"), WORD("\r\nUpgrade: h2c"), WORD("\r\nHTTP2-Settings: AAA"),
	WORD("\r\nExpect: 100-continue"), WORD("\r\nHost: b"), WORD("\r\nTE: trailers"), WORD("\r\nTrailer: X-A"),
	WORD("\r\nMax-Forwards: 1"), WORD("\r\nX-Forwarded-For: 1.1.1.1"), WORD("HTTP/1.0"), WORD("HTTP/1.1"),
	WORD("HTTP/1.2"), WORD("HTTP/2.0"), WORD("GET"), WORD("POST"), WORD("HEAD"), WORD("OPTIONS"), WORD("TRACE"),
	WORD("CONNECT"), WORD("PRI"), WORD("*"), WORD("/"), WORD("http://a"), WORD("http://b/"), WORD("?"), WORD("#"),
	WORD("%0d%0a"), WORD("chunked"), WORD("identity"), WORD("gzip"), WORD("chunked, "), WORD(", chunked"),
	WORD("Content-Length"), WORD("Transfer-Encoding"), WORD("content-length"), WORD("transfer-encoding"),
	WORD("18446744073709551621"), WORD("9223372036854775808"), WORD("fffffffffffffff0"), WORD("7fffffffffffffff"),
	WORD("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"), WORD("POST /s HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx") };

uint64_t
random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static size_t
random_below(uint64_t *state, size_t limit)
{
	return limit > 0 ? (size_t)(random_next(state) % limit) : 0;
}

/* Puts bytes in the place of `gone` bytes. */
static void
replace(struct bytes *to, size_t at, size_t gone, const char *data, size_t length)
{
	static struct bytes tail;

	tail.length = 0;
	bytes_add(&tail, to->data + at + gone, to->length - at - gone);
	to->length = at;
	bytes_add(to, data, length);
	bytes_add(to, tail.data, tail.length);
}

/* A place to work at: mostly where something begins or ends, for there is where readers differ. */
static size_t
place(const struct bytes *in, uint64_t *state)
{
	size_t at = random_below(state, in->length + 1), i;

	if (random_below(state, 4) == 0)
		return at;
	for (i = at; i < in->length && i < at + 40; i++)
		if (strchr("\r\n:;, \t=", in->data[i]) != NULL)
			return i + random_below(state, 2);
	return at;
}

static void
line_move(struct bytes *to, uint64_t *state)
{
	static struct bytes line;
	size_t from = random_below(state, to->length + 1), end;
	char *lf = memchr(to->data + from, '\n', to->length - from);

	if (lf == NULL)
		return;
	from = (size_t)(lf + 1 - to->data);
	lf = memchr(to->data + from, '\n', to->length - from);
	end = lf != NULL ? (size_t)(lf + 1 - to->data) : to->length;
	line.length = 0;
	bytes_add(&line, to->data + from, end - from);
	if (random_below(state, 2) == 0)
		replace(to, from, end - from, "", 0);
	lf = memchr(to->data, '\n', to->length);
	from = lf != NULL && random_below(state, 2) == 0 ? (size_t)(lf + 1 - to->data) : random_below(state, to->length + 1);
	replace(to, from, 0, line.data, line.length);
}

/* A part of another case, from some place to its end or a little of it. */
static void
splice(struct bytes *to, const struct corpus *corpus, uint64_t *state)
{
	const struct bytes *other = &corpus->cases[random_below(state, corpus->count)].bytes;
	size_t from = random_below(state, other->length), length = other->length - from;

	if (random_below(state, 2) == 0)
		length = random_below(state, length < 64 ? length : 64);
	if (random_below(state, 2) == 0)
		replace(to, to->length, 0, other->data, other->length);
	else
		replace(to, place(to, state), 0, other->data + from, length);
}

static void
mutate_once(struct bytes *to, const struct corpus *corpus, uint64_t *state)
{
	size_t at = place(to, state), word = random_below(state, COUNT(words));
	size_t left = to->length - at, some = random_below(state, left < 12 ? left + 1 : 12);

	switch (random_below(state, 9)) {
	case 0:
		if (left > 0)
			to->data[at] = (char)random_next(state);
		break;
	case 1:
		if (left > 0)
			to->data[at] ^= (char)(1 << random_below(state, 8));
		break;
	case 2:
		replace(to, at, some, "", 0);
		break;
	case 3:
		replace(to, at, some, words[word].bytes, words[word].length);
		break;
	case 4:
		line_move(to, state);
		break;
	case 5:
		splice(to, corpus, state);
		break;
	case 6:
		to->length -= random_below(state, left < 30 ? left + 1 : 30);
		break;
	default:
		replace(to, at, 0, words[word].bytes, words[word].length);
		break;
	}
}

/* Of the first class, which is good, one in two: else little of what comes out would be forwarded. */
static size_t
case_choose(const struct corpus *corpus, uint64_t *state)
{
	size_t good = 0;

	while (good < corpus->count && corpus->cases[good].class == 0)
		good++;
	return random_below(state, random_below(state, 2) == 0 ? good : corpus->count);
}

unsigned
mutate(struct bytes *to, const struct corpus *corpus, uint64_t seed)
{
	uint64_t state = seed * UINT64_C(0x2545f4914f6cdd1d);
	const struct corpus_case *from = &corpus->cases[case_choose(corpus, &state)];
	size_t rounds = 1 + random_below(&state, 3);

	to->length = 0;
	bytes_add(to, from->bytes.data, from->bytes.length);
	while (rounds-- > 0)
		mutate_once(to, corpus, &state);
	return from->class;
}

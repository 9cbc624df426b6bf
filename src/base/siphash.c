#include "base/siphash.h"

#include <endian.h>
#include <string.h>

struct state {
	uint64_t a, b, c, d;
};

static inline uint64_t
rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static void
state_turn(struct state *s, int rounds)
{
	for (; rounds > 0; rounds--) {
		s->a += s->b;
		s->c += s->d;
		s->b = rotate(s->b, 13) ^ s->a;
		s->d = rotate(s->d, 16) ^ s->c;
		s->a = rotate(s->a, 32) + s->d;
		s->c += s->b;
		s->d = rotate(s->d, 21) ^ s->a;
		s->b = rotate(s->b, 17) ^ s->c;
		s->c = rotate(s->c, 32);
	}
}

static void
state_take(struct state *s, uint64_t word)
{
	s->d ^= word;
	state_turn(s, 2);
	s->a ^= word;
}

struct siphash
siphash(const struct siphash_key *key, const void *bytes, size_t length)
{
	struct state s = { key->words[0] ^ 0x736f6d6570736575, key->words[1] ^ 0x646f72616e646f6d ^ 0xee,
		key->words[0] ^ 0x6c7967656e657261, key->words[1] ^ 0x7465646279746573 };
	const char *from = bytes;
	struct siphash result;
	uint64_t word;
	size_t left;

	for (left = length; left >= sizeof word; left -= sizeof word, from += sizeof word) {
		memcpy(&word, from, sizeof word);
		state_take(&s, le64toh(word));
	}
	word = 0;
	memcpy(&word, from, left);
	state_take(&s, le64toh(word) | (uint64_t)length << 56);
	s.c ^= 0xee;
	state_turn(&s, 4);
	result.words[0] = s.a ^ s.b ^ s.c ^ s.d;
	s.b ^= 0xdd;
	state_turn(&s, 4);
	result.words[1] = s.a ^ s.b ^ s.c ^ s.d;
	return result;
}

/*
 * SipHash-2-4 with a result of 128 bits: a hash that nobody can foretell or undo
 * without the key. For tables whose keys strangers choose. Pure. All processes.
 */
#ifndef DROVER_BASE_SIPHASH_H
#define DROVER_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t words[2]; /* random */
};

struct siphash {
	uint64_t words[2];
};

struct siphash siphash(const struct siphash_key *key, const void *bytes, size_t length);

#endif

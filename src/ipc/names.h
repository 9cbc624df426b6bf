/*
 * Names of servers that are looked up while drover runs: what the master has the
 * prober ask for, and what it answers, over their channel. Master and prober.
 */
#ifndef DROVER_IPC_NAMES_H
#define DROVER_IPC_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "net/dns.h"

enum { NAMES_ROWS = 64 /* addresses in one message: an answer may take several */ };

enum names_wish_kind {
	NAMES_WATCH, /* look it up after `delay`, and then again and again */
	NAMES_NOW, /* one that is watched: look it up now */
	NAMES_FORGET
};

struct names_wish {
	uint32_t id; /* of the name; never used twice */
	uint32_t kind; /* enum names_wish_kind */
	uint64_t delay; /* microseconds */
	struct dns_question question;
};

/* A part of an answer; the parts come one behind the other. */
struct names_part {
	uint32_t id;
	uint32_t ttl; /* as in struct dns_answer */
	uint64_t wait; /* microseconds until it is looked up again */
	uint8_t first, last; /* of the answer */
	uint8_t fixed, more; /* as in struct dns_answer */
	uint32_t count;
	char why[DNS_WHY_MAX];
	struct dns_address addresses[NAMES_ROWS];
};

/* How many bytes of it are sent. */
size_t names_part_length(const struct names_part *part);

/* Writes the part of an answer that begins with the address `from`. Returns where the next part begins; count: that was the last. */
unsigned names_part_fill(struct names_part *part, const struct dns_answer *answer, unsigned from);

/* Whether a part is within its bounds, whoever has sent it. */
bool names_part_is_sound(const struct names_part *part);

/*
 * Adds a part to what came before it. 1: the answer is whole. 0: more is to come. -1: it does not
 * fit, as more addresses came than an answer has.
 */
int names_part_take(const struct names_part *part, struct dns_answer *answer);

/* How long an answer holds, in microseconds: as its ttl says, between the two bounds; of the hosts file the longer one. */
uint64_t names_interval(const struct dns_answer *answer, uint64_t least, uint64_t most);

/* When to try again after so many failures in a row (from 1): twice as long each time. */
uint64_t names_retry(unsigned failures, uint64_t least, uint64_t most);

#endif

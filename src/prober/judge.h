/*
 * What results of checks make of a server, and when it is checked next. Pure.
 * Runs in the prober.
 */
#ifndef DROVER_PROBER_JUDGE_H
#define DROVER_PROBER_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "ipc/health.h"

struct judge {
	enum health_verdict verdict;
	uint32_t run; /* of the last results, how many in a row were alike */
	bool good; /* what they were */
	bool starting; /* an instance that takes no requests yet: to fail means nothing. To be kept by the caller. */
};

/*
 * Takes a result in. The first one of all decides alone; later `rise` good ones in a
 * row make a server that is down up, and `fall` failed ones the other way round. One that
 * is starting is never down, and its first good one decides. Whether the verdict is
 * another one than before.
 */
bool judge_add(struct judge *judge, const struct conf_health *conf, bool good);

/* Whether the last result speaks against the verdict: more are wanted soon. */
bool judge_doubts(const struct judge *judge);

/* From the beginning of one check to that of the next, microseconds; `random` is any number. */
uint64_t judge_interval(const struct conf_health *conf, bool fast, uint32_t random);

/* Whether it is starting and has not answered yet: what waits for it should not wait longer than it needs. */
bool judge_is_awaited(const struct judge *judge);

/*
 * The same as judge_interval of one that is awaited, where `waited` is how long it has been: 5 ms at
 * first, then an eighth of what it has taken so far, and no more than the shorter of the intervals.
 */
uint64_t judge_awaited_interval(const struct conf_health *conf, uint64_t waited);

/*
 * When the first check of a server is due, microseconds from now, if it is number
 * `index` of `count` that come at once: they are 5 ms apart, or less if that were
 * more than the interval or a second for all of them.
 */
uint64_t judge_first(const struct conf_health *conf, unsigned index, unsigned count);

/* For how long a verdict holds without another result, microseconds: three intervals. */
uint64_t judge_validity(const struct conf_health *conf);

/* Whether an answer of that status is good. */
bool judge_status(const struct conf_health *conf, unsigned status);

#endif

#include "prober/judge.h"

#include "base/clock.h"

enum { INTERVALS_VALID = 3 };

static const uint64_t spread_maximum = CLOCK_SECOND;
static const uint64_t spread_step = 5 * CLOCK_MILLISECOND; /* at most, between two */
static const uint64_t awaited_minimum = 5 * CLOCK_MILLISECOND;
static const uint64_t awaited_share = 8;

bool
judge_add(struct judge *judge, const struct conf_health *conf, bool good)
{
	enum health_verdict before = judge->verdict;

	if (judge->run == 0 || judge->good != good)
		judge->run = 0;
	judge->good = good;
	if (judge->run < UINT32_MAX)
		judge->run++;
	if (judge->starting && !good)
		return false;
	if (before == HEALTH_UNKNOWN)
		judge->verdict = good ? HEALTH_UP : HEALTH_DOWN;
	else if (good && judge->run >= conf->rise)
		judge->verdict = HEALTH_UP;
	else if (!good && judge->run >= conf->fall)
		judge->verdict = HEALTH_DOWN;
	return judge->verdict != before;
}

bool
judge_doubts(const struct judge *judge)
{
	return judge->verdict != HEALTH_UNKNOWN && judge->good != (judge->verdict == HEALTH_UP);
}

uint64_t
judge_interval(const struct conf_health *conf, bool fast, uint32_t random)
{
	uint64_t interval = fast ? conf->fast_interval : conf->interval;

	return interval / 1000 * (1000 - 10 * conf->jitter + random % (20 * conf->jitter + 1));
}

bool
judge_is_awaited(const struct judge *judge)
{
	return judge->starting && judge->verdict == HEALTH_UNKNOWN;
}

uint64_t
judge_awaited_interval(const struct conf_health *conf, uint64_t waited)
{
	uint64_t shorter = conf->interval < conf->fast_interval ? conf->interval : conf->fast_interval;
	uint64_t interval = waited / awaited_share;

	if (interval < awaited_minimum)
		interval = awaited_minimum;
	return interval < shorter ? interval : shorter;
}

uint64_t
judge_first(const struct conf_health *conf, unsigned index, unsigned count)
{
	uint64_t spread = conf->interval < spread_maximum ? conf->interval : spread_maximum;

	if (spread / count > spread_step)
		return spread_step * index;
	return spread * index / count;
}

uint64_t
judge_validity(const struct conf_health *conf)
{
	uint64_t longest = conf->interval > conf->fast_interval ? conf->interval : conf->fast_interval;

	return INTERVALS_VALID * longest / 100 * (100 + conf->jitter) + conf->timeout;
}

bool
judge_status(const struct conf_health *conf, unsigned status)
{
	size_t i;

	for (i = 0; i < conf->status_count; i++)
		if (status >= conf->statuses[i].first && status <= conf->statuses[i].last)
			return true;
	return false;
}

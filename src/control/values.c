#include "control/values.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"

json_t *
value_text(const char *text)
{
	json_t *json = json_string(text);
	char plain[512];
	size_t i;

	if (json != NULL)
		return json;
	for (i = 0; i < sizeof plain - 1 && text[i] != '\0'; i++)
		plain[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
	plain[i] = '\0';
	return json_string(plain);
}

json_t *
value_text_or_null(const char *text)
{
	return text == NULL ? json_null() : value_text(text);
}

json_t *
value_ms(uint64_t microseconds)
{
	return json_integer((json_int_t)(microseconds / CLOCK_MILLISECOND));
}

json_t *
value_time(uint64_t wall)
{
	time_t seconds = (time_t)(wall / CLOCK_SECOND);
	struct tm tm;
	char date[32], text[48];

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof text, "%s.%03uZ", date, (unsigned)(wall % CLOCK_SECOND / CLOCK_MILLISECOND));
	return json_string(text);
}

static json_t *
death_cause(const struct scoreboard_death *death)
{
	int status = death->wait_status;

	if (death->hung)
		return json_string("hung: its loop had not turned for worker-timeout");
	if (WIFSIGNALED(status))
		return json_sprintf("signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	return json_sprintf("exit status %d", WEXITSTATUS(status));
}

json_t *
value_death(const struct scoreboard_death *death)
{
	return json_pack("{s:i,s:i,s:o,s:o,s:o,s:b}", "worker", (int)death->slot, "pid", (int)death->pid,
	    "time", value_time(death->when), "lived-ms", value_ms(death->lived), "cause", death_cause(death),
	    "asked-for", (int)death->asked_for);
}

uint64_t
value_percentile(const uint64_t *buckets, unsigned count, unsigned per_mille)
{
	uint64_t total = 0, rank, seen = 0;
	unsigned b;

	for (b = 0; b < count; b++)
		total += buckets[b];
	if (total == 0)
		return 0;
	rank = total / 1000 * per_mille + (total % 1000 * per_mille + 999) / 1000; /* rounded up */
	for (b = 0; b < count; b++) {
		seen += buckets[b];
		if (seen >= rank && seen > 0)
			return (UINT64_C(1) << b) - 1;
	}
	return (UINT64_C(1) << (count - 1)) - 1;
}

static json_t *
lag_ms(uint64_t microseconds)
{
	return json_real((double)microseconds / 1000.0);
}

json_t *
value_lag(const struct scoreboard_worker *worker)
{
	uint64_t buckets[SCOREBOARD_LAG_BUCKETS];
	unsigned b;

	for (b = 0; b < SCOREBOARD_LAG_BUCKETS; b++)
		buckets[b] = scoreboard_get(&worker->lag[b]);
	return json_pack("{s:o,s:o,s:o}", "p50-ms",
	    lag_ms(value_percentile(buckets, SCOREBOARD_LAG_BUCKETS, 500)), "p99-ms",
	    lag_ms(value_percentile(buckets, SCOREBOARD_LAG_BUCKETS, 990)), "max-ms",
	    lag_ms(value_percentile(buckets, SCOREBOARD_LAG_BUCKETS, 1000)));
}

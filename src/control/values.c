#include "control/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "conf/show_json.h"
#include "master/names.h"
#include "master/servers.h"

json_t *
value_bytes(const char *bytes, size_t length)
{
	json_t *json = json_stringn(bytes, length);
	char *plain = json != NULL ? NULL : malloc(length + 1);
	size_t i, n;

	if (plain == NULL)
		return json;
	for (i = 0; i < length; i += n) {
		n = text_utf8_length(bytes + i, length - i);
		memcpy(plain + i, bytes + i, n);
		if (n == 0)
			plain[i] = '?';
		n += n == 0;
	}
	json = json_stringn(plain, length);
	free(plain);
	return json;
}

json_t *
value_text(const char *text)
{
	return value_bytes(text, strlen(text));
}

json_t *
value_text_or_null(const char *text)
{
	return text == NULL ? json_null() : value_text(text);
}

json_t *
value_errors(const struct conf_errors *errors)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < errors->count; i++)
		if (json_array_append_new(list, value_bytes(errors->lines[i], strlen(errors->lines[i]))) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

json_t *
value_pool(const struct conf *conf, uint32_t pool)
{
	return pool < conf->pool_count ? value_text(conf->pools[pool].name) : json_null();
}

json_t *
value_server_name(const struct scoreboard_server *server)
{
	char name[SCOREBOARD_NAME];

	snprintf(name, sizeof name, "%.*s", (int)sizeof name - 1, server->name);
	return value_text(name);
}

json_t *
value_address(const struct address *address)
{
	struct address copy = *address;
	char text[ADDRESS_TEXT_MAX];

	if (copy.length > sizeof copy.socket)
		copy.length = 0;
	return value_text(address_format(&copy, text));
}

json_t *
value_name_options(const struct master_name *name)
{
	struct conf_server conf = servers_to_conf(&name->options);
	char text[SCOREBOARD_NAME];

	snprintf(text, sizeof text, "%s", name->text);
	conf.name = text;
	conf.question = name->question;
	conf.family = name->family;
	conf.addresses = name->addresses;
	return conf_section_json(&conf_section_server, &conf, false);
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

json_t *
value_cause(const struct scoreboard_death *death)
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
	bool worker = death->slot != SCOREBOARD_DEATH_PROBER;

	return json_pack("{s:o,s:i,s:o,s:o,s:o,s:b}", "worker", worker ? json_integer(death->slot) : json_null(), "pid", (int)death->pid,
	    "time", value_time(death->when), "lived-ms", value_ms(death->lived), "cause", value_cause(death),
	    "asked-for", (int)death->asked_for);
}

static json_t *
percentile_ms(const uint64_t *sums, uint64_t count, unsigned per_mille)
{
	return count == 0 ? json_null() : json_real((double)histogram_percentile(sums, per_mille) / 1000.0);
}

json_t *
value_percentiles(const uint64_t *sums)
{
	uint64_t count = 0;
	unsigned i;

	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		count += sums[i];
	return json_pack("{s:I,s:o,s:o,s:o,s:o,s:o}", "count", (json_int_t)count, "p50-ms",
	    percentile_ms(sums, count, 500), "p90-ms", percentile_ms(sums, count, 900), "p99-ms", percentile_ms(sums, count, 990),
	    "p99.9-ms", percentile_ms(sums, count, 999), "max-ms", percentile_ms(sums, count, 1000));
}

json_t *
value_lag(const struct scoreboard_worker *worker)
{
	uint64_t sums[HISTOGRAM_BUCKETS] = { 0 };

	histogram_sum(&worker->lag, sums);
	return value_percentiles(sums);
}

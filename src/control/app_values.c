#include "control/app_values.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "control/named.h"
#include "control/values.h"

enum { LINES_SHOWN = 20 };

/* ---- names */

static int
app_unknown(struct call *call, const char *name)
{
	const struct conf *conf = master_conf(call->master);
	const char *names[CONF_POOLS_MAX + 1], *near;
	char word[FAULT_WORD_MAX], hint[160];
	size_t i, count = 0;

	for (i = conf->first_app; i < conf->pool_count; i++)
		names[count++] = conf->pools[i].name;
	names[count] = NULL;
	near = text_nearest(name, names);
	if (near != NULL)
		snprintf(hint, sizeof hint, "Did you mean %s?", near);
	else
		snprintf(hint, sizeof hint, "%s", count > 0 ? "The method apps shows all." : "The configuration has no apps.");
	for (i = 0; i < conf->first_app; i++)
		if (strcmp(conf->pools[i].name, name) == 0) {
			call_fail(call, REPLY_ERROR_PARAMS,
			    near != NULL ? hint : "server-add and server-remove change its servers.",
			    "The pool %s is no app: drover does not run its servers.", fault_word(name, word));
			return -1;
		}
	call_fail(call, REPLY_ERROR_PARAMS, hint, "There is no app %s.", fault_word(name, word));
	return -1;
}

int
app_named(struct call *call, const char *name)
{
	int pool = master_app_find(call->master, name);

	return pool >= 0 ? pool : app_unknown(call, name);
}

bool
instance_named(struct call *call, unsigned pool, int *number)
{
	struct master_instance instance;
	int seat = -1;

	*number = -1;
	if (!call_has(call, "instance"))
		return true;
	*number = (int)call_integer(call, "instance");
	while ((seat = master_instance_next(call->master, pool, (unsigned)(seat + 1), &instance)) >= 0)
		if (instance.number == (unsigned)*number)
			return true;
	call_fail(call, REPLY_ERROR_PARAMS, "The method apps shows all.", "App %s has no instance %d.",
	    master_conf(call->master)->pools[pool].name, *number);
	return false;
}

/* ---- apps */

json_t *
value_app_instances(const struct master_app *app)
{
	return json_pack("{s:i,s:i,s:i,s:i,s:i,s:i}", "desired", (int)app->desired, "configured", (int)app->configured,
	    "ready", (int)app->ready, "starting", (int)app->starting, "draining", (int)app->draining, "failed",
	    (int)app->failed);
}

static json_t *
time_or_null(uint64_t wall)
{
	return wall != 0 ? value_time(wall) : json_null();
}

json_t *
value_roll(const struct master_roll *roll)
{
	return json_pack("{s:s,s:I,s:i,s:i,s:o,s:o,s:o}", "state", master_roll_names[roll->state], "number",
	    (json_int_t)roll->number, "replaced", (int)roll->replaced, "total", (int)roll->total, "began",
	    time_or_null(roll->began), "ended", time_or_null(roll->ended), "reason",
	    value_text_or_null(roll->reason[0] != '\0' ? roll->reason : NULL));
}

/* ---- instances */

static json_t *
pid_or_null(pid_t pid)
{
	return pid != 0 ? json_integer(pid) : json_null();
}

static json_t *
death_show(const struct master_app_death *told)
{
	const struct scoreboard_death *death = &told->death;

	if (death->when == 0)
		return json_null();
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:b}", "text", value_text(told->words), "time", value_time(death->when),
	    "pid", pid_or_null(death->pid), "lived-ms", value_ms(death->lived), "cause", value_cause(death), "asked-for",
	    (int)death->asked_for);
}

/* A figure that there may not be. */
static json_t *
value_if(bool known, json_t *value)
{
	if (known)
		return value;
	json_decref(value);
	return json_null();
}

/* In tenths. */
static json_t *
cpu_show(double percent)
{
	return json_real((double)(uint64_t)(percent * 10 + 0.5) / 10);
}

json_t *
value_instance(const struct conf_pool *app, const struct master_instance *instance)
{
	bool used = instance->pid != 0 && instance->processes > 0; /* what it uses was looked at */

	return json_pack("{s:o,s:i,s:s,s:o,s:o,s:o,s:I,s:I,s:i,s:o,s:o,s:o,s:o,s:b,s:o,s:i,s:I,s:o}", "app",
	    value_text(app->name), "instance", (int)instance->number, "state", child_state_names[instance->state], "pid",
	    pid_or_null(instance->pid), "age-ms", value_if(instance->pid != 0, value_ms(instance->age)), "address",
	    value_text_or_null(instance->address[0] != '\0' ? instance->address : NULL), "in-flight",
	    (json_int_t)instance->in_flight, "requests", (json_int_t)instance->requests, "restarts",
	    (int)instance->restarts, "cpu-percent", value_if(used, cpu_show(instance->cpu)), "memory-bytes",
	    value_if(used, json_integer((json_int_t)instance->memory)), "processes",
	    value_if(used, json_integer(instance->processes)), "last-death",
	    death_show(&instance->last_death), "being-replaced", (int)instance->stale, "next-start-ms",
	    value_if(instance->state == CHILD_BACKOFF, value_ms(instance->until)), "failed-starts",
	    (int)instance->failed_starts, "lines-lost", (json_int_t)instance->lines_lost, "reason",
	    value_text_or_null(instance->why));
}

/* ---- failed ones */

json_t *
value_failed_instances(const struct master *master, const struct master_app *app)
{
	struct master_instance instance;
	json_t *list = json_array();
	int seat = -1;

	if (app->failed == 0)
		return list;
	while (json_array_size(list) < APP_FAILED_SHOWN &&
	       (seat = master_instance_next(master, app->pool, (unsigned)(seat + 1), &instance)) >= 0)
		if (instance.state == CHILD_FAILED &&
		    json_array_append_new(list, json_pack("{s:i,s:o}", "instance", (int)instance.number, "reason",
						    value_text_or_null(instance.why))) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *
line_show(const struct app_line *line)
{
	return json_pack("{s:o,s:s,s:o}", "time", value_time(line->when), "stream", app_stream_names[line->stream], "text",
	    value_bytes(line->text, line->length));
}

/* The last lines of an instance, the oldest first. NULL: no memory. */
static json_t *
last_lines(const struct app_journal *journal, unsigned number)
{
	uint64_t at = journal == NULL ? 0 : app_journal_newest(journal);
	json_t *list = json_array();
	struct app_line line;

	for (; at > 0 && json_array_size(list) < LINES_SHOWN && app_journal_line(journal, at, &line); at--)
		if (line.instance == number && json_array_insert_new(list, 0, line_show(&line)) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

json_t *
value_failed_instance(
    const struct master *master, unsigned pool, const struct master_instance *instance)
{
	return json_pack("{s:o,s:i,s:o,s:o}", "app", value_pool(master_conf(master), pool), "instance", (int)instance->number, "reason",
	    value_text_or_null(instance->why), "output",
	    last_lines(master_app_journal(master, pool), instance->number));
}

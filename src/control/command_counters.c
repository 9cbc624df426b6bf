/* counters: all that workers count, with what each means. Master. */
#include <stdio.h>

#include "base/text.h"
#include "control/commands.h"
#include "control/named.h"
#include "control/values.h"

static json_int_t
counter_value(const struct call *call, enum counter counter)
{
	const struct scoreboard *board = master_board(call->master);

	if (!call_has(call, "worker"))
		return (json_int_t)scoreboard_total(board, counter);
	return (json_int_t)scoreboard_get(&board->workers[call_integer(call, "worker")].counters[counter]);
}

static json_t *
counter_show(const struct call *call, enum counter counter)
{
	const struct counter_info *info = &counter_table[counter];

	return json_pack("{s:s,s:I,s:s,s:s,s:s}", "counter", info->name, "value", counter_value(call, counter),
	    "unit", info->unit, "kind", info->kind == COUNTER_GAUGE ? "gauge" : "monotonic", "sentence",
	    info->sentence);
}

static bool
counter_is_wanted(const struct call *call, size_t counter)
{
	const char *pattern = call_text(call, "pattern");

	return pattern == NULL || text_fits(counter_table[counter].name, pattern);
}

/* cursor: counters that were looked at. */
static enum stream_row
counters_next(struct call *call, json_t **row)
{
	while (call->cursor < COUNTER_COUNT) {
		if (!counter_is_wanted(call, call->cursor++))
			continue;
		*row = counter_show(call, (enum counter)(call->cursor - 1));
		return STREAM_ROW;
	}
	return STREAM_LAST;
}

static bool
pattern_fits_none(struct call *call)
{
	const char *pattern = call_text(call, "pattern"), *names[COUNTER_COUNT + 1], *near;
	char word[FAULT_WORD_MAX], hint[128] = "The method counters without a pattern shows all.";
	size_t i;

	for (i = 0; i < COUNTER_COUNT; i++) {
		if (counter_is_wanted(call, i))
			return false;
		names[i] = counter_table[i].name;
	}
	names[i] = NULL;
	near = text_nearest(pattern, names);
	if (near != NULL)
		snprintf(hint, sizeof hint, "Did you mean %s?", near);
	call_fail(
	    call, REPLY_ERROR_PARAMS, hint, "No counter fits the pattern %s.", fault_word(pattern, word));
	return true;
}

void
command_counters(struct call *call)
{
	if (pattern_fits_none(call) || (call_has(call, "worker") && !worker_named(call)))
		return;
	call_rows(call, json_pack("{s:O?}", "worker", json_object_get(call->params, "worker")), "counters",
	    counters_next);
}

/* apps: what drover runs itself, and every instance of it. Master. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/options.h"
#include "control/app_values.h"
#include "control/commands.h"
#include "control/values.h"

enum { COMMAND_SHOWN = 160 }; /* bytes */

/* Which list is being made. */
enum apps_list { APPS_LIST, INSTANCES_LIST, FAILED_LIST };

struct apps_walk {
	enum apps_list list;
	unsigned first, end; /* the pools that are shown */
	unsigned pool, seat; /* the next to look at */
};

static void
apps_end(struct call *call)
{
	free(call->state);
}

/* Its words with blanks between them, and cut. */
static json_t *
command_show(const struct conf_app *conf)
{
	char text[COMMAND_SHOWN + 1] = "";
	size_t i, used = 0, end = COMMAND_SHOWN - 3;

	for (i = 0; i < conf->command_count && used < COMMAND_SHOWN; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? " " : "", conf->command[i]);
	while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
		end--; /* not within a character */
	if (used > COMMAND_SHOWN)
		memcpy(text + end, "...", 4);
	return value_text(text);
}

/* As in the configuration. */
static const char *
listen_word(const struct conf_app *conf)
{
	return conf_option_find(&conf_section_app, "listen")->words[conf->listen];
}

static json_t *
app_show(const struct master_app *app)
{
	return json_pack("{s:o,s:o,s:o,s:s,s:o}", "app", value_text(app->name), "instances", value_app_instances(app), "roll",
	    value_roll(&app->roll), "listen", listen_word(app->conf), "command", command_show(app->conf));
}

/* To the first pool of the next list. */
static enum stream_row
next_list(struct apps_walk *walk, enum apps_list list, const char *name, json_t **row)
{
	walk->list = list;
	walk->pool = walk->first;
	walk->seat = 0;
	*row = json_string(name);
	return STREAM_LIST;
}

static enum stream_row
next_app(struct call *call, struct apps_walk *walk, json_t **row)
{
	struct master_app app;

	if (walk->pool == walk->end)
		return next_list(walk, INSTANCES_LIST, "instances", row);
	if (!master_app_get(call->master, walk->pool++, &app))
		return STREAM_BUSY;
	*row = app_show(&app);
	return STREAM_ROW;
}

/* The next instance of this app, or the next app. */
static enum stream_row
next_instance(struct call *call, struct apps_walk *walk, json_t **row)
{
	struct master_instance instance;
	int seat = master_instance_next(call->master, walk->pool, walk->seat, &instance);

	if (seat < 0) {
		walk->pool++;
		walk->seat = 0;
		return STREAM_BUSY;
	}
	walk->seat = (unsigned)seat + 1;
	if (walk->list == INSTANCES_LIST)
		*row = value_instance(&master_conf(call->master)->pools[walk->pool], &instance);
	else if (instance.state == CHILD_FAILED)
		*row = value_failed_instance(call->master, walk->pool, &instance);
	else
		return STREAM_BUSY;
	return STREAM_ROW;
}

static enum stream_row
apps_next(struct call *call, json_t **row)
{
	struct apps_walk *walk = call->state;

	if (walk->list == APPS_LIST)
		return next_app(call, walk, row);
	if (walk->pool < walk->end)
		return next_instance(call, walk, row);
	if (walk->list == INSTANCES_LIST)
		return next_list(walk, FAILED_LIST, "failed-instances", row);
	return STREAM_LAST;
}

void
command_apps(struct call *call)
{
	const struct conf *conf = master_conf(call->master);
	const char *wanted = call_text(call, "app");
	int pool = wanted == NULL ? -1 : app_named(call, wanted);
	struct apps_walk *walk;

	if (wanted != NULL && pool < 0)
		return;
	walk = calloc(1, sizeof *walk);
	if (walk == NULL) {
		call_reply(call, NULL);
		return;
	}
	walk->first = walk->pool = pool >= 0 ? (unsigned)pool : (unsigned)conf->first_app;
	walk->end = pool >= 0 ? (unsigned)pool + 1 : (unsigned)conf->pool_count;
	call->state = walk;
	call->end = apps_end;
	call_rows(call, json_object(), "apps", apps_next);
}

/*
 * The configuration file is read again. Apps follow: one that is run in another way is
 * rolled out, one of which only `instances` is another number is scaled. All else was
 * inherited by workers and prober when they were started, and is only told of. What a change by the
 * control socket has set since stays, unless the file says something new.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "conf/compare.h"
#include "conf/value.h"
#include "master/limits.h"
#include "master/privileges.h"
#include "master/state.h"

enum { VALUE_TEXT = 64 };

struct reading {
	struct master *master;
	const struct conf *conf; /* as it is in the file now */
	struct master_reload *to;
};

/* ---- rows */

static struct master_reload_row *
row_add(struct master_reload *reload, enum master_reload_what what, const char *name)
{
	struct master_reload_row *rows = reallocarray(reload->rows, reload->count + 1, sizeof *rows), *row;

	if (rows == NULL)
		return NULL;
	reload->rows = rows;
	row = &rows[reload->count++];
	*row = (struct master_reload_row){ .what = what };
	snprintf(row->name, sizeof row->name, "%s", name);
	return row;
}

void
master_reload_free(struct master_reload *reload)
{
	conf_errors_free(&reload->errors);
	free(reload->rows);
	reload->rows = NULL;
	reload->count = 0;
}

/* Appends a word to a list of them; of one that is too long the end is missing. */
static void
words_add(char *words, size_t size, const char *between, const char *word)
{
	size_t length = strlen(words);
	int room = (int)(size - length);

	snprintf(words + length, (size_t)room, "%s%.*s", length > 0 ? between : "", room, word);
}

/* ---- apps */

/* Whether an option of an app says how its processes are run; the others are about requests, and workers have them. */
static bool
is_about_processes(const struct conf_option *option)
{
	size_t app = offsetof(struct conf_pool, app);

	return option->section == &conf_section_app && option->field.offset >= app &&
	    option->field.offset < app + sizeof(struct conf_app);
}

static bool
is_instances(const struct conf_option *option)
{
	return option->field.offset == offsetof(struct conf_pool, app.instances);
}

/* The app of that name, or NULL. */
static const struct conf_pool *
app_find(const struct conf *conf, const char *name)
{
	size_t i;

	for (i = conf->first_app; i < conf->pool_count; i++)
		if (strcmp(conf->pools[i].name, name) == 0)
			return &conf->pools[i];
	return NULL;
}

/* The names of options by which it is run in another way. */
static void
options_differ(const struct conf_pool *now, const struct conf_pool *then, char *words, size_t size)
{
	const struct conf_option *option;

	words[0] = '\0';
	for (option = conf_options; option->name != NULL; option++)
		if (is_about_processes(option) && !is_instances(option) && !conf_option_is_equal(option, now, then))
			words_add(words, size, ", ", option->name);
}

unsigned
app_configured(const struct app *app)
{
	const struct master *m = app->master;
	const struct conf *before = m->file != NULL ? m->file->conf : m->conf;
	const struct conf_pool *pool = app_find(before, app->definition.pool->name);

	return pool != NULL ? pool->app.instances : app->desired;
}

/* 0, or -1: no memory. */
static int
app_compare(const struct reading *reading, struct app *app)
{
	const struct conf_pool *now = app->definition.pool, *then = app_find(reading->conf, now->name);
	struct master_reload_row *row = then == NULL ? NULL : row_add(reading->to, MASTER_RELOAD_SAME, now->name);
	bool scaled;
	char number[VALUE_TEXT];

	if (row == NULL)
		return then == NULL ? 0 : -1; /* one that is gone is told of with all else */
	options_differ(now, then, row->text, sizeof row->text);
	scaled = then->app.instances != app_configured(app) && then->app.instances != app->desired;
	if (row->text[0] != '\0')
		row->what = MASTER_RELOAD_ROLL;
	else if (scaled)
		row->what = MASTER_RELOAD_SCALE;
	row->from = app->desired;
	row->to = scaled ? then->app.instances : app->desired;
	snprintf(number, sizeof number, "instances from %u to %u", row->from, row->to);
	if (scaled)
		words_add(row->text, sizeof row->text, ", ", number);
	return 0;
}

static int
apps_compare(const struct reading *reading)
{
	struct master *m = reading->master;
	size_t i;

	for (i = 0; i < m->apps.count; i++)
		if (app_compare(reading, &m->apps.all[i]) < 0)
			return -1;
	return 0;
}

/* ---- all else */

static void
value_write(const struct conf_option *option, const void *base, char text[VALUE_TEXT])
{
	char space[CONF_VALUE_MAX];
	const char *value = option->type->write(option, base, 0, space);

	snprintf(text, VALUE_TEXT, "%s", value != NULL ? value : "unset");
}

/* A difference between what drover was started with and what is in the file. 0, or -1: no memory. */
static int
later_add(void *arg, const struct conf_difference *difference)
{
	struct master_reload *to = arg;
	const struct conf_option *option = difference->option;
	struct master_reload_row *row;
	char from[VALUE_TEXT], then[VALUE_TEXT];

	if (option != NULL && is_about_processes(option))
		return 0;
	row = row_add(to, MASTER_RELOAD_LATER, difference->what);
	if (row == NULL)
		return -1;
	if (option == NULL) {
		snprintf(row->text, sizeof row->text, difference->from == NULL ? "is new" : "is gone");
	} else if (option->type->list) {
		snprintf(row->text, sizeof row->text, "is another list");
	} else {
		value_write(option, difference->from, from);
		value_write(option, difference->to, then);
		snprintf(row->text, sizeof row->text, "from %s to %s", from, then);
	}
	return 0;
}

/* ---- carrying it out */

/* 0, or -1 with a sentence. */
static int
app_follow(struct master *m, struct app_source *source, const struct master_reload_row *row, struct error *err)
{
	int pool = master_app_find(m, row->name);
	const struct conf_pool *then = app_find(source->conf, row->name);
	unsigned before;

	if (row->what != MASTER_RELOAD_ROLL && row->what != MASTER_RELOAD_SCALE)
		return 0;
	before = app_configured(app_at(m, (unsigned)pool));
	if (row->what == MASTER_RELOAD_ROLL && app_adopt(m, (unsigned)pool, source, then, err) < 0)
		return -1;
	return then->app.instances == before ? 0 : master_app_scale(m, (unsigned)pool, then->app.instances, err);
}

static void
apps_follow(struct master *m, struct app_source *source, const struct master_reload *reload)
{
	struct error err;
	size_t i;

	for (i = 0; i < reload->count; i++)
		if (app_follow(m, source, &reload->rows[i], &err) < 0)
			log_error("app %s is not changed: %s", reload->rows[i].name, err.text);
	app_source_release(m->file);
	m->file = source;
	master_changed(m);
}

/* "app web: command; app api: instances from 1 to 2" */
static void
reload_tell(struct master *m, const struct master_reload *reload)
{
	char text[EVENT_TEXT_MAX] = "", later[512] = "", words[2 * MASTER_WORDS_MAX + 8];
	const struct master_reload_row *row;

	for (row = reload->rows; row < reload->rows + reload->count; row++) {
		snprintf(words, sizeof words, "app %s: %s", row->name, row->text);
		if (row->what == MASTER_RELOAD_LATER)
			words_add(later, sizeof later, ", ", row->name);
		else if (row->what != MASTER_RELOAD_SAME)
			words_add(text, sizeof text, "; ", words);
	}
	log_notice("%s was read again: %s", m->conf->file, text[0] != '\0' ? text : "no app changes");
	if (later[0] != '\0')
		log_warn("these take effect when drover is started again: %s", later);
	if (text[0] == '\0')
		snprintf(text, sizeof text, "no app changes%s", later[0] != '\0' ? "; what else has changed takes effect at the next start" : "");
	news_reload(m, EVENT_RELOADED, text);
}

static void
errors_tell(struct master *m, const struct conf_errors *errors)
{
	size_t i;

	for (i = 0; i < errors->count; i++)
		log_error("%s", errors->lines[i]);
	log_error("the configuration was not reloaded: all stays as it is");
	news_reload(m, EVENT_RELOAD_FAILED, errors->count > 0 ? errors->lines[0] : "out of memory");
}

/* ---- */

/* Makes a sentence the only error. */
static void
errors_set(struct conf_errors *errors, const char *text)
{
	errors->lines = calloc(1, sizeof *errors->lines);
	errors->count = errors->lines != NULL && (errors->lines[0] = strdup(text)) != NULL;
}

/* The file as it is now; NULL, with errors: it cannot be used. */
static struct conf *
file_load(struct master *m, struct conf_errors *errors)
{
	struct conf *conf;
	struct error err;

	if (m->conf->file == NULL) {
		errors_set(errors, "drover was started with arguments: there is no file to be read again");
		return NULL;
	}
	if (m->stopping) {
		errors_set(errors, "drover is stopping");
		return NULL;
	}
	conf = conf_load(m->conf->file, errors);
	if (conf == NULL)
		return NULL;
	if (privileges_check(conf, &err) == 0) {
		limits_foresee(conf);
		return conf;
	}
	errors_set(errors, err.text);
	conf_free(conf);
	return NULL;
}

/* What would be done. 0, or -1: no memory. */
static int
file_compare(struct master *m, const struct conf *conf, struct master_reload *reload)
{
	const struct reading reading = { m, conf, reload };

	return apps_compare(&reading) < 0 || conf_compare_all(m->conf, conf, later_add, reload) < 0 ? -1 : 0;
}

/* 0, or -1: errors say why, or there is no memory. */
static int
reload_do(struct master *m, bool only_check, struct master_reload *reload)
{
	struct conf *conf = file_load(m, &reload->errors);
	struct app_source *source = NULL;

	if (conf == NULL)
		return -1;
	if (file_compare(m, conf, reload) < 0 || (!only_check && (source = app_source_new(conf)) == NULL)) {
		master_reload_free(reload);
		conf_free(conf);
		return -1;
	}
	if (only_check)
		conf_free(conf);
	else
		apps_follow(m, source, reload);
	return 0;
}

int
master_reload(struct master *m, bool only_check, struct master_reload *reload)
{
	bool announced = m->workers.ever_ready && !m->stopping && !only_check;
	int rc;

	memset(reload, 0, sizeof *reload);
	if (announced)
		notify_send(&m->notify, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_monotonic());
	rc = reload_do(m, only_check, reload);
	if (!only_check && rc == 0)
		reload_tell(m, reload);
	else if (!only_check)
		errors_tell(m, &reload->errors);
	if (announced)
		notify_send(&m->notify, "READY=1");
	return rc;
}

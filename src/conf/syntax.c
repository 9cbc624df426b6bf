#include "conf/syntax.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "conf/options.h"
#include "conf/value.h"

/* The callbacks of libconfuse have no argument of ours. */
static struct conf_report *parse_report;

static void __attribute__((format(printf, 2, 0))) error_cb(cfg_t *cfg, const char *format, va_list ap)
{
	char sentence[256];

	vsnprintf(sentence, sizeof sentence, format, ap);
	conf_report_add(parse_report, cfg->line, "%s", sentence);
}

static int
word_cb(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
	struct conf_word *word = malloc(sizeof *word + strlen(value) + 1);

	(void)option;
	if (word == NULL)
		return -1;
	word->line = cfg->line;
	memcpy(word->text, value, strlen(value) + 1);
	*(struct conf_word **)result = word;
	return 0;
}

static void
syntax_free(cfg_opt_t *options)
{
	cfg_opt_t *option;

	if (options == NULL)
		return;
	for (option = options; option->name != NULL; option++)
		syntax_free(option->subopts);
	free(options);
}

/* The rows of the option table for a section and all in it, as libconfuse wants them. */
static cfg_opt_t *
syntax_new(const struct conf_section *section)
{
	const cfg_opt_t title = CFG_PTR_CB(CONF_SCAN_TITLE, NULL, CFGF_NODEFAULT, word_cb, free);
	const struct conf_section *const *inner;
	const struct conf_option *row;
	cfg_opt_t *options = calloc(CONF_OPTIONS_MAX, sizeof *options);
	size_t n = 0;

	if (options == NULL)
		return NULL;
	options[n++] = title;
	for (row = conf_options; row->name != NULL; row++) {
		cfg_opt_t one = CFG_PTR_CB(row->name, NULL, CFGF_NODEFAULT, word_cb, free);

		if (row->section != section)
			continue;
		one.flags |= row->type->list ? CFGF_LIST : CFGF_NONE;
		options[n++] = one;
	}
	for (inner = conf_sections; *inner != NULL; inner++) {
		cfg_opt_t one = CFG_SEC((*inner)->name, NULL, CFGF_MULTI);

		if ((*inner)->parent != section)
			continue;
		one.subopts = syntax_new(*inner);
		if (one.subopts == NULL) {
			syntax_free(options);
			return NULL;
		}
		options[n++] = one;
	}
	return options;
}

static cfg_t *
parser_new(struct conf_report *report)
{
	cfg_opt_t *options = syntax_new(&conf_section_top);
	cfg_t *cfg = options != NULL ? cfg_init(options, CFGF_NONE) : NULL;

	syntax_free(options);
	if (cfg == NULL)
		conf_report_memory(report);
	else
		cfg_set_error_function(cfg, error_cb);
	return cfg;
}

/* ---- its memory */

enum {
	PARSER_BASE = 4 << 20, /* of which malloc(3) may take 1 MiB at a time */
	PARSER_SECTION = 16 << 10, /* the most that one has been seen to take is 12 KiB */
	PARSER_BYTE = 64
};

/*
 * libconfuse ends the process when it lacks memory, or writes where it has none. So what it can
 * need at most is asked for, and given back at once: it is the same process that takes it then.
 */
static bool
memory_suffices(const char *text)
{
	size_t need = PARSER_BASE;
	void *room;

	for (; *text != '\0'; text++)
		need += *text == '{' ? PARSER_SECTION : PARSER_BYTE;
	room = mmap(NULL, need, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		return false;
	munmap(room, need);
	return true;
}

/* ---- parsing */

cfg_t *
conf_syntax_parse(const struct conf_scan *scan, struct conf_report *report)
{
	size_t errors = report->count;
	cfg_t *cfg = parser_new(report);
	int rc;

	if (cfg == NULL)
		return NULL;
	if (!memory_suffices(scan->text)) {
		conf_report_memory(report);
		cfg_free(cfg);
		return NULL;
	}
	parse_report = report;
	rc = cfg_parse_buf(cfg, scan->text);
	parse_report = NULL;
	if (rc == CFG_SUCCESS)
		return cfg;
	if (report->count == errors)
		conf_report_memory(report);
	cfg_free(cfg);
	return NULL;
}

const struct conf_word *
conf_syntax_word(cfg_t *section, const char *option, unsigned i)
{
	cfg_opt_t *found = cfg_getopt(section, option);

	return i < cfg_opt_size(found) ? cfg_opt_getnptr(found, i) : NULL;
}

bool
conf_syntax_mentions(cfg_t *section, const char *option)
{
	return (cfg_getopt(section, option)->flags & CFGF_MODIFIED) != 0;
}

cfg_t *
conf_syntax_section(cfg_t *section, const char *name, unsigned i)
{
	cfg_opt_t *found = cfg_getopt(section, name);

	return i < cfg_opt_size(found) ? cfg_opt_getnsec(found, i) : NULL;
}

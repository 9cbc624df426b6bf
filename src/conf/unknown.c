#include "conf/unknown.h"

#include <stdio.h>
#include <string.h>

#include "base/object.h"
#include "base/text.h"

static const char no_tls[] = "drover does no TLS yet: another program has to, in front of it";

/* What others call it, which people type who come from there. */
static const struct foreign {
	const char *word;
	const char *ours; /* NULL: there is none */
	const char *sentence; /* why */
} foreigners[] = {
	{ "upstream", "pool", NULL },
	{ "backend", "pool", NULL },
	{ "frontend", "listen", NULL },
	{ "bind", "listen", NULL },
	{ "location", "path", NULL },
	{ "server_name", "host", NULL },
	{ "proxy_pass", "pool", NULL },
	{ "max_conns", "max-connections", NULL },
	{ "maxconn", "max-connections", NULL },
	{ "worker_processes", "workers", NULL },
	{ "client_max_body_size", "body-limit", NULL },
	{ "proxy_read_timeout", "response-timeout", NULL },
	{ "proxy_set_header", "request-header", NULL },
	{ "add_header", "response-header", NULL },
	{ "return", "respond", NULL },
	{ "script", "command", NULL },
	{ "cwd", "directory", NULL },
	{ "uid", "user", NULL },
	{ "gid", "group", NULL },
	{ "ssl", NULL, no_tls },
	{ "tls", NULL, no_tls },
	{ "certificate", NULL, no_tls },
	{ "ssl_certificate", NULL, no_tls },
	{ "include", NULL, "a configuration is one file" },
};

/* The names that can stand in a section, NULL at the end. */
static void
names_collect(const struct conf_section *section, const char *names[CONF_OPTIONS_MAX])
{
	const struct conf_section *const *inner;
	const struct conf_option *option;
	size_t n = 0;

	for (option = conf_options; option->name != NULL; option++)
		if (option->section == section)
			names[n++] = option->name;
	for (inner = conf_sections; *inner != NULL; inner++)
		if ((*inner)->parent == section)
			names[n++] = (*inner)->name;
	names[n] = NULL;
}

static bool
is_home(const struct conf_section *section, const char *name)
{
	return conf_option_find(section, name) != NULL || conf_section_find(section, name) != NULL;
}

/* Whether a section of the same name, in another one, has it as well, and comes before this. */
static bool
is_told(const struct conf_section *const *section, const char *name)
{
	const struct conf_section *const *before;

	for (before = conf_sections; before < section; before++)
		if (strcmp((*before)->name, (*section)->name) == 0 && is_home(*before, name))
			return true;
	return false;
}

/* Writes where an option or section of this name can stand: "in listen { } or in control { }"; "": nowhere. */
static void
homes_write(const char *name, char *to, size_t size)
{
	const struct conf_section *const *section;
	size_t used = 0;

	to[0] = '\0';
	for (section = conf_sections; *section != NULL && used < size; section++) {
		const char * or = used > 0 ? " or " : "";

		if (!is_home(*section, name) || is_told(section, name))
			continue;
		if (*section == &conf_section_top)
			used += (size_t)snprintf(to + used, size - used, "%soutside of all sections", or);
		else
			used += (size_t)snprintf(to + used, size - used, "%sin %s { }", or, (*section)->name);
	}
}

static const struct foreign *
foreign_find(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(foreigners); i++)
		if (strcmp(foreigners[i].word, word) == 0)
			return &foreigners[i];
	return NULL;
}

static void
foreign_report(struct conf_report *report, const struct foreign *foreign, const struct conf_section *section,
    const char *where, int line)
{
	char homes[256];

	if (foreign->ours == NULL) {
		conf_report_add(report, line, "unknown option '%s'%s; %s", foreign->word, where, foreign->sentence);
		return;
	}
	homes_write(foreign->ours, homes, sizeof homes);
	if (is_home(section, foreign->ours))
		conf_report_add(report, line, "unknown option '%s'%s; drover calls it '%s'", foreign->word, where,
		    foreign->ours);
	else
		conf_report_add(report, line, "unknown option '%s'%s; drover calls it '%s', which belongs %s",
		    foreign->word, where, foreign->ours, homes);
}

void
conf_unknown_report(
    struct conf_report *report, const struct conf_section *section, const char *name, int line)
{
	const struct foreign *foreign = foreign_find(name);
	const char *names[CONF_OPTIONS_MAX], *near;
	char where[64] = "", homes[256];

	names_collect(section, names);
	near = text_nearest(name, names);
	homes_write(name, homes, sizeof homes);
	if (section != &conf_section_top)
		snprintf(where, sizeof where, " in %s", section->name);
	if (foreign != NULL)
		foreign_report(report, foreign, section, where, line);
	else if (homes[0] != '\0')
		conf_report_add(report, line, "unknown option '%s'%s; it belongs %s", name, where, homes);
	else if (near != NULL)
		conf_report_add(report, line, "unknown option '%s'%s; did you mean '%s'?", name, where, near);
	else
		conf_report_add(report, line, "unknown option '%s'%s", name, where);
}

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
	const struct conf_section *where; /* in this section alone; NULL: in all */
} foreigners[] = {
	{ "upstream", "pool", NULL, NULL },
	{ "backend", "pool", NULL, NULL },
	{ "frontend", "listen", NULL, NULL },
	{ "bind", "listen", NULL, NULL },
	{ "location", "path", NULL, NULL },
	{ "server_name", "host", NULL, NULL },
	{ "proxy_pass", "pool", NULL, NULL },
	{ "max_conns", "max-connections", NULL, NULL },
	{ "maxconn", "max-connections", NULL, NULL },
	{ "worker_processes", "workers", NULL, NULL },
	{ "client_max_body_size", "body-limit", NULL, NULL },
	{ "proxy_read_timeout", "response-timeout", NULL, NULL },
	{ "proxy_set_header", "request-header", NULL, NULL },
	{ "add_header", "response-header", NULL, NULL },
	{ "return", "respond", NULL, NULL },
	{ "script", "command", NULL, NULL },
	{ "cwd", "directory", NULL, NULL },
	{ "uid", "user", NULL, NULL },
	{ "gid", "group", NULL, NULL },
	{ "ssl", NULL, no_tls, NULL },
	{ "tls", NULL, no_tls, NULL },
	{ "certificate", NULL, no_tls, NULL },
	{ "ssl_certificate", NULL, no_tls, NULL },
	{ "include", NULL, "a configuration is one file", NULL },
	{ "app", "pool", NULL, &conf_section_listen },
	{ "app", "pool", NULL, &conf_section_route },
	{ "port", NULL, "drover chooses the port of each instance and tells it by PORT and {port}", &conf_section_app },
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
foreign_find(const struct conf_section *section, const char *word)
{
	const struct foreign *foreign;

	for (foreign = foreigners; foreign < foreigners + ARRAY_LENGTH(foreigners); foreign++)
		if (strcmp(foreign->word, word) == 0 && (foreign->where == NULL || foreign->where == section))
			return foreign;
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
	const struct foreign *foreign = foreign_find(section, name);
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

#include "conf/unknown.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

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

void
conf_unknown_report(
    struct conf_report *report, const struct conf_section *section, const char *name, int line)
{
	const char *names[CONF_OPTIONS_MAX], *near;
	char where[64] = "", homes[256];

	names_collect(section, names);
	near = text_nearest(name, names);
	homes_write(name, homes, sizeof homes);
	if (section != &conf_section_top)
		snprintf(where, sizeof where, " in %s", section->name);
	if (homes[0] != '\0')
		conf_report_add(report, line, "unknown option '%s'%s; it belongs %s", name, where, homes);
	else if (near != NULL)
		conf_report_add(report, line, "unknown option '%s'%s; did you mean '%s'?", name, where, near);
	else
		conf_report_add(report, line, "unknown option '%s'%s", name, where);
}

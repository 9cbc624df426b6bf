#include "conf/page.h"

#include <stdlib.h>
#include <string.h>

#include "conf/file.h"

enum { READ_MAX = 1 << 20 };

static const char *
type_of(const char *file)
{
	static const struct {
		const char *ending, *type;
	} types[] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".htm", "text/html; charset=utf-8" },
		{ ".txt", "text/plain; charset=utf-8" },
		{ ".json", "application/json" },
		{ ".xml", "application/xml" },
		{ ".svg", "image/svg+xml" },
		{ ".css", "text/css; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".png", "image/png" },
		{ ".ico", "image/x-icon" },
	};
	const char *ending = strrchr(file, '.');
	size_t i;

	for (i = 0; ending != NULL && i < sizeof types / sizeof types[0]; i++)
		if (strcmp(types[i].ending, ending) == 0)
			return types[i].type;
	return "application/octet-stream";
}

/* The one thing that was wrong. */
static int
file_refuse(const char *file, struct conf_report *report, struct error *err)
{
	/* it begins with the file */
	if (report->count > 0)
		error_set(err, "cannot take %.400s", report->entries[0].text);
	else
		error_set(err, "cannot take %.200s: out of memory", file);
	while (report->count > 0)
		free(report->entries[--report->count].text);
	return -1;
}

int
conf_page_read(struct conf_page *page, const char *file, struct error *err)
{
	struct conf_report report = { .file = file };

	page->bytes = conf_file_read(file, READ_MAX, &page->length, &report);
	if (page->bytes == NULL)
		return file_refuse(file, &report, err);
	page->type = type_of(file);
	if (page->length <= CONF_PAGE_MAX)
		return 0;
	conf_page_clear(page);
	return error_set(err, "cannot take %.200s: the file is larger than %d KiB", file, CONF_PAGE_MAX / 1024);
}

int
conf_page_set(struct conf_page *page, const char *text, struct error *err)
{
	page->bytes = strdup(text);
	if (page->bytes == NULL)
		return error_set(err, "cannot be kept: out of memory");
	page->length = strlen(text);
	page->type = "text/plain; charset=utf-8";
	return 0;
}

void
conf_page_clear(struct conf_page *page)
{
	free(page->bytes);
	*page = (struct conf_page){ 0 };
}
